"""What machines are told of a report: its findings, worst first, each with a sentence, a file and a line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from unetdoctor.facts import Finding, Kind, Report, State, Suppression
from unetdoctor.reporters import safe

_MODEL_FILE = re.compile(r"(?P<path>.+?\.(?:py|pt2?|pth|ts|torchscript|ckpt|safetensors))(?::.*)?", re.DOTALL)
STALE = "Stale: "
"""How the notice of a comment begins that suppresses nothing."""
_KINDS = {Kind.CAUSE: 0, Kind.SYMPTOM: 1, Kind.NOTE: 2}


@dataclass(frozen=True)
class Result:
    """One finding as a machine is told of it."""

    report: Report
    """The report that it stands in."""
    finding: Finding
    """What was found."""
    sentence: str
    """What is wrong, without a foreign control character."""
    remedy: str
    """What to do; empty where nothing is known."""
    file: str
    """Path with forward slashes, relative to the working directory where it lies below it."""
    line: int
    """From 1."""
    fingerprint: str
    """Equal for the same fault in another run: made of the target, the code, and the layer, never of a number."""


def results(reports: Sequence[Report], *, suppressed: bool = False) -> list[Result]:
    """Return what is wrong in all reports, errors first and causes before symptoms.

    What a person has suppressed is left out unless it is asked for.
    """
    found = [result for report in reports for result in _of(report) if suppressed or result.finding.counts]
    return sorted(found, key=lambda r: (-r.finding.severity.rank, _KINDS[r.finding.kind]))


def _of(report: Report) -> Iterator[Result]:
    import hashlib

    seen: dict[str, int] = {}
    for finding in report.findings:
        if not finding.ill:
            continue
        diagnosis = next(
            (d for d in report.diagnoses if d.code == finding.code and d.place.layer == finding.place.layer), None
        )
        remedy = diagnosis.remedy.title if diagnosis is not None and diagnosis.remedy is not None else ""
        key = f"{report.target.target}\0{finding.code}\0{finding.place.layer}"
        number = seen[key] = seen.get(key, 0) + 1
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        yield Result(
            report,
            finding,
            safe.clean(finding.message, safe.SENTENCE_LIMIT),
            safe.clean(remedy, safe.SENTENCE_LIMIT),
            finding.place.file.replace("\\", "/") or model_file(report),
            (finding.place.line or 1) if finding.place.file else 1,
            f"{digest}:{number}",
        )


def model_file(report: Report) -> str:
    """Return the file of the model; where the target is none, that of some layer, else the target itself."""
    match = _MODEL_FILE.fullmatch(report.target.target)
    if match:
        return PurePath(match["path"]).as_posix()
    placed = next((f.place.file for f in report.findings if f.place.file), "")
    return placed.replace("\\", "/") or report.target.target


def title(result: Result) -> str:
    """Return code, name and layer in one line: `UD203 flat-picture at main.10`."""
    layer = f" at {result.finding.place.layer}" if result.finding.place.layer else ""
    return safe.clean(f"{result.finding.code} {result.finding.name}{layer}", safe.NAME_LIMIT)


def text(result: Result) -> str:
    """Return the sentence and what to do about it."""
    return f"{result.sentence} Remedy: {result.remedy}." if result.remedy else result.sentence


def suppressed_by(suppression: Suppression) -> str:
    """Return who suppressed a finding, and why: `by the comment in model.py:12 (known, see issue 4)`."""
    place, reason = suppression.place, f" ({suppression.reason})" if suppression.reason else ""
    where = f" in {place.text}" if place.file else ""
    return safe.clean(f"by the {suppression.kind}{where}{reason}", safe.SENTENCE_LIMIT)


def without_diagnosis(reports: Sequence[Report]) -> list[Report]:
    """Return the reports of examinations that came to no diagnosis."""
    return [report for report in reports if report.state is State.NOT_DIAGNOSABLE]


def checks_of(report: Report) -> int:
    """Return how many checks ran, those that found nothing to examine too."""
    return len({code for section in report.sections for code in section.codes} | {f.code for f in report.findings})


def names(reports: Sequence[Report]) -> list[str]:
    """Return a name for each report, no two alike: the target as it was asked for."""
    found: list[str] = []
    for report in reports:
        name = safe.clean(report.target.target)
        number = 1 + sum(other == name or other.startswith(f"{name} (") for other in found)
        found.append(name if number == 1 else f"{name} ({number})")
    return found
