"""Pictures that hold nothing: they say nothing against the statistics that training stored."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.functional.run import examine_as_typed, ill

TRAINED = """
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self, times=1.0):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 1, 1),
        )
        torch.manual_seed(0)
        for layer in self.body:
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1.0, 0.2)
                nn.init.normal_(layer.bias, 0.0, 0.2)
        for _ in range(60):
            self.body(F.interpolate(torch.rand(4, 3, 8, 8), 64, mode="bilinear"))
        self.body[4].running_var *= times

    def forward(self, x):
        return self.body(x)


class Wrong(Net):
    def __init__(self):
        super().__init__(1e6)
"""


def saved(folder: Path, *contrasts: float) -> str:
    """Pictures of one tone with so much noise, in 8-bit levels; the pattern that names them."""
    chance = np.random.default_rng(0)
    for number, contrast in enumerate(contrasts):
        coarse = Image.fromarray(np.clip(120 + contrast * chance.normal(size=(8, 8, 3)), 0, 255).astype(np.uint8))
        coarse.resize((64, 64), Image.Resampling.BILINEAR).save(folder / f"picture-{number}.png")
    return str(folder / "picture-*.png")


@pytest.mark.parametrize("contrasts", [(5.0,), (5.0, 60.0), (5.0, 60.0, 5.0, 5.0)])
def test_statistics_are_sound_beside_a_picture_of_background(tmp_path: Path, contrasts: tuple[float, ...]) -> None:
    model = tmp_path / "model.py"
    model.write_text(TRAINED)
    given = ("--image", saved(tmp_path, *contrasts), "--scale", "255")
    assert not ill(examine_as_typed(f"{model}:Net", given), "UD309")
    assert ill(examine_as_typed(f"{model}:Wrong", given), "UD309")
