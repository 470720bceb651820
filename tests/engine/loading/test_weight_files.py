"""Files that hold no weights, or hold them damaged: one sentence each, and nothing runs."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.engine.loading.conftest import UNET, Place


def _compressed(path: Any) -> None:
    stream = io.BytesIO()
    torch.save({"a": torch.zeros(10)}, stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for record in old.infolist():
            new.writestr(record.filename, old.read(record))


def _numpy(path: Any) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))


def _cut_safetensors(path: Any) -> None:
    save_file({"a": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:200])


def _bad_record(path: Any) -> None:
    torch.save({"a": torch.zeros(10)}, path)
    path.write_bytes(
        path.read_bytes().replace(b"ctorch._utils\n_rebuild_tensor_v2", b"ctorch._utils\n_rebuild_tensor_v9")
    )


BAD: dict[str, tuple[Callable[[Any], Any], str]] = {
    "compressed": (
        _compressed,
        "w.pth holds compressed records, which torch.save never writes; save it again: "
        'torch.save(model.state_dict(), "weights.pth")',
    ),
    "npz": (
        _numpy,
        "w.pth is a NumPy .npz archive; PyTorch weights are .pt, .pth or .safetensors files; "
        "expected a state_dict (.pt, .pth, .ckpt) or a safetensors file.",
    ),
    "empty": (
        lambda path: path.write_bytes(b""),
        "w.pth is an empty file (0 bytes); download or save it again; "
        "expected a state_dict (.pt, .pth, .ckpt) or a safetensors file.",
    ),
    "html": (
        lambda path: path.write_bytes(b"<html></html>"),
        "w.pth is a downloaded web page (HTML), not the file that was behind the link; download the file itself; "
        "expected a state_dict (.pt, .pth, .ckpt) or a safetensors file.",
    ),
    "python": (
        lambda path: path.write_text(UNET),
        "w.pth is a text file; expected a state_dict (.pt, .pth, .ckpt) or a safetensors file.",
    ),
    "cut safetensors": (_cut_safetensors, "w.pth is a damaged safetensors file: "),
    "bad safetensors header": (
        lambda path: path.write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{not json}      "),
        "w.pth is a damaged safetensors file: ",
    ),
    "an unknown rebuild": (
        _bad_record,
        "w.pth cannot be read as weights: Unsupported global: GLOBAL torch._utils._rebuild_tensor_v9 "
        "was not an allowed global by default.",
    ),
    "a broken pickle": (lambda path: path.write_bytes(b"\x80\x02}q\x00(X"), "w.pth is damaged and cannot be read: "),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files(place: Place, case: str) -> None:
    make, sentence = BAD[case]
    make(place.directory / "w.pth")
    found = place.write({"model.py": UNET}).refusal("model.py", weights="w.pth").sentence
    assert found == sentence if sentence.endswith((".", ")")) else found.startswith(sentence)


@pytest.mark.parametrize("at", [3, 30, 300, 900, -1])
def test_truncated(place: Place, at: int) -> None:
    path = place.write({"model.py": UNET}).directory / "w.pth"
    torch.save({"a": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:at])
    sentence = place.refusal("model.py:UNet", weights="w.pth").sentence
    if at != 3:
        assert sentence == (
            f"w.pth is truncated at byte {path.stat().st_size}: the directory at the end of the zip is missing; "
            "copy or download it again."
        )
