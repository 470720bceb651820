"""The experiments: what was changed, what it did to the symptom, and the popular advice that did not help."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import Outcome, Report, Trial
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import columns, indented
from unetdoctor.reporters.look import OUTCOME_SIGN, OUTCOME_STYLE, Look
from unetdoctor.reporters.numbers import count, number

ORDER = (Outcome.CURED, Outcome.BETTER, Outcome.NO_EFFECT, Outcome.WORSE, Outcome.NOT_TRIED)
TRIALS_SHOWN = 14
"""Per symptom, without -v."""


def trials(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield one table per symptom, cures first."""
    groups: dict[tuple[str, str, str], list[Trial]] = {}
    for trial in report.trials:
        groups.setdefault((trial.symptom, trial.reading, trial.unit), []).append(trial)
    names = {finding.code: finding.name for finding in report.findings}
    for (symptom, reading, unit), group in groups.items():
        yield ""
        head = Text.assemble(("Experiments", "bold"), overflow="fold")
        head.append_text(look.text(f" on {symptom} {names.get(symptom, '')}".rstrip(), limit=safe.NAME_LIMIT))
        head.append_text(look.text(f"  {reading}, {unit}".rstrip(", "), "dim", safe.NAME_LIMIT))
        yield head
        yield indented(_table(group, look), 2)
        if len(group) > TRIALS_SHOWN and not look.verbose:
            yield indented(look.text(f"and {count(len(group) - TRIALS_SHOWN, 'more experiment')} with -v", "dim"), 2)


def ranked(group: Sequence[Trial]) -> list[Trial]:
    """Return cures first, then what helped, then what did not; each in the order in which they were tried."""
    return sorted(group, key=lambda trial: ORDER.index(trial.outcome))


def _table(group: Sequence[Trial], look: Look) -> RenderableType:
    table = columns(("", "outcome", "before", "", "after", "what was changed"), right="before|after")
    for column in table.columns[:5]:
        column.no_wrap = True
    shown = ranked(group) if look.verbose else ranked(group)[:TRIALS_SHOWN]
    for trial in shown:
        style = OUTCOME_STYLE[trial.outcome]
        quiet = "" if trial.outcome in (Outcome.CURED, Outcome.BETTER) else "dim"
        tried = trial.outcome is not Outcome.NOT_TRIED
        title = look.text(trial.title, quiet)
        if trial.reason:
            title.append_text(look.text(f" ({trial.reason})", "dim"))
        table.add_row(
            Text(look.sign(OUTCOME_SIGN[trial.outcome]), style=style),
            Text(trial.outcome.value, style=style),
            Text(number(trial.before), style=quiet),
            Text(look.sign("arrow") if tried else "", style="dim"),
            Text(number(trial.after) if tried else "", style=quiet or "bold"),
            title,
        )
    return table
