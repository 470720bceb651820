"""How a report looks on one terminal: width, colour, signs; and the only way from a string to something printable.

Rich is imported when it is first needed: pages of plain text do without it.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from unetdoctor.facts import Outcome, Place, Severity, State
from unetdoctor.reporters import safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PIPED_WIDTH = 160
"""Columns where nobody looks: names are cut nowhere and lines stay greppable."""
NARROWEST, WIDEST = 40, 1000
"""Fewer and more columns than these are treated as these."""
PICTURES_WIDTH, PICTURES_HEIGHT = 64, 24
"""Columns and lines from which three small pictures have room beside each other, with the verdict above them."""
_TRUECOLOR = ("truecolor", "24bit")
"""Values of COLORTERM."""
PROSE_WIDTH = 110
"""Longest line of a sentence; beyond it the eye loses the next one."""
_SIGNS = {
    "ok": ("✓", "+"),
    "error": ("✗", "x"),
    "warning": ("!", "!"),
    "note": ("•", "-"),
    "untrained": ("○", "o"),
    "unknown": ("?", "?"),
    "arrow": ("→", "->"),
    "dash": ("\u2013", "-"),
    "skipped": ("·", "."),
}
SEVERITY_STYLE = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan", Severity.OK: "green"}
STATE_STYLE = {
    State.HEALTHY: "green",
    State.UNTRAINED: "cyan",
    State.ILL: "red",
    State.NOT_DIAGNOSABLE: "magenta",
}
STATE_SIGN = {
    State.HEALTHY: "ok",
    State.UNTRAINED: "untrained",
    State.ILL: "error",
    State.NOT_DIAGNOSABLE: "unknown",
}
OUTCOME_STYLE = {
    Outcome.CURED: "bold green",
    Outcome.BETTER: "yellow",
    Outcome.NO_EFFECT: "dim",
    Outcome.WORSE: "dim red",
    Outcome.NOT_TRIED: "dim",
}
OUTCOME_SIGN = {
    Outcome.CURED: "ok",
    Outcome.BETTER: "note",
    Outcome.NO_EFFECT: "dash",
    Outcome.WORSE: "error",
    Outcome.NOT_TRIED: "skipped",
}


@dataclass(frozen=True)
class Look:
    """One way of showing a report."""

    width: int = 100
    """Columns."""
    colors: str | None = None
    """Rich's colour system (`standard`, `256`, `truecolor`); None for no escape sequence at all."""
    no_color: bool = False
    """Bold and dim, but no colours (NO_COLOR on a terminal)."""
    ascii_only: bool = False
    """Whether the stream can encode ASCII only."""
    verbose: bool = False
    """Show everything."""
    pictures: bool = False
    """Whether small pictures can be drawn with half blocks: a terminal of 24-bit colours that has room for them."""

    def sign(self, name: str) -> str:
        """Return a sign in the stream's character set."""
        return _SIGNS[name][self.ascii_only]

    def clean(self, value: object, limit: int = safe.SENTENCE_LIMIT) -> str:
        """Return a foreign string that is inert."""
        return safe.clean(value, limit, ascii_only=self.ascii_only)

    def text(self, value: object, style: str = "", limit: int = safe.SENTENCE_LIMIT) -> "Text":
        """Return a foreign string as Rich text: never read as markup, folded and not cut at the edge."""
        from rich.text import Text

        return Text(self.clean(value, limit), style=style, overflow="fold")

    def place(self, place: Place, style: str = "") -> "Text":
        """Return where something is."""
        return self.text(place.text, style, 2 * safe.NAME_LIMIT)

    def severity(self, severity: Severity) -> "Text":
        """Return the sign of a severity in its colour."""
        from rich.text import Text

        return Text(self.sign(severity.value), style=SEVERITY_STYLE[severity])

    def console(self, stream: IO[str]) -> "Console":
        """Return a console that writes this look; it interprets nothing in the strings it is given."""
        from rich.console import Console

        return Console(
            file=stream,
            width=self.width,
            height=100,
            color_system=self.colors,  # type: ignore[arg-type]
            force_terminal=self.colors is not None,
            no_color=self.no_color,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            soft_wrap=False,
        )

    @property
    def prose(self) -> int:
        """Columns of a sentence."""
        return min(self.width, PROSE_WIDTH)


def encodes_signs(stream: IO[str] | None) -> bool:
    """Return whether a stream can show the signs, the blocks and the arrows."""
    try:
        "✓✗•○→\u2013·▁█".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def look_for(
    stream: IO[str] | None, color: str = "auto", *, verbose: bool = False, environment: Mapping[str, str] = os.environ
) -> Look:
    """Return the look for a stream: `--color` first, then NO_COLOR, FORCE_COLOR and TERM=dumb, then what it is.

    None is a stream that was closed before the start.
    """
    terminal = stream is not None and stream.isatty()
    dumb = environment.get("TERM", "").lower() in ("dumb", "unknown")
    no_color = color == "never" or (color == "auto" and bool(environment.get("NO_COLOR")))
    forced = color == "always" or (color == "auto" and bool(environment.get("FORCE_COLOR")))
    colored = forced or (terminal and not dumb)
    if color == "never" or (no_color and not terminal):
        colored = False
    width, ascii_only = _width(terminal, environment), not encodes_signs(stream)
    rich = colored and not no_color and not dumb and environment.get("COLORTERM", "").lower() in _TRUECOLOR
    return Look(
        width=width,
        colors=None if not colored else "truecolor" if rich else "standard",
        no_color=no_color,
        ascii_only=ascii_only,
        verbose=verbose,
        pictures=rich
        and terminal
        and not ascii_only
        and width >= PICTURES_WIDTH
        and (_asked("LINES", environment) or _size().lines) >= PICTURES_HEIGHT,
    )


def _size() -> os.terminal_size:
    """Return columns and lines of the terminal; 80x24 where it does not say."""
    try:
        found = os.get_terminal_size(sys.__stdout__.fileno()) if sys.__stdout__ is not None else None
    except (OSError, ValueError):
        found = None
    columns, lines = found or (0, 0)
    return os.terminal_size((columns or 80, lines or 24))


def _asked(name: str, environment: Mapping[str, str]) -> int:
    """Return the number of columns or lines that the environment asks for; 0 where it asks for none."""
    asked = environment.get(name, "")
    return int(asked) if asked.isdecimal() else 0


def _width(terminal: bool, environment: Mapping[str, str]) -> int:
    columns = _asked("COLUMNS", environment) or (_size().columns if terminal else 0)
    return min(max(columns, NARROWEST if terminal else PIPED_WIDTH), WIDEST)
