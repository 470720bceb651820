"""Masks beside a model are read as files, and say what they hold without deciding the verdict."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.functional.run import examine
from unetdoctor.facts import Intent, Severity

MODEL = """
import torch
from torch import nn



class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, {channels}, 3, padding=1)

    def forward(self, x):
        return self.layer(x)
"""


def report(folder: Path, channels: int, ids: list[np.ndarray], **fields: object):
    (folder / "model.py").write_text(MODEL.format(channels=channels))
    rng = np.random.default_rng(0)
    images, masks = [], []
    for number, mask in enumerate(ids):
        for name, array in (
            (f"{number}.png", rng.integers(0, 255, (32, 32, 3), np.uint8)),
            (f"{number}_mask.png", mask),
        ):
            Image.fromarray(array).save(folder / name)
        images.append(f"{number}.png")
        masks.append(f"{number}_mask.png")
    return examine("model.py", directory=folder, images=tuple(images), masks=tuple(masks), **fields)


def square(value: int) -> np.ndarray:
    mask = np.zeros((32, 32), np.uint8)
    mask[8:20, 10:26] = value
    return mask


def said(found) -> dict[str, Severity]:
    return {f.code: f.severity for f in found.findings if f.ill and f.code >= "UD604" and f.code < "UD7"}


def test_black_and_white_is_usual_for_a_binary_task(tmp_path: Path) -> None:
    found = report(tmp_path, 1, [square(255), square(255).T.copy()])
    assert said(found).get("UD604") in (None, Severity.NOTE)


def test_ids_beyond_the_classes_are_a_warning_beside_a_model(tmp_path: Path) -> None:
    found = report(tmp_path, 3, [square(1), square(7)], intent=Intent(classes=3))
    assert said(found)["UD604"] is Severity.WARNING


def test_nothing_is_read_without_masks(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL.format(channels=1))
    Image.fromarray(square(255)).save(tmp_path / "a.png")
    found = examine("model.py", directory=tmp_path, images=("a.png",))
    assert not [f for f in found.findings if "UD604" <= f.code < "UD7"]
