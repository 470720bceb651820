"""What a file is by its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetdoctor.engine.loading import sniff
from unetdoctor.engine.loading.sniff import Archive, Content

HEADS: dict[str, tuple[bytes, Content]] = {
    "empty": (b"", Content.EMPTY),
    "zip": (b"PK\x03\x04....", Content.ZIP),
    "empty zip": (b"PK\x05\x06" + bytes(18), Content.ZIP),
    "legacy torch": (sniff.LEGACY_MAGIC + b"\x80\x02", Content.LEGACY_TORCH),
    "pickle 2": (b"\x80\x02}q\x00.", Content.PICKLE),
    "pickle 5": (b"\x80\x05\x95", Content.PICKLE),
    "safetensors": (b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", Content.SAFETENSORS),
    "safetensors whose header is longer than the file": (b"\xff\xff\x00\x00\x00\x00\x00\x00{}", Content.OTHER),
    "tar": (bytes(257) + b"ustar\x00" + bytes(200), Content.TAR),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Content.LFS_POINTER),
    "html": (b"<!DOCTYPE html><html>", Content.HTML),
    "html after blanks": (b"\n\n  <HTML lang=en>", Content.HTML),
    "hdf5": (b"\x89HDF\r\n\x1a\n\x00", Content.HDF5),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x052.1.0", Content.ONNX),
    "npy": (b"\x93NUMPY\x01\x00", Content.NUMPY),
    "mobile": (b"\x1c\x00\x00\x00PTMF", Content.MOBILE),
    "python": (b"import torch\n", Content.TEXT),
    "text in another script": ("größe = 'ø'".encode(), Content.TEXT),
    "text cut within a character": (("é" * 100).encode()[:-1], Content.TEXT),
    "latin-1": ("größe = 1\n".encode("latin-1"), Content.OTHER),
    "one byte": (b"\x00", Content.OTHER),
    "one letter": (b"x", Content.TEXT),
    "png": (b"\x89PNG\r\n\x1a\n", Content.OTHER),
}


@pytest.mark.parametrize("case", HEADS)
def test_content(case: str) -> None:
    head, content = HEADS[case]
    assert sniff.content_of(head, len(head)) is content


ARCHIVES: dict[str, tuple[list[str], Archive]] = {
    "torchscript": (["m/data.pkl", "m/code/__torch__.py", "m/constants.pkl", "m/version"], Archive.TORCHSCRIPT),
    "checkpoint": (["m/data.pkl", "m/data/0", "m/version"], Archive.CHECKPOINT),
    "checkpoint with constants": (["m/data.pkl", "m/constants.pkl"], Archive.CHECKPOINT),
    "exported": (["e/archive_format", "e/models/model.json", "e/data/weights/weight_0"], Archive.EXPORTED),
    "exported by older torch": (["serialized_exported_program.json", "version"], Archive.EXPORTED),
    "npz": (["a.npy", "b.npy"], Archive.NUMPY),
    "keras": (["config.json", "model.weights.h5"], Archive.KERAS),
    "empty": ([], Archive.EMPTY),
    "another": (["readme.txt"], Archive.OTHER),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_archive(case: str) -> None:
    names, archive = ARCHIVES[case]
    assert sniff.archive_of(names) is archive
    assert sniff.describe_archive(archive)


@given(st.binary(max_size=600), st.integers(0, 2**40))
def test_every_head_has_words(head: bytes, size: int) -> None:
    assert sniff.describe(sniff.content_of(head, size), head)
