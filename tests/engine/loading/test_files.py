"""Files that are no target: each refused in one sentence, before anything of them runs."""

import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from tests.engine.loading.conftest import UNET, Place

EXPECTED = "expected a Python file, a TorchScript file, a .pt2 file or weights."


def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(3))
    return stream.getvalue()


def _zip(names: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _saved(value: object, **options: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("sys_info"))
    return stream.getvalue()


STATE = {"head.weight": torch.zeros(2, 3), "head.bias": torch.zeros(2)}
SAVE = 'In the program that made it write torch.save(model.state_dict(), "weights.pth"), then give that file with -w.'
NO_MODEL = "{} is a state_dict with 2 tensors, not a model; name the model that it belongs to: "
NO_MODEL += "unetdoctor inspect {} --arch model.py"

FILES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("model.py", b"", "model.py is an empty file (0 bytes); download or save it again."),
    "one byte": (
        "model.ts",
        b"\x00",
        f"model.ts is no file that torch knows (it begins with the bytes 00); {EXPECTED}",
    ),
    "random bytes": (
        "model.pt",
        bytes(range(200, 240)),
        f"model.pt is no file that torch knows (it begins with the bytes c8 c9 ca cb cc cd ce cf); {EXPECTED}",
    ),
    "git lfs": (
        "model.pt",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n",
        "model.pt is a Git LFS pointer, not the file itself; fetch it with git lfs pull.",
    ),
    "html": (
        "model.py",
        b"<!DOCTYPE html>\n<html><body>Sign in</body></html>",
        "model.py is a downloaded web page (HTML), not the file that was behind the link; download the file itself.",
    ),
    "hdf5": (
        "model.h5",
        b"\x89HDF\r\n\x1a\n" + bytes(50),
        "model.h5 is an HDF5 file (Keras keeps weights in these); PyTorch weights are .pt, .pth or .safetensors files.",
    ),
    "onnx": (
        "model.onnx",
        b"\x08\x07\x12\x07pytorch\x1a\x052.1.0:\x00",
        "model.onnx is an ONNX model, which holds no PyTorch module; name the Python file that it was made from.",
    ),
    "npz": (
        "model.npz",
        _npz(),
        "model.npz is a NumPy .npz archive; PyTorch weights are .pt, .pth or .safetensors files.",
    ),
    "png": (
        "model.png",
        b"\x89PNG\r\n\x1a\n",
        f"model.png is a PNG picture, not a model; {EXPECTED[:-1]}, and pictures behind --image.",
    ),
    "text": ("notes.txt", b"this is no python\n", f"notes.txt is a text file, but no Python; {EXPECTED}"),
    "a word": ("notes.txt", b"hello\n", f"notes.txt is a text file, but no Python; {EXPECTED}"),
    "yaml": ("net.yaml", b"name: unet\nsize: 3\n", f"net.yaml is a text file, but no Python; {EXPECTED}"),
    "notebook": ("net.ipynb", b'{"cells": [], "nbformat": 4}', f"net.ipynb is a Jupyter notebook; {EXPECTED}"),
    "latin-1 without a declaration": (
        "model.py",
        "größe = 1\n".encode("latin-1"),
        "model.py is not UTF-8 text, and its first two lines declare no other encoding.",
    ),
    "tar": (
        "old.pt",
        _tar(),
        "old.pt is a tar archive; a torch file of that age must be saved again with torch.save of today.",
    ),
    "zip without data.pkl": (
        "model.pt",
        _zip({"readme.txt": b"x"}),
        f"model.pt is a zip archive that torch did not write (it has no data.pkl); {EXPECTED}",
    ),
    "empty zip": ("model.pt", _zip({}), f"model.pt is an empty zip archive; {EXPECTED}"),
    "truncated zip": (
        "model.pt",
        _saved(STATE)[:600],
        "model.pt is truncated at byte 600: the directory at the end of the zip is missing; copy or download it again.",
    ),
    "exported program": (
        "model.pt2",
        _zip({"m/archive_format": b"pt2", "m/models/model.json": b"{}"}),
        f"model.pt2 cannot be read as an exported program (.pt2) by the installed torch {torch.__version__} "
        '(Expected hasRecord("version") to be true, but got false); export the model again.',
    ),
    "state_dict": ("w.pth", _saved(STATE), NO_MODEL.format("w.pth", "w.pth")),
    "state_dict of old torch": (
        "w.pth",
        _saved(STATE, _use_new_zipfile_serialization=False),
        NO_MODEL.format("w.pth", "w.pth"),
    ),
    "nested state_dict": ("my w.ckpt", _saved({"state_dict": STATE}), NO_MODEL.format("my w.ckpt", "'my w.ckpt'")),
    "safetensors": ("w.safetensors", save(STATE), NO_MODEL.format("w.safetensors", "w.safetensors")),
    "whole model": (
        "whole.pt",
        _saved(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1))),
        "whole.pt is a pickled Python object, and reading it would run the code that it names: "
        "torch.nn.modules.container.Sequential, torch.nn.modules.conv.Conv2d. If you trust the file, give --trust; "
        'otherwise save the weights alone with torch.save(model.state_dict(), "weights.pth") '
        "and name the Python file of the model.",
    ),
    "tensor": (
        "t.pt",
        _saved(torch.zeros(3)),
        "no state_dict found in t.pt: it holds one tensor of shape (3,).",
    ),
    "dict without tensors": (
        "t.pt",
        _saved({"epoch": 3}),
        "no state_dict found in t.pt: it holds a dict without tensors (keys: epoch).",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_no_target(place: Place, case: str) -> None:
    name, data, sentence = FILES[case]
    (place.directory / name).write_bytes(data)
    assert place.refusal(name).sentence == sentence
    assert place.stages == (["load"] if case == "exported program" else [])


class Payload:
    """Leaves a marker behind wherever it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
@pytest.mark.parametrize("option", ["target", "weights"])
def test_a_payload_does_not_run(place: Place, form: str, option: str) -> None:
    value = {"head.weight": Payload(place.directory / "marker")}
    data = pickle.dumps(value) if form == "pickle" else _saved(value, _use_new_zipfile_serialization=form == "zip")
    place.write({"model.py": UNET})
    (place.directory / "w.pth").write_bytes(data)
    refusal = place.refusal("w.pth") if option == "target" else place.refusal("model.py", weights="w.pth")
    assert (
        refusal.sentence
        == f"w.pth wants {os.mkdir.__module__}.mkdir besides tensors, and reading those would run code. {SAVE}"
    )
    assert not (place.directory / "marker").exists()


def test_missing(place: Place) -> None:
    place.write({"model.py": UNET})
    folder = place.directory
    assert place.refusal("net.py").sentence == f"net.py does not exist: there is no such file in {folder}."
    assert place.refusal("modle.py").sentence == f"modle.py does not exist in {folder}; did you mean model.py?"
    assert place.refusal("a/net.py:Net").sentence == f"a/net.py does not exist: there is no directory {folder / 'a'}."
    assert place.refusal("net").sentence == f"net does not exist: there is no such file in {folder}."


def test_irregular(place: Place) -> None:
    folder = place.directory
    place.write({"nets/a.py": UNET, "nets/b.py": UNET})
    os.mkfifo(folder / "pipe.py")
    (folder / "dangling.py").symlink_to(folder / "nowhere.py")
    assert place.refusal("nets").sentence == (
        "nets is a directory, and its Python files are a.py, b.py; name the file of the model."
    )
    assert place.refusal("nets/").commands == ("unetdoctor inspect nets/a.py", "unetdoctor inspect nets/b.py")
    assert place.refusal("pipe.py").sentence == "pipe.py is a named pipe, not a file."
    assert place.refusal("/dev/zero").sentence == "/dev/zero is a device, not a file."
    assert place.refusal("dangling.py").sentence == (
        f"dangling.py is a symbolic link to {folder / 'nowhere.py'}, which does not exist."
    )
    assert place.refusal("model.py", weights="nets").sentence == "nets is a directory, not a file."


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b.py"])
def test_impossible_names(place: Place, name: str) -> None:
    assert "cannot be read" in place.refusal(name).sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(place: Place) -> None:
    place.write({"model.py": UNET})
    (place.directory / "model.py").chmod(0)
    assert place.refusal("model.py").sentence == "model.py cannot be read: Permission denied."


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("gpu", "--device gpu: no such device; use cpu, cuda, cuda:N or mps."),
        ("cuda:x", "--device cuda:x: no such device; use cpu, cuda, cuda:N or mps."),
        ("cpu\n", "--device cpu\n: no such device; use cpu, cuda, cuda:N or mps."),
    ],
)
def test_no_such_device(place: Place, device: str, sentence: str) -> None:
    assert place.write({"model.py": UNET}).refusal(device, device=device).sentence == sentence


def test_no_cuda(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    sentence = place.write({"model.py": UNET}).refusal("model.py", device="cuda").sentence
    assert sentence.startswith(f"--device cuda: this machine has no CUDA device (torch {torch.__version__}, built ")
    assert sentence.endswith("; leave it out to run on the CPU.")


def test_too_few_cuda_devices(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    refusal = place.write({"model.py": UNET}).refusal("model.py", device="cuda:7")
    assert refusal.sentence == "--device cuda:7: this machine has 1 CUDA device, cuda:0."
