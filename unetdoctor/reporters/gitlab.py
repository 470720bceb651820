"""GitLab Code Quality: what a merge request shows beside the changed lines."""

from collections.abc import Sequence

from unetdoctor.facts import Report, Severity
from unetdoctor.reporters import safe
from unetdoctor.reporters.fence import gaps
from unetdoctor.reporters.json_text import to_text
from unetdoctor.reporters.results import model_file, names, results, text, without_diagnosis

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}


def to_gitlab(reports: Sequence[Report]) -> str:
    """Return the list of issues; an empty list for models that are well, and held in by all that should hold them."""
    failed = without_diagnosis(reports)
    issues = [
        _issue(
            safe.clean(report.verdict, safe.SENTENCE_LIMIT),
            "not-diagnosable",
            f"not-diagnosable {name}",
            "blocker",
            model_file(report),
            1,
        )
        for report, name in zip(failed, names(failed), strict=True)
    ]
    issues += [
        _issue(
            text(r),
            safe.clean(f"{r.finding.code} {r.finding.name}"),
            r.fingerprint,
            SEVERITIES[r.finding.severity],
            r.file,
            r.line,
        )
        for r in results(reports)
    ]
    issues += [
        _issue(
            safe.clean(gap, safe.SENTENCE_LIMIT),
            "not-enforced",
            f"not-enforced {name} {number}",
            SEVERITIES[Severity.NOTE],
            model_file(report),
            1,
        )
        for report, name in zip(reports, names(reports), strict=True)
        for number, gap in enumerate(gaps(report.environment))
    ]
    return to_text(issues)


def _issue(description: str, name: str, fingerprint: str, severity: str, file: str, line: int) -> dict[str, object]:
    return {
        "type": "issue",
        "description": description,
        "check_name": name,
        "fingerprint": fingerprint,
        "severity": severity,
        "categories": ["Bug Risk"],
        "location": {"path": safe.clean(file, safe.LINE_LIMIT).removeprefix("./"), "lines": {"begin": line}},
    }
