"""A disk that is full while pictures are kept costs the pictures, and nothing that was found."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from unetdoctor.facts import Request
from unetdoctor.pipeline import InProcess
from unetdoctor.pipeline.course import run

GREY = """
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 3, 1)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        return self.head(self.body(x).relu()).sigmoid()
"""


class Full(InProcess):
    """A channel whose disk takes a number of files, and no more."""

    def __init__(self, folder: Path, room: int) -> None:
        super().__init__(folder)
        self.room = room

    def raw(self, name: str, data: bytes) -> dict[str, Any]:
        """Write the file, or fail as a full disk does."""
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().raw(name, data)


def test_what_was_found_stands_without_its_pictures(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    (tmp_path / "model.py").write_text(GREY, "utf-8")
    request = Request("model.py:UNet", directory=str(tmp_path))
    whole = run(request, InProcess(tmp_path))
    assert len(whole.previews) > 1
    for room in (0, 1):
        report = run(request, Full(tmp_path, room))
        assert report.previews == ()
        assert [(s.code, s.reason) for s in report.skipped if s.code == "pictures"] == [
            ("pictures", "they could not be written: No space left on device")
        ]
        assert (report.exit_code, report.state, report.findings) == (whole.exit_code, whole.state, whole.findings)
        assert [repr(d) for d in report.decodings] == [repr(replace(d, preview="")) for d in whole.decodings]
