"""Pictures 91-109, through what `inspect --image` and `audit` read them with: decoded and said, or one sentence."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.bad_files.pictures import Picture, pictures
from unetdoctor.cli import main
from unetdoctor.data.decoding import UnreadableError, read_picture
from unetdoctor.data.pair import audit_pair
from unetdoctor.facts import Declared

PICTURES = tuple(pictures())


def _id(picture: Picture) -> str:
    return f"{picture.number} {picture.title}"


@pytest.mark.parametrize("picture", PICTURES, ids=_id)
def test_inspect_reads(picture: Picture, tmp_path: Path) -> None:
    path = tmp_path / picture.name
    path.write_bytes(picture.data)
    if picture.decoded:
        values, notes = read_picture(path)
        assert picture.says in ", ".join(notes)
        assert values.dtype == np.float32
        assert (values.min() >= 0, values.max() <= 1) == (True, True)
        return
    with pytest.raises(UnreadableError) as caught:
        read_picture(path)
    assert picture.says in caught.value.sentence
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize("picture", PICTURES, ids=_id)
def test_audit_reads(picture: Picture) -> None:
    facts = audit_pair(picture.data, None, Declared(), image_name=picture.name, wants_mask=False).image
    assert facts is not None
    read = picture.decoded or picture.title == "NPY"
    assert (facts.fault is None, facts.reason) == (True, "") if read else facts.reason.startswith(picture.name)


def test_a_folder_of_them_is_audited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number, picture in enumerate(PICTURES):
        (folder / f"{number}{Path(picture.name).suffix}").write_bytes(picture.data)
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    code = main(["audit", "images", "--jobs", "1"])
    out, err = capsys.readouterr()
    assert code == 1
    assert "UD613" in out
    assert "Traceback" not in out + err
