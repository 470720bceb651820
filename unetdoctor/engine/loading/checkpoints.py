"""Reading a file of weights without running anything that it holds."""

from __future__ import annotations

import io
import pickle
import pickletools
import re
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import safetensors
import safetensors.torch
import torch

from unetdoctor.engine.loading import integrity, shards
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.sniff import Archive, Content
from unetdoctor.engine.loading.target import quoted

MAX_PICKLE_BYTES = 64 * 1024**2
"""How much of a pickle is searched for the names of what it wants to call."""
MAX_NAMED = 6


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
SAVE = 'torch.save(model.state_dict(), "weights.pth")'


def read(file: FoundFile) -> Any:
    """Return what a weights file holds, on the CPU and memory-mapped where possible; raises RequestError."""
    if shards.names(file):
        return {key: value for shard in shards.find(file) for key, value in _entries(read(shard))}
    refuse_foreign(file)
    if file.content is Content.SAFETENSORS:
        return _read_safetensors(file)
    mapped = file.content is Content.ZIP
    if mapped:
        _refuse_compressed(file)
        integrity.check_records(file)
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals([(k, name) for name, k in PLAIN.items()]):
            warnings.simplefilter("ignore")
            return torch.load(file.path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise _refused(file, str(error)) from None
    except Exception as error:  # noqa: BLE001 - damaged files raise a dozen different types, all mean the same here
        raise RequestError(f"{file.shown} is damaged and cannot be read: {first_line(error)}.") from None


def is_checkpoint(file: FoundFile) -> bool:
    """Return whether a file holds weights alone, by its content."""
    kinds = (Content.SAFETENSORS, Content.LEGACY_TORCH, Content.PICKLE)
    checkpoint = file.content is Content.ZIP and file.archive is Archive.CHECKPOINT
    return checkpoint or file.content in kinds or bool(shards.names(file))


def remarks(file: FoundFile) -> tuple[str, ...]:
    """Return what a person should know of how the file was read."""
    listed = shards.names(file)
    if listed:
        return (f"read all {len(listed)} shards that {file.shown} lists",)
    if index := shards.index_beside(file):
        return (f"{file.shown} is one shard of several: {index} beside it lists them all, give it in its place",)
    if file.content is Content.ZIP and integrity.without_checksums(file):
        return (f"{file.shown} records no checksums, so damage to its bytes cannot be seen",)
    return ()


def _entries(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def refuse_foreign(file: FoundFile) -> None:
    """Raise RequestError for a file that is no checkpoint by its content, before anything is read from it."""
    if is_checkpoint(file):
        return
    if file.content is Content.ZIP and file.archive in (Archive.TORCHSCRIPT, Archive.EXPORTED):
        raise RequestError(
            f"{file.shown} is {file.words}, a whole network and no weights file; name it as the target.",
            (f"unetdoctor inspect {quoted(file.shown)}",),
        )
    raise RequestError(f"{file.shown} is {file.words}; expected a state_dict (.pt, .pth, .ckpt) or a safetensors file.")


def _read_safetensors(file: FoundFile) -> dict[str, torch.Tensor]:
    try:
        return dict(safetensors.torch.load_file(file.path, device="cpu"))
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise RequestError(f"{file.shown} is a damaged safetensors file: {first_line(error)}.") from None


def _refuse_compressed(file: FoundFile) -> None:
    if any(record.compress_type != zipfile.ZIP_STORED for record in file.records):
        raise RequestError(
            f"{file.shown} holds compressed records, which torch.save never writes; save it again: {SAVE}"
        )
    if sum(record.file_size for record in file.records) > file.size:
        raise RequestError(f"{file.shown} declares more bytes than it has; copy or download it again.")


def _refused(file: FoundFile, reason: str) -> RequestError:
    """Explain why the allow-list loader refused: which names the file wants, and how to save weights alone."""
    names = foreign_globals(file)
    commands = (f"unetdoctor inspect model.py -w {quoted('weights.pth')}",)
    if any(name.startswith("torch.nn.modules.") for name in names):
        return RequestError(
            f"{file.shown} is a whole pickled model: reading it would run code ({_listed(names)}). "
            f"In the program that made it write {SAVE}, then give that file with -w.",
            commands,
        )
    if names:
        return RequestError(
            f"{file.shown} wants {_listed(names)} besides tensors, and reading those would run code. "
            f"In the program that made it write {SAVE}, then give that file with -w.",
            commands,
        )
    return RequestError(f"{file.shown} cannot be read as weights: {_reason(reason)}.")


def foreign_globals(file: FoundFile) -> list[str]:
    """Return the dotted names that a pickle wants to import and that plain tensors do not need; nothing is run."""
    try:
        return foreign_names(_pickle_bytes(file), file.content is Content.LEGACY_TORCH)
    except (OSError, ValueError, zipfile.BadZipFile, StopIteration):
        return []


def root_name(file: FoundFile) -> str:
    """Return the dotted name of the class or function whose result a pickle is; empty for a dict, a list, a tensor."""
    with suppress(OSError, ValueError, zipfile.BadZipFile, StopIteration):
        stream = io.BytesIO(_pickle_bytes(file))
        for _ in range(3 if file.content is Content.LEGACY_TORCH else 0):
            for _opcode in pickletools.genops(stream):
                pass
        strings: list[str] = []
        for opcode, argument, _position in pickletools.genops(stream):
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


def _pickle_bytes(file: FoundFile) -> bytes:
    if file.content is not Content.ZIP:
        with file.path.open("rb") as opened:
            return opened.read(MAX_PICKLE_BYTES)
    with zipfile.ZipFile(file.path) as archive:
        name = next(n for n in archive.namelist() if n.split("/", 1)[-1] == "data.pkl")
        with archive.open(name) as record:
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
            for opcode, argument, _position in pickletools.genops(stream):
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


def _listed(names: list[str]) -> str:
    """Name the most telling first: what is not torch's own."""
    ordered = sorted(names, key=lambda name: name.startswith("torch."))
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(ordered[:MAX_NAMED]) + more


def _reason(text: str) -> str:
    """Take the sentence that matters out of torch's long advice."""
    match = re.search(r"WeightsUnpickler error: ([^\n]*)", text)
    sentence = match[1] if match else next(iter(text.strip().splitlines()), "it is damaged")
    return sentence.partition(". ")[0].strip(" .")[:200]


def first_line(error: BaseException) -> str:
    """Return the first line of what an exception says, without its full stop."""
    text = str(error).strip().splitlines()
    if not text and isinstance(error, EOFError):
        return "it ends too early"
    return (text[0] if text else type(error).__name__).strip(" .")[:200]
