"""The same run twice gives the same bytes, the run block left out; with other threads, the same conclusions."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unetdoctor.cli import main
from unetdoctor.facts import Request
from unetdoctor.reporters.json_report import to_json

NOISE = 1e-4
"""Relative. Between one thread and two, torch's convolutions differ by up to 5e-7 here, what is taken from differences
of channels by up to 4e-6; numbers in sentences are printed with three digits, so they are left out."""
SMALL = 1e-5
MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.down = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(24, 3, 1)
    def forward(self, x):
        x = self.enc(x)
        y = nn.functional.interpolate(self.down(x), scale_factor=2, mode="bilinear")
        return self.head(torch.cat([x, y], 1))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("determinism")
    (made / "model.py").write_text(MODEL)
    values = np.random.default_rng(0)
    for name, shape, end in (("images", (32, 40, 3), 255), ("masks", (32, 40), 3)):
        (made / name).mkdir()
        for number in range(12):
            Image.fromarray(values.integers(0, end, shape, dtype=np.uint8)).save(made / name / f"{number}.png")
    (made / "images" / "0.png").write_bytes(b"no picture")
    return made


@pytest.fixture
def threads() -> Iterator[Any]:
    import torch

    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def request(folder: Path) -> Request:
    pictures = (str(folder / "images" / "1.png"),)
    masks = (str(folder / "masks" / "1.png"),)
    return Request("model.py", directory=str(folder), images=pictures, masks=masks, pictures=False)


def without_run(text: str) -> str:
    values = json.loads(text)
    assert values.pop("timings")
    return json.dumps(values)


def examined(folder: Path) -> str:
    from unetdoctor.pipeline import examine_in_process

    return without_run(to_json(examine_in_process(request(folder))))


def test_twice_in_one_process_with_one_thread_and_with_two(folder: Path, threads: Any) -> None:
    threads(1)
    first = examined(folder)
    assert examined(folder) == first
    threads(2)
    second = examined(folder)
    assert examined(folder) == second
    apart = list(differences(json.loads(first), json.loads(second)))
    assert not apart, apart[:10]


def differences(first: Any, second: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield what is not equal: all but numbers exactly, numbers beyond the noise, sentences without their numbers."""
    if isinstance(first, dict) and isinstance(second, dict) and list(first) == list(second):
        for key in first:
            yield from differences(first[key], second[key], f"{where}.{key}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from differences(one, other, f"{where}[{index}]")
    elif isinstance(first, float) and isinstance(second, float):
        if not math.isclose(first, second, rel_tol=NOISE, abs_tol=SMALL):
            yield where, first, second
    elif isinstance(first, str) and isinstance(second, str):
        if re.sub(r"[\d.e+-]+", "0", first) != re.sub(r"[\d.e+-]+", "0", second) and not where.endswith("sha256"):
            yield where, first, second
    elif first != second and ".histogram" not in where:
        yield where, first, second


def test_differences_are_found() -> None:
    assert not list(differences({"a": [1.0, "4.4 of 20"]}, {"a": [1.00001, "4.5 of 20"]}))
    assert list(differences({"a": 1.0}, {"a": 1.01}))
    assert list(differences({"state": "ill"}, {"state": "healthy"}))
    assert list(differences({"a": [1]}, {"a": [1, 2]}))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(arguments) in (0, 1, 3)
    return capsys.readouterr().out


def test_the_command_twice(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    asked = ("inspect", "model.py", "--image", "images/1.png", "--mask", "masks/1.png", "--format", "json")
    first, second = (without_run(run(capsys, *asked, "--out-dir", "out")) for _ in range(2))
    assert first == second
    assert json.loads(first)["environment"]["enforced"]
    hashes = [preview["sha256"] for preview in json.loads(first)["previews"]]
    assert len(hashes) > 5


@pytest.mark.parametrize("name", ["sizes", "trace"])
def test_other_answers_twice(name: str, folder: Path, tmp_path: Path, threads: Any) -> None:
    from unetdoctor.pipeline import InProcess, sizes, trace
    from unetdoctor.pipeline.sizes import run as run_sizes
    from unetdoctor.pipeline.trace import run as run_trace

    assert sizes is not trace
    course = {"sizes": run_sizes, "trace": run_trace}[name]
    threads(1)
    asked = Request("model.py", directory=str(folder))
    first, second = (json.loads(to_json(course(asked, InProcess(tmp_path)))) for _ in range(2))
    first.pop("timings", None)
    second.pop("timings", None)
    assert first == second


def test_an_audit_with_one_process_and_with_two(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    made = []
    for number, jobs in enumerate(("1", "1", "2")):
        out = tmp_path / str(number)
        out.mkdir()
        files = (f"csv={out / 'a.csv'}", f"jsonl={out / 'a.jsonl'}")
        text = run(
            capsys, "audit", "images", "masks", "--jobs", jobs, "--format", "json", "-o", files[0], "-o", files[1]
        )
        made.append((without_run(text), (out / "a.csv").read_bytes(), (out / "a.jsonl").read_bytes()))
    assert made[0] == made[1] == made[2]


RAISES = """
import os
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
    def forward(self, x):
        raise ValueError(f"bad {object()!r} in {os.path.abspath('x')}")
"""


def test_what_is_raised_is_told_without_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.py").write_text(RAISES)
    monkeypatch.chdir(tmp_path)
    text = run(capsys, "inspect", "model.py", "--no-pictures", "--format", "json")
    assert "bad <object object at 0x...> in ./x" in text
    assert not re.search(r"0x[0-9a-f]{6}|udoctor-", text)


def test_addresses_and_the_directory_of_the_worker_are_left_out() -> None:
    from unetdoctor.facts.lasting import lasting

    assert lasting("<T object at 0x7fbefe244290> in /tmp/udoctor-7hvc86y0/work/a.pt") == "<T object at 0x...> in ./a.pt"
    assert lasting("0x10 of 12") == "0x10 of 12"
