"""`python -m tests.worker.misbehaving [--only WORDS] [--light] [--out FILE]`: every model, by the whole examination."""

import argparse
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

from tests.worker.misbehaving import CASES
from tests.worker.misbehaving.running import run, wrong


def main() -> int:
    """Run the models and print what differs; 1 where something does."""
    parser = argparse.ArgumentParser(prog="python -m tests.worker.misbehaving")
    parser.add_argument("--only", default="", help="words that the name of a case holds")
    parser.add_argument("--light", action="store_true", help="without torch, as in the test suite")
    parser.add_argument("--out", help="JSON file for the figures")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    cases = [c for c in CASES if given.only in c.name and not (given.light and c.needs_torch)]
    begun, failed = time.monotonic(), {}
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="m-") as folder:
            start = time.monotonic()
            found = wrong(case, run(case, Path(folder), real=not given.light), real=not given.light)
        print(f"{time.monotonic() - start:5.1f} s  {'WRONG' if found else 'right'}  {case.name}", *found, sep="\n    ")
        if found:
            failed[case.name] = found
    figures = {
        "models": len(cases),
        "right": len(cases) - len(failed),
        "wrong": failed,
        "whole_examination": not given.light,
        "seconds": round(time.monotonic() - begun, 1),
    }
    print(f"{figures['right']} of {figures['models']} as expected in {figures['seconds']} s")
    if given.out:
        Path(given.out).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
