"""What a person reads first: the state, the sentence, the lines to paste, and why."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from unetdoctor.facts import Diagnosis, Outcome, Report, State, Trial
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import Verbatim, hanging, indented
from unetdoctor.reporters.look import STATE_SIGN, STATE_STYLE, Look
from unetdoctor.reporters.numbers import number, with_unit

DIAGNOSES_SHOWN = 3


def badge(report: Report, look: Look) -> Text:
    """Return the state as a word with its sign, on its colour."""
    color = "yellow" if report.doubtful else STATE_STYLE[report.state]
    sign = "warning" if report.doubtful else STATE_SIGN[report.state]
    words = f"{look.sign(sign)} {report.state_words.upper()}"
    if look.colors is None or look.no_color:
        return Text(words, style="bold")
    ink = "white" if color in ("red", "magenta") else "black"
    return Text(f" {words} ", style=f"bold {ink} on {color}")


def _glad(report: Report) -> str:
    """Return the style of a sentence that says that all is well; empty for any other."""
    return "green" if report.state is State.HEALTHY and not report.doubtful else ""


def verdict_line(report: Report, look: Look) -> Text:
    """Return badge and sentence in one line, however long."""
    return Text.assemble(badge(report, look), "  ", look.text(report.verdict, _glad(report)))


def verdict(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the state and the sentence."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=look.prose)
    table.add_row(badge(report, look), look.text(report.verdict, _glad(report) or "bold"))
    yield table


def first_patch(report: Report) -> tuple[str, str]:
    """Return (what it does, the lines to paste) of the first diagnosis; two empty strings where there are none."""
    for diagnosis in report.diagnoses[:1]:
        if diagnosis.remedy is not None and diagnosis.remedy.patch:
            return diagnosis.remedy.title, diagnosis.remedy.patch
        for finding in report.findings:
            if finding.code == diagnosis.code and finding.patch:
                return "", finding.patch
    return "", ""


def paste(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the lines to paste of the first diagnosis: never wrapped, without any sign between them."""
    title, patch = first_patch(report)
    if not patch:
        return
    yield ""
    yield Text.assemble(("Remedy", "bold"), look.text(f"  {title}" if title else ""), overflow="fold")
    yield ""
    lines = safe.clean_lines(patch.strip("\n"), ascii_only=look.ascii_only)
    yield Verbatim(tuple(f"    {line}".rstrip() for line in lines))


def diagnoses(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the causes, ranked, each with its place, its proof and what it explains."""
    if not report.diagnoses:
        return
    yield ""
    yield Text("Why", style="bold")
    shown = report.diagnoses if look.verbose else report.diagnoses[:DIAGNOSES_SHOWN]
    for rank, diagnosis in enumerate(shown, 1):
        yield from _diagnosis(rank, diagnosis, report, look)
    left = len(report.diagnoses) - len(shown)
    if left:
        yield indented(look.text(f"and {left} more with -v", "dim"), 2)


def _diagnosis(rank: int, diagnosis: Diagnosis, report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield one cause; its message only where no opened finding says it below."""
    head = look.text(f"{diagnosis.code} ", limit=safe.NAME_LIMIT)
    head.append_text(look.text(diagnosis.name, "bold", safe.NAME_LIMIT))
    head.append("  at ").append_text(look.place(diagnosis.place))
    yield hanging(Text(f"{rank}", style="bold"), head, 2, 2, look)
    said = any(f.code == diagnosis.code and f.place == diagnosis.place and f.ill for f in report.findings)
    if diagnosis.message and not said:
        yield indented(look.text(diagnosis.message), 5, look)
    yield indented(proof(diagnosis, report, look), 5, look)


def proof(diagnosis: Diagnosis, report: Report, look: Look) -> Text:
    """Return what an experiment showed of a cause, in one line."""
    others = [code for code in diagnosis.explains if code != diagnosis.code]
    explains = f", explains {', '.join(others)}" if others else ""
    trial = diagnosis.trial or _untried(diagnosis, report)
    if trial is None:
        words = "proved by experiment" if diagnosis.confirmed else "not proved: no experiment takes it away alone"
        return look.text(words + explains, "dim")
    if trial.outcome is Outcome.NOT_TRIED:
        return look.text(f"not tried: {trial.reason or 'the experiment was not possible'}{explains}", "dim")
    numbers = f"{number(trial.before)} {look.sign('arrow')} {with_unit(number(trial.after), trial.unit)}"
    words = "proved by experiment" if diagnosis.confirmed else f"experiment: {trial.outcome.value}"
    style = "green" if diagnosis.confirmed else "dim"
    return Text.assemble(look.text(words, style), look.text(f": {trial.reading} {numbers}"), look.text(explains, "dim"))


def _untried(diagnosis: Diagnosis, report: Report) -> Trial | None:
    """Return the trial that would have proved the cause and could not be made."""
    if diagnosis.confirmed:
        return None
    for trial in report.trials:
        if (
            trial.outcome is Outcome.NOT_TRIED
            and len(trial.remedies) == 1
            and trial.remedies[0].cause == diagnosis.code
        ):
            return trial
    return None
