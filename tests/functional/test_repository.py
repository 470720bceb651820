"""A repository with two models, a baseline and an ignored finding, as CI meets it: real workers, real commands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.functional.run import ROOT, SAMPLES
from unetdoctor.facts.reading import read_report

SETTINGS = """
[tool.unetdoctor]
targets = ["gan.py:Ill", { target = "mask.py:Ill", task = "binary" }]
baseline = "unetdoctor-baseline.json"
budget = 2
"""
FAULT = """
    def __init__(self) -> None:
        super().__init__()
        self.think.weight.data *= 1000
"""
HEAD = "class Ill(_Segmenter):\n"
TITLE = '    """Cuts every negative logit off."""\n'
README = ROOT / "README.md"
BLOCK = re.compile(r"<!-- ci: (?P<name>[\w-]+) -->\n```yaml\n(?P<text>.*?)```", re.DOTALL)


def run(folder: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which `unetdoctor` is this very package."""
    line = command.replace("unetdoctor ", f"{sys.executable} -m unetdoctor ", 1)
    return subprocess.run(
        ["/bin/sh", "-ec", line],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "PYTHONIOENCODING": "utf-8",
            **environment,
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def ignore(folder: Path, code: str, reason: str) -> None:
    """Put a comment on the line that a finding of the second model names."""
    ran = run(folder, "unetdoctor check mask.py:Ill --no-baseline --format json")
    finding = next(f for f in json.loads(ran.stdout)["findings"] if f["code"] == code and f["severity"] == "error")
    lines = (folder / finding["place"]["file"]).read_text().splitlines()
    lines[finding["place"]["line"] - 1] += f"  # unetdoctor: ignore[{code}] {reason}"
    (folder / finding["place"]["file"]).write_text("\n".join(lines) + "\n")


def break_it(folder: Path) -> None:
    source = (folder / "mask.py").read_text()
    assert HEAD + TITLE in source
    (folder / "mask.py").write_text(source.replace(HEAD + TITLE, HEAD + TITLE + FAULT))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the repository: what is wrong with the first model is known, what is with the second is meant."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "gan.py").write_text((SAMPLES / "ud301_identical_final_filters.py").read_text())
    (folder / "mask.py").write_text((SAMPLES / "ud507_relu_on_output.py").read_text())
    (folder / "pyproject.toml").write_text(SETTINGS)
    ignore(folder, "UD507", "the loss expects values of 0 and more")
    written = run(folder, "unetdoctor baseline write")
    assert written.returncode == 0, written.stderr
    return folder


def copied(repository: Path, folder: Path) -> Path:
    for file in repository.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def blocks() -> dict[str, Any]:
    """Return the configurations that the README shows."""
    yaml = pytest.importorskip("yaml")
    found = {match["name"]: yaml.safe_load(match["text"]) for match in BLOCK.finditer(README.read_text("utf-8"))}
    if not found:
        pytest.skip("README.md does not show the configurations yet")
    return found


def new(folder: Path) -> list[tuple[str, str]]:
    """Return (code, layer) of what counts in the file of a run."""
    reports = [read_report(values) for values in json.loads((folder / "run.json").read_text("utf-8"))]
    return [
        (f.code, f.place.layer) for report in reports for f in report.findings if f.counts and f.severity == "error"
    ]


def test_what_is_known_and_what_is_meant_pass_and_what_is_new_fails(repository: Path, tmp_path: Path) -> None:
    folder = copied(repository, tmp_path)
    before = run(folder, "unetdoctor check -o json=run.json -o sarif=run.sarif -o junit=run.xml")
    assert before.returncode == 0, before.stdout + before.stderr
    assert new(folder) == []
    assert "2 targets: none failing, 3 findings suppressed." in before.stdout
    break_it(folder)
    after = run(folder, "unetdoctor check -o json=run.json -o sarif=run.sarif -o gitlab=run.gitlab")
    assert after.returncode == 1, after.stdout + after.stderr
    assert new(folder) == [("UD306", "think")]
    errors = [line for line in after.stdout.splitlines() if line.startswith("    error ")]
    assert len(errors) == 1
    assert errors[0].startswith("    error UD306 weight-scale-off at think (mask.py:21)")
    assert [issue["check_name"] for issue in json.loads((folder / "run.gitlab").read_text())] == [
        "UD306 weight-scale-off"
    ]
    runs = json.loads((folder / "run.sarif").read_text("utf-8"))["runs"]
    open_ = [r["ruleId"] for found in runs for r in found["results"] if not r.get("suppressions")]
    assert open_ == ["UD306"]


def test_a_comment_that_is_no_longer_needed_is_told(repository: Path, tmp_path: Path) -> None:
    folder = copied(repository, tmp_path)
    source = (folder / "mask.py").read_text()
    (folder / "mask.py").write_text(source.replace("torch.relu(self.logits(picture))", "1.0 * self.logits(picture)"))
    ran = run(folder, "unetdoctor check")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^    Stale: ignore\[UD507\] in mask\.py:\d+ suppresses nothing", ran.stdout, re.MULTILINE)


def test_the_workflow_of_the_readme_does_the_same(repository: Path, tmp_path: Path) -> None:
    workflow = blocks()["github"]
    steps = workflow["jobs"]["check"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands[0].startswith("python -m pip install")
    folder = copied(repository, tmp_path)
    actions = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    for broken, code in ((False, 0), (True, 1)):
        if broken:
            break_it(folder)
        (ran,) = (run(folder, command, **actions) for command in commands[1:])
        assert ran.returncode == code, ran.stdout + ran.stderr
        annotations = [line for line in ran.stderr.splitlines() if line.startswith("::error")]
        assert len(annotations) == code
        assert all("file=mask.py,line=21,title=UD306" in line for line in annotations)
        assert (folder / "summary.md").stat().st_size
    uploaded = next(step["with"]["sarif_file"] for step in steps if "upload-sarif" in step.get("uses", ""))
    assert (folder / uploaded).exists()


@pytest.mark.parametrize("name", ["gitlab", "pre-commit", "action"])
def test_the_other_configurations_of_the_readme_run(repository: Path, tmp_path: Path, name: str) -> None:
    block = blocks()[name]
    if name == "gitlab":
        job = block["unetdoctor"]
        command, files = job["script"][1], job["artifacts"]["reports"].values()
    elif name == "pre-commit":
        (hook,) = block["repos"][0]["hooks"]
        command, files = hook["entry"], ()
    else:
        command, files = block["runs"]["steps"][1]["run"].replace("${{ inputs.options }}", "-q"), ("unetdoctor.sarif",)
    folder = copied(repository, tmp_path)
    (folder / "pyproject.toml").write_text(SETTINGS.replace('"gan.py:Ill", ', ""))
    ran = run(folder, command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert all((folder / file).exists() for file in files)
