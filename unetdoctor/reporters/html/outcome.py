"""The upper parts: what helps, why, and what forward() raised."""

import math

from unetdoctor.facts import Operand, Report, Trial
from unetdoctor.reporters.blocks.verdict import first_patch
from unetdoctor.reporters.html.images import Picture
from unetdoctor.reporters.html.part import Part, Source
from unetdoctor.reporters.numbers import number, with_unit
from unetdoctor.reporters.sheet import best_trial

DIAGNOSES_SHOWN = 12


def remedy(source: Source) -> Part | None:
    """Return the remedy: the picture before and after it, the number that it moves, the lines to paste."""
    report = source.report
    title, patch = first_patch(report)
    pair = compared(source)
    equal = pair is not None and pair[0].address == pair[1].address
    trial = best_trial(report)
    if not patch and trial is None:
        return None
    said = title or (trial.title if trial is not None else "")
    values = {
        "pair": None if equal else pair,
        "trial": trial,
        "numbers": _numbers(trial),
        "patch": patch,
        "title": said,
        "equal": equal,
    }
    return Part("remedy", "What helps", "Remedy", values)


def compared(source: Source) -> tuple[Picture, Picture] | None:
    """Return the present picture and the picture under the best remedy."""
    after = source.gallery.first("trial")
    before = source.gallery.first("picture", "classes", "displayed")
    return None if before is None or after is None else (before, after)


def _numbers(trial: Trial | None) -> tuple[str, str, str] | None:
    """Return (reading, before, after) of an experiment."""
    if trial is None or math.isnan(trial.after):
        return None
    return trial.reading, number(trial.before), with_unit(number(trial.after), trial.unit)


def why(source: Source) -> Part | None:
    """Return the causes, ranked, with their proof."""
    report = source.report
    if not report.diagnoses:
        return None
    shown = report.diagnoses[:DIAGNOSES_SHOWN]
    values = {
        "diagnoses": shown,
        "more": len(report.diagnoses) - len(shown),
        "names": _names(report),
        "of_files": report.target.kind == "data",
    }
    return Part("why", "Why", "Why", values)


def _names(report: Report) -> dict[str, str]:
    return {finding.code: finding.name for finding in report.findings}


def crash(source: Source) -> Part | None:
    """Return what forward() raised, with the operands of the operation that failed."""
    report = source.report
    if report.crash is None:
        return None
    operands = [(f"operand {index}", operand, _origin(operand)) for index, operand in enumerate(report.crash.operands)]
    return Part("crash", "What forward() raised", "Crash", {"crash": report.crash, "operands": operands})


def _origin(operand: Operand) -> str:
    if operand.parameter:
        return f"parameter {operand.parameter}"
    if operand.drawn_by is None:
        return "a constant"
    return "the network's input" if operand.drawn_by < 0 else f"drawn by {operand.place.text}"
