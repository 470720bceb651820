"""Reading a file of weights without running anything that it holds."""

from __future__ import annotations

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import Any

import safetensors
import safetensors.torch
import torch

from unetdoctor.engine.loading import declared, integrity, pickle_names, shards, versions
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.sniff import Archive, Content
from unetdoctor.engine.loading.target import quoted

MAX_HEADER_BYTES = 100 * 1024**2
"""The longest header that the reader of safetensors takes."""
SAVE = 'torch.save(model.state_dict(), "weights.pth")'


def read(file: FoundFile, *, checked: bool = False) -> Any:
    """Return what a weights file holds, on the CPU and memory-mapped where possible; raises RequestError.

    `checked`: the caller asked for `damaged` before, and goes on in spite of it.
    """
    if shards.names(file):
        return {key: value for shard in shards.find(file) for key, value in _entries(read(shard))}
    refuse_foreign(file)
    if file.content is Content.SAFETENSORS:
        return _read_safetensors(file)
    versions.refuse_old(file.shown, torch.__version__)
    if not checked and (names := damaged(file)):
        raise integrity.refusal(file, names)
    _refuse_abuse(file)
    # torch.load takes a path for what its suffix says, whatever is in the file.
    mapped = file.content is Content.ZIP and file.path.suffix != ".safetensors"
    try:
        with (
            warnings.catch_warnings(),
            torch.serialization.safe_globals([(k, name) for name, k in pickle_names.PLAIN.items()]),
        ):
            warnings.simplefilter("ignore")
            with nullcontext(file.path) if mapped else file.path.open("rb") as source:
                loaded = torch.load(source, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise _refused(file, str(error)) from None
    except Exception as error:  # noqa: BLE001 - damaged files raise a dozen different types, all mean the same here
        if declared.says_too_much(error):
            raise RequestError(
                f"{file.shown} declares more values than it holds ({first_line(error)}); copy or download it again."
            ) from None
        raise RequestError(f"{file.shown} is damaged and cannot be read: {first_line(error)}.") from None
    declared.refuse_oversized(file, loaded)
    return loaded


def damaged(file: FoundFile) -> tuple[str, ...]:
    """Return the keys of tensors whose bytes differ from the checksum that was saved with them.

    Raises RequestError where more than the values of tensors is damaged, or where it is no weights file.
    """
    refuse_foreign(file)
    if file.content is not Content.ZIP:
        return ()
    _refuse_compressed(file)
    return integrity.damaged(file)


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
    if file.content is Content.SAFETENSORS:
        return ()
    said = [versions.remark(file.shown, torch.__version__)]
    if file.content is Content.ZIP and integrity.without_checksums(file):
        said.append(f"{file.shown} records no checksums, so damage to its bytes cannot be seen")
    return tuple(text for text in said if text)


def _refuse_abuse(file: FoundFile) -> None:
    try:
        data = pickle_names.pickle_bytes(file)
    except Exception as error:  # noqa: BLE001 - as above
        raise RequestError(f"{file.shown} is damaged and cannot be read: {first_line(error)}.") from None
    declared.refuse_abuse(file.shown, data)


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
    if file.content is Content.TAR and (names := pickle_names.foreign_globals(file)):
        raise RequestError(
            f"{file.shown} is a tar archive, and reading it would run {pickle_names.listed(names)}; do not read it."
        )
    raise RequestError(f"{file.shown} is {file.words}; expected a state_dict (.pt, .pth, .ckpt) or a safetensors file.")


def _read_safetensors(file: FoundFile) -> dict[str, torch.Tensor]:
    twice = _named_twice(file)
    if twice:
        raise RequestError(
            f"{file.shown} is a damaged safetensors file: it names {twice} twice, and only one of the two can be read."
        )
    try:
        return dict(safetensors.torch.load_file(file.path, device="cpu"))
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise RequestError(f"{file.shown} is a damaged safetensors file: {first_line(error)}.") from None


def _named_twice(file: FoundFile) -> str:
    """Return a key that stands twice in the header of a safetensors file, of which its reader would take the last.

    Raises RequestError where it names more tensors than any network has.
    """
    length = int.from_bytes(file.head[:8], "little")
    twice: list[str] = []
    header = b""
    with suppress(OSError), file.path.open("rb") as opened:
        opened.seek(8)
        header = opened.read(min(length, MAX_HEADER_BYTES))
    declared.refuse_many(file.shown, header.count(b'"data_offsets"'))

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        held = dict(found)
        if len(held) < len(found):
            twice.append(next(key for n, (key, _) in enumerate(found) if key in dict(found[:n])))
        return held

    with suppress(ValueError, RecursionError):
        json.loads(header, object_pairs_hook=pairs)
    return twice[-1] if twice else ""


def _refuse_compressed(file: FoundFile) -> None:
    if any(record.compress_type != zipfile.ZIP_STORED for record in file.records):
        raise RequestError(
            f"{file.shown} holds compressed records, which torch.save never writes; save it again: {SAVE}"
        )
    if sum(record.file_size for record in file.records) > file.size:
        raise RequestError(f"{file.shown} declares more bytes than it has; copy or download it again.")


def _refused(file: FoundFile, reason: str) -> RequestError:
    """Explain why the allow-list loader refused: which names the file wants, and how to save weights alone."""
    names = pickle_names.foreign_globals(file)
    commands = (f"unetdoctor inspect model.py -w {quoted('weights.pth')}",)
    if any(name.startswith("torch.nn.modules.") for name in names):
        return RequestError(
            f"{file.shown} is a whole pickled model: reading it would run code ({pickle_names.listed(names)}). "
            f"In the program that made it write {SAVE}, then give that file with -w.",
            commands,
        )
    if names:
        return RequestError(
            f"{file.shown} wants {pickle_names.listed(names)} besides tensors, and reading those would run code. "
            f"In the program that made it write {SAVE}, then give that file with -w.",
            commands,
        )
    return RequestError(f"{file.shown} cannot be read as weights: {_reason(reason)}.")


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
