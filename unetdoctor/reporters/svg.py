"""The terminal report as a drawing, for documents."""

import io
import re
from collections.abc import Iterable
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.terminal_theme import MONOKAI

from unetdoctor.facts import Report
from unetdoctor.facts.audit import Audited
from unetdoctor.reporters import audit, terminal
from unetdoctor.reporters.look import Look

_FONTS = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""Rich names fonts on the web; a drawing of ours fetches nothing, and the viewer's own monospace stands in."""

MONOSPACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


def to_svg(report: Report, width: int = 100) -> str:
    """Return the report as an SVG document, as a colour terminal of this width shows it."""
    look = Look(width=width, colors="truecolor")
    return _drawn(terminal.renderables(replace(report, log=""), look), "inspect", report, look)


def audit_to_svg(found: Audited, width: int = 100) -> str:
    """Return an audit as an SVG document, as a colour terminal of this width shows it."""
    look = Look(width=width, colors="truecolor")
    return _drawn(audit.blocks(found, look), "audit", found.report, look)


def _drawn(renderables: Iterable[RenderableType], command: str, report: Report, look: Look) -> str:
    console = Console(
        file=io.StringIO(),
        width=look.width,
        height=100,
        color_system="truecolor",
        force_terminal=True,
        legacy_windows=False,
        record=True,
        markup=False,
        emoji=False,
        highlight=False,
    )
    for renderable in renderables:
        console.print(renderable)
    title = f"unetdoctor {command} {look.clean(report.target.target, 80)}"
    document = console.export_svg(title=title, theme=MONOKAI, unique_id="unetdoctor")
    return _FONTS.sub("", document).replace("Fira Code, monospace", MONOSPACE)
