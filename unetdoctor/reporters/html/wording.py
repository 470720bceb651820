"""Words and signs that the parts of the page share."""

from unetdoctor.facts import DisplayRange, Outcome, Report, Severity, State
from unetdoctor.reporters.numbers import interval, large

SEVERITY_MARK = {Severity.ERROR: "✕", Severity.WARNING: "!", Severity.NOTE: "i", Severity.OK: "✓"}
OUTCOME_MARK = {
    Outcome.CURED: "✓",
    Outcome.BETTER: "↗",
    Outcome.NO_EFFECT: "\u2013",
    Outcome.WORSE: "↘",
    Outcome.NOT_TRIED: "·",
}
STATE_MARK = {State.HEALTHY: "✓", State.UNTRAINED: "○", State.ILL: "✕", State.NOT_DIAGNOSABLE: "?"}
"""No meaning hangs on a colour alone."""


def halves(verdict: str) -> tuple[str, str]:
    """Return the verdict as what is the matter and, where an experiment proved it, how."""
    head, separator, rest = verdict.partition("; proved: ")
    return (f"{head}.", f"{rest[:1].upper()}{rest[1:]}") if separator else (verdict, "")


def display_text(display: DisplayRange) -> str:
    """Return how a raw value becomes a grey level: `-1..1 as black..white (tanh)`."""
    decode = "" if display.decode == "as is" else f"{display.decode}, "
    return f"{decode}{interval(display.low, display.high)} as black..white ({display.source})"


def facts(report: Report) -> list[tuple[str, str]]:
    """Return (name, value) of what was examined, for the line below the verdict."""
    target, intent = report.target, report.intent
    if report.target.kind == "data" and report.data is not None:
        totals = report.data.totals
        return [("Data", target.target), ("Images", f"{totals.images:,}"), ("Masks", f"{totals.masks:,}")]
    found = [("Model", target.name or target.target)]
    if target.parameters:
        found.append(("Parameters", large(target.parameters)))
    if target.weights:
        found.append(("Weights", target.weights))
    if report.input is not None:
        found.append(("Input", "x".join(map(str, report.input.shape)) + (" latent" if report.input.latent else "")))
        classes = f", {intent.classes} classes" if intent.classes is not None else ""
        found.append(("Task", f"{intent.effective.value}{classes}"))
    if report.outputs:
        found.append(("Output", "x".join(map(str, report.outputs[0][1].shape))))
    found.append(("Device", report.environment.device))
    return found
