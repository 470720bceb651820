"""Markdown: a job summary, or a comment on a merge request; foreign names stay text."""

import re
from collections.abc import Iterator, Sequence

from unetdoctor.facts import Finding, Report, Severity, State, Trial
from unetdoctor.reporters import safe
from unetdoctor.reporters.fence import told
from unetdoctor.reporters.numbers import count, number, with_unit
from unetdoctor.reporters.results import Result, checks_of, names, results

APART = "\u200b"
"""No width, and no link across it; written as an entity."""
STATES = {
    State.HEALTHY: "✅ healthy",
    State.UNTRAINED: "⚪ untrained",
    State.ILL: "❌ ill",
    State.NOT_DIAGNOSABLE: "❔ not diagnosable",
}
SEVERITIES = {Severity.ERROR: "❌ error", Severity.WARNING: "⚠️ warning", Severity.NOTE: "ℹ️ note"}  # noqa: RUF001
_SPECIAL = re.compile(r"[\\`*_{}\[\]|~!$]|(?<!&)#")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", APART: "&#8203;"}
_ADDRESS = re.compile(r"://|\bwww\.")
_REFERENCE = re.compile(r"(?<=[@#!~$%])(?=\w)|(?<=\bGH-)(?=\d)")
"""Between a sign and a word that hosts link, behind Markdown's back: @person, #12, !12, ~label."""


def to_markdown(reports: Sequence[Report]) -> str:
    """Return a heading, a table of findings, and the remedy of each report."""
    blocks = [block for report, name in zip(reports, names(reports), strict=True) for block in _blocks(report, name)]
    return "\n\n".join(blocks) + "\n"


def escape(text: object, limit: int = safe.SENTENCE_LIMIT) -> str:
    """Return a foreign string that Markdown and HTML show as it is: no markup, no address, no mention."""
    cleaned = _REFERENCE.sub(APART, safe.clean(text, limit))
    entities = "".join(_ENTITIES.get(character, character) for character in cleaned)
    escaped = _SPECIAL.sub(lambda match: f"\\{match.group()}", entities)
    return _ADDRESS.sub(lambda match: "&#58;//" if match.group() == "://" else "www&#46;", escaped)


def _blocks(report: Report, name: str) -> Iterator[str]:
    state = f"⚠️ {report.state_words}" if report.doubtful else STATES[report.state]
    yield f"### {state} · {escape(name)}"
    yield f"{escape(report.verdict)}"
    found = results([report])
    if found:
        yield "\n".join(["| | code | where | what |", "|---|---|---|---|", *map(_row, found)])
    remedy = next((d for d in report.diagnoses if d.remedy is not None and d.remedy.patch), None)
    if remedy is not None and remedy.remedy is not None:
        yield f"**Remedy** for {escape(remedy.code)}: {escape(remedy.remedy.title)}{_proof(remedy.trial)}"
        yield _code(remedy.remedy.patch)
    else:
        patch = next((f.patch for f in report.findings if f.counts and f.patch), "")
        if patch:
            yield _code(patch)
    yield _closing(report)


def _row(result: Result) -> str:
    place = f"{result.file}:{result.line}" if result.finding.place.file else ""
    where = ", ".join(part for part in (result.finding.place.layer, place) if part)
    cells = (
        SEVERITIES[result.finding.severity],
        f"{escape(result.finding.code)} {escape(result.finding.name)}",
        escape(where or "the model", 2 * safe.NAME_LIMIT),
        escape(result.sentence),
    )
    return f"| {' | '.join(cells)} |"


def _proof(trial: Trial | None) -> str:
    if trial is None or trial.before != trial.before or trial.after != trial.after:
        return ""
    after = with_unit(number(trial.after), trial.unit)
    return escape(f" ({trial.outcome.value}: {trial.reading} {number(trial.before)} → {after})")


def _code(patch: str) -> str:
    """Return lines to paste in a fence that is longer than any run of backticks in them."""
    lines = safe.clean_lines(patch)
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}python", *lines, fence])


def _closing(report: Report) -> str:
    suppressed = [f for f in report.findings if f.ill and not f.counts]
    parts = [
        count(checks_of(report), "check"),
        *([f"{len(suppressed)} suppressed ({_codes(suppressed)})"] if suppressed else []),
        *([f"{len(report.skipped)} not examined"] if report.skipped else []),
        f"unetdoctor {escape(report.environment.unetdoctor)}",
    ]
    notices = "".join(f"\n- {escape(notice)}" for notice in report.notices)
    fence = "".join(f"\n<sub>{escape(line)}</sub>" for line in told(report.environment))
    return f"<sub>{' · '.join(parts)}</sub>{fence}{notices and chr(10) + notices}"


def _codes(findings: Sequence[Finding]) -> str:
    return escape(", ".join(sorted({f.code for f in findings})))
