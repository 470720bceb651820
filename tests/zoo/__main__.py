"""`make zoo`: what the tool infers and says of every network without a flag; exit 1 where a goal is missed."""

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.zoo.collection import Network, networks
from tests.zoo.exporting import FORMS
from tests.zoo.running import Inspected, inspect, inspect_as_told
from tests.zoo.table import Row, differences, numbers, printed, row_of

GOAL = 0.95
"""Share of the networks that must be examined without a flag."""


def run(network: Network, forms: list[str], folder: Path) -> list[Row]:
    """Examine one network in every form, eager first."""
    file = network.write(folder)
    eager = inspect_as_told(file)
    rows = [row_of(network, "eager", eager)] if "eager" in forms else []
    for form in forms:
        if form != "eager":
            rows.append(_exported(network, form, file, eager))
    return rows


def _exported(network: Network, form: str, file: Path, eager: Inspected) -> Row:
    """Export a network, examine the file, and compare its findings with those of the eager network."""
    if eager.flags or not eager.passed:
        return Row(network.name, network.family, form, remark="not exported: the eager network needs flags")
    out = file.with_suffix(FORMS[form])
    command = [sys.executable, "-m", "tests.zoo.exporting", str(file), form, str(out)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[2])
    try:
        answer = json.loads(ran.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        answer = {"why": f"torch ended with exit code {ran.returncode}"}
    if "why" in answer:
        return Row(network.name, network.family, form, remark=f"torch cannot: {answer['why']}")
    found = inspect(out)
    differing, by_form = differences(eager, found, answer["how"])
    remark = f"{answer['how']}; " + (f"differs in {', '.join(differing)}" if differing else "the same findings")
    remark += f", but for {'; '.join(by_form)}" if by_form else ""
    alone = sorted(eager.examined ^ found.examined)
    remark += f"; judged in one form alone: {', '.join(alone)}" if alone else ""
    out.unlink()
    return row_of(network, form, found, remark, differs=bool(differing), by_form=bool(by_form))


def main() -> int:
    """Examine what was asked for, print the table and the numbers."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description=__doc__)
    parser.add_argument("--form", choices=["eager", *FORMS, "all"], default="eager")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="networks whose names hold one of these")
    parser.add_argument("--format", choices=["table", "markdown", "json"], default="table")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="networks at a time")
    wanted = parser.parse_args()
    forms = ["eager", *FORMS] if wanted.form == "all" else [wanted.form]
    chosen = [n for n in networks() if not wanted.only or any(part in n.name for part in wanted.only)]
    if not chosen:
        parser.error(f"no network has {' or '.join(wanted.only)} in its name")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(wanted.jobs) as pool:
        for found in pool.map(lambda network: run(network, forms, Path(folder)), chosen):
            for row in found:
                print(row.line, file=sys.stderr, flush=True)
            rows += found
    print(printed(rows, wanted.format))
    summary = numbers(rows)
    if wanted.format != "json":
        print(f"\n{summary.text}")
    return 0 if summary.good(GOAL) else 1


if __name__ == "__main__":
    sys.exit(main())
