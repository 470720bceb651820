"""Model files 1-62: each made by a script, with the exit code and the words that must answer it."""

import argparse
import os
import pathlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.bad_files import forged
from tests.bad_files.case import MODEL, TARGET_ONLY, WEIGHTS_ONLY, Case, Make
from tests.bad_files.forged import Payload, Resolved, Shell, Storage, Tensor
from tests.bad_files.programs import programs


def network() -> nn.Module:
    """Return the network of MODEL with weights that stay the same."""
    space: dict[str, Any] = {}
    exec(MODEL, space)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model: nn.Module = space["UNet"]()
    return model


def state() -> dict[str, torch.Tensor]:
    """Return its weights."""
    return {key: value.detach() for key, value in network().state_dict().items()}


def _data(data: bytes | Callable[[], bytes]) -> Make:
    return lambda _marker: data if isinstance(data, bytes) else data()


def _saved(value: object | Callable[[], object], **options: bool) -> Make:
    return lambda _marker: forged.plain(value() if callable(value) else value, **options)


def _lie(make: Callable[[], object]) -> Make:
    return lambda _marker: forged.saved(make())


def _with(payload: type[Payload], **options: bool) -> Make:
    return lambda marker: forged.plain({**state(), "x": payload(marker)}, **options)


def _raw(payload: type[Payload]) -> Make:
    return lambda marker: forged.pickled({"x": payload(marker)})


def _directory(marker: Path) -> None:
    (marker.parent / "w.pth").mkdir()


def _pipe(marker: Path) -> None:
    os.mkfifo(marker.parent / "w.pth")


def _link(target: str) -> Callable[[Path], None]:
    return lambda marker: (marker.parent / "w.pth").symlink_to(target)


def _locked(marker: Path) -> None:
    path = marker.parent / "w.pth"
    path.write_bytes(forged.plain(state()))
    path.chmod(0)


def _cut(share: float) -> Make:
    def make(_marker: Path) -> bytes:
        data = forged.plain(state())
        return data[: int(len(data) * share)]

    return make


def _broken_tail(marker: Path) -> bytes:
    return forged.pickled({"x": Shell(marker)})[:-1] + b"\xff\xff"


def _wrong_flags(marker: Path) -> bytes:
    data = bytearray(forged.saved({"x": Shell(marker)}))
    for head, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(head) + at] |= 1
    return bytes(data)


def _bad_crc(marker: Path) -> bytes:
    data = bytearray(forged.saved({"x": Shell(marker)}))
    for head, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        data[data.index(head) + at] ^= 0x55
    return bytes(data)


def _polyglot(marker: Path) -> bytes:
    return forged.tar({"x": Shell(marker)}) + forged.plain(state())


def _exported(marker: Path) -> bytes:
    """Return a .pt2 whose sample inputs hold a payload."""
    return forged.archive(
        {
            "m/archive_format": b"pt2",
            "m/models/model.json": b"{}",
            "m/data/sample_inputs/model.pt": forged.plain({"x": Shell(marker)}),
            "m/version": b"6",
            "m/byteorder": b"little",
        }
    )


def _settings() -> dict[str, object]:
    return {
        "state_dict": state(),
        "args": argparse.Namespace(lr=0.1),
        "best": np.float64(0.5),
        "path": pathlib.PurePosixPath("runs/1"),
    }


def _nested() -> dict[str, object]:
    return {"model": {"state_dict": {f"module.{key}": value for key, value in state().items()}}}


def _other() -> dict[str, torch.Tensor]:
    return {f"layers.{n}.weight": torch.zeros(3, 3) for n in range(20)}


def _wild(value: float) -> Callable[[], dict[str, torch.Tensor]]:
    def make() -> dict[str, torch.Tensor]:
        weights = {key: tensor.clone() for key, tensor in state().items()}
        weights["head.weight"][0, 0] = value
        return weights

    return make


def _flipped(_marker: Path) -> bytes:
    weights = {key: tensor.clone() for key, tensor in state().items()}
    data = bytearray(forged.plain(weights))
    at = data.index(weights["head.weight"].numpy().tobytes()) + 3
    data[at] ^= 0x40
    return bytes(data)


def _without_checksums() -> bytes:
    torch.serialization.set_crc32_options(False)
    try:
        return forged.plain(state())
    finally:
        torch.serialization.set_crc32_options(True)


def _compressed() -> bytes:
    return forged.saved({"a": Tensor(Storage(16), (16,), (1,))}, method=zipfile.ZIP_DEFLATED)


def _on_cuda() -> object:
    weights = state()
    records = {str(n): value.contiguous().numpy().tobytes() for n, value in enumerate(weights.values())}
    return forged.saved(
        {
            key: Tensor(Storage(value.numel(), str(n), "cuda:7"), tuple(value.shape), value.stride())
            for n, (key, value) in enumerate(weights.items())
        },
        {f"data/{n}": data for n, data in records.items()},
    )


def _sparse() -> object:
    indices = Tensor(Storage(4), (1, 4), (4, 1))
    return {"a": forged.Sparse(indices, Tensor(Storage(4), (4,), (1,)), (-3,))}


def _model_files() -> Iterator[Case]:
    yield Case(1, "empty file", _data(b""), 2, "empty file")
    yield Case(2, "one byte", _data(b"\x80"), 2, "no file that torch knows")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    yield Case(3, "LFS pointer", _data(pointer), 2, "git lfs pull")
    yield Case(4, "HTML page", _data(b"<!DOCTYPE html><html><body>Sign in"), 2, "downloaded web page")
    yield Case(5, "HDF5", _data(b"\x89HDF\r\n\x1a\n" + bytes(64)), 2, "HDF5")
    yield Case(6, "ONNX", _data(b"\x08\x07\x12\x07pytorch\x1a\x052.1.0:\x00"), 2, "ONNX")
    noise = np.random.default_rng(0).bytes(4096)
    yield Case(7, "random bytes", _data(noise), 2, "no file that torch knows")
    yield Case(8, "directory", _directory, 2, "is a folder")
    yield Case(9, "FIFO", _pipe, 2, "is not a regular file")
    yield Case(10, "/dev/zero", _link("/dev/zero"), 2, "is not a regular file")
    yield Case(11, "dangling symlink", _link("nowhere.pth"), 2, "is a symbolic link to a file that does not exist")
    if os.geteuid():
        yield Case(12, "no permission", _locked, 2, "Permission denied")
    for share in (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99):
        yield Case(13, f"truncated at {share:.0%}", _cut(share), 2, "truncated at byte")
    yield Case(14, "zip without data.pkl", _data(forged.archive({"readme.txt": b"x"})), 2, "no data.pkl")
    yield Case(15, "empty zip", _data(forged.archive({})), 2, "empty zip")
    yield Case(16, "payload, zip", _with(Shell), 2, "posix.system")
    yield Case(17, "payload, legacy", _with(Shell, legacy=True), 2, "posix.system")
    yield Case(18, "payload, raw pickle", _raw(Shell), 2, "posix.system", name="w.pkl")
    yield Case(19, "payload, tar", lambda marker: forged.tar({"x": Shell(marker)}), 2, "posix.system")
    yield Case(20, "payload, broken tail", _broken_tail, 2, "posix.system")
    yield Case(21, "payload by resolve_name", _with(Resolved), 2, "pkgutil.resolve_name")
    yield Case(22, "payload in 7z", _data(b"7z\xbc\xaf\x27\x1c" + bytes(26)), 2, "a 7z archive")
    yield Case(23, "payload, wrong zip flags", _wrong_flags, 2, "encrypted")
    yield Case(24, "payload, wrong checksum", _bad_crc, 2, "data.pkl")
    yield Case(25, "pickle named .safetensors", _raw(Shell), 2, "posix.system", name="w.safetensors")
    yield Case(26, "zip and tar", _polyglot, 2, "two formats")
    yield Case(27, "payload in .pt2", _exported, 2, "--trust", name="m.pt2", forms=TARGET_ONLY)
    yield Case(28, "settings of a run", _saved(_settings), 2, "torch.save(model.state_dict()")
    yield Case(29, "pickled module", _saved(lambda: nn.Sequential(nn.Conv2d(3, 2, 1))), 2, "model.state_dict()")
    yield Case(30, "list", _saved(lambda: [torch.zeros(3)]), 2, "no state_dict found")
    yield Case(31, "tensor", _saved(lambda: torch.zeros(3)), 2, "no state_dict found")
    yield Case(32, "str", _saved("weights"), 2, "no state_dict found")
    yield Case(33, "None", _saved(None), 2, "no state_dict found")
    yield Case(34, "empty dict", _saved({}), 2, "no state_dict found")
    yield Case(35, "integer keys", _saved(lambda: {1: torch.zeros(3)}), 2, "no state_dict found")
    yield Case(36, "nested", _saved(_nested), 0, "prefix 'module.' stripped", forms=WEIGHTS_ONLY)
    yield Case(37, "another class", _saved(_other), 1, "UD001", forms=WEIGHTS_ONLY)
    yield Case(38, "NaN", _saved(_wild(float("nan"))), 1, "head.weight")
    yield Case(39, "Inf", _saved(_wild(float("inf"))), 1, "head.weight")
    yield Case(40, "flipped bit", _flipped, 1, "head.weight")
    yield Case(41, "no checksums", _data(_without_checksums), 0, "records no checksums", forms=WEIGHTS_ONLY)
    yield Case(42, "deflate bomb", _data(lambda: forged.bomb(2048)), 2, "compressed records")
    yield Case(43, "deflated storage", _data(_compressed), 2, "compressed records")
    yield Case(44, "numel lie", _lie(lambda: {"a": Tensor(Storage(10**9), (10**9,), (1,))}), 2, "declares")
    yield Case(45, "shape lie", _lie(lambda: {"a": Tensor(Storage(16), (4000,), (1,))}), 2, "declares")
    yield Case(46, "negative stride", _lie(lambda: {"a": Tensor(Storage(16), (4,), (-1,))}), 2, "strides=[-1]")
    yield Case(47, "offset past the end", _lie(lambda: {"a": Tensor(Storage(16), (4,), (1,), 10**6)}), 2, "declares")
    yield Case(48, "shape of 2^62", _lie(lambda: {"a": Tensor(Storage(16), (2**31, 2**31), (2**31, 1))}), 2, "declares")
    yield Case(49, "stride 0", _lie(lambda: {"a": Tensor(Storage(16), (10**12,), (0,))}), 2, "declares 4e+03 GB")
    yield Case(49, "on the meta device", _data(lambda: forged.saved(forged.meta())), 2, "meta device")
    yield Case(50, "billion laughs", _data(lambda: forged.saved(forged.laughs())), 2, "list of 10 values, the first")
    yield Case(50, "four million steps", _data(lambda: forged.saved(forged.wide())), 2, "far more than its tensors")
    yield Case(51, "deep list", _data(lambda: forged.saved(forged.deep())), 2, "nested more than 1000")
    yield Case(51, "deep tuple as a key", _data(lambda: forged.saved(forged.deep_key())), 2, "nested more than 1000")
    yield Case(51, "deep tuple, legacy", _data(lambda: forged.legacy(forged.deep_key())), 2, "nested more than 1000")
    yield Case(51, "bytearray of 10^12", _data(lambda: forged.saved(forged.reserve(10**12))), 2, "reserves memory")
    yield Case(52, "sparse out of range", _lie(_sparse), 2, "declares more values than it holds")
    yield Case(53, "storages on cuda:7", _data(_on_cuda), 0, "weights", forms=WEIGHTS_ONLY)
    yield from _safetensors()


def _safetensors() -> Iterator[Case]:
    entry = forged.entry
    good = {"a": entry(0, 16, [4])}
    twice = (
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'
    )
    files: dict[str, tuple[bytes, str]] = {
        "header of 2^63": (forged.safetensors(good, bytes(16), length=2**63), "header is longer than the file"),
        "header of 200 MB": (forged.safetensors(good, bytes(16), length=200 * 10**6), "header is longer than the file"),
        "bad JSON": (forged.safetensors(b'{"a":', bytes(16)), "damaged safetensors file"),
        "not UTF-8": (forged.safetensors(b'{"\xff\xfe":1}', bytes(16)), "damaged safetensors file"),
        "overlap": (
            forged.safetensors({"a": entry(0, 16, [4]), "b": entry(8, 24, [4])}, bytes(24)),
            "damaged safetensors file",
        ),
        "hole": (
            forged.safetensors({"a": entry(0, 16, [4]), "b": entry(20, 36, [4])}, bytes(36)),
            "damaged safetensors file",
        ),
        "trailing bytes": (forged.safetensors(good, bytes(32)), "damaged safetensors file"),
        "too short": (forged.safetensors(good, bytes(8)), "damaged safetensors file"),
        "unknown dtype": (forged.safetensors({"a": entry(0, 16, [4], "F33")}, bytes(16)), "damaged safetensors file"),
        "key twice": (forged.safetensors(twice, bytes(16)), "names a twice"),
    }
    for title, (data, says) in files.items():
        yield Case(54, title, _data(data), 2, says, name="w.safetensors")
    yield Case(54, "100,000 tensors", _data(_many), 2, "names 100000 tensors", name="w.safetensors")


def _many() -> bytes:
    return forged.safetensors({f"t{n}": forged.entry(4 * n, 4 * n + 4, [1]) for n in range(100_000)}, bytes(400_000))


CASES = (*_model_files(), *programs())
