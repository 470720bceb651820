import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.reporters import build, pixels
from unetdoctor.facts import Outcome, Report, SignalPoint
from unetdoctor.reporters.atomic import WriteRefusedError
from unetdoctor.reporters.canvas import fitted, width_of, wrapped
from unetdoctor.reporters.folder import MANIFEST, check_directory, default_directory, file_stem, ours
from unetdoctor.reporters.pictures import decode, write_pictures
from unetdoctor.reporters.sheet import best_trial, channel_pairs
from unetdoctor.reporters.signal import Frame, collapse, decades, labelled, signal_plot, steepest


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def generator() -> tuple[Report, dict[str, bytes]]:
    previews, raw = pixels.generator()
    return replace(build.untrained(), previews=previews), raw


def test_writes_every_picture(tmp_path: Path) -> None:
    report, raw = generator()
    written = write_pictures(report, raw, tmp_path / "a" / "b")
    names = listed(tmp_path / "a" / "b")
    assert names == sorted([MANIFEST, "sheet.png", "signal.png", *(f"{p.name}.png" for p in report.previews)])
    assert written.notices == ()
    for preview in written.previews:
        data = Path(preview.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (preview.size, preview.sha256)
        with Image.open(preview.file) as picture:
            picture.load()
            assert picture.size == (preview.width, preview.height)
            assert picture.mode == preview.mode
    assert [p.role for p in written.previews[:2]] == ["sheet", "signal"]
    with Image.open(tmp_path / "a" / "b" / "latents-channel-0.png") as picture:
        assert picture.tobytes() == raw["latents-channel-0.raw"]


def test_a_segmentation_with_many_channels_and_a_legend(tmp_path: Path) -> None:
    previews, raw = pixels.segmentation()
    long = tuple(("#ff0000", f"class {n}") for n in range(40))
    previews = tuple(replace(p, legend=long) if p.role == "overlay" else p for p in previews)
    written = write_pictures(replace(build.healthy(), previews=previews, signal=()), raw, tmp_path)
    assert len(written.paths) == len(previews) + 1
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.width < 2000
        assert picture.height < 4000


def test_what_is_broken_is_named_and_left_out(tmp_path: Path) -> None:
    report, raw = generator()
    raw["latents-channel-0.raw"] = b"short"
    previews = (*report.previews, replace(report.previews[1], name="odd", mode="CMYK"))
    written = write_pictures(replace(report, previews=previews), raw, tmp_path)
    assert len(written.notices) == 2
    assert "1024 bytes expected, 5 found" in written.notices[0]
    assert not (tmp_path / "odd.png").exists()
    assert write_pictures(replace(report, signal=()), {}, tmp_path / "none").paths == ()
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="no 8-bit picture"):
        decode(replace(report.previews[0], width=0), b"")


def test_names_are_safe_and_do_not_collide(tmp_path: Path) -> None:
    report, raw = generator()
    bad = ["../../etc/passwd", "a/b", "A_B", "sheet", "con", "", "x" * 500, "\x1b[31m\u202e"]
    previews = tuple(replace(report.previews[0], name=name, title=name, caption=name) for name in bad)
    written = write_pictures(replace(report, previews=previews), raw, tmp_path)
    names = {path.name for path in written.paths}
    assert all(path.parent == tmp_path for path in written.paths)
    assert len(names) == len(written.paths) == len({name.lower() for name in names})
    assert names >= {"sheet.png", "sheet-2.png", "a_b.png", "A_B-2.png", "_con.png", "model.png", "etc_passwd.png"}
    assert max(map(len, names)) < 100


def test_our_earlier_files_are_replaced_and_others_are_not(tmp_path: Path) -> None:
    report, raw = generator()
    write_pictures(report, raw, tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    write_pictures(replace(report, previews=report.previews[:1]), raw, tmp_path)
    assert listed(tmp_path) == [MANIFEST, "latents-channel-0.png", "mine.txt", "sheet.png", "signal.png"]
    assert ours(tmp_path) == {"latents-channel-0.png", "sheet.png", "signal.png"}
    (tmp_path / "trial-1.png").write_text("not ours any more")
    with pytest.raises(WriteRefusedError, match="was not written by unetdoctor"):
        write_pictures(report, raw, tmp_path)
    assert (tmp_path / "trial-1.png").read_text() == "not ours any more"
    write_pictures(report, raw, tmp_path, force=True)
    assert (tmp_path / "trial-1.png").read_bytes().startswith(b"\x89PNG")


def test_a_manifest_cannot_point_elsewhere(tmp_path: Path) -> None:
    report, raw = generator()
    (tmp_path / "victim").write_text("x")
    (tmp_path / "link.png").symlink_to(tmp_path / "victim")
    names = ["../victim", "/etc/passwd", "..", "", 3, "link.png"]
    out = tmp_path / "out"
    out.mkdir()
    (out / MANIFEST).write_text(json.dumps({"files": names}))
    (out / "link.png").symlink_to(tmp_path / "victim")
    write_pictures(report, raw, out)
    assert (tmp_path / "victim").read_text() == "x"
    assert (out / "link.png").is_symlink()
    (out / MANIFEST).write_text("no json")
    assert ours(out) == set()


def test_refuses_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "outside").mkdir()
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    (tmp_path / "in" / "unetdoctor-out").symlink_to(tmp_path / "outside")
    with pytest.raises(WriteRefusedError, match="leads outside"):
        check_directory(Path("unetdoctor-out") / "model")
    with pytest.raises(WriteRefusedError, match="not a folder"):
        check_directory(tmp_path / "file" / "x")
    check_directory(Path("fresh") / "model")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "sheet.png").write_text("mine")
    with pytest.raises(WriteRefusedError, match="--force"):
        check_directory(tmp_path / "taken")
    check_directory(tmp_path / "taken", force=True)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    report, raw = generator()
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteRefusedError, match=r"file/x cannot be written: Not a directory\."):
        write_pictures(report, raw, tmp_path / "file" / "x")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("models/unet.py", "unet"),
        ("unet.py:UNet", "unet-UNet"),
        ('a/unet.py:make("x", n=3)', "unet-make_x_n_3"),
        ("package.module:Net", "package.module-Net"),
        ("traced.pt", "traced"),
        (r"C:\models\unet.py:UNet", "unet-UNet"),
        ("..", "model"),
        ("nul.py", "_nul"),
        ("größe\x1b.py", "gr_e"),
    ],
)
def test_default_folder(target: str, name: str) -> None:
    assert default_directory(target) == Path("unetdoctor-out") / name


def test_stem_keeps_what_is_safe() -> None:
    assert file_stem("image-1.channel_0") == "image-1.channel_0"


def test_channels_find_their_partner() -> None:
    previews, _ = pixels.generator()
    shown = [p for p in previews if p.role == "displayed"]
    stretched = [p for p in previews if p.role == "stretched"]
    assert [[p.name for p in pair] for pair in channel_pairs(shown, stretched[::-1])] == [
        [f"latents-channel-{n}", f"latents-channel-{n}-stretched"] for n in range(3)
    ]
    named = [replace(p, name=f"s{n}") for n, p in enumerate(stretched)]
    assert [[p.name for p in pair] for pair in channel_pairs(shown[:2], named)] == [
        ["latents-channel-0", "s0"],
        ["latents-channel-1", "s1"],
        ["s2"],
    ]


def test_best_trial() -> None:
    assert best_trial(build.untrained()) is build.CURE
    bare = replace(build.untrained(), diagnoses=())
    assert best_trial(bare) is build.CURE
    assert best_trial(replace(bare, trials=tuple(t for t in bare.trials if t.outcome is Outcome.WORSE))) is None


def test_sheet_without_trials_in_the_report(tmp_path: Path) -> None:
    report, raw = generator()
    write_pictures(replace(report, trials=(), diagnoses=()), raw, tmp_path)
    many = replace(report, trials=report.trials * 4)
    write_pictures(many, raw, tmp_path)
    assert (tmp_path / "sheet.png").exists()


def points(*values: float) -> tuple[SignalPoint, ...]:
    return tuple(SignalPoint("convolution", f"layer.{n}", (1, 8, 4, 4), v, float("nan")) for n, v in enumerate(values))


def test_collapse_is_found() -> None:
    assert steepest(points(1.0, 0.9, 0.01, 0.009)) == 2
    assert steepest(points(1.0, 0.5, 0.25)) is None
    assert steepest(points(1.0, 0.0, float("nan"))) == 1
    report = replace(build.untrained(), signal=points(1.0, 0.9, 0.01, 0.009))
    finding = replace(build.FLAT_PICTURE, code="UD403", place=build.Place("layer.3"))
    assert collapse(report) == 2
    assert collapse(replace(report, findings=(finding,))) == 3
    assert collapse(replace(report, findings=(replace(finding, place=build.Place("gone")),))) == 2


@pytest.mark.parametrize(
    "values",
    [(1.0, 0.9, 1e-12, 0.0), (0.0, 0.0, 1.0), (1e30, 1.0), (float("nan"), 1.0, float("inf"), 0.5), (0.9,) * 300],
)
def test_profile_is_drawn(values: tuple[float, ...]) -> None:
    picture = signal_plot(replace(build.untrained(), signal=points(*values)))
    assert picture is not None
    assert picture.size == (1200, 560)


def test_no_profile_without_values() -> None:
    for few in ((), (1.0,), (0.0, 0.0), (float("nan"), float("nan"))):
        assert signal_plot(replace(build.untrained(), signal=points(*few))) is None


def test_axis() -> None:
    assert decades([1.0, 0.001]) == pytest.approx((-3.12, 0.12))
    assert decades([1.0, 1.0]) == pytest.approx((-0.88, 0.12))
    assert decades([1.0, 1e-30]) == pytest.approx((-7.88, 0.12))


def test_labels_do_not_touch() -> None:
    many = points(*([0.5] * 200))
    chosen = labelled(many, Frame(200, -1, 0), 101)
    assert (0, "la") in chosen
    assert (199, "ra") in chosen
    assert 101 in [index for index, _ in chosen]
    assert 4 <= len(chosen) <= 9


def test_a_long_layer_name_keeps_its_end() -> None:
    long = replace(points(1.0)[0], layer="backbone." * 12 + "conv1")
    picture = signal_plot(replace(build.untrained(), signal=(long, *points(0.5, 0.2))))
    assert picture is not None
    assert [index for index, _ in labelled((long, *points(0.5)), Frame(2, -1, 0), None)] == [0, 1]


def test_words_wrap_and_break() -> None:
    rows = wrapped("a word and a_name_that_is_far_too_long_for_the_line_it_stands_in", 15, 120, 9)
    assert all(width_of(row, 15) <= 120 for row in rows)
    assert wrapped("one two three four five six seven eight", 15, 60, 2)[-1].endswith("...")
    assert wrapped("", 15, 60, 2) == []


@pytest.mark.parametrize(
    ("size", "expected"),
    [((32, 32), (192, 192)), ((320, 240), (192, 144)), ((100, 3), (100, 3)), ((4000, 1), (192, 1))],
)
def test_pictures_fit(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fitted(Image.new("L", size), 192).size == expected
