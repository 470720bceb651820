"""Files that hold no weights, or hold them damaged: one sentence each, and nothing runs."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.engine.loading.conftest import UNET, Place
from unetdoctor.engine.loading import checkpoints, files, versions, weights
from unetdoctor.engine.loading.errors import RequestError


@contextlib.contextmanager
def _no_checksums() -> Iterator[None]:
    """Let torch.save record no checksums."""
    torch.serialization.set_crc32_options(False)
    try:
        yield
    finally:
        torch.serialization.set_crc32_options(True)


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
    with _no_checksums():
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


def _flip(path: Path, value: float) -> None:
    """Change one bit of the only tensor that holds this value."""
    data = path.read_bytes()
    at = data.index(torch.full((3,), value).numpy().tobytes())
    path.write_bytes(data[: at + 3] + bytes([data[at + 3] ^ 0x40]) + data[at + 4 :])


def test_a_flipped_bit_is_found_and_names_its_tensor(place: Place) -> None:
    path = place.write({"model.py": UNET}).directory / "w.pth"
    tensors = {"a": torch.ones(3), "bad.weight": torch.full((3,), 0.03), "c": torch.ones(3)}
    torch.save({"state_dict": tensors, "epoch": 3}, path)
    _flip(path, 0.03)
    assert torch.load(path, weights_only=True)["state_dict"]["bad.weight"].abs().max() > 1e30
    file = files.find("w.pth", place.directory)
    assert weights.read(file).damaged == ("bad.weight",)
    with pytest.raises(RequestError) as caught:
        checkpoints.read(file)
    assert caught.value.sentence == (
        "w.pth is damaged: the bytes of 1 record differ from the checksum that was saved with them (bad.weight); "
        "copy or download it again."
    )


def test_damage_outside_of_what_is_loaded_is_none_of_the_networks(place: Place) -> None:
    state = place.write({"model.py": UNET}).load("model.py").model.state_dict()
    path = place.directory / "w.pth"
    torch.save({"state_dict": state, "optimizer": {"exp": torch.full((3,), 0.03)}}, path)
    _flip(path, 0.03)
    assert place.load("model.py", weights="w.pth").loads[0].damaged == ()


def test_without_checksums_that_is_said(place: Place) -> None:
    path = place.write({"model.py": UNET}).directory / "w.pth"
    state = place.load("model.py").model.state_dict()
    with _no_checksums():
        torch.save(state, path)
    assert place.load("model.py:UNet", weights="w.pth").how == (
        "loaded 4 tensors from w.pth",
        "w.pth records no checksums, so damage to its bytes cannot be seen",
    )


@pytest.mark.parametrize("form", ["safetensors", "bin"])
def test_shards(place: Place, form: str) -> None:
    state = place.write({"model.py": UNET}).load("model.py").model.state_dict()
    (place.directory / "hf").mkdir()
    where = {}
    for number, (key, value) in enumerate(state.items()):
        name = f"model-{number}.{form}"
        where[key] = name
        if form == "safetensors":
            save_file({key: value + 1}, place.directory / "hf" / name)
        else:
            torch.save({key: value + 1}, place.directory / "hf" / name)
    index = place.directory / "hf" / f"model.{form}.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": where}))
    loaded = place.load("model.py:UNet", weights=f"hf/model.{form}.index.json")
    assert all(value.equal(state[key] + 1) for key, value in loaded.model.state_dict().items())
    assert loaded.how == (
        f"loaded 4 tensors from hf/model.{form}.index.json",
        f"read all 4 shards that hf/model.{form}.index.json lists",
    )
    alone = place.load("model.py:UNet", weights=f"hf/model-1.{form}").how
    assert alone[1] == (
        f"hf/model-1.{form} is one shard of several: hf/model.{form}.index.json beside it lists them all, give it in "
        "its place"
    )
    (place.directory / "hf" / f"model-2.{form}").unlink()
    assert place.refusal("model.py:UNet", weights=f"hf/model.{form}.index.json").sentence == (
        f"hf/model.{form}.index.json lists 4 shards, of which 1 is missing beside it: model-2.{form}; "
        "download every shard into the folder of the index."
    )


def test_a_shard_elsewhere_is_not_read(place: Place) -> None:
    place.write({"model.py": UNET, "m.index.json": json.dumps({"weight_map": {"a": "../secret.bin"}})})
    assert place.refusal("model.py:UNet", weights="m.index.json").sentence == (
        "m.index.json lists '../secret.bin'; a shard must lie beside its index."
    )


@pytest.mark.parametrize("text", ["{not json", "[1]", '{"weight_map": 3}', '{"weight_map": {"a": 3}}'])
def test_a_text_file_that_is_no_index(place: Place, text: str) -> None:
    place.write({"model.py": UNET, "m.index.json": text})
    assert place.refusal("model.py:UNet", weights="m.index.json").sentence.startswith("m.index.json is a text file; ")


@pytest.mark.parametrize(
    ("version", "refused", "told"),
    [
        ("1.13.1", True, True),
        ("2.5.1+cu121", True, True),
        ("2.6.0", False, True),
        ("2.9.1", False, True),
        ("2.10.0", False, False),
        ("2.15.0+cu132", False, False),
        ("a build of our own", False, False),
    ],
)
def test_what_a_version_of_torch_guarantees(version: str, refused: bool, told: bool) -> None:
    if refused:
        with pytest.raises(RequestError, match=r"CVE-2025-32434.*install torch 2\.6 or newer"):
            versions.refuse_old("w.pth", version)
    else:
        versions.refuse_old("w.pth", version)
    assert ("no boundary against a hostile file" in versions.remark("w.pth", version)) is told


def test_an_old_torch_reads_safetensors_and_no_pickle(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.5.1")
    save_file({"a": torch.zeros(3)}, place.directory / "w.safetensors")
    torch.save({"a": torch.zeros(3)}, place.directory / "w.pth")
    place.write({"model.py": UNET})
    assert "a" in checkpoints.read(files.find("w.safetensors", place.directory))
    assert "CVE-2025-32434" in place.refusal("model.py:UNet", weights="w.pth").sentence
