import os
from pathlib import Path

import pytest

from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.files import check_file, check_target, target_file


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("unet.py").write_text("x")
    Path("folder").mkdir()


def refused(target: str) -> str:
    with pytest.raises(RequestError) as caught:
        check_target(target)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("unet.py", "unet.py"),
        ("a/unet.py:UNet", "a/unet.py"),
        ('unet.py:make("x.py:y", n=3)', "unet.py"),
        ("unet.pt", "unet.pt"),
        ("package.module:Name", None),
        ("torchvision:fcn_resnet50", None),
        ("folder/file", "folder/file"),
        ("model", "model"),
        ("torchvision", "torchvision"),
        ('smp:Unet("a/b")', None),
        ("folder:Name", None),
        ("./folder:Name", "folder"),
        (r"C:\models\unet.py:UNet", r"C:\models\unet.py"),
    ],
)
def test_the_file_of_a_target(target: str, file: str | None) -> None:
    assert target_file(target) == (None if file is None else Path(file))


def test_what_is_there_passes() -> None:
    check_target("unet.py:UNet")
    check_target("package.module:Name")


def test_what_cannot_be_read_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("empty.py").touch()
    Path("dangling.py").symlink_to("nowhere.py")
    Path("folder.py").mkdir()
    Path("folder.py/inside.py").write_text("x")
    os.mkfifo("fifo.py")
    assert refused(" ") == "TARGET is empty; for example: unetdoctor inspect model.py"
    assert refused("unte.py") == "TARGET: there is no file unte.py. Did you mean unet.py?"
    assert refused("unet.pt") in (
        "TARGET: there is no file unet.pt. Did you mean unet.py?",
        "TARGET: there is no file unet.pt.",
    )
    assert refused("no/such/folder.py") == "TARGET: there is no file no/such/folder.py: there is no folder no/such."
    assert refused("unet.py/x.py") == "TARGET: there is no file unet.py/x.py: there is no folder unet.py."
    assert refused("dangling.py") == "TARGET: dangling.py is a symbolic link to a file that does not exist."
    assert refused("folder.py") == "TARGET: folder.py is a folder; name a file in it. There are: inside.py."
    assert refused("fifo.py") == "TARGET: fifo.py is not a regular file."
    assert refused("empty.py") == "TARGET: empty.py is an empty file (0 bytes); download or save it again."
    assert refused("a" * 5000 + ".py").endswith("cannot be read: File name too long.")
    assert "cannot be read" in refused("a\0b.py")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refused("unet.py") == "TARGET: unet.py cannot be read: permission denied."


def test_names_what_is_missing() -> None:
    with pytest.raises(RequestError, match=r"--image: there is no file b\.png"):
        check_file(Path("b.png"), "--image")


@pytest.mark.parametrize("target", ["...", "....", ".x.", "a/..."])
def test_names_of_dots(target: str) -> None:
    with pytest.raises(RequestError):
        check_target(target)


def test_folders_that_hold_a_model_are_left_to_the_worker() -> None:
    for name in ("config.json", "model_index.json", "hubconf.py"):
        folder = Path(f"of-{name}")
        folder.mkdir()
        (folder / name).write_text("x")
        check_target(str(folder))
        check_target(f"{folder}:entry(n=3)")
    check_target("hf:of-config.json")


def test_files_that_speak_of_networks_are_offered_first() -> None:
    Path("src").mkdir()
    for name, text in {"a.py": "x = 1", "b.py": "class Net(nn.Module): ...", "c.pt": "x"}.items():
        Path("src", name).write_text(text)
    with pytest.raises(RequestError) as caught:
        check_target("src")
    assert caught.value.sentence == "TARGET: src is a folder; name a file in it. There are: b.py, c.pt, a.py."
    assert caught.value.commands[0] == "unetdoctor inspect src/b.py"


def test_an_option_gives_no_target_commands() -> None:
    for name in ("wieghts.pt", "*.pt", "unte.py"):
        with pytest.raises(RequestError) as caught:
            check_file(Path(name), "--weights")
        assert caught.value.commands == ()
