"""What is the user's stays the user's: no input changes, nothing is sent, no secret is written, no file lies about."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-5f2e9b71c4"
MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(4, 2, 1)
    def forward(self, x):
        return self.head(self.enc(x))
"""
NO_NETWORK = """
import socket, sys

def refused(*arguments, **options):
    with open({marker!r}, "a") as file:
        file.write(f"{{arguments!r}}\\n")
    raise OSError("the network was asked for")

for name in ("create_connection", "getaddrinfo", "gethostbyname"):
    setattr(socket, name, refused)

class NoSocket(socket.socket):
    def connect(self, address):
        refused(address)
    connect_ex = connect
    def __init__(self, family=-1, *arguments, **options):
        if family not in (-1, socket.AF_UNIX):
            refused(family)
        super().__init__(family, *arguments, **options)

socket.socket = NoSocket
"""
"""A sitecustomize: parent and worker alike have no network, and asking for it leaves a mark."""

COMMANDS = {
    "inspect": [
        *("inspect", "model.py", "-w", "weights.pt", "--image", "images/0.png", "--mask", "masks/0.png"),
        *("--out-dir", "out", "-v", "--format", "json", "--fail-on", "never"),
        *(f"-o {kind}=out.{kind}" for kind in ("text", "json", "sarif", "junit", "github", "gitlab", "markdown")),
        *(
            "-o html=out.html",
            "-o svg=out.svg",
        ),
    ],
    "audit": ["audit", "images", "masks", "--out-dir", "out", "-o csv=out.csv", "-o jsonl=out.jsonl", "--jobs", "1"],
    "sizes": ["sizes", "model.py"],
    "trace": ["trace", "model.py", "--csv", "out.csv"],
    "check": ["check", "-o json=out.json", "--fail-on", "never"],
    "baseline": ["baseline", "write"],
}
WRITTEN = {
    "inspect": {
        "out",
        *(f"out.{k}" for k in ["text", "json", "sarif", "junit", "github", "gitlab", "markdown", "html", "svg"]),
    },
    "audit": {"out.csv", "out.jsonl"},  # nothing is wrong there, so no pair is drawn
    "sizes": set(),
    "trace": {"out.csv"},
    "check": {"out.json"},
    "baseline": {"unetdoctor-baseline.json"},
}
"""What each command was asked to write; nothing else may be there afterwards."""


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a user has it: a model, weights, pictures, masks, settings and secrets."""
    import torch

    folder = tmp_path_factory.mktemp("things")
    (folder / "model.py").write_text(MODEL)
    torch.manual_seed(0)
    state = {"enc.0.weight": torch.randn(4, 3, 3, 3), "enc.0.bias": torch.zeros(4)}
    torch.save({**state, "head.weight": torch.randn(2, 4, 1, 1), "head.bias": torch.zeros(2)}, folder / "weights.pt")
    values = np.random.default_rng(0)
    for name, shape in (("images", (32, 32, 3)), ("masks", (32, 32))):
        (folder / name).mkdir()
        for number in range(3):
            pixels = values.integers(0, 255 if name == "images" else 2, shape, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    (folder / "pyproject.toml").write_text('[tool.unetdoctor]\ntargets = ["model.py"]\n')
    (folder / ".env").write_text(f"API_KEY={CANARY}\n")
    return folder


def listed(*folders: Path) -> dict[str, str]:
    """Every file below some folders with the hash of its bytes, and every folder."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_leaves_all_as_it_was(command: str, things: Path, tmp_path: Path) -> None:
    home, temporary, site, marker = (tmp_path / name for name in ("home", "temp", "site", "asked"))
    for folder in (home, temporary, site):
        folder.mkdir()
    (site / "sitecustomize.py").write_text(NO_NETWORK.format(marker=str(marker)))
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG", "OMP_NUM_THREADS") if name in os.environ},
        **dict.fromkeys(("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "NVIDIA_API_KEY", "CANARY", "DATABASE_URL"), CANARY),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": os.pathsep.join((str(site), str(ROOT))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    words = [part for word in COMMANDS[command] for part in (word.split(" ") if word.startswith("-") else [word])]
    before = listed(things, home, temporary)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "unetdoctor", *words],
            cwd=things,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=280,
            check=False,
        )
        assert run.returncode in (0, 1), run.stderr.decode()[-2000:]
        after = listed(things, home, temporary)
        assert {name: after.get(name) for name in before} == before
        new = {Path(name).relative_to(things).parts[0] for name in set(after) - set(before)}
        assert new == WRITTEN[command]
        assert not marker.exists(), marker.read_text()
        for name in set(after) - set(before):
            assert Path(name).is_dir() or CANARY.encode() not in Path(name).read_bytes(), name
        assert CANARY.encode() not in run.stdout + run.stderr
    finally:
        for name in sorted(set(listed(things)) - set(before), reverse=True):
            Path(name).rmdir() if Path(name).is_dir() else Path(name).unlink()


def test_a_saved_run_is_only_read(things: Path, tmp_path: Path) -> None:
    from tests.reporters import build
    from unetdoctor.cli import main
    from unetdoctor.reporters.json_report import to_json

    saved = tmp_path / "run.json"
    saved.write_text(to_json(build.ill()))
    before = listed(tmp_path)
    main(["report", str(saved), "--fail-on", "never"])
    assert listed(tmp_path) == before


def test_the_network_is_not_needed(things: Path) -> None:
    """In a network namespace of its own, where not even the local interface is up."""
    fenced = ["unshare", "-rn", "true"]
    if not Path("/proc/self/ns/net").exists() or subprocess.run(fenced, capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here")
    run = subprocess.run(
        ["unshare", "-rn", sys.executable, "-m", "unetdoctor", "sizes", "model.py", "--format", "json"],
        cwd=things,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    assert json.loads(run.stdout)["passes"] > 0
