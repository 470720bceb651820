"""The long form of the hostile names: many names of every kind through every format and its strict reader."""

import random
import sys

from tests.promises.figures import Figure
from tests.reporters.hostile import TABLE
from tests.reporters.test_hostile_names import NAMES

PIECES = (
    "::",
    "error",
    " ",
    "##[",
    "]",
    "<",
    "@a",
    "#1",
    "`",
    "|",
    "\\",
    "\x1b[",
    "\n",
    "\x9b",
    "=",
    "\ud800",
    "'",
    '"',
)


def named(count: int, seed: int = 0) -> list[str]:
    """Return the known names, then as many drawn over all code points and over what means something somewhere."""
    drawn = random.Random(seed)
    found = list(NAMES)
    for number in range(count):
        letters = (
            (chr(drawn.randrange(sys.maxunicode + 1)) for _ in range(drawn.randrange(40)))
            if number % 2
            else (drawn.choice(PIECES) for _ in range(drawn.randrange(12)))
        )
        found.append("".join(letters))
    return found


def measured(count: int) -> Figure:
    """Return how many documents were read strictly."""
    done = of = 0
    for name in named(count):
        for kind, (make, read) in TABLE.items():
            of += 1
            try:
                read(make(name))
                done += 1
            except Exception as error:
                print(f"{kind} with {name!r}: {type(error).__name__} {str(error)[:200]}")
    return Figure("hostile names", done, of, f"documents of {len(TABLE)} kinds")
