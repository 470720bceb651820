"""A baseline: known findings no longer count, new ones do."""

from dataclasses import replace

import pytest

from tests.reporters import build
from unetdoctor.facts import Place, Suppression
from unetdoctor.judging.baseline import apply, entries, from_text, gone, to_text


def test_written_and_read_back_it_knows_the_same() -> None:
    found = entries([build.ill(), build.untrained()])
    text = to_text(found)
    assert from_text(text) == frozenset(found)
    assert text == to_text(reversed(found))
    assert from_text(to_text(())) == frozenset()


def test_what_is_known_does_not_count_whatever_its_numbers() -> None:
    known = frozenset(entries([build.ill()]))
    moved = replace(
        build.ill(),
        findings=tuple(replace(f, message="Other.", place=replace(f.place, line=99)) for f in build.ill().findings),
    )
    report = apply(moved, known, "b.json")
    assert report.exit_code == 0
    assert {f.suppression.place.file for f in report.findings if f.suppression} == {"b.json"}


def test_what_is_new_counts() -> None:
    known = frozenset(entries([build.ill()]))
    other = replace(build.ill().findings[1], place=Place("main.3", "generator_same.py", 12))
    report = apply(replace(build.ill(), findings=(*build.ill().findings, other)), known, "b.json")
    assert [f.place.layer for f in report.findings if f.counts] == ["main.3"]
    assert report.exit_code == 1
    assert apply(replace(build.ill(), target=replace(build.ill().target, target="b.py")), known, "b").exit_code == 1


def test_comments_stay_out_of_it() -> None:
    first, *others = build.ill().findings
    commented = replace(first, suppression=Suppression("comment"))
    report = replace(build.ill(), findings=(commented, *others))
    assert {code for _, code, _ in entries([report])} == {"UD301"}


def test_gone_is_what_an_examined_target_no_longer_shows() -> None:
    known = entries([build.ill()])
    assert gone(known, [build.ill()]) == ()
    assert gone(known, [build.healthy()]) == known
    assert gone(known, [build.not_diagnosable()]) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "it is no baseline of unetdoctor"),
        ('{"unetdoctor_baseline": 2}', "it is of version 2, and this unetdoctor reads 1"),
        ('{"unetdoctor_baseline": 1}', "its `findings` are no list"),
        (
            '{"unetdoctor_baseline": 1, "findings": [{"target": "a", "code": 3, "layer": ""}]}',
            "its `findings` are no list",
        ),
    ],
)
def test_other_files_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("[", r"\[")):
        from_text(text)
