"""Putting a suppression on findings, and on what they alone explain."""

from collections.abc import Callable
from dataclasses import replace

from unetdoctor.facts import Finding, Report, Suppression
from unetdoctor.judging.conclusion import concluded


def suppressed(report: Report, why: Callable[[Finding], Suppression | None]) -> Report:
    """Return the report with what `why` answers on each finding that counts.

    A symptom goes with its cause: where every cause that explains it is suppressed, so is the symptom.
    """
    findings = tuple(replace(f, suppression=why(f)) if f.counts else f for f in report.findings)
    if findings == report.findings:
        return report
    causes = {(f.code, f.place.layer): f.suppression for f in findings if f.ill}
    explained: dict[str, list[Suppression | None]] = {}
    for diagnosis in report.diagnoses:
        for code in diagnosis.explains:
            if code != diagnosis.code:
                explained.setdefault(code, []).append(causes.get((diagnosis.code, diagnosis.place.layer)))
    gone = {code: whys[0] for code, whys in explained.items() if all(why is not None for why in whys)}
    findings = tuple(replace(f, suppression=gone[f.code]) if f.counts and f.code in gone else f for f in findings)
    return concluded(report, findings, report.fail_on)
