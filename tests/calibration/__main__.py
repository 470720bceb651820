"""`make calibrate`: where each limit stands between the sound and the sick, from the runs of the accuracy bench."""

import argparse
import json
import sys
from pathlib import Path

from tests.calibration.drawing import plot, standings, table, to_json
from tests.calibration.limits import SOUND, limits_of
from tests.faults.operators import OPERATORS

FOLDER = Path(__file__).parent
STANDINGS = FOLDER.parents[1] / "unetdoctor" / "checks" / "limits.json"
"""What `unetdoctor explain` shows of the limits."""


def main() -> int:
    """Read the rows of `python -m tests.faults --out FILE`, write the table and the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    parser.add_argument("results", type=Path, help="what `python -m tests.faults --out FILE` wrote")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the table and the pictures go")
    wanted = parser.parse_args()
    rows = [row for row in json.loads(wanted.results.read_text(encoding="utf-8")) if row["status"] == "examined"]
    accepted = {(op.code, s.name): op.names(s) for op in OPERATORS for s in op.strengths}
    limits = limits_of(rows, accepted)
    sound = sum(row["operator"] == SOUND for row in rows)
    kept = standings(limits)
    (wanted.folder / "LIMITS.md").write_text(table(kept, len(rows) - sound, sound), encoding="utf-8")
    if wanted.folder == FOLDER:
        STANDINGS.write_text(to_json(kept), encoding="utf-8")
    files = plot(limits, wanted.folder)
    print(f"{len(limits)} limits from {sound} sound and {len(rows) - sound} sick examinations: ", end="")
    print(", ".join(str(f) for f in (wanted.folder / "LIMITS.md", *files)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
