"""The long form: `python -m tests.fuzz --seconds 60 --out fuzz.json`; each reader in a process of its own."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tests.fuzz.campaign import run
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="for each reader")
    parser.add_argument("--count", type=int, default=0, help="inputs for each reader at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="readers whose names hold this text")
    parser.add_argument(
        "--keep", type=Path, default=Path(".cache/fuzz"), help="folder for what a reader could not stand"
    )
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    if given.one is not None:
        return _one(given.one, given)
    rows = []
    for number, target in enumerate(TARGETS):
        if given.only not in target.name:
            continue
        row = _child(number, given)
        rows.append({"reader": target.name, **row})
        print(
            f"{target.name:24} {row['inputs']:9,} inputs {row['refused']:9,} refused {len(row['crashes'])} crashes",
            flush=True,
        )
        for crash in row["crashes"]:
            print(f"    {crash}", flush=True)
    total = {"inputs": sum(row["inputs"] for row in rows), "crashes": sum(len(row["crashes"]) for row in rows)}
    print(f"{'all':24} {total['inputs']:9,} inputs, {total['crashes']} crashes")
    if given.out:
        given.out.write_text(json.dumps({**total, "readers": rows}, indent=2) + "\n")
    return 1 if total["crashes"] else 0


def _child(number: int, given: argparse.Namespace) -> dict[str, object]:
    """Fuzz one reader in a process of its own, whose death is a crash too."""
    count = ["--count", str(given.count)]
    command = [sys.executable, "-m", "tests.fuzz", "--one", str(number), "--seconds", str(given.seconds)]
    ended = subprocess.run(
        [*command, *count, "--seed", str(given.seed), "--keep", str(given.keep)], capture_output=True, text=True
    )
    if ended.returncode == 0:
        return dict(json.loads(ended.stdout.splitlines()[-1]))
    said = ended.stderr.strip().splitlines()
    crash = f"the process ended with {ended.returncode}: {said[-1] if said else ''}; see {given.keep}/{number}.last"
    return {"inputs": 0, "refused": 0, "slowest": 0.0, "crashes": [crash]}


def _one(number: int, given: argparse.Namespace) -> int:
    last = given.keep / f"{number}.last"
    outcome = run(TARGETS[number], seed=given.seed, seconds=given.seconds, count=given.count, last=last)
    last.unlink(missing_ok=True)
    for index, data in enumerate(outcome.crashes.values()):
        (given.keep / f"{number}-{index}.bin").write_bytes(data)
    figures = {"inputs": outcome.inputs, "refused": outcome.refused, "slowest": outcome.slowest}
    print(json.dumps({**figures, "crashes": list(outcome.crashes)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
