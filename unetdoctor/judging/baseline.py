"""A baseline: the findings that were there when a person drew a line; matched by code and layer, not by value."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from unetdoctor.facts import Finding, Report, Suppression
from unetdoctor.facts.findings import Place
from unetdoctor.judging.suppression import suppressed

VERSION = 1
Entry = tuple[str, str, str]
"""Target, code, layer."""


def entries(reports: Iterable[Report]) -> tuple[Entry, ...]:
    """Return everything that is wrong in some reports, what a comment suppresses left out."""
    return tuple(sorted({_entry(r, f) for r in reports for f in r.findings if f.ill and not _by_comment(f)}))


def _by_comment(finding: Finding) -> bool:
    return finding.suppression is not None and finding.suppression.kind == "comment"


def _entry(report: Report, finding: Finding) -> Entry:
    return report.target.target, finding.code, finding.place.layer


def apply(report: Report, known: Collection[Entry], file: str) -> Report:
    """Return the report with what a baseline knows suppressed."""
    found = Suppression("baseline", place=Place(file=file))
    return suppressed(report, lambda finding: found if _entry(report, finding) in known else None)


def gone(known: Iterable[Entry], reports: Sequence[Report]) -> tuple[Entry, ...]:
    """Return the entries of targets that were examined, whose finding is there no longer."""
    examined = {report.target.target for report in reports if not report.failure}
    present = set(entries(reports))
    return tuple(entry for entry in known if entry[0] in examined and entry not in present)


def to_text(found: Iterable[Entry]) -> str:
    """Return the file of a baseline: sorted, one entry a line, so that a diff reads well."""
    rows = [json.dumps({"target": t, "code": c, "layer": layer}) for t, c, layer in sorted(found)]
    body = ",\n    ".join(rows)
    inside = f"\n    {body}\n  " if rows else ""
    return f'{{\n  "unetdoctor_baseline": {VERSION},\n  "findings": [{inside}]\n}}\n'


def from_text(text: str) -> frozenset[Entry]:
    """Return the entries of a baseline; raises ValueError with half a sentence where it is none."""
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(values, dict) or "unetdoctor_baseline" not in values:
        raise ValueError("it is no baseline of unetdoctor")
    if values["unetdoctor_baseline"] != VERSION:
        raise ValueError(f"it is of version {values['unetdoctor_baseline']}, and this unetdoctor reads {VERSION}")
    rows = values.get("findings")
    keys = ("target", "code", "layer")
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and all(isinstance(row.get(key), str) for key in keys) for row in rows
    ):
        raise ValueError("its `findings` are no list of {target, code, layer}")
    return frozenset((row["target"], row["code"], row["layer"]) for row in rows)
