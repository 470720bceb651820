import os
import time
from pathlib import Path

import pytest

from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write, check_destination, sweep


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a.json", b"one")
    atomic_write(tmp_path / "a.json", b"two")
    assert (tmp_path / "a.json").read_bytes() == b"two"
    assert listed(tmp_path) == ["a.json"]


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    atomic_write(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteRefusedError, match="No space left on device"):
        atomic_write(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert listed(tmp_path) == ["a"]


@pytest.mark.parametrize("kind", ["link", "folder", "fifo", "dangling"])
def test_refuses_what_is_no_regular_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out"
    if kind == "link":
        (tmp_path / "real").write_text("mine")
        path.symlink_to(tmp_path / "real")
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(WriteRefusedError):
        atomic_write(path, b"x")


def test_refuses_a_folder_that_leads_outside(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "sub").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteRefusedError, match="leads outside"):
        atomic_write(tmp_path / "root" / "sub" / "a", b"x", tmp_path / "root")
    assert listed(tmp_path / "elsewhere") == []


def test_names_the_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(WriteRefusedError, match="mkdir -p"):
        check_destination(tmp_path / "no" / "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteRefusedError, match="cannot be written"):
        check_destination(tmp_path / "file" / "a")


def test_sweeps_only_its_own_old_leftovers(tmp_path: Path) -> None:
    names = [".unetdoctor-1.tmp", ".unetdoctor-2.tmp", "other.tmp"]
    for name in names:
        (tmp_path / name).write_text("")
    old = time.time() - 10_000
    os.utime(tmp_path / names[0], (old, old))
    os.utime(tmp_path / names[2], (old, old))
    sweep(tmp_path)
    assert listed(tmp_path) == names[1:]
