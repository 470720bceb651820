"""The script of `--fix-script`: written for a sick sample, run as a person would, and read."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.run import ROOT, SAMPLES, examine
from unetdoctor.checks.layers import written
from unetdoctor.facts import InputSpec, Request
from unetdoctor.reporters.fix_script import How, how, to_fix_script

CONTRAST = re.compile(r"contrast ([\d.]+)")
DIFFER = re.compile(r"channels differ by up to ([\d.]+)")


def run_script(target: str, folder: Path, **fields: object) -> tuple[str, list[str]]:
    """Return the script that is written for a sick target, and the lines that it prints."""
    report = examine(target, **fields)
    request = Request(target=target, directory=str(ROOT), **fields)
    script = to_fix_script(report, request)
    (folder / "fix.py").write_text(script, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "fix.py"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-800:]
    return script, ran.stdout.splitlines()


def number(pattern: re.Pattern[str], line: str) -> float:
    found = pattern.search(line)
    assert found is not None, line
    return float(found[1])


def test_a_layer_is_changed_in_the_model(tmp_path):
    script, (before, after) = run_script(f"{SAMPLES / 'ud301_identical_final_filters.py'}:Ill", tmp_path)
    assert "    nn.init.xavier_uniform_(model.draw.weight)" in script
    assert number(DIFFER, before) < 1 < 50 < number(DIFFER, after)
    assert {p.name for p in tmp_path.glob("*.png")} == {"before.png", "after.png"}


def test_what_is_fed_is_changed(tmp_path):
    target = f"{SAMPLES / 'ud409_latent_too_narrow.py'}:Ill"
    script, (before, after) = run_script(target, tmp_path, inputs=(InputSpec((16, 12), low=-0.01, high=0.01),))
    assert "def fix(latent):" in script
    assert number(CONTRAST, before) < 10 < 100 < number(CONTRAST, after)


def test_the_call_is_changed(tmp_path):
    target = f"{SAMPLES / 'ud101_skip_concat_mismatch.py'}:Ill"
    script, (before, after) = run_script(target, tmp_path, inputs=(InputSpec((1, 3, 50, 50)),))
    assert "y = model(x)[..., :height, :width]" in script
    assert before.startswith("before: forward() raises RuntimeError: Sizes of tensors must match")
    assert "(1, 2, 50, 50)" in after


def test_what_belongs_into_the_source_is_shown_on_the_recorded_pass(tmp_path):
    script, lines = run_script(f"{SAMPLES / 'ud411_activation_squeezes.py'}:Ill", tmp_path)
    assert "REMEDIES = (Remedy(action='rescale_input_of_activation'" in script
    assert "97.6 % at an end" in lines[0]
    assert " 0.5 % at an end" in lines[1]
    assert lines[2].startswith("The remedy belongs into your source")


def test_a_sound_model_has_nothing_to_fix():
    target = f"{SAMPLES / 'ud301_identical_final_filters.py'}:Healthy"
    report = examine(target)
    with pytest.raises(ValueError, match="no diagnosis has a remedy"):
        to_fix_script(report, Request(target=target, directory=str(ROOT)))


@pytest.mark.parametrize(
    ("patch", "where"),
    [
        ("nn.init.zeros_(model.head.bias)", How.MODEL),
        ("model.train()\nfor batch in loader:\n    model(batch)\nmodel.eval()", How.MODEL),
        ("latent = latent * 10", How.INPUT),
        ("x = x[:, :3]", How.INPUT),
        ("y = F.interpolate(model(x), size=x.shape[-2:])", How.CALL),
        ("self.blocks = nn.ModuleList(...)", How.SOURCE),
        ("branch = F.interpolate(branch, size=skip.shape[2:])", How.SOURCE),
        ("nn.Conv2d(3, 3, 1)", How.SOURCE),
        ("drop the second sigmoid", How.SOURCE),
        ("", How.SOURCE),
    ],
)
def test_where_lines_to_paste_belong(patch, where):
    assert how(patch) is where


def test_a_hostile_layer_name_stays_a_name():
    name = 'a") or print("gotcha'
    assert eval(written(name), {"model": type("M", (), {"get_submodule": lambda self, x: x})()}) == name
