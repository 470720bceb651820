"""The terminal report as a drawing, for documents."""

import io
import re
from dataclasses import replace

from rich.console import Console
from rich.terminal_theme import MONOKAI

from unetdoctor.facts import Report
from unetdoctor.reporters import terminal
from unetdoctor.reporters.look import Look

_FONTS = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""Rich names fonts on the web; a drawing of ours fetches nothing, and the viewer's own monospace stands in."""

MONOSPACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


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
    drawn = console.export_svg(title=title, theme=MONOKAI, unique_id="unetdoctor")
    return _FONTS.sub("", drawn).replace("Fira Code, monospace", MONOSPACE)
