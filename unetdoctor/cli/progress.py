"""The line on stderr that says what is going on, while the worker works."""

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.status import Status
    from rich.text import Text

STAGES = {
    "start": "starting PyTorch",
    "run": "starting PyTorch",
    "probe": "finding an input",
    "import": "importing your file",
    "load": "loading the model",
    "construct": "building the model",
    "weights": "loading the weights",
    "input": "finding an input",
    "inputs": "finding an input",
    "forward": "running the model",
    "observe": "running the model",
    "shapes": "trying input sizes",
    "check": "examining",
    "examine": "examining",
    "trial": "trying remedies",
    "previews": "drawing",
    "pictures": "drawing",
    "conclude": "concluding",
}


class Progress:
    """A spinner with the present stage; shown only where stderr is a terminal.

    Everything heavy that the parent needs later is imported here on a thread, while the worker imports torch.
    """

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown and sys.stderr is not None and sys.stderr.isatty()
        self._words = STAGES["start"]
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._begun = time.monotonic()
        self._thread = threading.Thread(target=self._warm, name="unetdoctor-warm", daemon=True)

    def begin(self) -> None:
        """Start to import, and to spin; where no thread can be had, it is imported later."""
        with contextlib.suppress(RuntimeError):
            self._thread.start()

    def event(self, event: Any) -> None:
        """Show the stage of an event of the worker."""
        if event.kind == "stage":
            self.stage(str(event.payload.get("name", "")))

    def stage(self, name: str) -> None:
        """Show a stage."""
        from unetdoctor.reporters.safe import clean

        family, _, detail = name.partition(":")
        words = STAGES.get(family, family)
        with self._lock:
            self._words = clean(f"{words} {detail}".strip(), 60)
            if self._status is not None:
                self._status.update(_literal(self._words))

    def end(self) -> None:
        """Take the line away."""
        with self._lock:
            self._ended = True
            if self._status is not None:
                self._status.stop()
                self._status = None
        if self._thread.is_alive():
            self._thread.join()

    def _warm(self) -> None:
        import unetdoctor.facts.contract
        import unetdoctor.reporters.terminal

        if self._shown:
            self._spin()
        import unetdoctor.reporters.pictures  # noqa: F401

    def _spin(self) -> None:
        from unetdoctor.reporters.look import look_for

        look = look_for(sys.stderr)
        spinner = "line" if look.ascii_only else "dots"
        with self._lock:
            if not self._ended and look.colors is not None:
                self._status = look.console(sys.stderr).status(_literal(self._words), spinner=spinner)
                self._status.start()


def _literal(words: str) -> "Text":
    """Return words as they are: Rich reads a plain string of a spinner as markup, whatever its console is told."""
    from rich.text import Text

    return Text(words)
