"""The lower parts: experiments, findings, what was not examined, and what it all ran on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from unetdoctor.facts import Finding, Outcome, Severity
from unetdoctor.reporters import standings
from unetdoctor.reporters.blocks.trials import ranked
from unetdoctor.reporters.html.part import Part, Source
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count
from unetdoctor.reporters.results import checks_of
from unetdoctor.reporters.rules import sections

TRIALS_SHOWN = 200
PLACES_SHOWN = 3
"""Places of one check that are shown at once; the others fold away."""
ILL_PLACES = 200
WELL_ROWS = 300
SKIPPED_ROWS = 200


def trials(source: Source) -> Part | None:
    """Return every experiment, one table per symptom, cures first."""
    report = source.report
    if not report.trials:
        return None
    groups: dict[tuple[str, str, str], list[object]] = {}
    for trial in ranked(report.trials[:TRIALS_SHOWN], report):
        groups.setdefault((trial.symptom, trial.reading, trial.unit), []).append(trial)
    names = {finding.code: finding.name for finding in report.findings}
    made = sum(trial.outcome is not Outcome.NOT_TRIED for trial in report.trials)
    cured = sum(trial.outcome is Outcome.CURED for trial in report.trials)
    made_text = f"{count(made, 'experiment')} on the recorded run, {cured or 'none'} of them a cure."
    lead = f"{made_text} What did not help is here too."
    scored = any(math.isfinite(trial.dice_after) for trial in report.trials)
    values = {"groups": groups, "names": names, "scored": scored, "more": max(len(report.trials) - TRIALS_SHOWN, 0)}
    return Part("trials", "What was tried", "Experiments", values, lead)


@dataclass(frozen=True)
class Group:
    """Everything that one check found ill."""

    code: str
    """`UD203`."""
    name: str
    """`flat-picture`."""
    severity: Severity
    """The worst."""
    first: tuple[Finding, ...]
    """Shown at once."""
    rest: tuple[Finding, ...]
    """Folded away."""
    page: Sequence[tuple[str, list[str]]]
    """(heading, paragraphs) of the page of the check."""
    limits: Sequence[str]
    """Lines with strips of text: where its limits stand; empty where that is not known."""
    difference: Sequence[str]
    """Lines in which its sick and its healthy sample differ."""


def findings(source: Source) -> Part | None:
    """Return what is ill, with the page of each check, and what is well in one table."""
    report = source.report
    ill = sorted((f for f in report.findings if f.ill), key=lambda f: (-f.severity.rank, f.code))
    well = [finding for finding in report.findings if not finding.ill]
    if not report.findings:
        return None
    groups: dict[str, list[Finding]] = {}
    for finding in ill[:ILL_PLACES]:
        groups.setdefault(finding.code, []).append(finding)
    checks = len({finding.code for finding in report.findings})
    found = count(len({finding.code for finding in ill}), "finding") if ill else "nothing ill"
    lead = f"{checks} of {count(checks_of(report), 'check')} found something to examine: {found}."
    values = {
        "groups": [_group(source, found) for found in groups.values()],
        "more": max(len(ill) - ILL_PLACES, 0),
        "well": well[:WELL_ROWS],
        "well_count": len(well),
        "well_more": max(len(well) - WELL_ROWS, 0),
    }
    return Part("findings", "Findings", "Findings", values, lead)


def _group(source: Source, found: Sequence[Finding]) -> Group:
    card = source.cards.get(found[0].code)
    return Group(
        code=found[0].code,
        name=found[0].name,
        severity=found[0].severity,
        first=tuple(found[:PLACES_SHOWN]),
        rest=tuple(found[PLACES_SHOWN:]),
        page=sections(card.page) if card is not None else [],
        limits=tuple(standings.lines(card.standings, Look())) if card is not None else (),
        difference=card.difference if card is not None else (),
    )


def skipped(source: Source) -> Part | None:
    """Return what was not examined, and why; codes with one reason stand together."""
    reasons: dict[str, list[str]] = {}
    for item in source.report.skipped[:SKIPPED_ROWS]:
        reasons.setdefault(item.reason, []).append(item.code)
    if not reasons:
        return None
    return Part("skipped", "What was not examined", "Not examined", {"reasons": reasons})


def environment(source: Source) -> Part:
    """Return how the model was loaded and fed, what it ran on, and for how long."""
    report = source.report
    stages = [(name, seconds) for name, seconds in report.timings.stages.items() if seconds > 0]
    longest = max((seconds for _, seconds in stages), default=0.0)
    shares = [(name, seconds, round(100 * seconds / longest, 1)) for name, seconds in stages]
    return Part("environment", "How it was examined", "Run", {"stages": shares})
