"""`python -m tests.torture [--site parent|worker] [--repeats N] [--only TEXT] [--out FILE]`: every fallible call fails once."""

import argparse
import json
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from tests.torture.running import SITES, points, run, workshop


def main() -> int:
    """Run the points and print what is wrong; 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--site", choices=SITES, help="only the calls of one process")
    parser.add_argument("--repeats", type=int, default=3, help="how often the same place is to fail, one run each")
    parser.add_argument("--only", default="", help="points whose name holds this")
    parser.add_argument("--out", help="JSON file for the figures")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    figures: dict[str, Any] = {}
    begun, bad = time.monotonic(), 0
    with workshop() as folder:
        for site in [given.site] if given.site else SITES:
            calls = run(folder, site)
            chosen = [point for point in points(calls.calls, given.repeats) if given.only in point]
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
    if given.out:
        Path(given.out).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
