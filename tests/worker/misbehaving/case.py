"""One model that misbehaves, and what is expected of the tool."""

from dataclasses import dataclass

MARK = "# here"
"""Behind the line that the verdict must name."""

LIGHT = "class Base: __call__ = lambda self, *given: self.forward(*given)\nlayer = lambda: lambda x: x"
REAL = "import torch; from torch.nn import Module as Base\nlayer = lambda: torch.nn.Conv2d(3, 1, 1)"
"""The first lines of a model: one that knows nothing of torch, and a network."""

SOURCE = """{head}
import atexit, builtins, ctypes, errno, faulthandler, gc, getpass, json, locale, logging, mmap, os, posix, random, re
import resource, shutil, signal, socket, stat, subprocess, sys, threading, time, types, warnings


def everywhere(data):
    for number in range(3, 5000):
        try:
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, data)
        except OSError:
            pass


def crowd(number):
    for _ in range(number):
        if os.fork() == 0:
            os.setsid()
            time.sleep({sleep})
            posix._exit(0)


def relay(number):
    for _ in range(number):
        if os.fork():
            posix._exit(0)
        time.sleep(0.005)


def at_import():
    {at_import}


at_import()


class Net(Base):
    def __init__(self):
        super().__init__()
        self.layer = layer()
        self.construct()

    def construct(self):
        {construct}

    def forward(self, x):
        {forward}
        return self.layer(x)
"""
"""A case fills one of the three places; the others are `pass`."""


@dataclass(frozen=True)
class Case:
    """One way to misbehave."""

    name: str
    """In words."""
    body: str
    """Python lines, `# here` behind the one that a verdict names; `{sleep}` is a time that nothing else sleeps."""
    words: str = ""
    """What the verdict says; nothing where the model does no harm and gets its result."""
    where: str = "forward"
    """`at_import`, `construct` or `forward`."""
    seconds: float = 20.0
    """Limit of its stage."""
    memory_bytes: int | None = None
    """Limit of its memory."""
    needs_torch: bool = False
    """Whether it makes no sense without a network."""
    exit_code: int | None = None
    """Of the command; None for 3, and 0 where there are no words."""
    files: tuple[tuple[str, str], ...] = ()
    """Files beside it: name and text."""

    @property
    def code(self) -> int:
        """Exit code that is expected."""
        if self.exit_code is not None:
            return self.exit_code
        return 3 if self.words else 0

    @property
    def stage(self) -> str:
        """Stage that a verdict names where no network is there."""
        return self.where.removeprefix("at_")

    def source(self, *, real: bool, sleep: str) -> str:
        """Return the text of its file."""
        places = {"at_import": "pass", "construct": "pass", "forward": "pass"}
        indent = " " * (4 if self.where == "at_import" else 8)
        places[self.where] = self.body.replace("{sleep}", sleep).strip().replace("\n", f"\n{indent}")
        return SOURCE.format(head=REAL if real else LIGHT, sleep=sleep, **places)


def line_of(source: str) -> int:
    """Return the number of the marked line; 0 where none is."""
    return next((number for number, line in enumerate(source.splitlines(), 1) if MARK in line), 0)
