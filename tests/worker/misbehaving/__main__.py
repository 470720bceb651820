"""`python -m tests.worker.misbehaving [--only WORDS] [--light] [--again FILE] [--out FILE]`: every misbehaving model.

Each by the whole examination; `--again` runs those that a file has as wrong once more, and counts them in its figures.
"""

import argparse
import json
import re
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from tests.worker.misbehaving import CASES
from tests.worker.misbehaving.running import run, wrong


def main() -> int:
    """Run the models and print what differs; 1 where something does."""
    parser = argparse.ArgumentParser(prog="python -m tests.worker.misbehaving")
    parser.add_argument("--only", default="", help="pattern that is found in the name of a case")
    parser.add_argument("--light", action="store_true", help="without torch, as in the test suite")
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help="only what was wrong in the figures of an earlier run"
    )
    parser.add_argument("--out", help="JSON file for the figures")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    cases = [c for c in CASES if re.search(given.only, c.name) and not (given.light and c.needs_torch)]
    figures: dict[str, Any] = {"models": len(cases), "run": 0, "right": 0, "wrong": {}, "networks": not given.light}
    if given.again:
        before = json.loads(given.again.read_text("utf-8"))
        cases = [c for c in cases if c.name in before["wrong"]]
        figures |= {key: before[key] for key in ("models", "right")} | {"run": before["run"] - len(cases)}
    begun = time.monotonic()
    for case in cases:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="m-") as folder:
            found = wrong(case, run(case, Path(folder), real=not given.light), real=not given.light)
        print(f"{time.monotonic() - start:5.1f} s  {'WRONG' if found else 'right'}  {case.name}", *found, sep="\n    ")
        figures["run"] += 1
        figures["right"] += not found
        figures["wrong"] |= {case.name: found} if found else {}
        figures["seconds"] = round(time.monotonic() - begun, 1)
        if given.out:
            Path(given.out).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(f"{figures['right']} of {figures['models']} as expected in {figures['seconds']} s")
    return bool(figures["wrong"])


if __name__ == "__main__":
    sys.exit(main())
