"""The fence and a GPU: its device files stay open, and a device that is not there is never replaced by the CPU."""

import subprocess
import sys
from pathlib import Path

import pytest

from unetdoctor.worker import limits

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys
from pathlib import Path
from unetdoctor.worker import landlock
landlock.DEV = Path(sys.argv[1])
print(landlock.confine([Path(sys.argv[2])])[0])
for path in sys.argv[3:]:
    try:
        with open(path, "r+b", buffering=0) as device:
            device.write(b"x")
        print("open")
    except OSError as error:
        print(type(error).__name__)
"""
GPU = ("nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-caps/nvidia-cap1", "dri/renderD128", "kfd", "shm/torch_1")


def test_the_files_of_a_gpu_can_be_written_and_others_cannot(tmp_path: Path) -> None:
    devices, scratch = tmp_path / "dev", tmp_path / "scratch"
    scratch.mkdir()
    for name in (*GPU, "sda", "tty"):
        (devices / name).parent.mkdir(parents=True, exist_ok=True)
        (devices / name).write_bytes(b"-")
    paths = [str(devices / name) for name in (*GPU, "sda", "tty")]
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(devices), str(scratch), *paths],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    if "offers no Landlock" in run.stderr:
        pytest.skip("this kernel offers no Landlock")
    first, *found = run.stdout.splitlines()
    assert "Landlock" in first
    assert found == ["open"] * len(GPU) + ["PermissionError"] * 2


def test_a_kernel_without_landlock_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from unetdoctor.worker import landlock

    def absent(_writable: list[Path]) -> list[str]:
        raise OSError(38, "this kernel offers no Landlock")

    monkeypatch.setattr(landlock, "confine", absent)
    done, failed = limits.before_user_code([], None, confine=True, linux=True)
    assert (done, failed) == ([], ["Landlock: this kernel offers no Landlock"])
    assert limits.before_user_code([], None, confine=False, linux=True)[1] == ["Landlock: switched off by --no-sandbox"]


def test_a_gpu_that_is_asked_for_and_not_seen_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from unetdoctor.engine.loading import devices
    from unetdoctor.engine.loading.errors import RequestError

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RequestError, match="no CUDA device"):
        devices.check("cuda")
