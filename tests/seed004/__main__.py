"""`python -m tests.seed004 [WAY ...]`: run the trained DeepLabV3 in five wrong ways and say what is named first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.named import names_asked
from tests.seed004.scenes import MEAN, STD, UNSEEN, scenes
from tests.seed004.training import CACHE, WEIGHTS, ensure

HERE = Path(__file__).resolve().parent
PICTURES = 4
NORMALISED = ("--mean", ",".join(map(str, MEAN)), "--std", ",".join(map(str, STD)))
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "right": (NORMALISED, ()),
    "right-painted": ((*NORMALISED, "--postprocess", f"{HERE / 'show.py'}:right"), ()),
    "unnormalised": (("--scale", "255"), ("UD601",)),
    "bgr": ((*NORMALISED, "--channels", "bgr"), ("UD602",)),
    "uint8-cast": ((*NORMALISED, "--postprocess", f"{HERE / 'show.py'}:cast"), ("UD508",)),
    "argmax-times-255": ((*NORMALISED, "--postprocess", f"{HERE / 'show.py'}:times_255"), ("UD509",)),
    "black-palette": ((*NORMALISED, "--postprocess", f"{HERE / 'show.py'}:black"), ("UD510",)),
}
"""Way -> (options, codes that name it)."""


def write_pictures() -> Path:
    """Write photographs that training never saw, with their masks; return the folder."""
    folder = CACHE / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (picture, ids) in enumerate(zip(*scenes(PICTURES, 4004, UNSEEN), strict=True)):
        levels = (picture * 255).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(folder / f"scene-{number}.png")
        Image.fromarray(ids.numpy().astype(np.uint8)).save(folder / f"scene-{number}_mask.png")
    return folder


def run(way: str, folder: Path) -> dict[str, object]:
    """Examine one way as a person would, with pictures; return the JSON report."""
    options, _ = WAYS[way]
    out = CACHE / "reports" / way
    command = [sys.executable, "-m", "unetdoctor", "inspect", str(HERE / "model.py"), "-w", str(WEIGHTS)]
    command += ["--image", str(folder / "scene-?.png"), "--mask", str(folder / "*_mask.png")]
    command += ["--task", "multiclass", "--classes", "3", *options, "--out-dir", str(out), "--format", "json"]
    command += ["-o", f"text={CACHE / f'{way}.txt'}", "--force"]
    environment = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if not done.stdout.strip():
        raise RuntimeError(done.stderr)
    report: dict[str, object] = json.loads(done.stdout)
    return report


def line(way: str, report: dict[str, object]) -> tuple[str, bool]:
    """Return one line of the table, and whether the way was named first."""
    diagnoses, wanted = report["diagnoses"], WAYS[way][1]
    assert isinstance(diagnoses, list)
    first = diagnoses[0] if diagnoses else {"code": "-", "name": "nothing", "confirmed": False, "trial": None}
    trial = first["trial"] or {}
    right = first["code"] in wanted if wanted else report["state"] == "healthy" and not diagnoses
    dice = f"{_number(trial.get('dice_before'))} -> {_number(trial.get('dice_after'))}" if trial else ""
    if not trial and isinstance(report.get("scores"), dict):
        dice = _number(report["scores"]["dice"])  # type: ignore[index]
    proved = "proved" if first["confirmed"] else ""
    word = "ok" if right else "WRONG"
    return f"{way:17} {report['state']:10} {first['code']} {first['name']:26} {proved:7} {dice:16} {word}", right


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main(names: list[str]) -> int:
    """Print the table; 0 where every way is named rightly."""
    ensure()
    folder = write_pictures()
    good = True
    for way in names or list(WAYS):
        text, right = line(way, run(way, folder))
        print(text, flush=True)
        good &= right
    print(f"pictures: {CACHE / 'reports'}/*/sheet.png")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(names_asked("tests.seed004", __doc__, WAYS)))
