"""`unetdoctor audit` as a person runs it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from unetdoctor.cli.audit_request import AuditRequest, audit_request
from unetdoctor.cli.errors import RequestError

Command = Callable[..., "object"]
ROOT = Path(__file__).resolve().parents[2]
COUNT = 12


def make(count: int = COUNT, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for folder in ("images", "masks"):
        Path(folder).mkdir(exist_ok=True)
    for number in range(count):
        mask = np.zeros((48, 48), np.uint8)
        top, left = rng.integers(4, 20, 2)
        mask[top : top + 20, left : left + 20] = 1
        image = rng.integers(0, 40, (48, 48, 3)) + 60 + mask[..., None] * np.array([110, 40, 10])
        Image.fromarray(image.astype(np.uint8)).save(f"images/{number:03}.png")
        Image.fromarray(mask).save(f"masks/{number:03}_mask.png")


def spawned(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "unetdoctor", "audit", *arguments],
        **{"capture_output": True, "text": True, "timeout": 120, "check": False, "env": environment, **options},  # type: ignore[call-overload]
    )


def test_help_fits_a_screen(command: Command) -> None:
    ran = command("audit", "--help")
    lines = ran.out.rstrip("\n").split("\n")
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 64
    assert "unetdoctor audit images masks --classes 4" in ran.out


def test_an_audit_from_folders_to_files(command: Command) -> None:
    make()
    Path("images/notes.txt").write_text("no picture")
    outputs = [part for kind in ("csv", "jsonl", "json", "text") for part in ("-o", f"{kind}=out.{kind}")]
    ran = command("audit", "images", "--task", "multiclass", "--classes", "2", *outputs)
    assert ran.code == 0, ran.out + ran.err
    assert "HEALTHY" in ran.out
    assert "Pairs   12" in ran.out
    assert "found in masks" in ran.out
    assert "v2.Normalize(mean=[" in ran.out
    assert "no picture: 1 .txt" in ran.out
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text())))
    records = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [row["name"] for row in rows] == [record["name"] for record in records]
    assert len(rows) == COUNT
    assert rows[0]["mask_file"] == "masks/000_mask.png"
    assert rows[0]["values"] == "0 1"
    report = json.loads(Path("out.json").read_text())
    assert report["data"]["totals"]["pairs"] == COUNT
    assert Path("out.text").read_text().startswith("✓ HEALTHY")


FORMATS = {
    "sarif": '"ruleId": "UD604"',
    "junit": '<testsuites name="unetdoctor"',
    "github": "::error file=masks/",
    "gitlab": '"check_name": "UD604 mask-values-not-ids"',
    "markdown": "| UD604 mask-values-not-ids |",
    "html": '<h3>mask-values-not-ids</h3><span class="code">UD604</span>',
    "json": '"code": "UD604"',
    "text": "UD604",
}


def ill() -> None:
    make(6)
    for path in Path("masks").iterdir():
        Image.fromarray(np.asarray(Image.open(path)) * np.uint8(255)).save(path)


def test_every_format_of_a_report(command: Command) -> None:
    ill()
    arguments = ("audit", "images", "masks", "--classes", "2", "--jobs", "1")
    outputs = [part for kind in FORMATS for part in ("-o", f"{kind}=out.{kind}")]
    assert command(*arguments, *outputs).code == 1
    for kind, words in FORMATS.items():
        assert words in Path(f"out.{kind}").read_text("utf-8"), kind
        again = command("report", "out.json", "--format", kind)
        assert again.code == 1
        assert words in again.out
    assert command(*arguments, *outputs).code == 1, "earlier files of ours are replaced"
    shown = command("report", "out.json").out
    assert "Pairs   6" in shown
    assert "Why" not in shown
    assert command("report", "out.json", "--ignore", "UD604").code == 0


def test_github_is_told_of_an_audit(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    ill()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    ran = command("audit", "images", "masks", "--classes", "2", "--jobs", "1")
    assert "::error file=masks/" in ran.err
    assert "UD604" in Path("summary.md").read_text()
    assert ran.out.startswith("✗ ILL")


def test_the_page_shows_the_worst_pairs(command: Command) -> None:
    ill()
    command("audit", "images", "masks", "--classes", "2", "--jobs", "1", "--out-dir", "out", "-o", "html=page.html")
    page = Path("page.html").read_text("utf-8")
    assert "data:image/png;base64," in page
    assert "not proved" not in page
    assert "<dt>Masks</dt><dd>6</dd>" in page


def test_mean_and_deviation_are_those_of_the_pixels(command: Command) -> None:
    make(4)
    pixels = np.concatenate([np.asarray(Image.open(f"images/{n:03}.png")).reshape(-1, 3) for n in range(4)]) / 255
    ran = command("audit", "images", "--jobs", "1")
    mean, std = (", ".join(f"{value:.4f}" for value in values) for values in (pixels.mean(axis=0), pixels.std(axis=0)))
    assert f"v2.Normalize(mean=[{mean}], std=[{std}])" in ran.out


def test_records_on_standard_output(command: Command) -> None:
    make(3)
    ran = command("audit", "images", "--format", "csv")
    assert [row["image_width"] for row in csv.DictReader(io.StringIO(ran.out))] == ["48"] * 3


def test_torch_stays_out_of_the_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(2)
    script = (
        "import sys\nfrom unetdoctor.cli import main\n"
        "if __name__ == '__main__':\n"
        "    code = main(['audit', 'images', '--format', 'json', '--jobs', '1', '--out-dir', 'out'])\n"
        "    sys.exit(code or ('torch' in sys.modules) * 50)\n"
    )
    Path("run.py").write_text(script)
    ran = subprocess.run(
        [sys.executable, "run.py"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 0, ran.stderr


def test_a_killed_audit_goes_on_with_equal_totals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(200)
    whole = spawned("images", "masks", "--format", "json", "--jobs", "1", "-o", "jsonl=whole.jsonl")
    spool = tmp_path / "spool"  # what is killed cannot remove its folder
    spool.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "unetdoctor", "audit", "images", "masks", "--jobs", "1"),
            *("--state", "audit.state", "-o", "jsonl=again.jsonl"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(spool)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    state = Path("audit.state")
    deadline = time.monotonic() + 60
    while process.poll() is None and (not state.exists() or state.read_bytes().count(b"\n") < 2):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.wait()
    psutil.wait_procs(children, timeout=20)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    assert not Path("again.jsonl").exists() or process.returncode == 0
    with state.open("ab") as stream:
        stream.write(b"0badc0de 3 {torn")
    again = spawned(
        "images", "masks", "--format", "json", "--jobs", "1", "--state", "audit.state", "-o", "jsonl=again.jsonl"
    )
    assert again.returncode == whole.returncode, again.stderr
    first, second = json.loads(whole.stdout), json.loads(again.stdout)
    assert first["data"] == second["data"]
    assert first["findings"] == second["findings"]
    assert Path("whole.jsonl").read_bytes() == Path("again.jsonl").read_bytes()
    (Path("images") / "000.png").touch()
    refused = spawned("images", "masks", "--state", "audit.state", "-o", "jsonl=again.jsonl")
    assert refused.returncode == 2
    assert "belongs to other files" in refused.stderr


def test_an_interrupted_audit_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(300)
    process = subprocess.Popen(
        [sys.executable, "-m", "unetdoctor", "audit", "images", "--jobs", "2", "--state", "s"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(psutil.Process(process.pid).children()) < 3 or not Path("s").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaint == "error: Interrupted. What is finished is kept in s: the same command goes on from there.\n"
    psutil.wait_procs(children, timeout=20)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_a_contact_sheet_is_drawn_of_what_is_wrong(command: Command) -> None:
    make(6)
    Path("images/002.png").write_bytes(Path("images/002.png").read_bytes()[:200])
    Image.open("masks/003_mask.png").resize((24, 24), Image.Resampling.NEAREST).save("masks/003_mask.png")
    ran = command("audit", "images", "masks", "--out-dir", "worst", "--fail-on", "never")
    with Image.open("worst/worst.png") as page:
        assert page.width > 400
    assert "worst/worst.png" in ran.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "IMAGES is missing."),
        (["images", "--loader", "a.py:b"], "--loader takes the place of IMAGES"),
        (["no"], "There is no file or folder no."),
        (["images", "mask"], "There is no file or folder mask. Did you mean masks?"),
        (["images", "--classes", "0"], "--classes must be at least 1"),
        (["images", "--decode", "2"], "--decode expects a share from 0 to 1"),
        (["images", "--mean", "0.5"], "--std is missing"),
        (["images", "--mean", "a", "--std", "1"], "--mean expects one number or three"),
        (["images", "--mean", "123,117,104", "--std", "1"], "--mean 0.482,0.459,0.408"),
        (["images", "--mean", "0", "--std", "0"], "--std expects numbers above 0"),
        (["images", "--palette", "no.txt"], "--palette: There is no palette 'no.txt'"),
        (["images", "--select", "UD203"], "--select UD203 leaves no check that reads images and masks; these are UD6"),
        (["images", "--format", "xml"], "markdown, html, csv or jsonl, not 'xml'"),
        (["images", "-o", "csv"], "-o expects FORMAT=FILE"),
        (["images", "-o", "csv=a", "-o", "json=a"], "-o names the same file twice"),
        (["images", "-o", "csv=model.py"], "the file is no earlier csv of ours"),
        (["images", "--state", "a", "--resume"], "--resume is --state in the folder"),
        (["images", "--state", "model.py"], "is no state of an audit"),
        (["images", "--state", "no/such"], "is not a folder; make it first"),
        (["images", "-q", "-v"], "-q and -v exclude each other"),
        (["images", "masks", "third"], "A pattern goes in quotes"),
        (["-"], "nothing comes in there"),
        (["--loader", "model.py"], "names no function"),
        (["images", "--engine", "dask"], "--engine must be local or ray"),
    ],
)
def test_a_wrong_request_is_one_sentence(command: Command, arguments: list[str], sentence: str) -> None:
    make(1)
    ran = command("audit", *arguments)
    assert ran.code == 2, ran.out
    assert sentence in ran.err
    assert ran.err.startswith("error: ")


def test_ray_that_is_not_installed_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    make(1)
    monkeypatch.setitem(sys.modules, "ray", None)
    ran = command("audit", "images", "--engine", "ray")
    assert ran.code == 2
    assert "--engine ray needs Ray, which is not installed." in ran.err
    assert "pip install 'unetdoctor[ray]'" in ran.err


def test_names_of_any_bytes_are_inert(command: Command) -> None:
    make(1)
    os.rename(b"images/000.png", b"images/\x1b[31m\xff\n=cmd.png")  # noqa: PTH104
    ran = command("audit", "images", "--format", "csv")
    assert ran.code in (0, 1)
    assert "\x1b" not in ran.out
    assert "\\x1b[31m\\xff\\x0a=cmd.png" in ran.out.replace("\\\\", "\\")


def test_normalisations_have_names() -> None:
    options = {"task": "auto", "classes": None, "ignore_index": None, "palette": None, "decode": 1.0}
    rest = {"select": (), "ignore": (), "fail_on": "error", "files": ()}
    asked = audit_request(AuditRequest(images="x"), **options, mean="imagenet", std="imagenet", **rest)  # type: ignore[arg-type]
    assert asked.declared.mean == (0.485, 0.456, 0.406)
    with pytest.raises(RequestError):
        audit_request(AuditRequest(images="x"), **options, mean="0.5,0.5", std="1", **rest)  # type: ignore[arg-type]


def test_paths_come_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(2)
    ran = spawned("-", "masks", input="images/000.png\nimages/001.png\n")
    assert "Pairs   2" in ran.stdout, ran.stderr


def test_resume_keeps_its_state_with_the_results(command: Command) -> None:
    make(3)
    first = command("audit", "images", "--resume", "--out-dir", "out")
    again = command("audit", "images", "--resume", "--out-dir", "out")
    assert Path("out/audit.state").exists()
    assert "3 kept from before" in again.out
    assert first.out.split("\n")[0] == again.out.split("\n")[0]


def test_what_was_there_before_is_left_alone(command: Command) -> None:
    make(1)
    Path("mine.csv").write_text("a,b\n")
    assert command("audit", "images", "-o", "csv=mine.csv").code == 2
    assert Path("mine.csv").read_text() == "a,b\n"
    assert command("audit", "images", "-o", "csv=mine.csv", "--force", "--fail-on", "never").code == 0
    assert command("audit", "images", "-o", "csv=mine.csv", "--fail-on", "never").code == 0
