"""The contact sheet: what goes in and comes out, the experiment that cured, and every channel, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PIL import Image, ImageDraw

from unetdoctor.facts import Outcome, Preview, Report, State, Trial
from unetdoctor.reporters.canvas import (
    AMBER,
    CYAN,
    GREEN,
    INK,
    MAGENTA,
    PAPER,
    RED,
    SOFT,
    Color,
    Pen,
    leading,
    plain,
    width_of,
    wrapped,
)
from unetdoctor.reporters.numbers import number, with_unit
from unetdoctor.reporters.tiles import GAP, MARGIN, SIDE, TITLE, Row, Tile, draw_row, make_tile

LARGE = 408
"""Pixels of the two pictures of the experiment: a grid of 4 x 4 samples of 32 pixels fits three times as large."""
MEDIUM, FEW = 320, 3
"""Pixels of the pictures of a network without experiment, where there are few of them."""
CHANNELS_SHOWN = 12
VERDICT = 21
VERDICT_LINES = 7
PANEL_WIDTH = 420
"""Pixels of the list of experiments beside the pictures."""
STATE_COLOR: dict[State, Color] = {
    State.HEALTHY: GREEN,
    State.UNTRAINED: CYAN,
    State.ILL: RED,
    State.NOT_DIAGNOSABLE: MAGENTA,
}
OUTCOME_COLOR: dict[Outcome, Color] = {
    Outcome.CURED: GREEN,
    Outcome.BETTER: AMBER,
    Outcome.NO_EFFECT: SOFT,
    Outcome.WORSE: RED,
    Outcome.NOT_TRIED: SOFT,
}


def sheet(report: Report, pictures: Mapping[str, Image.Image]) -> Image.Image:
    """Return the contact sheet of the previews whose picture is given by name."""
    experiment, rows = _rows(report, pictures)
    beside = _trials(report) if experiment in rows else []
    panel = experiment.width + 2 * GAP + PANEL_WIDTH if beside else 0
    width = max(3 * SIDE + 2 * GAP, panel, *(row.width for row in rows)) + 2 * MARGIN
    verdict = wrapped(report.verdict, VERDICT, width - 2 * MARGIN, VERDICT_LINES)
    height = MARGIN + _header_height(verdict) + sum(row.height for row in rows) + MARGIN // 2
    page = Image.new("RGB", (width, height), PAPER)
    pen = Pen(ImageDraw.Draw(page))
    y = _draw_header(pen, report, verdict, MARGIN)
    for row in rows:
        below = draw_row(page, pen, row, y)
        if row is experiment and beside:
            _draw_trials(pen, beside, MARGIN + row.width + 2 * GAP, y + 12 + leading(19) + 8, below - GAP)
        y = below
    return page


def _rows(report: Report, pictures: Mapping[str, Image.Image]) -> tuple[Row, list[Row]]:
    """Return the row of the experiment, and all rows that hold a picture."""
    by_role: dict[str, list[Preview]] = {}
    for preview in report.previews:
        if preview.name in pictures:
            by_role.setdefault(preview.role, []).append(preview)
    shown = [p for role in ("input", "picture", "classes", "overlay") for p in by_role.get(role, [])]
    beside = [p for p in report.previews if p.name in pictures and p.role in ("truth", "read", "errors")]
    pairs = channel_pairs(by_role.get("displayed", []), by_role.get("stretched", []))
    channels = [preview for pair in pairs[:CHANNELS_SHOWN] for preview in pair]
    heading = "Channels: as displayed, and stretched to their own range"
    if len(pairs) > CHANNELS_SHOWN:
        heading += f" (the first {CHANNELS_SHOWN} of {len(pairs)})"
    best = best_trial(report)
    what = f"The experiment: {plain(best.reading, 80)}" if best is not None else "The experiment"
    experiment = Row(what, _comparison(report, by_role, pictures))
    if experiment.tiles and len(shown) == 1:
        shown = []  # the one picture there is stands large in the experiment
    side = MEDIUM if not experiment.tiles and len(shown) <= FEW else SIDE
    rows = [
        Row("What goes in and what comes out", [make_tile(p, pictures[p.name], side) for p in shown]),
        Row("Beside the mask", [make_tile(p, pictures[p.name], side) for p in beside]),
        experiment,
        Row(heading, [make_tile(p, pictures[p.name]) for p in channels]),
        Row("The same values under every usual reading", _decodings(report, by_role, pictures)),
    ]
    return experiment, [row for row in rows if row.tiles]


def _decodings(report: Report, by_role: Mapping[str, list[Preview]], pictures: Mapping[str, Image.Image]) -> list[Tile]:
    """Return a tile for each reading; the one that the evidence supports stands out."""
    supported = {d.preview for d in report.decodings if d.supported}
    tiles = [(p.name, make_tile(p, pictures[p.name])) for p in by_role.get("decoding", [])]
    return [replace(tile, color=GREEN, framed=True) if name in supported else tile for name, tile in tiles]


def channel_pairs(displayed: Sequence[Preview], stretched: Sequence[Preview]) -> list[list[Preview]]:
    """Return each displayed channel together with its stretched one.

    Two belong together where their names do (`noise-channel-0`, `noise-channel-0-stretched`), else by their order.
    """
    rest = list(stretched)
    pairs = [[preview] for preview in displayed]
    for pair in pairs:
        stem = pair[0].name.removesuffix("-displayed")
        partner = next((other for other in rest if other.name.removesuffix("-stretched") == stem), None)
        if partner is not None:
            rest.remove(partner)
            pair.append(partner)
    for pair in pairs:
        if len(pair) == 1 and rest:
            pair.append(rest.pop(0))
    return [*pairs, *([other] for other in rest)]


def best_trial(report: Report) -> Trial | None:
    """Return the experiment that the first confirmed diagnosis rests on, else the first cure, else none."""
    first = next((d.trial for d in report.diagnoses if d.confirmed and d.trial is not None), None)
    return first or next((trial for trial in report.trials if trial.outcome is Outcome.CURED), None)


def _comparison(
    report: Report, by_role: Mapping[str, list[Preview]], pictures: Mapping[str, Image.Image]
) -> list[Tile]:
    """Return the present picture beside the picture under the best remedy, with the number that changed."""
    after = by_role.get("trial", [])
    before = by_role.get("picture") or by_role.get("classes") or by_role.get("displayed")
    if not after or not before:
        return []
    trial = best_trial(report)
    notes = ("", "")
    if trial is not None:
        notes = (_said(trial, trial.before), _said(trial, trial.after))
    color = OUTCOME_COLOR[trial.outcome] if trial is not None else GREEN
    tiles = (make_tile(before[0], pictures[before[0].name], LARGE), make_tile(after[0], pictures[after[0].name], LARGE))
    return [
        replace(tiles[0], badge="Before", note=notes[0], color=SOFT),
        replace(tiles[1], badge="After", note=notes[1], color=color),
    ]


def _said(trial: Trial, value: float) -> str:
    return plain(with_unit(number(value), trial.unit), 40)


def _trials(report: Report) -> list[Trial]:
    """Return the experiments on the symptom of the best one, cures first."""
    best = best_trial(report)
    order = list(OUTCOME_COLOR)
    same = [t for t in report.trials if best is not None and t.symptom == best.symptom]
    return sorted((t for t in same if t.outcome is not Outcome.NOT_TRIED), key=lambda t: order.index(t.outcome))


def _draw_trials(pen: Pen, trials: Sequence[Trial], x: int, y: int, end: int) -> None:
    """List the experiments beside the pictures, as many as fit."""
    pen.text(x, y, "What was tried", 19, INK)
    pen.text(x + PANEL_WIDTH, y + 3, plain(f"after, {trials[0].unit}".rstrip(", "), 40), TITLE, SOFT, "ra")
    y += leading(19) + 6
    for done, trial in enumerate(trials):
        rows = wrapped(trial.title, TITLE, PANEL_WIDTH - 104, 2)
        height = len(rows) * leading(TITLE) + 10
        last = done == len(trials) - 1
        if y + height + (0 if last else leading(TITLE)) > end:
            pen.text(x, y, f"and {len(trials) - done} more in the report", TITLE, SOFT)
            return
        color = OUTCOME_COLOR[trial.outcome]
        pen.text(x, y, trial.outcome.value, TITLE, color)
        helped = trial.outcome in (Outcome.CURED, Outcome.BETTER)
        pen.lines(x + 84, y, rows, TITLE, INK if helped else SOFT)
        pen.text(x + PANEL_WIDTH, y, number(trial.after), TITLE, color, "ra")
        y += height


def _header_height(verdict: Sequence[str]) -> int:
    return 38 + len(verdict) * leading(VERDICT) + 22


def _draw_header(pen: Pen, report: Report, verdict: list[str], y: int) -> int:
    word = report.state_words.upper()
    color = AMBER if report.doubtful else STATE_COLOR[report.state]
    width = width_of(word, TITLE) + 24
    pen.draw.rounded_rectangle((MARGIN, y, MARGIN + width, y + 26), 13, fill=color)
    pen.text(MARGIN + width // 2, y + 13, word, TITLE, PAPER, "mm")
    pen.text(MARGIN + width + 16, y + 13, plain(report.target.target, 90), TITLE, SOFT, "lm")
    return pen.lines(MARGIN, y + 38, verdict, VERDICT) + 22
