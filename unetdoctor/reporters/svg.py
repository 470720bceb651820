"""The terminal report as a drawing, for documents."""

import io
from dataclasses import replace

from rich.console import Console
from rich.terminal_theme import MONOKAI

from unetdoctor.facts import Report
from unetdoctor.reporters import terminal
from unetdoctor.reporters.look import Look


def to_svg(report: Report, width: int = 100) -> str:
    """Return the report as an SVG document, as a colour terminal of this width shows it."""
    look = Look(width=width, colors="truecolor")
    console = Console(
        file=io.StringIO(),
        width=width,
        height=100,
        color_system="truecolor",
        force_terminal=True,
        legacy_windows=False,
        record=True,
        markup=False,
        emoji=False,
        highlight=False,
    )
    terminal.write(replace(report, log=""), look, console)
    title = f"unetdoctor inspect {look.clean(report.target.target, 80)}"
    return console.export_svg(title=title, theme=MONOKAI, unique_id="unetdoctor")
