"""`make golden`: regenerates the README's blocks and pictures."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.golden.readme import PICTURES, README, ROOT, WIDTH, regenerated
from unetdoctor.facts import Report
from unetdoctor.facts.contract import load_report
from unetdoctor.reporters.svg import to_svg

EXAMINED = "sample_models/generator_grey.py"


def examine(folder: Path) -> Path:
    """Examine the grey generator and return the folder of its pictures, with `report.json` in it."""
    run = subprocess.run(
        [sys.executable, "-m", "unetdoctor", "inspect", EXAMINED, "--out-dir", str(folder), "--format", "json"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        check=True,
    )
    (folder / "report.json").write_bytes(run.stdout)
    return folder


def as_typed(report: Report) -> Report:
    """Return the report with the pictures' usual folder in the place of this run's."""
    folder = f"unetdoctor-out/{Path(EXAMINED).stem}"
    previews = tuple(replace(p, file=f"{folder}/{Path(p.file).name}") for p in report.previews)
    return replace(report, previews=previews)


def offline(svg: str) -> str:
    """Return the drawing without the fonts that it would fetch; a viewer's own monospace stands in."""
    return re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)


def main() -> None:
    """Write everything anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = examine(Path(folder))
        shutil.copyfile(next(found.rglob("sheet.png")), PICTURES / "sheet.png")
        report = load_report(json.loads((found / "report.json").read_text("utf-8")))
    (PICTURES / "demo.svg").write_text(offline(to_svg(as_typed(report), WIDTH)), "utf-8")
    README.write_text(regenerated(README.read_text("utf-8")), "utf-8")
    print(f"{README.name}, {PICTURES.relative_to(ROOT)}/")


if __name__ == "__main__":
    main()
