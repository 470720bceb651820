"""What fuzzing once found, each a case of its own."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.bad_files import forged
from tests.fuzz.campaign import Outcome, give
from tests.fuzz.targets import TARGETS


def _leading_nowhere() -> bytes:
    """Return a zip of torch.save whose directory names offsets before the file."""
    data = bytearray(forged.saved({"a": forged.Tensor(forged.Storage(16), (16,), (1,))}))
    at = data.rindex(b"PK\x05\x06") + 16
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "little") + 60_000).to_bytes(4, "little")
    return bytes(data)


def _packed_badly() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, np.arange(5000))
    data = bytearray(stream.getvalue())
    start = zipfile.ZipFile(stream).infolist()[0].header_offset + 60
    data[start : start + 40] = b"\xff" * 40
    return bytes(data)


CASES = {
    "pyproject.toml": b"[tool.unetdoctor]\nseed = " + b"[" * 20_000,
    "targets": b"hf:" + b"x" * 5000,
    "model files": _leading_nowhere(),
    "states of an audit": TARGETS[-1].seeds()[2],
    "pictures": b"\x93NUMPY\x01\x00v\x00{'descr': (" + b" " * 110,
}


@pytest.mark.parametrize("name", CASES)
def test_is_refused(name: str, tmp_path: Path) -> None:
    target = next(target for target in TARGETS if target.name == name)
    outcome = Outcome()
    give(target, CASES[name], tmp_path, outcome)
    assert not outcome.crashes
    assert outcome.refused == (name != "states of an audit")


def test_an_archive_of_arrays_that_cannot_be_unpacked(tmp_path: Path) -> None:
    outcome = Outcome()
    give(next(t for t in TARGETS if t.name == "pictures"), _packed_badly(), tmp_path, outcome)
    assert (outcome.refused, outcome.crashes) == (1, {})
