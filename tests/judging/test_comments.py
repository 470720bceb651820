"""Comments that suppress, read from the text of a source, and what becomes of a report."""

from dataclasses import replace

import pytest

from tests.reporters import build
from unetdoctor.facts import Finding, Place, Report, Severity
from unetdoctor.judging.comments import apply, comments, stale, with_stale
from unetdoctor.reporters.results import STALE

FILE = "generator_same.py"
LINE = 31


def source(comment: str, line: int = LINE) -> str:
    lines = [f"x{number} = {number}" for number in range(1, 60)]
    lines[line - 1] += f"  {comment}"
    return "\n".join(lines) + "\n"


def known(code: str) -> bool:
    return code.startswith("ud") or code == "identical-channels"


def judged(comment: str, report: Report | None = None, line: int = LINE) -> tuple[Report, dict[str, bool]]:
    found, needed = apply(report or build.ill(), comments(FILE, source(comment, line)), known)
    return found, {c.codes[0] if c.codes else "": used for c, used in needed.items()}


def test_a_cause_goes_with_what_it_alone_explains() -> None:
    report, needed = judged("# unetdoctor: ignore[UD301] a grey picture is meant")
    assert needed == {"ud301": True}
    assert report.exit_code == 0
    reasons = {f.code: f.suppression.reason for f in report.findings if f.suppression}
    assert reasons == dict.fromkeys(("UD202", "UD301"), "a grey picture is meant")
    assert report.verdict == "Nothing new: 2 findings are suppressed (UD202, UD301)."
    assert report.state.value == "ill"
    assert report.diagnoses == ()
    assert all(section.worst is Severity.OK for section in report.sections)


@pytest.mark.parametrize(
    "comment",
    [
        "# unetdoctor: ignore[UD202]",
        "#unetdoctor:ignore[identical-channels] why",
        "# unetdoctor: ignore[UD9, ud2] - why",
    ],
)
def test_a_symptom_alone_leaves_its_cause(comment: str) -> None:
    report, _ = judged(comment)
    assert [f.code for f in report.findings if f.suppression] == ["UD202"]
    assert report.exit_code == 1


@pytest.mark.parametrize(
    "comment",
    [
        '; s = "# unetdoctor: ignore[UD301]"',
        "# ignore[UD301]",
        "# unetdoctor: ignore[UD302]",
        "# unetdoctor: ignored[UD301]",
    ],
)
def test_what_does_not_suppress(comment: str) -> None:
    report, _ = judged(comment)
    assert report == build.ill()


def test_another_line_does_not_count() -> None:
    assert judged("# unetdoctor: ignore[UD301]", line=LINE - 1)[0] == build.ill()


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    # unetdoctor: ignore[UD301] above\n\n    layer = f(\n        1,\n    )\n",
        "class A:\n\n\n    layer = f(\n        1,  # unetdoctor: ignore[UD301] inside\n    )\n",
        "class A:\n\n\n    layer = f(\n        1,\n    )  # unetdoctor: ignore[UD301] at the end\n",
        "class A:\n\n\n    layer = f(1)  # unetdoctor: ignore[UD301] here\n    other = (",
    ],
)
def test_a_comment_speaks_of_its_statement(text: str) -> None:
    (comment,) = comments("a.py", text)
    assert comment.covers(Place("x", "a.py", 4))
    assert not comment.covers(Place("x", "b.py", 4))
    assert not comment.covers(Place("x", "a.py", 1))
    assert comment.reason


def test_sources_that_are_no_python_have_no_comments() -> None:
    assert comments("a.py", "def (: # unetdoctor: ignore[UD1]\n  '''") == ()
    assert comments("a.py", "") == ()


def test_stale_comments_are_those_that_no_report_needs() -> None:
    well = replace(
        build.ill(), findings=tuple(replace(f, severity=Severity.OK) for f in build.ill().findings), diagnoses=()
    )
    given = comments(FILE, source("# unetdoctor: ignore[UD301]"))
    (first, needed), (_, other) = apply(well, given, known), apply(build.ill(), given, known)
    assert first == well
    (comment,) = stale([needed])
    assert stale([needed, other]) == ()
    report = with_stale(well, [comment])
    assert report.notices == (f"{STALE}ignore[UD301] in {FILE}:{LINE} suppresses nothing; remove the comment.",)


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# unetdoctor: ignore[UD31]", "ignore[UD31]"),
        ("# unetdoctor: ignore", "names no code"),
        ("# unetdoctor: ignore[flat]", "[flat]"),
    ],
)
def test_comments_that_name_no_check_are_told(comment: str, told: str) -> None:
    report = build.ill()
    _, needed = apply(report, comments(FILE, source(comment)), lambda code: code == "nothing")
    assert told in with_stale(report, stale([needed])).notices[0]


def test_comments_on_layers_that_were_not_examined_are_left_alone() -> None:
    _, needed = apply(build.ill(), comments(FILE, source("# unetdoctor: ignore[UD301]", 3)), known)
    assert stale([needed]) == ()
    _, needed = apply(build.ill(), comments(FILE, source("# unetdoctor: ignore[UD801]")), known)
    assert stale([needed]) == ()


@pytest.mark.parametrize(
    ("where", "told"),
    [("class Net:\n    x = 1  {}\n    main = 2\n", 1), ("class Net:\n    main = 2\nclass B:\n    x = 1  {}\n", 0)],
)
def test_a_comment_in_an_examined_class_should_be_of_use(where: str, told: int) -> None:
    text = "\n" * (LINE - 3) + where.format("# unetdoctor: ignore[UD301]")
    finding = replace(build.ill().findings[1], place=Place("main", FILE, LINE - 1), severity=Severity.OK)
    report = replace(build.ill(), findings=(finding,), diagnoses=())
    assert len(stale([apply(report, comments(FILE, text), known)[1]])) == told
    named = replace(report, target=replace(report.target, name="B"))
    assert len(stale([apply(named, comments(FILE, text), known)[1]])) == 1


def test_two_causes_of_one_symptom_must_both_be_suppressed() -> None:
    report = build.ill()
    second = replace(report.diagnoses[0], code="UD305", place=Place("main.2", FILE, 40))
    cause = replace(report.findings[1], code="UD305", place=second.place)
    both = replace(report, diagnoses=(*report.diagnoses[:1], second), findings=(*report.findings, cause))
    half, _ = judged("# unetdoctor: ignore[UD301]", both)
    symptom: Finding = half.findings[0]
    assert symptom.suppression is None
    assert half.exit_code == 1


@pytest.mark.parametrize(("layer", "line", "suppressed"), [
    ("draw", 6, True), ("net.draw", 6, True), ("draw.2", 6, True), ("draw", 3, True),
    ("body", 6, False), ("draw.body", 6, False), ("draw", 9, False),
])  # fmt: skip
def test_a_comment_where_a_layer_is_made_speaks_of_what_is_done_to_its_result(
    layer: str, line: int, suppressed: bool
) -> None:
    text = (
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        self.draw = nn.Conv2d(12, 1, 1)  # unetdoctor: ignore[UD301] meant\n"
        "        self.body = nn.Conv2d(12, 12, 1)\n"
        "    def forward(self, x):\n"
        "        return torch.relu(self.draw(self.body(x)))\n"
        "class Other(nn.Module):\n"
        "    def forward(self, x):\n"
        "        return torch.relu(self.draw(x))\n"
    )
    place = Place(layer, FILE, line)
    report = replace(build.ill(), findings=tuple(replace(f, place=place) for f in build.ill().findings))
    judged, _ = apply(report, comments(FILE, text), known)
    assert any(f.suppression for f in judged.findings) is suppressed
