"""`audit --loader`: a person's Dataset runs in the worker, and whatever it does is a verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
from pathlib import Path
import torch
from torch.utils.data import Dataset

class Shapes(Dataset):
    def __init__(self, flips=False): self.flips = flips
    def __len__(self): return 24
    def __getitem__(self, index):
        g = torch.Generator().manual_seed(index)
        mask = torch.zeros(64, 64, dtype=torch.long)
        for _ in range(3):
            top, left = (int(x) for x in torch.randint(2, 40, (2,), generator=g))
            mask[top:top + 18, left:left + 12] = 1
        image = 0.2 + 0.5 * mask.float().repeat(3, 1, 1) + 0.03 * torch.randn(3, 64, 64, generator=g)
        if self.flips and index % 2: image = image.flip(-1)
        return image, mask

def sound(): return Shapes()
class Bytes(Shapes):
    def __getitem__(self, index):
        image, mask = super().__getitem__(index)
        return (255 * image.clamp(0, 1)).to(torch.uint8), mask

def flips(): return Shapes(flips=True)

class Raises(Shapes):
    def __getitem__(self, index):
        if index == 5:
            raise ValueError("no such label")
        return super().__getitem__(index)

class Always(Shapes):
    def __getitem__(self, index):
        raise KeyError("id")

class Relative(Shapes):
    def __init__(self):
        super().__init__()
        self.numbers = [int(line) for line in open("lists/train.txt")]
        try: open("lists/written.txt", "w").close()
        except OSError: pass
    def __getitem__(self, index):
        assert Path("lists/train.txt").exists()
        return super().__getitem__(self.numbers[index])

class Hangs(Shapes):
    def __getitem__(self, index):
        while True:
            pass
"""


def ran(folder: Path, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(SCRIPT)
    return subprocess.run(
        [sys.executable, "-m", "unetdoctor", "audit", "--loader", f"train.py:{name}", "--classes", "2", *options],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=240,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SCRIPT.split("\n"), 1) if text in line)


def test_a_sound_dataset_is_healthy(tmp_path: Path) -> None:
    found = ran(tmp_path, "sound", "-o", "jsonl=records.jsonl")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "float32 3x64x64" in found.stdout
    assert "int64 64x64" in found.stdout
    records = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
    assert [record["name"] for record in records][:2] == ["sample 0", "sample 1"]


def test_an_augmentation_that_moves_the_image_alone_is_found(tmp_path: Path) -> None:
    found = ran(tmp_path, "flips", "--out-dir", "out")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "UD608" in found.stdout
    assert "flipped left-right" in found.stdout
    assert (tmp_path / "out" / "worst.png").stat().st_size > 5000


def test_a_type_that_no_network_reads_is_an_error(tmp_path: Path) -> None:
    found = ran(tmp_path, "Bytes", "-o", "json=run.json")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "UD603  input-dtype-or-range" in found.stdout
    assert "image = image.float() / 255" in found.stdout
    saved = json.loads((tmp_path / "run.json").read_text())
    assert saved["data"]["yielded"]["images"][0]["dtype"] == "uint8"


def test_relative_paths_are_those_of_the_person_and_nothing_is_written_there(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.txt").write_text("\n".join(map(str, range(24))))
    found = ran(tmp_path, "Relative", "-o", "json=run.json")
    assert found.returncode == 0, found.stdout + found.stderr
    enforced = json.loads((tmp_path / "run.json").read_text())["environment"]["enforced"]
    if any("Landlock" in words for words in enforced):
        assert [path.name for path in (tmp_path / "lists").iterdir()] == ["train.txt"]


def test_a_sample_that_raises_is_a_record_beside_the_others(tmp_path: Path) -> None:
    found = ran(tmp_path, "Raises", "-o", "jsonl=records.jsonl")
    assert found.returncode == 1, found.stdout + found.stderr
    where = f"train.py:{line_of('no such label')}"
    said = " ".join(found.stdout.split())
    assert "raises an error when the Dataset is asked for it; sample 5: ValueError: no such label" in said
    assert where in said
    records = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
    assert len(records) == 24
    assert records[5]["image"]["fault"] == "raised an error"
    assert records[5]["image"]["reason"] == f"sample 5 raised ValueError: no such label ({where})."


@pytest.mark.parametrize(
    ("name", "options", "words", "line"),
    [
        ("Always", (), "Stage sample raised KeyError", 'raise KeyError("id")'),
        ("Hangs", ("--timeout", "2"), "Stage sample:0 did not end within its 2 s", "while True:"),
    ],
)
def test_an_error_of_the_dataset_is_a_verdict(
    tmp_path: Path, name: str, options: tuple[str, ...], words: str, line: str
) -> None:
    found = ran(tmp_path, name, *options)
    assert found.returncode == 3
    assert words in found.stderr
    assert any(f"train.py:{line_of(line) + more}" in found.stderr for more in (0, 1))
