"""The command line of a measurement that takes names: `python -m tests.masks smp-unet`, and `--help`."""

import argparse
from collections.abc import Iterable


def names_asked(module: str, description: str | None, known: Iterable[str]) -> list[str]:
    """Return the names on the command line, none for all; refuses unknown ones and says which there are."""
    every = list(known)
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(every)}; all without it")
    names: list[str] = parser.parse_args().names
    unknown = [name for name in names if name not in every]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(every)}")
    return names
