"""A directory of the user's files, and a way to load from it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from unetdoctor.engine.loading import LoadedModel, RequestError, importing, load
from unetdoctor.facts import Request

T = TypeVar("T")

UNET = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.conv = nn.Conv2d(a, b, 3, padding=1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, in_channels=3, n_classes=2):
        super().__init__()
        self.block = Block(in_channels, 4)
        self.head = nn.Conv2d(4, n_classes, 1)

    def forward(self, x):
        return self.head(self.block(x))
"""
"""A network of two classes, of which one builds the other."""


class Place:
    """A temporary working directory with the user's files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.stages: list[str] = []

    def write(self, files: dict[str, str]) -> "Place":
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def load(self, target: str, **request: Any) -> LoadedModel:
        return load(Request(target=target, directory=str(self.directory), **request), self.guard)

    def refusal(self, target: str, **request: Any) -> RequestError:
        with pytest.raises(RequestError) as caught:
            self.load(target, **request)
        assert caught.value.sentence == str(caught.value)
        assert "\n" not in caught.value.sentence.replace(target, "")
        return caught.value

    def guard(self, stage: str, function: Callable[[], T], /) -> T:
        self.stages.append(stage)
        return function()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A working directory; what was imported from it is forgotten afterwards."""
    modules, path, folders = set(sys.modules), list(sys.path), list(importing._siblings.folders)
    yield Place(tmp_path)
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)) or name.startswith("unetdoctor_target_"):
            del sys.modules[name]
    sys.path[:] = path
    importing._siblings.folders[:] = folders
