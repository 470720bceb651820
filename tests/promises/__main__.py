"""`python -m tests.promises [NAME=FILE ...] [--names N] [--isolation N] --out F`: the figures of a full run.

NAME=FILE reads what a long form wrote: misbehaving models, bad files, torture, kills, fuzz. What is not given stays as
it was in the last run. Prints the table of the README.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.promises import isolation, names
from tests.promises.figures import RESULTS, keep, kept, read, table


def main() -> int:
    """Collect the figures, keep them, print the table; 1 where something did not end as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.promises")
    parser.add_argument("results", nargs="*", metavar="NAME=FILE", help="what a long form wrote, under its name here")
    parser.add_argument("--names", type=int, default=0, metavar="N", help="also draw N hostile names")
    parser.add_argument("--isolation", type=int, default=0, metavar="N", help="also measure N pairs of runs")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help=f"instead of {RESULTS.name}")
    given = parser.parse_args()
    figures = kept()
    for one in given.results:
        name, _, file = one.partition("=")
        figures |= {figure.name: figure for figure in read(name, json.loads(Path(file).read_text("utf-8")))}
    if given.names:
        figures["hostile names"] = names.measured(given.names)
    if given.isolation:
        figures["isolation"] = isolation.measured(given.isolation)
    keep(figures, given.out)
    print(table(figures), end="")
    return int(any(figure.done < figure.of for figure in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
