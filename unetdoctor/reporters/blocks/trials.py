"""The experiments: what was changed, what it did to the symptom, and the popular advice that did not help."""

import math
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
OTHERS_SHOWN = 5
"""On the first symptom, and on each of the others; all of them with -v."""
ROOMY = 100
"""Columns from which the picture's own spread is shown as well."""


def trials(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield one table per symptom, cures first."""
    groups: dict[tuple[str, str, str], list[Trial]] = {}
    for trial in report.trials:
        groups.setdefault((trial.symptom, trial.reading, trial.unit), []).append(trial)
    names = {finding.code: finding.name for finding in report.findings}
    for rank, ((symptom, reading, unit), group) in enumerate(groups.items()):
        most = len(group) if look.verbose else OTHERS_SHOWN if rank else TRIALS_SHOWN
        yield ""
        head = Text.assemble(("Experiments", "bold"), overflow="fold")
        head.append_text(look.text(f" on {symptom} {names.get(symptom, '')}".rstrip(), limit=safe.NAME_LIMIT))
        head.append_text(look.text(f"  {reading}, {unit}".rstrip(", "), "dim", safe.NAME_LIMIT))
        yield head
        yield indented(_table(ranked(group, report)[:most], look), 2)
        if len(group) > most:
            yield indented(look.text(f"and {count(len(group) - most, 'more experiment')} with -v", "dim"), 2)


def ranked(group: Sequence[Trial], report: Report) -> list[Trial]:
    """Return cures first, those of a diagnosis before others, then what helped, then what did not."""
    chosen = [diagnosis.trial for diagnosis in report.diagnoses if diagnosis.trial is not None]
    return sorted(group, key=lambda trial: (ORDER.index(trial.outcome), trial not in chosen))


def _table(group: Sequence[Trial], look: Look) -> RenderableType:
    roomy = look.width >= ROOMY and any(math.isfinite(trial.std_8bit) for trial in group)
    scored = any(math.isfinite(trial.dice_after) for trial in group)
    headers = ["", "outcome", "before", "", "after", *(["Dice"] * scored), *(["8-bit std"] * roomy), "what was changed"]
    table = columns(headers, right="before|after|8-bit std|Dice")
    for column in table.columns[:-1]:
        column.no_wrap = True
    for trial in group:
        table.add_row(*_cells(trial, roomy, scored, look))
    return table


def _cells(trial: Trial, roomy: bool, scored: bool, look: Look) -> list[Text]:
    style = OUTCOME_STYLE[trial.outcome]
    quiet = "" if trial.outcome in (Outcome.CURED, Outcome.BETTER) else "dim"
    tried = trial.outcome is not Outcome.NOT_TRIED
    title = look.text(trial.title, quiet)
    if trial.reason:
        title.append_text(look.text(f" ({trial.reason})", "dim"))
    spread = Text(number(trial.std_8bit) if math.isfinite(trial.std_8bit) else "", style=quiet)
    return [
        Text(look.sign(OUTCOME_SIGN[trial.outcome]), style=style),
        Text(trial.outcome.value, style=style),
        Text(number(trial.before), style=quiet),
        Text(look.sign("arrow") if tried else "", style="dim"),
        Text(number(trial.after) if tried else "", style=quiet or "bold"),
        *([_dice(trial, quiet, look)] if scored else []),
        *([spread] if roomy else []),
        title,
    ]


def _dice(trial: Trial, style: str, look: Look) -> Text:
    """Return the masks' score before and after."""
    if not math.isfinite(trial.dice_after):
        return Text("")
    return Text(f"{trial.dice_before:.2f} {look.sign('arrow')} {trial.dice_after:.2f}", style=style)
