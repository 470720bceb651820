"""`python -m tests.torture [--site S] [--repeats N] [--only TEXT] [--out FILE]`: every fallible call fails once."""

import argparse
import json
import re
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from tests.torture.running import SITES, points, run, workshop

WRITES = re.compile(r"reporters/(atomic|folder)")


def main() -> int:
    """Run the points and print what is wrong; 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--site", choices=SITES, help="only the calls of one process")
    parser.add_argument("--repeats", type=int, default=3, help="how often the same place is to fail, one run each")
    parser.add_argument("--only", default="", help="points that this pattern is found in")
    parser.add_argument("--kills", type=int, default=0, help="kill the command so often while it writes, instead")
    parser.add_argument("--out", help="JSON file for the figures")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    figures: dict[str, Any] = {}
    if given.kills:
        return written(killed(given.kills), given.out)
    begun, bad = time.monotonic(), 0
    with workshop() as folder:
        for site in [given.site] if given.site else SITES:
            calls = run(folder, site)
            chosen = [point for point in points(calls.calls, given.repeats) if re.search(given.only, point)]
            print(f"{site}: {len(calls.calls)} fallible calls, {len(chosen)} points, code {calls.code}", *calls.wrong)
            codes: Counter[int] = Counter()
            wrong: dict[str, list[str]] = {}
            for point in chosen:
                ended = run(folder, site, point)
                codes[ended.code] += 1
                if ended.wrong or ended.code == 101:
                    print(f"  exit {ended.code}  {point}", *ended.wrong, sep="\n       ")
                if ended.wrong:
                    wrong[point] = list(ended.wrong)
            bad += len(wrong)
            figures[site] = {
                "points": len(chosen),
                "right": len(chosen) - len(wrong),
                "wrong": wrong,
                "exit_codes": {str(code): number for code, number in sorted(codes.items())},
            }
            print(f"{site}: {len(chosen) - len(wrong)} of {len(chosen)} points end well; exit codes {dict(codes)}")
    figures["seconds"] = round(time.monotonic() - begun, 1)
    written(figures, given.out)
    return int(bad > 0)


def killed(number: int) -> dict[str, Any]:
    """Kill the command so many times, at every place where it writes a report or a picture, and look at the files."""
    wrong: dict[str, list[str]] = {}
    with workshop() as folder:
        places = [call for call in run(folder, "parent").calls if WRITES.search(call)]
        for turn in range(number):
            point = places[turn * max(len(places) // number, 1) % len(places)]
            ended = run(folder, "parent", point, kill=True)
            if ended.wrong:
                wrong[f"{turn} {point}"] = list(ended.wrong)
                print(f"  {point}", *ended.wrong, sep="\n       ")
    print(f"{number - len(wrong)} of {number} kills left every file whole or absent, at {len(places)} places")
    return {"kills": number, "whole_or_absent": number - len(wrong), "wrong": wrong}


def written(figures: dict[str, Any], file: str | None) -> int:
    """Write the figures where that was asked for; 1 where something in them is wrong."""
    if file:
        Path(file).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return int(bool(figures.get("wrong")))


if __name__ == "__main__":
    sys.exit(main())
