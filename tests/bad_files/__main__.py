"""The long form: `python -m tests.bad_files --out files.json` gives every model file to the real command.

For each the exit code, the sentence, the seconds beyond the start of a worker (that of the refusal of an empty zip) and
the largest memory of any process of the run are compared with what is expected. `--again FILE` runs those once more
that are wrong in the figures of an earlier run, and puts them in their place.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bad_files.case import MARKER, Case
from tests.bad_files.model_files import CASES

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 2.0
"""How much longer than the start a refusal may take."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bad_files", description=__doc__)
    parser.add_argument("--only", default="", help="pattern that is found in the name of a case")
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what was wrong in an earlier run's figures")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    given = parser.parse_args()
    empty = next(case for case in CASES if case.title == "empty zip")
    start = min(_run(empty, ())["seconds"] for _ in range(2))
    before = json.loads(given.again.read_text("utf-8"))["rows"] if given.again else []
    rows = [row for row in before if row["kept"]]
    done = {row["case"] for row in rows}
    for case in CASES:
        for form in case.forms if re.search(given.only, case.id) else ():
            if _title(case, form) in done:
                continue
            row = _run(case, form)
            row["seconds"] = round(row["seconds"] - start, 2)
            row["kept"] = row["kept"] and (case.code != 2 or row["seconds"] <= SECONDS)
            rows.append(row)
            mark = "ok" if row["kept"] else "NO"
            print(f"{mark} {row['case']:44} {row['code']} {row['seconds']:6.2f} s {row['megabytes']:6} MB", flush=True)
    kept = sum(row["kept"] for row in rows)
    print(f"{kept} of {len(rows)}; a worker starts in {start:.2f} s")
    if given.out:
        figures = {"kept": kept, "cases": len(rows), "start": round(start, 2), "rows": rows}
        given.out.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if kept == len(rows) else 1


def _title(case: Case, form: tuple[str, ...]) -> str:
    return f"{case.id}{', as weights' if form else ''}"


def _run(case: Case, form: tuple[str, ...]) -> dict[str, Any]:
    """Run the command on one file."""
    with tempfile.TemporaryDirectory(prefix="bad-") as name:
        folder = Path(name)
        case.write(folder)
        arguments = [*form, case.name, *case.after]
        if "--no-pictures" not in arguments:
            arguments.append("--no-pictures")
        output = folder / "said.txt"
        begun = time.monotonic()
        command = [sys.executable, "-m", "unetdoctor", "inspect", *arguments]
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
        with output.open("wb") as said_there:
            child = subprocess.Popen(command, cwd=folder, env=surroundings, stdout=said_there, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        said = " ".join(output.read_text("utf-8", "replace").split())
        code = child.returncode
        kept = code == case.code and case.says in said and not (folder / MARKER).exists() and "Traceback" not in said
        return {
            "case": _title(case, form),
            "code": code,
            "seconds": seconds,
            "megabytes": used.ru_maxrss // 1024,
            "kept": kept,
            "said": said[:300],
        }


if __name__ == "__main__":
    sys.exit(main())
