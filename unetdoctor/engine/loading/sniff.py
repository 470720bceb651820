"""What a file is, told by its first bytes and by the record names of a zip, never by its suffix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

HEAD_BYTES = 4096
"""How much of a file is looked at."""


class Content(StrEnum):
    """Kinds of content."""

    EMPTY = "empty"
    ZIP = "zip"
    LEGACY_TORCH = "legacy torch"
    PICKLE = "pickle"
    SAFETENSORS = "safetensors"
    CUT_SAFETENSORS = "safetensors with a header that is longer than the file"
    TAR = "tar"
    LFS_POINTER = "git lfs pointer"
    HTML = "html"
    HDF5 = "hdf5"
    ONNX = "onnx"
    NUMPY = "numpy"
    MOBILE = "mobile"
    TEXT = "text"
    OTHER = "other"


class Archive(StrEnum):
    """Kinds of zip."""

    TORCHSCRIPT = "torchscript"
    CHECKPOINT = "checkpoint"
    EXPORTED = "exported program"
    NUMPY = "numpy"
    KERAS = "keras"
    EMPTY = "empty"
    OTHER = "other"


LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""Pickled 0x1950a86a20f9469cfc6c, the first object of a file that torch wrote before 1.6."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it and name the file inside"),
    (b"Rar!", "a RAR archive; unpack it and name the file inside"),
    (b"\x1f\x8b", "a gzip file; unpack it and name the file inside"),
    (b"BZh", "a bzip2 file; unpack it and name the file inside"),
    (b"\xfd7zXZ", "an xz file; unpack it and name the file inside"),
    (b"\x28\xb5\x2f\xfd", "a zstd file; unpack it and name the file inside"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a Linux program or library"),
    (b"MZ", "a Windows program or library"),
    (b"GGUF", "a GGUF file"),
    (b"\xcb\x0d\x0d\x0a", "Python byte code"),
    (b"\xa7\x0d\x0d\x0a", "Python byte code"),
)
_ONNX = re.compile(rb"\x08[\x01-\x20](?:\x12[\x00-\x7f]|\x1a|\x2a|\x3a|\x42)", re.DOTALL)
_TEXT_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27})


def content_of(head: bytes, size: int) -> Content:
    """Return the kind of a file from its first HEAD_BYTES and its size in bytes."""
    if size == 0 or not head:
        return Content.EMPTY
    for starts, kind in _STARTS:
        if head.startswith(starts):
            return kind
    if head[:1] == b"\x80" and len(head) > 1 and head[1] in range(2, 6):
        return Content.PICKLE
    if head[257:262] == b"ustar":
        return Content.TAR
    if head[4:8] == b"PTMF":
        return Content.MOBILE
    if is_safetensors(head, size):
        return Content.SAFETENSORS
    if head[8:10] == b'{"':
        return Content.CUT_SAFETENSORS
    if re.match(rb"\s*(?:<!doctype html|<html|<head|<\?xml[^>]*>\s*<!doctype html)", head, re.IGNORECASE):
        return Content.HTML
    if _ONNX.match(head):
        return Content.ONNX
    return Content.TEXT if is_text(head) else Content.OTHER


_STARTS: tuple[tuple[bytes, Content], ...] = (
    (b"PK\x03\x04", Content.ZIP),
    (b"PK\x05\x06", Content.ZIP),
    (LEGACY_MAGIC, Content.LEGACY_TORCH),
    (b"version https://git-lfs", Content.LFS_POINTER),
    (b"\x89HDF\r\n\x1a\n", Content.HDF5),
    (b"\x93NUMPY", Content.NUMPY),
)


def is_safetensors(head: bytes, size: int) -> bool:
    """Return whether 8 bytes of header length are followed by a JSON object that fits into the file."""
    if len(head) < 9 or head[8:9] != b"{":
        return False
    return 2 <= int.from_bytes(head[:8], "little") <= size - 8


def declares_encoding(head: bytes) -> bool:
    """Return whether one of the first two lines declares an encoding, as Python source may."""
    return any(re.match(rb"[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+", line) for line in head.splitlines()[:2])


def is_text(head: bytes) -> bool:
    """Return whether these bytes are UTF-8 text, the last character possibly cut."""
    if head.translate(None, _TEXT_CONTROLS) != head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True


def archive_of(names: Iterable[str]) -> Archive:
    """Return the kind of a zip from the names of its records."""
    found = list(names)
    inner = {name.split("/", 1)[1] for name in found if "/" in name}
    leaves = inner | set(found)
    if not found:
        return Archive.EMPTY
    if "serialized_exported_program.json" in leaves or ("archive_format" in leaves and "models/model.json" in leaves):
        return Archive.EXPORTED
    if "constants.pkl" in leaves and any(name.startswith("code/") for name in leaves):
        return Archive.TORCHSCRIPT
    if "data.pkl" in leaves:
        return Archive.CHECKPOINT
    if all(name.endswith(".npy") for name in found):
        return Archive.NUMPY
    if "model.weights.h5" in leaves:
        return Archive.KERAS
    return Archive.OTHER


def describe(content: Content, head: bytes) -> str:
    """Return what such a file is, in words that follow `is`, with what helps where it is known."""
    return _WORDS.get(content) or next(
        (words for starts, words in _MAGIC if head.startswith(starts)),
        f"no file that torch knows (it begins with the bytes {head[:8].hex(' ')})",
    )


def describe_archive(archive: Archive) -> str:
    """Return the same for a zip."""
    return _ARCHIVE_WORDS[archive]


_WORDS = {
    Content.EMPTY: "an empty file (0 bytes); download or save it again",
    Content.LFS_POINTER: "a Git LFS pointer, not the file itself; fetch it with git lfs pull",
    Content.HTML: "a downloaded web page (HTML), not the file that was behind the link; download the file itself",
    Content.HDF5: "an HDF5 file (Keras keeps weights in these); PyTorch weights are .pt, .pth or .safetensors files",
    Content.ONNX: "an ONNX model, which holds no PyTorch module; name the Python file that it was made from",
    Content.NUMPY: "a NumPy array file; PyTorch weights are .pt, .pth or .safetensors files",
    Content.MOBILE: "a mobile TorchScript file (flatbuffer); save the model with torch.jit.save instead",
    Content.TAR: "a tar archive; a torch file of that age must be saved again with torch.save of today",
    Content.CUT_SAFETENSORS: "a damaged safetensors file, whose header is longer than the file; download it again",
    Content.TEXT: "a text file",
}
_ARCHIVE_WORDS = {
    Archive.TORCHSCRIPT: "a TorchScript program",
    Archive.CHECKPOINT: "a file of torch.save",
    Archive.EXPORTED: "an exported program (.pt2)",
    Archive.NUMPY: "a NumPy .npz archive; PyTorch weights are .pt, .pth or .safetensors files",
    Archive.KERAS: "a Keras model archive; PyTorch weights are .pt, .pth or .safetensors files",
    Archive.EMPTY: "an empty zip archive",
    Archive.OTHER: "a zip archive that torch did not write (it has no data.pkl)",
}
