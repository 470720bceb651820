"""The bar on stderr while an audit runs; nothing where stderr is no terminal."""

import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """How far the audit is, how fast it goes and how long it takes."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown and sys.stderr is not None and sys.stderr.isatty()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._kept, self._total, self._begun = 0, 0, time.monotonic()

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._shown:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

            from unetdoctor.reporters.look import look_for

            look = look_for(sys.stderr)
            if look.colors is not None:
                self._progress = Progress(
                    SpinnerColumn("line" if look.ascii_only else "dots"),
                    TextColumn("{task.description}"),
                    BarColumn(bar_width=24),
                    TextColumn("{task.fields[said]}"),
                    TimeRemainingColumn(compact=True),
                    console=look.console(sys.stderr),
                    transient=True,
                    refresh_per_second=5,
                )
                self._task = self._progress.add_task("", total=None, said="")
                self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self.end()

    def end(self) -> None:
        """Take the bar away; doing it twice does no harm."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def says(self, words: str) -> None:
        """Show what is going on."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=words)

    def begin(self, total: int, kept: int) -> None:
        """Show that so many pairs are to be read, some of which an earlier run has finished."""
        self._total, self._kept, self._begun = total, kept, time.monotonic()
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description="auditing", total=total, completed=kept)

    def moves_on(self, done: int) -> None:
        """Show that so many pairs were read in this run."""
        if self._progress is not None and self._task is not None:
            rate = done / max(time.monotonic() - self._begun, 0.1)
            said = f"{self._kept + done:,}/{self._total:,} pairs  {rate:,.0f}/s"
            self._progress.update(self._task, completed=self._kept + done, said=said)

    def counts(self, done: int) -> None:
        """Show how many samples came."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description="asking for samples", said=f"{done:,}")
