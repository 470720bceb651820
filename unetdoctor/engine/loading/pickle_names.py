"""What a pickle wants to import, listed without running it, and which of these names are data alone."""

from __future__ import annotations

import io
import pickletools
import re
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.sniff import Content

MAX_PICKLE_BYTES = 64 * 1024**2
"""How much of a pickle is searched for the names of what it wants to call."""
MAX_NAMED = 6
MAX_OPCODES = 1_000_000
"""How many opcodes of a pickle are searched for the same: a second's work."""


class Plain:
    """Stands in for a container of settings: holds what the file says and runs nothing of it."""


class _Filled(OrderedDict[Any, Any]):
    """Stands in for a defaultdict."""

    def __new__(cls, *_default: object) -> OrderedDict[Any, Any]:  # type: ignore[misc]
        """Return an empty dict, which is what the reader can fill."""
        return OrderedDict()


_KINDS = ("dict", "list", "tuple", "str", "int", "long", "float", "bool")
"""Types that settings name, never to be called."""
PLAIN: dict[str, type] = {
    "lightning.fabric.utilities.data.AttributeDict": OrderedDict,
    "lightning_fabric.utilities.data.AttributeDict": OrderedDict,
    "lightning.pytorch.utilities.parsing.AttributeDict": OrderedDict,
    "pytorch_lightning.utilities.parsing.AttributeDict": OrderedDict,
    **dict.fromkeys(
        (
            *("omegaconf.dictconfig.DictConfig", "omegaconf.listconfig.ListConfig", "omegaconf.nodes.AnyNode"),
            *("omegaconf.base.ContainerMetadata", "omegaconf.base.Metadata", "typing.Any"),
        ),
        Plain,
    ),
    **{f"{home}.{kind}": Plain for home in ("builtins", "__builtin__") for kind in _KINDS},
    "collections.defaultdict": _Filled,
}
"""Settings beside the weights (Lightning's hyper_parameters) that are data alone, and what they are read as."""


def foreign_globals(file: FoundFile) -> list[str]:
    """Return the dotted names that a pickle wants to import and that plain tensors do not need; nothing is run."""
    try:
        return foreign_names(pickle_bytes(file), file.content is Content.LEGACY_TORCH)
    except Exception:  # noqa: BLE001 - damaged archives raise a dozen types, and all mean that nothing can be listed
        return []


def root_name(file: FoundFile) -> str:
    """Return the dotted name of the class or function whose result a pickle is; empty for a dict, a list, a tensor."""
    with suppress(Exception):  # as above
        stream = io.BytesIO(pickle_bytes(file))
        for _ in range(3 if file.content is Content.LEGACY_TORCH else 0):
            for _opcode in pickletools.genops(stream):
                pass
        strings: list[str] = []
        for opcode, argument, _position in islice(pickletools.genops(stream), MAX_OPCODES):
            if opcode.name in ("GLOBAL", "INST"):
                return str(argument).replace(" ", ".", 1)
            if opcode.name == "STACK_GLOBAL":
                return ".".join(strings[-2:])
            if isinstance(argument, str) and "UNICODE" in opcode.name:
                strings.append(argument)
            elif opcode.name not in ("PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"):
                return ""
    return ""


def foreign_names(data: bytes, several: bool = False) -> list[str]:
    """Return the same for the bytes of a pickle, or of several that follow each other."""
    return [name for name in _globals(data, several) if not _PLAIN.fullmatch(name) and name not in PLAIN]


_PLAIN = re.compile(
    r"collections\.OrderedDict|(__builtin__|builtins)\.(set|bytearray|complex)|torch\._utils\._rebuild_\w+|torch(\.storage)?\.\w*Storage|torch\.Size|torch\.device"
    r"|torch\._tensor\._rebuild_from_type_v2|torch\.nn\.parameter\.\w+|torch\.serialization\._get_layout"
)


def pickle_bytes(file: FoundFile) -> bytes:
    """Return the pickle of a file, or its first part; damaged archives raise a dozen types of exceptions."""
    if file.content is Content.TAR:
        with tarfile.open(file.path, "r:") as tar:
            member = tar.extractfile("pickle")
            return b"" if member is None else member.read(MAX_PICKLE_BYTES)
    if file.content is not Content.ZIP:
        with file.path.open("rb") as opened:
            return opened.read(MAX_PICKLE_BYTES)
    with zipfile.ZipFile(file.path) as archive:
        found = next(r for r in archive.infolist() if r.filename.split("/", 1)[-1] == "data.pkl")
        if not found.CRC:
            del found.CRC  # none was recorded, and zipfile would compare with 0
        with archive.open(found) as record:
            return record.read(MAX_PICKLE_BYTES)


def _globals(data: bytes, several: bool) -> list[str]:
    """List GLOBAL and STACK_GLOBAL names; a legacy file is four pickles one after the other."""
    stream = io.BytesIO(data)
    names: dict[str, None] = {}
    for _ in range(4 if several else 1):
        strings: list[str] = []
        memo: list[str] = []
        text = ""
        try:
            for opcode, argument, _position in islice(pickletools.genops(stream), MAX_OPCODES):
                if opcode.name == "MEMOIZE":
                    memo.append(text)
                    continue
                text = argument if isinstance(argument, str) else ""
                if opcode.name in ("BINGET", "LONG_BINGET"):
                    text = memo[int(argument or 0)] if int(argument or 0) < len(memo) else ""
                if opcode.name in ("GLOBAL", "INST"):
                    names[str(argument).replace(" ", ".", 1)] = None
                elif opcode.name == "STACK_GLOBAL" and len(strings) >= 2:
                    names[".".join(strings[-2:])] = None
                elif text:
                    strings.append(text)
        except (ValueError, IndexError, KeyError, UnicodeDecodeError, OverflowError):
            break
    return list(names)


def listed(names: Sequence[str]) -> str:
    """Name the most telling first: what is not torch's own."""
    ordered = sorted(names, key=lambda name: name.startswith("torch."))
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(ordered[:MAX_NAMED]) + more
