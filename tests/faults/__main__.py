"""`make accuracy`: how often a fault's true cause is found, named, placed and cured; exit 1 where a goal is missed.

`python -m tests.faults --only M06 --networks smp --sample 2 --jobs 8 --out accuracy.json --markdown --peers`
"""

import argparse
import json
import random
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from tests.faults import table
from tests.faults.cases import SOUND, Case, faulty_cases, sound_cases
from tests.faults.examination import asked
from tests.faults.networks import networks
from tests.faults.operators import OPERATORS
from tests.faults.peers import missing
from tests.faults.pool import run
from tests.faults.scoring import BROKEN, COUNTED, NOT_APPLICABLE, TIMEOUT, Row, missed, total
from tests.faults.training import train_missing

KEPT_EVERY = 25
"""Rows after which what is known is written, lest a run that is ended early leaves nothing."""
CASE_LIMIT_S = 120.0
"""Longest time of one case."""


def chosen_cases(wanted: argparse.Namespace) -> list[Case]:
    """Return the cases to run; a sample takes as many of each operator, by the seed, after the impossible ones."""
    cases = faulty_cases([code for code in wanted.only if code != SOUND], wanted.networks, wanted.seed)
    if wanted.only and set(wanted.only) == {SOUND}:
        cases = []
    if wanted.sample:
        drawn = []
        for op in OPERATORS:
            mine = [case for case in cases if case.operator == op.code]
            random.Random(f"{wanted.seed} {op.code}").shuffle(mine)
            drawn += _possible(mine, wanted.sample)
        cases = drawn
    return cases


def _possible(cases: list[Case], count: int) -> list[Case]:
    """Return the first cases to which their operator applies."""
    from tests.faults.cases import sickened, sound_module
    from tests.faults.fault import NotApplicableError
    from tests.faults.networks import named

    found: list[Case] = []
    for case in cases:
        if len(found) == count:
            break
        try:
            sickened(case.operator, case.strength, named(case.network), sound_module(case), case.trained)
        except NotApplicableError:
            continue
        found.append(case)
    return found


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    known = [SOUND, *(op.code for op in OPERATORS)]
    parser.add_argument("--only", nargs="+", metavar="CODE", default=[], choices=known, help="M06, ..., or sound")
    parser.add_argument(
        "--networks", nargs="+", metavar="NAME", default=[], help="networks whose names hold one of these"
    )
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="cases of each operator; 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample and of the third in TorchScript")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes, each with one thread")
    parser.add_argument("--limit", type=float, default=CASE_LIMIT_S, metavar="SECONDS", help="longest time of one case")
    parser.add_argument("--peers", action="store_true", help="ask torch-audit, torchlens and model-clinic as well")
    parser.add_argument("--out", type=Path, metavar="JSON", help="write every row")
    parser.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for, print the tables."""
    wanted = arguments()
    start = time.monotonic()
    train_missing(tuple(n for n in networks() if not wanted.networks or any(p in n.name for p in wanted.networks)))
    cases = chosen_cases(wanted)
    sound = sound_cases(wanted.networks) if not wanted.only or SOUND in wanted.only else []
    if wanted.sample:
        sound = random.Random(wanted.seed).sample(sound, min(len(sound), 4 * wanted.sample))
    for name in missing() if wanted.peers else ():
        print(f"{name} is not installed: it is left out", file=sys.stderr)
    cases = sorted(cases, key=lambda case: (case.network, case.trained))  # workers keep the network they are at
    rows = _rows([*sound, *cases], wanted)
    if wanted.peers:
        rows = _with_peers(rows, [*sound, *cases], wanted)
    print(f"{len(rows)} cases in {time.monotonic() - start:.0f} s with {wanted.jobs} processes", file=sys.stderr)
    _keep(rows, wanted)
    healthy = [r for r in rows if r.operator == SOUND]
    faulty = [r for r in rows if r.operator != SOUND]
    return _told(faulty, healthy, wanted)


def _rows(cases: list[Case], wanted: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    for found in run(cases, wanted.jobs, wanted.limit):
        rows.append(found)
        if len(rows) % KEPT_EVERY == 0:
            _keep(rows, wanted)
        if found.status != NOT_APPLICABLE:
            said = " ".join(found.diagnoses[:2]) or found.reason or "nothing"
            line = f"{len(rows)}/{len(cases)} {found.operator} {found.strength} | {found.network} "
            line += f"{'trained' if found.trained else 'fresh'} {found.form} | {found.status} | {said}"
            print(line, file=sys.stderr, flush=True)
    return rows


def _with_peers(rows: list[Row], cases: list[Case], wanted: argparse.Namespace) -> list[Row]:
    """Return the rows with what other tools say, asked in processes of their own: they change torch."""
    proven = {_key(r): r for r in rows if r.status in COUNTED}
    said = {
        _key(r): r.peers
        for r in run([c for c in cases if _key(c) in proven and not c.file], wanted.jobs, wanted.limit, asked)
    }
    return [replace(r, peers=said.get(_key(r), {})) for r in rows]


def _key(case: Case | Row) -> tuple[str, str, str, bool, str]:
    return case.operator, case.strength, case.network, case.trained, case.form


def _keep(rows: list[Row], wanted: argparse.Namespace) -> None:
    if wanted.out:
        wanted.out.write_text(json.dumps([asdict(r) for r in rows], indent=1), encoding="utf-8")


def _told(faulty: list[Row], healthy: list[Row], wanted: argparse.Namespace) -> int:
    whole = total(r for r in faulty if r.in_goal)
    if faulty:
        for text in (table.by_operator, table.by_group, table.confused):
            print(text(faulty, wanted.markdown) + "\n")
    if healthy:
        print(table.shelf(healthy, wanted.markdown) + "\n")
    if wanted.peers:
        print(table.compared(faulty, healthy, wanted.markdown) + "\n")
    if faulty:
        print(table.not_covered(faulty) + "\n")
    accused = sum(bool(r.errors) or r.status in (BROKEN, TIMEOUT) for r in healthy)
    goals = missed(whole, accused)
    print("missed: " + "; ".join(goals) if goals else "every goal is reached")
    return 1 if goals else 0


if __name__ == "__main__":
    sys.exit(main())
