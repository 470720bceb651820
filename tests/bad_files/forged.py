"""Files of torch.save and safetensors with lies in them, written byte by byte: torch itself would not write them."""

import io
import json
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch


class Payload:
    """Makes a directory wherever it is unpickled: `posix.mkdir` instead of what an attacker would call."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        import os

        return os.mkdir, (str(self.marker),)


class Shell(Payload):
    """The same through a shell."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        import os

        return os.system, (f"mkdir {self.marker}",)


class Resolved(Payload):
    """The same by way of the standard library's `pkgutil.resolve_name`, which scanners overlook."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        import pkgutil

        return pkgutil.resolve_name, ("os:mkdir",)


class Storage:
    """A storage as a pickle names it; `numel` is what the pickle claims."""

    def __init__(self, numel: int, key: str = "0", device: str = "cpu") -> None:
        self.numel, self.key, self.device = numel, key, device


class Tensor:
    """A tensor as a pickle describes it, true or not."""

    def __init__(self, storage: Storage, size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> None:
        self.args = (storage, offset, size, stride, False, OrderedDict())

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return torch._utils._rebuild_tensor_v2, self.args


class Sparse:
    """A sparse tensor as a pickle describes it."""

    def __init__(self, indices: Tensor, values: Tensor, size: tuple[int, ...]) -> None:
        self.args = (torch.sparse_coo, (indices, values, torch.Size(size), True))

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return torch._utils._rebuild_sparse_tensor, self.args


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> Any:
        if isinstance(obj, Storage):
            return "storage", torch.FloatStorage, obj.key, obj.device, obj.numel
        return None


def pickled(value: object) -> bytes:
    """Return the data.pkl of a value."""
    stream = io.BytesIO()
    _Pickler(stream, 2).dump(value)
    return stream.getvalue()


def saved(value: object, records: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of torch.save with these records; `data/0` holds 64 bytes unless it is given."""
    return archive(
        {
            "m/data.pkl": value if isinstance(value, bytes) else pickled(value),
            "m/byteorder": b"little",
            **{f"m/{name}": data for name, data in (records or {"data/0": bytes(64)}).items()},
            "m/version": b"3\n",
        },
        method,
    )


def archive(records: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of these records."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, data in records.items():
            made.writestr(name, data)
    return stream.getvalue()


def plain(value: object, *, legacy: bool = False) -> bytes:
    """Return what torch.save itself writes of a value."""
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def tar(value: object) -> bytes:
    """Return a tar as torch wrote it before 0.1.10, its pickle holding this value."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for name, data in {"sys_info": pickled({"protocol_version": 1000}), "pickle": pickled(value)}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def bomb(megabytes: int) -> bytes:
    """Return a zip of torch.save whose only record is this many megabytes of deflated zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    body = block * megabytes + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    size = megabytes * 2**20
    whole = saved({"a": Tensor(Storage(size // 4), (size // 4,), (1,))}, {"data/0": b""})
    return _with_record(whole, b"m/data/0", body, size)


def _with_record(whole: bytes, name: bytes, body: bytes, size: int) -> bytes:
    """Put a deflated body in the place of an empty record of a zip."""
    local = whole.index(b"PK\x03\x04", whole.index(name) - 30)
    start = local + 30 + len(name)
    directory = whole.index(b"PK\x01\x02")
    entry = whole.index(b"PK\x01\x02", whole.index(name, directory) - 46)
    end = whole.index(b"PK\x05\x06")
    shift = len(body)
    sizes = struct.pack("<III", 0, len(body), size)
    heads = bytearray(whole)
    heads[local + 8 : local + 10] = heads[entry + 10 : entry + 12] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    heads[local + 14 : local + 26] = heads[entry + 16 : entry + 28] = sizes
    at = entry
    while (at := heads.find(b"PK\x01\x02", at + 1)) >= 0:
        offset = struct.unpack_from("<I", heads, at + 42)[0]
        struct.pack_into("<I", heads, at + 42, offset + shift)
    struct.pack_into("<I", heads, end + 16, struct.unpack_from("<I", heads, end + 16)[0] + shift)
    return bytes(heads[:start]) + body + bytes(heads[start:])


def safetensors(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    """Return a safetensors file: a header (JSON, or bytes as they are), its length (true, unless given) and data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(start: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    """Return one tensor of a safetensors header."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def laughs(levels: int = 24, arms: int = 10) -> bytes:
    """Return the pickle of a list of 10 times the same list of 10 times the same list ..."""
    parts = [b"\x80\x02]q\x00"]
    for level in range(1, levels):
        parts.append(b"]" + b"r" + struct.pack("<I", level))
        parts.append(b"(" + (b"j" + struct.pack("<I", level - 1)) * arms + b"e")
    return b"".join(parts) + b"."


def deep(levels: int = 200_000) -> bytes:
    """Return the pickle of a list in a list in a list ..."""
    return b"\x80\x02" + b"]" * levels + b"a" * (levels - 1) + b"."


def wide(lists: int = 2_000_000) -> bytes:
    """Return the pickle of a list of empty lists, each remembered."""
    return b"\x80\x02](" + b"]q\x00" * lists + b"e."


def deep_key(levels: int = 300_000) -> bytes:
    """Return the pickle of a dict whose key is a tuple in a tuple in a tuple ...: its hash overflows the stack."""
    return b"\x80\x02})" + b"\x85" * levels + b"K\x01s."


def reserve(size: int) -> bytes:
    """Return the pickle of a bytearray of this many bytes, none of which is in the file."""
    number = size.to_bytes(8, "little")
    return b"\x80\x02}X\x01\x00\x00\x00ac__builtin__\nbytearray\n\x8a\x08" + number + b"\x85Rs."


def meta(size: int = 2**40) -> bytes:
    """Return the pickle of a state_dict with a tensor that has a shape and no values."""
    shape = b"\x8a\x08" + size.to_bytes(8, "little")
    rebuild = b"ctorch._utils\n_rebuild_meta_tensor_no_storage\n(ctorch\nfloat32\n"
    return b"\x80\x02}X\x01\x00\x00\x00a" + rebuild + shape + b"\x85K\x01\x85\x89tRs."


def legacy(data: bytes) -> bytes:
    """Return a file of torch.save before 1.6 whose object is this pickle."""
    whole = plain({}, legacy=True)
    at = whole.index(pickle.dumps({}, 2), 30)
    return whole[:at] + data + pickle.dumps([], 2)
