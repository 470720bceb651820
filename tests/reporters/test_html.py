"""The page without a browser: self-contained, escaped, bounded, of sound structure and of enough contrast."""

import base64
import hashlib
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from tests.reporters import build
from tests.reporters.markup import Element, parse
from unetdoctor.checks import cards
from unetdoctor.facts import (
    ClassScore,
    Count,
    Dataset,
    Declared,
    Decoding,
    Edges,
    MaskScores,
    Operand,
    Place,
    Preview,
    Report,
    Severity,
    SignalPoint,
    SizeScore,
    Skip,
    Threshold,
    Totals,
    Trial,
)
from unetdoctor.facts.contract import dump, load_report
from unetdoctor.reporters.folder import found_beside
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.html import images, to_html
from unetdoctor.reporters.html.network import drawing
from unetdoctor.reporters.html.profile import profile
from unetdoctor.reporters.html.stages import BOTTOM, DOWN, UP, health
from unetdoctor.reporters.stored import read_pictures

ATTACKS = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% include 'page.html' %}",
    "&lt;b&gt;",
    "`<i>`",
    "--><!--",
    "]]>",
    "n" * 300,
)


def png(color: tuple[int, int, int] = (10, 200, 30), size: tuple[int, int] = (32, 32)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, "PNG")
    return stream.getvalue()


def pictured(report: Report, *roles: str) -> tuple[Report, dict[str, bytes]]:
    """Return the report with a picture of every role, each of another colour."""
    previews, files = [], {}
    for number, role in enumerate(roles):
        name = f"{role}-{number}"
        files[name] = png((number * 20 % 256, 90, 200))
        previews.append(build.preview(name, role, f"title of {role}", f"caption of {role}", "RGB"))
    return replace(report, previews=tuple(previews)), files


def skip(join: int, size: int, influence: float, **changes: object) -> Skip:
    made = Skip(
        join=join,
        operand=1,
        kind="cat",
        gated=False,
        place=Place(f"up{size}", "unet.py", join),
        source=Place(f"down{size}", "unet.py", 3),
        level=0,
        size=(size, size),
        join_size=(size, size),
        channels=8,
        deep_channels=16,
        bottom_size=(8, 8),
        bottom_channels=64,
        influence=influence,
        deep_influence=0.5,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def unet(name: str = "") -> Report:
    """A U of two levels: the outer skip is worth nothing, the outer decoder stage is ill."""
    points = tuple(
        SignalPoint("convolution", f"{layer}{name}", (1, wide, size, size), 0.5, 0.6)
        for layer, wide, size in (
            ("down32", 8, 32),
            ("down16", 16, 16),
            ("bottom", 64, 8),
            ("up16", 16, 16),
            ("up32", 8, 32),
        )
    )
    bad = replace(
        build.FLAT_PICTURE,
        code="UD406",
        name="skip-without-effect",
        severity=Severity.ERROR,
        place=Place(f"up32{name}", "unet.py", 9),
        op=20,
        readings=(replace(build.FLAT_PICTURE.readings[0], value=0.0),),
    )
    good = build.ok("UD406", "skip-without-effect", Place(f"up16{name}", "unet.py", 8))
    return replace(
        build.ill(), skips=(skip(10, 16, 0.9), skip(20, 32, 0.0)), signal=points, findings=(bad, good), latent=None
    )


def scored() -> Report:
    classes = (
        ClassScore(0, "class 0", 0.95, 0.9, 0.6, 900, 1000),
        ClassScore(1, "<b>liver</b>", 0.8, 0.67, 0.4, 300, 250),
        ClassScore(2, "kidney", float("nan"), float("nan"), float("nan"), 0, 0),
    )
    scores = MaskScores(
        pairs=("image-1", "image-2"),
        size=(64, 64),
        drawn=(32, 32),
        how="largest of 3 channels",
        classes=classes,
        dice=0.8,
        iou=0.67,
        boundary_iou=0.4,
        accuracy=0.9,
        each=(0.7, 0.9),
        confusion=((900, 0, 0), (50, 250, 0), (0, 0, 0)),
        ignored=12,
        sizes=(SizeScore("small", 3, 1, 0.4), SizeScore("large", 0, 0, float("nan"))),
        edges=Edges(2, 0.3, 0.01, 0.9, 1.1, 4, 0.1),
        threshold=Threshold(0.5, 0.2, 0.8, 0.9, 0.99, ((0.0, 0.1), (0.2, 0.9), (1.0, 0.0))),
        palette=("#000000", "#e69f00"),
        notes=("One mask is empty.",),
    )
    trial = replace(build.TRIALS[0], dice_before=0.8, dice_after=0.93)
    return replace(build.ill(), scores=scores, trials=(trial, *build.TRIALS[1:]))


PAGES: dict[str, Callable[[], Report]] = {**build.STATES, "unet": unet, "scored": scored}


def page(report: Report, files: dict[str, bytes] | None = None) -> Element:
    return parse(to_html(report, files or {}, cards()))


@pytest.mark.parametrize("name", PAGES)
def test_is_sound_and_fetches_nothing(name: str) -> None:
    report, files = pictured(PAGES[name](), "input", "picture", "trial", "displayed", "stretched")
    text = to_html(report, files, cards())
    root = parse(text)
    ids = Counter(e.attributes["id"] for e in root.all() if "id" in e.attributes)
    assert [i for i, times in ids.items() if times > 1] == []
    for element in root.all():
        for attribute, value in element.attributes.items():
            assert not attribute.startswith("on"), (element.tag, attribute)
            assert attribute != "style", "an inline style would need 'unsafe-inline'"
            if attribute in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
                assert value.startswith(("data:", "#")), value
            if attribute in ("href", "aria-labelledby") and not value.startswith("data:"):
                assert set(value.removeprefix("#").split()) <= set(ids), value
            for reference in re.findall(r"url\((.*?)\)", value):
                assert reference.removeprefix("#") in ids
    style, script = root.all("style")[0].text, root.all("script")[0].text
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?:|fetch\(|XMLHttp|import\(", text.replace("http-equiv", "")), "an address"
    policy = next(e for e in root.all("meta") if "http-equiv" in e.attributes).attributes["content"]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for inline in (style, script):
        assert base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode() in policy
    assert "unsafe" not in policy
    assert len(root.all("script")) == len(root.all("style")) == 1
    assert all("alt" in e.attributes for e in root.all("img"))


@pytest.mark.parametrize("name", PAGES)
def test_headings_and_landmarks_are_in_order(name: str) -> None:
    root = page(PAGES[name]())
    levels = [int(e.tag[1]) for e in _in_order(root) if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [len(root.all(tag)) for tag in ("main", "nav", "header", "footer")] == [1, 1, 1, 1]
    links = [e.attributes["href"] for e in root.all("nav")[0].all("a")]
    assert links == [f"#{e.attributes['id']}" for e in root.all("section")]
    assert all(e.attributes.get("scope") == "col" for e in root.all("th"))


def _in_order(element: Element) -> list[Element]:
    return [e for child in element.children for e in (child, *_in_order(child))]


@pytest.mark.parametrize("name", [*ATTACKS, *build.HOSTILE])
def test_hostile_names_are_text(name: str) -> None:
    report = replace(build.hostile(name), skips=(skip(10, 16, 0.5, place=Place(name, name, 1)),))
    report = replace(report, signal=(SignalPoint(name, name, (1, 2, 4, 4), 1.0, 0.1),) * 3)
    harmless = replace(build.hostile("name"), skips=report.skips, signal=report.signal)
    text = to_html(report, {}, cards())
    root, other = parse(text), page(harmless)
    assert [e.tag for e in root.all("script", "img", "iframe", "b", "i")] == [
        e.tag for e in other.all("script", "img", "iframe", "b", "i")
    ]
    assert [e.attributes for e in root.all("script")] == [{}]
    shown = root.whole_text()
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", shown
    )
    assert not any(re.search(r"[\x00-\x08\x0b-\x1f]", v) for e in root.all() for v in e.attributes.values())
    assert "49{%" not in shown.replace("{{ 7 * 7 }}", "")
    text.encode("utf-8")
    assert len(text) < 200_000


def test_an_attack_is_read_as_it_was_written() -> None:
    for name in ATTACKS[:3]:
        root = page(build.hostile(name))
        assert name in root.whole_text()
        assert name in root.all("title")[0].text


def test_the_patch_keeps_its_lines_and_the_verdict_its_words() -> None:
    root = page(build.untrained())
    patch = next(e for e in root.all("code") if e.attributes.get("id") == "patch")
    remedy = build.untrained().diagnoses[0].remedy
    assert remedy is not None
    assert patch.text == remedy.patch.strip("\n")
    heading = root.all("h1")[0]
    assert " ".join(heading.whole_text().split()) == build.untrained().verdict


def test_what_was_proved_stands_by_itself() -> None:
    verdict = "Layer up (unet.py:3) is dead; proved: initialise up, which takes the spread from 1 to 90 levels."
    root = page(replace(build.ill(), verdict=verdict))
    assert " ".join(root.all("h1")[0].whole_text().split()) == "Layer up (unet.py:3) is dead."
    assert root.with_class("where")[0].text == "(unet.py:3)"
    said = " ".join(root.with_class("proof")[0].whole_text().split())
    assert "Proved:" in said
    assert "Initialise up, which takes the spread from 1 to 90 levels." in said


def test_every_part_says_what_the_report_says() -> None:
    report = build.untrained()
    text = " ".join(page(report).whole_text().split())
    for trial in report.trials:
        assert trial.title in text
        assert trial.outcome.value in text
    for skipped in report.skipped:
        assert skipped.reason in text
    for finding in report.findings:
        assert finding.code in text
        assert finding.message in text or not finding.ill
    for title in ("What helps", "Why", "The network", "The signal along the depth", "Channels", "What was tried"):
        assert title in text
    assert "Symptom" in text, "the page of a check"
    assert "hello from your model" in text


def test_a_crash_names_its_operands() -> None:
    text = page(build.crashed()).whole_text()
    assert "RuntimeError" in text
    assert "1x128x25x25" in text
    assert "parameter up3.weight" in text


def test_a_run_that_could_not_be_examined_shows_what_was_printed() -> None:
    root = page(build.not_diagnosable())
    log = next(e for e in root.all("details") if "What your code printed" in e.whole_text())
    assert "open" in log.attributes


def test_before_and_after_are_a_slider_only_where_they_differ() -> None:
    report, files = pictured(build.untrained(), "picture", "trial")
    root = page(report, files)
    assert len(root.with_class("compare")) == 1
    assert [e.attributes["type"] for e in root.all("input")] == ["range"]
    same = dict.fromkeys(files, png())
    root = page(report, same)
    assert not root.with_class("compare")
    assert "the same before and after" in root.whole_text()
    healthy, files = pictured(build.healthy(), "picture", "trial")
    assert not page(healthy, files).with_class("compare")


def test_pictures_have_room_in_order_and_the_rest_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    roles = ("displayed",) * 64 + ("stretched",) * 64 + ("trial", "picture", "sheet", "signal", "anatomy")
    report, files = pictured(build.untrained(), *roles)
    found = images.gallery(report, files)
    assert {role: len(shown) for role, shown in found.pictures.items()} == {
        "displayed": images.MOST_CHANNELS,
        "stretched": images.MOST_CHANNELS,
        "trial": 1,
        "picture": 1,
    }
    assert any(f"Of 64 pictured channels the first {images.MOST_CHANNELS}" in note for note in found.notes)
    monkeypatch.setattr(images, "MOST_BYTES", 3 * len(png()))
    found = images.gallery(report, files)
    assert len(found.pictures["trial"]) == len(found.pictures["picture"]) == 1
    assert any("too large for this page" in note for note in found.notes)
    assert "too large for this page" in page(report, files).whole_text()


def test_the_page_is_bounded() -> None:
    base = build.untrained()
    many = replace(
        base,
        outputs=((base.outputs[0][0], build.output(500)),),
        signal=base.signal * 400,
        trials=base.trials * 200,
        findings=base.findings * 200,
        diagnoses=base.diagnoses * 50,
        skips=tuple(skip(place, 2 ** (3 + place % 7), 0.1 * place) for place in range(40)),
        log="a line\n" * 50_000,
    )
    files = {f"displayed-{n}": png(size=(64, 64)) for n in range(64)}
    text = to_html(many, files, cards())
    assert len(text) < 4_000_000
    assert "all of them are in the JSON report" in text
    parse(text)


def test_pictures_are_read_only_where_they_are_those_of_the_run(tmp_path: Path) -> None:
    data = png()
    good = tmp_path / "shown.png"
    good.write_bytes(data)
    made = build.preview("picture", "picture", file=str(good), size=len(data), sha256=hashlib.sha256(data).hexdigest())
    report = replace(build.untrained(), previews=(made,))
    assert read_pictures(report) == {"picture": data}
    for changes in ({"sha256": "0" * 64}, {"size": 3}, {"file": "/dev/zero"}, {"file": "bad\0name"}, {"file": ""}):
        assert read_pictures(replace(report, previews=(replace(made, **changes),))) == {}
    good.write_bytes(data[:-1] + b"x")
    assert read_pictures(report) == {}
    root = page(report, read_pictures(report))
    assert not root.all("img")
    assert "gone, or from another run" in root.whole_text()


def test_a_saved_run_finds_its_pictures_beside_it(tmp_path: Path) -> None:
    data = png()
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "shown.png").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    made = build.preview("picture", "picture", file="gone/unet/shown.png", size=len(data), sha256=digest)
    saved = load_report(json.loads(json.dumps(dump(replace(build.untrained(), previews=(made,))))))
    assert read_pictures(saved) == {}
    assert read_pictures(found_beside(saved, tmp_path)) == {"picture": data}
    assert found_beside(saved, tmp_path / "unet").previews[0].file.endswith("unet/shown.png")
    assert found_beside(build.healthy(), tmp_path) == build.healthy()


def test_no_pictures_is_said() -> None:
    text = page(replace(build.untrained(), previews=())).whole_text()
    assert "No pictures were written in this run." in text


def test_an_earlier_page_of_ours_is_known_again() -> None:
    mark = FORMATS["html"].mark
    assert mark.match(to_html(build.healthy(), {}).encode())
    assert not mark.match(b'<!doctype html>\n<html lang="en">')
    assert not FORMATS["html"].several


def test_the_u_has_a_box_for_every_stage_and_a_line_for_every_skip() -> None:
    report = unet()
    u = drawing(report)
    assert u is not None
    assert [(box.size, box.health.severity) for box in u.boxes] == [
        ("32x32", None),
        ("32x32", Severity.ERROR),
        ("16x16", None),
        ("16x16", Severity.OK),
        ("8x8", None),
    ]
    assert u.boxes[1].health.codes == ("UD406",)
    strong, dead = sorted(u.lines, key=lambda line: -line.width)
    assert (strong.known, strong.code, dead.known, dead.code) == (True, "", False, "UD406")
    assert strong.width > 3 * dead.width
    for box in u.boxes:
        assert 0 <= box.x <= u.width - box.width
        assert 0 <= box.y <= u.height - box.height
    assert drawing(build.untrained()) is None
    assert drawing(replace(report, signal=())) is not None, "the U of a run that was cut off"
    text = page(report).whole_text()
    assert "UD406" in text
    assert "Skip of 8 channels from down16 (unet.py:3) at 16x16, joined at up16 (unet.py:10): influence 0.9" in text


def test_the_same_resolution_is_two_stages() -> None:
    found = health(unet())
    assert found[UP, (32, 32)].severity is Severity.ERROR
    assert found[DOWN, (32, 32)].severity is None
    assert found[BOTTOM, (8, 8)].text == "nothing was measured here alone"


def test_a_network_without_skips_is_a_chain() -> None:
    root = page(build.untrained())
    chain = root.with_class("chain")
    assert len(chain) == 1
    assert len(chain[0].all("li")) >= 2
    assert not root.with_class("u")


def test_a_network_of_one_resolution_is_a_chain_of_its_layers() -> None:
    points = tuple(SignalPoint("conv", layer, (1, 8, 4, 4), 1.0, 1.0) for layer in ("a", "a", "b", "c"))
    root = page(replace(build.untrained(), signal=points))
    names = [li.with_class("size")[0].whole_text() for li in root.with_class("chain")[0].all("li")]
    assert names == ["a", "b", "c"]
    assert not page(replace(build.untrained(), signal=())).with_class("chain")


def test_the_profile_survives_what_is_no_number() -> None:
    nan, inf = float("nan"), float("inf")

    def curve(*values: float) -> object:
        points = tuple(SignalPoint("add", f"l{n}", (1, 2, 4, 4), v, nan) for n, v in enumerate(values))
        return profile(replace(build.untrained(), signal=points, findings=()))

    assert curve() is None
    assert curve(1.0) is None
    assert curve(nan, nan) is None
    assert curve(0.0, 0.0) is None
    for values in ((1.0, nan, 2.0, 3.0), (inf, 1.0), (1.0, 0.0), (1e-30, 1e30), (1.0, 1.0)):
        drawn = curve(*values)
        assert drawn is not None
        assert not re.search(r"nan|inf", repr(getattr(drawn, "stored")) + repr(getattr(drawn, "ticks")))  # noqa: B009
    lost = profile(replace(build.untrained(), findings=(), signal=_falling()))
    assert lost is not None
    assert lost.mark is not None
    assert lost.mark[-1] == "1000x less after l1"


def _falling() -> tuple[SignalPoint, ...]:
    return tuple(SignalPoint("conv", f"l{n}", (1, 2, 4, 4), v, float("nan")) for n, v in enumerate((1.0, 1e-3, 1e-3)))


def test_marks_carry_no_meaning_by_colour_alone() -> None:
    root = page(build.untrained())
    for mark in root.with_class("mark"):
        assert mark.text.strip() or "none" in mark.attributes["class"]
    for tag in root.with_class("tag"):
        assert tag.whole_text().strip()


def test_the_scores_stand_beside_the_pictures_of_the_masks() -> None:
    report, files = pictured(scored(), "truth", "read", "errors", "picture")
    root = page(report, files)
    part = next(e for e in root.all("section") if e.attributes["id"] == "scores")
    text = " ".join(part.whole_text().split())
    assert "2 pictures beside their masks: mean Dice 0.8, IoU 0.67, boundary IoU 0.4" in text
    assert [e.attributes["alt"].split(".")[0] for e in part.all("img")] == [
        "title of truth",
        "title of read",
        "title of errors",
    ]
    rows = [e.whole_text() for e in part.all("tr")][1:]
    assert len(rows) == 2, "a class in neither is left out"
    assert "background" in rows[0]
    assert "<b>liver</b>" in rows[1]
    for words in ("small objects: 1 of 3 found", "left out as ignored", "One mask is empty.", "best 0.9 at 0.2"):
        assert words in text
    assert "large objects" not in text
    assert "resized from 32x32" in text
    assert "0.8 → 0.93" in root.whole_text()
    assert not page(build.ill()).with_class("threshold")


def test_a_data_set_is_counted() -> None:
    totals = Totals(
        pairs=3,
        images=3,
        masks=3,
        values={"ids": {0: Count(3, 900), 1: Count(2, 100)}},
        sizes={"64x64": 2, "<i>x": 1},
        modes={"image PNG RGB": 3},
        pixels=100,
        sums=(100 * 65535, 50 * 65535, 0),
        squares=(100 * 65535**2, 50 * 65535**2, 0),
        histogram=((0,) * 31 + (5,), (1,) * 32, (0,) * 32),
    )
    root = page(replace(build.healthy(), data=Dataset(Declared(), totals)))
    part = next(e for e in root.all("section") if e.attributes["id"] == "data")
    text = " ".join(part.whole_text().split())
    assert "2 64x64, 1 <i>x" in text
    assert "90%" in text
    assert "10%" in text
    assert "v2.Normalize(mean=[1.0000, 0.5000, 0.0000], std=[0.0000, 0.5000, 0.0000])" in text
    assert len(part.with_class("channel")) == 2, "a histogram without a value is none"
    assert "data" not in [e.attributes["id"] for e in page(build.healthy()).all("section")]


STYLE = (Path(images.__file__).parent / "templates" / "style.css").read_text("utf-8")
COLORS = dict(re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", STYLE))
GROUNDS = ("paper", "card", "well")
PAIRS = [
    *((ink, ground) for ink in ("ink", "soft", "link") for ground in GROUNDS),
    *((name, f"{name}-paper") for name in ("ok", "warning", "error", "note", "odd")),
    *((name, ground) for name in ("ok", "warning", "error", "note") for ground in ("paper", "card")),
    *((ink, f"{name}-paper") for ink in ("ink", "soft") for name in ("ok", "warning", "error", "note")),
]


def luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(theme: int) -> None:
    found = {name: pair.split(", ")[theme] for name, pair in COLORS.items()}
    low = {pair: contrast(found[pair[0]], found[pair[1]]) for pair in PAIRS}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}
    lines = {name: contrast(found[name], found["card"]) for name in ("skip", "batch", "soft")}
    assert {name: value for name, value in lines.items() if value < 3} == {}


def test_the_style_knows_print_dark_and_reduced_motion() -> None:
    for words in ("@media print", "prefers-reduced-motion", "color-scheme: light dark", "forced-colors"):
        assert words in STYLE
    assert set(re.findall(r"var\(--([\w-]+)[,)]", STYLE)) <= {*COLORS, "sans", "mono", "round", "split"}


def test_trials_that_were_not_made_are_counted_apart() -> None:
    report = build.untrained()
    made = sum(trial.outcome.value != "not tried" for trial in report.trials)
    assert f"{made} experiments on the recorded run" in page(report).whole_text()
    none: tuple[Trial, ...] = ()
    assert "What was tried" not in page(replace(report, trials=none)).whole_text()


def test_previews_of_other_roles_are_left(tmp_path: Path) -> None:
    stray: tuple[Preview, ...] = (build.preview("x", "unknown-role"),)
    assert images.gallery(replace(build.healthy(), previews=stray), {"x": png()}).pictures == {}


def test_the_readings_mark_the_one_that_the_evidence_supports() -> None:
    readings = (
        Decoding("as is", "y", 3.0, 31.0, 0, False, "", "reading"),
        Decoding("-1..1", "(y + 1) / 2", 120.0, 0.0, 0, True, "tanh"),
        Decoding("softmax and argmax", "y.argmax(1)", math.nan, 0.0, 3, False),
    )
    preview = build.preview("reading", "decoding", mode="RGB")
    report = replace(build.untrained(), decodings=readings, previews=(preview,))
    root = page(report, {"reading": png()})
    part = next(e for e in root.all("section") if e.attributes["id"] == "decodings")
    rows = part.all("tr")[1:]
    assert [bool(row.all("img")) for row in rows] == [True, False, False]
    assert ["chosen" in row.attributes.get("class", "") for row in rows] == [False, True, False]
    assert "31% wraps" in rows[0].whole_text()
    assert "tanh" in rows[1].whole_text()
    assert "3 classes" in rows[2].whole_text()


def test_odd_values_are_shown_as_they_are() -> None:
    base = build.untrained()
    empty = replace(build.channel(0), histogram=(0,) * 32)
    made = replace(build.output(2), channels=(empty, build.channel(1)), class_shares=(0.25, 0.75), nan=7, infinite=1)
    untried = tuple(replace(trial, after=math.nan) for trial in base.trials)
    best = replace(base.diagnoses[0], trial=untried[0], message="an odd ` in a `sentence` here")
    crash = build.crashed().crash
    assert crash is not None
    operands = (*crash.operands, Operand((1,), None, crash.place), Operand((2,), -1, crash.place))
    report = replace(
        base,
        outputs=(("noise", made),),
        trials=untried,
        diagnoses=(best,),
        crash=replace(crash, operands=operands),
        signal=(SignalPoint("linear", "fc", (1, 8), 1.0, 1.0), SignalPoint("conv", "c", (1, 8, 4, 4), 1.0, 1.0)),
    )
    root = page(report)
    text = " ".join(root.whole_text().split())
    assert "class 1 75%, class 0 25%" in text
    assert "7 values are NaN and 1 is infinite" in text
    assert "an odd ` in a `sentence` here" in text
    assert not root.with_class("moves")
    for origin in ("a constant", "the network's input", "drawn by"):
        assert origin in text
    assert "vector" in root.with_class("chain")[0].whole_text()


def test_a_picture_of_one_channel_has_no_classes() -> None:
    root = page(replace(build.untrained(), outputs=(("noise", build.output(1)),)))
    assert "Largest channel" not in root.whole_text()
    assert "Channel 0" in root.whole_text()


@pytest.mark.parametrize("curve", [(), ((0.5, 0.5),), ((0.5, 0.1), (0.5, 0.9)), ((math.nan, 0.1), (math.nan, 0.9))])
def test_a_threshold_without_a_curve(curve: tuple[tuple[float, float], ...]) -> None:
    report = scored()
    assert report.scores is not None
    assert report.scores.threshold is not None
    flat = replace(report.scores, threshold=replace(report.scores.threshold, curve=curve))
    root = page(replace(report, scores=flat))
    assert root.with_class("threshold")
    assert not root.with_class("threshold")[0].all("svg")


def test_a_data_set_of_which_nothing_was_read() -> None:
    root = page(replace(build.healthy(), data=Dataset(Declared(), Totals(pairs=3))))
    assert "Normalize" not in root.whole_text()


def test_a_folder_that_cannot_be_read_has_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", refuse)
    assert read_pictures(replace(build.healthy(), previews=(build.preview("a", "picture"),))) == {}
