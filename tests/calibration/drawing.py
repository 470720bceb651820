"""The table of all limits as Markdown, and their distributions as one picture."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.calibration.limits import Limit

PER_PAGE = 30
"""Limits in one picture."""


def standings(limits: Sequence[Limit]) -> list[dict[str, Any]]:
    """Return what the package keeps of every limit: four digits, the nearest value of either side, and counts."""
    return [
        {
            "code": x.code,
            "reading": x.reading,
            "unit": x.unit,
            "upper": x.upper,
            "limit": _short(x.limit),
            "sound": len(x.sound),
            "worst_sound": _short(x.worst_sound),
            "sound_beyond": x.false_alarms,
            "sick": len(x.sick),
            "mildest_sick": _short(x.mildest_sick),
            "sick_within": x.misses,
        }
        for x in limits
    ]


def _short(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def to_json(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the file of the package, a line for each limit."""
    return "[\n" + ",\n".join(f"  {json.dumps(row)}" for row in found) + "\n]\n"


def table(found: Sequence[Mapping[str, Any]], cases: int, sound: int) -> str:
    """Return the table of the repository."""
    lines = [
        "# Where the limits stand",
        "",
        f"Made by `make calibrate` from {sound} examinations of sound networks and {cases} of sick ones. The value of",
        "a sound network is the one nearest to the limit; that of a sick case stands at its fault, for the checks that",
        "are to name it. Where a check has several readings, all of them must be ill together: single values beyond",
        "a limit are no false alarms in themselves.",
        "",
        "| check | reading | sound: n, worst | limit | sick: n, mildest | sound beyond | sick within |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *map(_row, found)]) + "\n"


def _row(x: Mapping[str, Any]) -> str:
    unit = f" {x['unit']}" if x["unit"] else ""
    sign = "at most" if x["upper"] else "at least"
    return (
        f"| {x['code']} | {x['reading']} | {_side(x['sound'], x['worst_sound'])} | {sign} {x['limit']:.4g}{unit} "
        f"| {_side(x['sick'], x['mildest_sick'])} | {x['sound_beyond'] or ''} | {x['sick_within'] or ''} |"
    )


def _side(count: int, nearest: float | None) -> str:
    return f"{count}, {nearest:.4g}" if nearest is not None else "none"


def plot(limits: Sequence[Limit], folder: Path) -> list[Path]:
    """Draw the values of every limit that has both shelves, sound ones green and sick ones red; returns the files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawn = [x for x in limits if x.sound and x.sick]
    files = []
    for page, start in enumerate(range(0, len(drawn), PER_PAGE), 1):
        part = drawn[start : start + PER_PAGE]
        figure, axes = pyplot.subplots(len(part), 1, figsize=(11, 0.75 * len(part) + 0.5), squeeze=False)
        for axis, x in zip(axes[:, 0], part, strict=True):
            scale = min((abs(v) for v in (*x.sound, *x.sick, x.limit) if v), default=1.0)
            axis.set_xscale("symlog", linthresh=max(scale, 1e-9))
            axis.scatter(x.sound, [0.3] * len(x.sound), s=14, alpha=0.35, color="#2e8b57", linewidths=0)
            axis.scatter(x.sick, [-0.3] * len(x.sick), s=14, alpha=0.35, color="#c0392b", linewidths=0)
            axis.axvline(x.limit, color="black", linewidth=1)
            axis.set_ylim(-1, 1)
            axis.set_yticks([])
            axis.tick_params(labelsize=6)
            sign = "≤" if x.upper else "≥"
            label = f"{x.code} {x.reading} {sign} {x.limit:.4g} {x.unit}"
            axis.set_title(label, fontsize=8, loc="left", pad=2)
        figure.tight_layout(h_pad=0.3)
        files.append(folder / f"limits-{page}.png")
        figure.savefig(files[-1], dpi=80)
        pyplot.close(figure)
    return files
