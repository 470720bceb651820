"""`make golden`: regenerates the README's blocks and pictures."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.golden.readme import PICTURES, README, ROOT, regenerated

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


def main() -> None:
    """Write everything anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = examine(Path(folder))
        sheet = next(found.rglob("sheet.png"))
        shutil.copyfile(sheet, PICTURES / "sheet.png")
    README.write_text(regenerated(README.read_text("utf-8")), "utf-8")
    print(f"{README.name}, {PICTURES.relative_to(ROOT)}/")


if __name__ == "__main__":
    main()
