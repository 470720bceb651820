"""`python -m tests.datasets [NAME [SEED]]`: audits every made data set and prints what was found."""

import argparse
import sys

from tests.datasets.case import audit, is_found
from tests.datasets.faults import FAULTS
from tests.datasets.looks import LOOKS
from tests.datasets.sound import SOUND
from unetdoctor.facts import Severity


def main() -> int:
    """Print the table; return 1 where a fault was missed or a sound set has an error."""
    missed = wrong = 0
    parser = argparse.ArgumentParser(prog="python -m tests.datasets", description=__doc__)
    parser.add_argument("only", nargs="?", default="", metavar="NAME", help="part of the names of those that are made")
    parser.add_argument("seed", nargs="?", type=int, default=0, metavar="SEED", help="of the pictures; 0 without it")
    given = parser.parse_args()
    only, seed = given.only, given.seed
    faults, sound = ([case for case in kind if only in case.name] for kind in (FAULTS, (*SOUND, *LOOKS)))
    for case in faults:
        report = audit(case, seed)
        found = is_found(case, report)
        missed += not found
        first = report.diagnoses[0] if report.diagnoses else None
        said = f"{first.code} {first.severity:7} {first.message}" if first else report.verdict
        recipe = f"R{case.recipe}" if case.recipe else ""
        print(f"{'found ' if found else 'MISSED'} {recipe:4}{case.code} {case.name:32} {said}")
        for other in report.diagnoses[1:]:
            print(f"{'':50}+ {other.code} {other.severity} {other.message}")
    for case in sound:
        report = audit(case, seed)
        errors = [f for f in report.findings if f.severity is Severity.ERROR]
        wrong += bool(errors)
        print(f"{'ERROR ' if errors else 'sound '} {case.name:42} {report.verdict}")
        for finding in (f for f in report.findings if f.ill):
            print(f"{'':50}{finding.code} {finding.severity} {finding.message}")
    found = f"{len(faults) - missed} of {len(faults)} faults found and named"
    print(f"{found}; {wrong} of {len(sound)} sound sets with an error")
    return int(bool(missed or wrong))


if __name__ == "__main__":
    sys.exit(main())
