"""One bad file: how it is made, and what must answer it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MODEL = """
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        return self.head(self.body(x).relu())
"""
MARKER = "marker"
"""What a payload makes; nothing of this name must exist afterwards."""
AS_WEIGHTS = ("model.py", "-w")
Make = Callable[[Path], bytes]


@dataclass(frozen=True)
class Case:
    """One bad file."""

    number: int
    """Its number in the list."""
    title: str
    """What it is."""
    make: Callable[[Path], bytes | None]
    """Makes it: from the path of the marker to its bytes; None where it wrote what is no regular file itself."""
    code: int
    """Exit code that must answer it."""
    says: str
    """Part of the sentence that must answer it."""
    name: str = "w.pth"
    """File name."""
    forms: tuple[tuple[str, ...], ...] = ((), AS_WEIGHTS)
    """What stands before the file on the command line: nothing where it is the target."""
    after: tuple[str, ...] = ()
    """What stands behind it."""
    whole: bool = False
    """Whether only the whole command, with its worker, can answer it: a program that misbehaves."""
    long: bool = False
    """Whether it is left to the long form: it takes more than 5 s."""

    @property
    def id(self) -> str:
        """How the tests call it."""
        return f"{self.number} {self.title}"

    def write(self, directory: Path) -> None:
        """Write the file, and the network beside it."""
        (directory / "model.py").write_text(MODEL)
        data = self.make(directory / MARKER)
        if data is not None:
            (directory / self.name).write_bytes(data)


WEIGHTS_ONLY = (AS_WEIGHTS,)
TARGET_ONLY = ((),)
