import io
import os
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from tests.reporters import build
from unetdoctor.facts import Outcome, Severity, Skipped, State
from unetdoctor.reporters import look as looks
from unetdoctor.reporters.look import Look, look_for
from unetdoctor.reporters.svg import to_svg
from unetdoctor.reporters.terminal import to_line, to_text

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
PLAIN = Look(width=80)
WORDS = {
    State.HEALTHY: "✓ HEALTHY",
    State.UNTRAINED: "○ UNTRAINED",
    State.ILL: "✗ ILL",
    State.NOT_DIAGNOSABLE: "? NOT DIAGNOSABLE",
}


def joined(text: str) -> str:
    """Return the text with line ends and indentation as single spaces: what was wrapped reads as one."""
    return " ".join(text.split())


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("name", build.STATES)
def test_fits_and_says_the_state_first(name: str, width: int, verbose: bool) -> None:
    report = build.STATES[name]()
    text = to_text(report, Look(width=width, verbose=verbose))
    assert text.startswith(WORDS[report.state])
    assert joined(report.verdict) in joined(text.replace("\n" + " " * 11, "\n")) or width < 80
    patch = report.diagnoses[0].remedy.patch.splitlines() if report.diagnoses and report.diagnoses[0].remedy else []
    loose = {f"    {line}" for line in patch} | {f"  {line}" for line in report.log.splitlines()}
    assert [line for line in text.split("\n") if cell_len(line) > width and line not in loose] == []
    assert not re.search(r"[^\S ]", text.replace("\n", ""))


def test_untrained_at_80_columns() -> None:
    text = to_text(build.untrained(), PLAIN)
    order = [
        "○ UNTRAINED",
        "Remedy",
        "model.train()",
        "Why",
        "  target ",
        "  input ",
        "  task ",
        "  shown ",
        "The picture ",
    ]
    order += [
        "Output on",
        "\nOutput with batch statistics",
        "Experiments",
        "Pictures",
        "24 checks",
        "not examined",
        "untouched",
    ]
    positions = [text.index(word) for word in order]
    assert positions == sorted(positions)
    assert "    model.train()\n    with torch.no_grad():\n        for _ in range(60):\n" in text
    assert "proved by experiment: p99-p1 4.4 → 241 8-bit levels, explains UD203" in text
    assert "✗  standard deviation  0.82 8-bit levels  at least 4" in text
    assert "·······▃█·······" in text
    assert "UD207, UD208: the output is a picture" in text
    assert "Enforced" not in text
    assert "hello from your model" not in text


def test_experiments_are_ranked_and_the_useless_ones_are_there() -> None:
    text = to_text(build.untrained(), Look(width=120))
    rows = re.findall(r"^  \S  (cured|better|no effect|worse|not tried) ", text, re.MULTILINE)
    assert rows == ["cured"] * 3 + ["better"] + ["no effect"] * 3 + ["worse", "not tried"]
    assert re.search(r"spectral_norm on the last layer", text)
    assert re.search(r"worse\s+4.4  →\s+2.1\s+0.525  sigmoid instead of tanh", text)
    assert "(the layer has no bias)" in text


def test_healthy_is_short() -> None:
    text = to_text(build.healthy(), PLAIN)
    assert len(text.rstrip("\n").split("\n")) <= 18
    assert "Output on" not in text
    assert "Output on" in to_text(build.healthy(), replace(PLAIN, verbose=True))
    line = to_text(build.healthy(), Look(width=200)).split("\n")[0]
    assert line == f"✓ HEALTHY  {build.healthy().verdict}" or len(line) <= 110


def test_healthy_with_a_note_says_it_in_a_line() -> None:
    notes = tuple(replace(build.UNTRAINED_NOTE, code=f"UD00{n}") for n in range(5))
    text = to_text(replace(build.healthy(), findings=notes), PLAIN)
    assert "•  UD000 No weights were given" in text
    assert "and 2 more with -v" in text


def test_verbose_shows_everything() -> None:
    text = to_text(build.untrained(), Look(width=120, verbose=True))
    for words in (
        "Examined and well",
        "tried [16, 64]",
        "Spread of the signal",
        "Enforced",
        "Not enforced",
        "Seconds per",
    ):
        assert words in text
    assert "hello from your model" in text
    assert "\\x1b[31mred" in text
    assert "latents-channel-0.png" in text


def test_a_crash_shows_both_operands() -> None:
    text = to_text(build.crashed(), Look(width=100, verbose=True))
    assert "forward() raised RuntimeError in cat along dimension 1 at up3 (unet.py:88)" in text
    assert "operand 1  1x128x25x25  drawn by enc2 (unet.py:41)" in text
    assert "parameter up3.weight" in text
    assert "sizes must be divisible by 16" in text
    other = replace(
        build.crashed().crash, operands=(build.Operand((1,), None, build.PLACE), build.Operand((2,), -1, build.PLACE))
    )
    text = to_text(replace(build.crashed(), crash=other), PLAIN)
    assert "a constant" in text
    assert "the input" in text


def test_a_failure_says_where_more_is() -> None:
    text = to_text(build.not_diagnosable(), PLAIN)
    assert "-v shows what your code printed" in text
    assert "task" not in text
    assert "untouched" not in text


def test_many_places_channels_and_trials_collapse() -> None:
    report = replace(
        build.ill(),
        findings=tuple(replace(build.FLAT_PICTURE, readings=build.FLAT_PICTURE.readings * 3) for _ in range(9)),
        outputs=(("noise", build.output(21, nan=3, infinite=2, class_shares=(0.9, 0.1) + (0.0,) * 19)),),
        batch_outputs=(("noise", build.output(2, display=build.DisplayRange(0.0, 1.0, "sigmoid", "declared"))),),
        trials=build.TRIALS * 3 + tuple(replace(t, symptom="UD204") for t in build.TRIALS),
        diagnoses=build.ill().diagnoses * 3,
        skipped=tuple(Skipped(f"UD{n}", f"reason {n}") for n in range(9)),
    )
    text = to_text(report, PLAIN)
    for words in (
        "UD203 at 6 more places with -v",
        "and 3 more readings with -v",
        "and 9 more channels with -v",
        "3 NaN and 2 infinite of 344,064 values",
        "largest channel: class 0 90%, class 1 10%",
        "sigmoid, 0..1 shown as 0..255",
        "and 13 more experiments with -v",
        "and 4 more experiments with -v",
        "and 3 more with -v",
        "5 more reasons with -v",
    ):
        assert words in joined(text), words
    assert "more" not in to_text(report, replace(PLAIN, verbose=True)).replace("no more", "")


def test_findings_of_no_section_are_shown() -> None:
    report = replace(build.ill(), sections=())
    text = to_text(report, PLAIN)
    assert "Other" in text
    assert "UD202 identical-channels" in text


def test_rarities() -> None:
    moved = replace(build.ill(), untouched=False, untouched_text="up1.weight changed", notices=("Look here.",))
    text = to_text(moved, PLAIN)
    assert "! The model changed itself while it ran: up1.weight changed" in text
    assert "• Look here." in text
    untried = replace(build.DIAGNOSIS, trial=None, confirmed=False, remedy=None, message="")
    text = to_text(replace(moved, diagnoses=(untried,)), PLAIN)
    assert "not proved" in text
    hopeless = replace(build.TRIALS[-1], remedies=(replace(build.remedy("x"), cause="UD308"),))
    text = to_text(replace(moved, diagnoses=(untried,), trials=(hopeless,)), PLAIN)
    assert "not tried: the layer has no bias" in text
    assert "Remedy" not in text
    tried = replace(build.DIAGNOSIS, trial=build.TRIALS[1], confirmed=False)
    assert "experiment: no effect: p99-p1 4.4 → 5.9" in to_text(replace(moved, diagnoses=(tried,)), PLAIN)
    patched = replace(build.FLAT_PICTURE, code="UD308", patch="x = 1")
    text = to_text(replace(moved, diagnoses=(untried,), findings=(patched,)), PLAIN)
    assert "\n    x = 1\n" in text
    gpu = replace(moved, environment=replace(moved.environment, device="NVIDIA H100"), previews=())
    text = to_text(gpu, PLAIN)
    assert "device  NVIDIA H100  torch 2.15.0+cpu" in text
    assert "Pictures" not in text
    declared = replace(
        moved, intent=build.Intent(build.Task.MULTICLASS, 3), target=replace(moved.target, weights="w.pt")
    )
    text = to_text(declared, Look(width=160))
    assert "task    multiclass 3 classes  declared" in text
    assert "weights from w.pt" in joined(text)


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("name", build.HOSTILE)
def test_names_are_inert(name: str, width: int) -> None:
    report = build.hostile(name)
    for look in (
        Look(width=width, verbose=True),
        Look(width=width, ascii_only=True),
        Look(width=width, colors="standard"),
    ):
        text = to_text(report, look)
        bare = ESCAPES.sub("", text) if look.colors else text
        assert all(c == "\n" or c.isprintable() or c == "\u3000" for c in bare)
        assert not look.ascii_only or bare.isascii()
        assert to_line(report, look).count("\n") == 1
    if look.colors:
        own = {"\x1b[0m"} | set(re.findall(r"\x1b\[[0-9;]*m", to_text(build.hostile("x"), look)))
        assert set(ESCAPES.findall(text)) <= own


def test_a_long_name_does_not_flood() -> None:
    assert len(to_text(build.hostile("x" * 4000), Look(width=80))) < 40_000


@pytest.mark.parametrize("name", build.STATES)
def test_ascii_says_the_same(name: str) -> None:
    text = to_text(build.STATES[name](), Look(width=80, ascii_only=True, verbose=True))
    assert text.isascii()
    assert text.split("  ")[0].split(" ", 1)[1] == build.STATES[name]().state.value.replace("_", " ").upper()


def test_colour_is_never_alone() -> None:
    for make in build.STATES.values():
        plain = to_text(make(), Look(width=100))
        colored = ESCAPES.sub("", to_text(make(), Look(width=100, colors="standard")))
        assert joined(plain) == joined(colored)


def test_no_color_keeps_bold_only() -> None:
    text = to_text(build.ill(), Look(width=100, colors="standard", no_color=True))
    assert "\x1b[1m" in text
    assert not re.search(r"\x1b\[[0-9;]*(3|4)[0-7]", text)


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_and_outcome_has_a_sign(severity: Severity) -> None:
    look = Look()
    assert look.severity(severity).plain
    assert all(look.sign(looks.OUTCOME_SIGN[outcome]) for outcome in Outcome)
    assert all(look.sign(looks.STATE_SIGN[state]) for state in State)


def test_one_line() -> None:
    assert to_line(build.ill(), PLAIN) == f"✗ ILL  {build.ill().verdict}\n"


class Stream(io.StringIO):
    def __init__(self, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal, self._encoding = terminal, encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


@pytest.mark.parametrize(
    ("terminal", "color", "environment", "colors", "no_color"),
    [
        (False, "auto", {}, None, False),
        (True, "auto", {}, "standard", False),
        (True, "auto", {"NO_COLOR": "1"}, "standard", True),
        (False, "auto", {"FORCE_COLOR": "1"}, "standard", False),
        (False, "auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, None, True),
        (True, "auto", {"TERM": "dumb"}, None, False),
        (True, "never", {}, None, True),
        (False, "always", {"NO_COLOR": "1"}, "standard", False),
    ],
)
def test_colour_of_a_stream(
    terminal: bool, color: str, environment: dict[str, str], colors: str | None, no_color: bool
) -> None:
    look = look_for(Stream(terminal), color, environment=environment)
    assert (look.colors, look.no_color) == (colors, no_color)


def test_width_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unetdoctor.reporters.look._size", lambda: os.terminal_size((97, 30)))
    assert look_for(Stream(False), environment={}).width == 160
    assert look_for(Stream(False), environment={"COLUMNS": "300"}).width == 300
    assert look_for(Stream(True), environment={}).width == 97
    assert look_for(Stream(True), environment={"COLUMNS": "1"}).width == 40
    assert look_for(Stream(True), environment={"COLUMNS": "99999999999"}).width <= 1000
    assert look_for(Stream(True, "ascii"), environment={}).ascii_only
    assert look_for(Stream(True, "no-such-thing"), environment={}).ascii_only
    assert not look_for(Stream(True), environment={}).ascii_only


def test_svg_is_one_file_without_requests() -> None:
    import xml.etree.ElementTree as ElementTree

    svg = to_svg(build.untrained(), 100)
    ElementTree.fromstring(svg)
    assert "UNTRAINED" in svg
    assert "url(http" not in svg.replace("&quot;", "").replace('"', "")
    assert "@font-face" not in svg
    ElementTree.fromstring(to_svg(build.hostile("</text>\x00<script>]]>"), 80))
