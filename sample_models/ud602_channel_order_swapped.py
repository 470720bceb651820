"""Training read its pictures with cv2, blue first; the person reads them with Pillow, red first.

The mask marks other places than it should: what the network takes for red is blue.
"""

from pathlib import Path

import torch
from torch import nn

_PICTURES = Path(__file__).parent / "fed"
_FILES = ("--image", str(_PICTURES / "warm-?.png"), "--mask", str(_PICTURES / "*_mask.png"))
ILL_ARGUMENTS: tuple[str, ...] = (*_FILES, "--scale", "255")
HEALTHY_ARGUMENTS: tuple[str, ...] = (*_FILES, "--scale", "255", "--channels", "bgr")


class _Segmenter(nn.Module):
    """Marks where red is bright in pictures that are redder than blue."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 5, padding=2, bias=False)
            self.norm = nn.BatchNorm2d(16)
            self.think = nn.Conv2d(16, 16, 3, padding=1)
            self.draw = nn.Conv2d(16, 1, 1)
            _train(self)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn prepared pictures [N, 3, H, W] into logits [N, 1, H, W]."""
        scores: torch.Tensor = self.draw(self.think(self.norm(self.look(picture)).relu()).relu())
        return scores


def _train(model: _Segmenter) -> None:
    """Teach the model in 160 seeded steps of Adam: weights and statistics are those of a trained network."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    darkest = torch.tensor([0.45, 0.25, 0.05]).view(1, 3, 1, 1)
    model.train()
    for step in range(160):
        coarse = torch.rand(8, 3, 6, 6)
        picture = darkest + 0.5 * nn.functional.interpolate(coarse, size=48, mode="bicubic").clamp(0, 1)
        target = (picture[:, :1] > 0.7).float()
        loss = nn.functional.binary_cross_entropy_with_logits(model(picture.flip(1)), target)
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.01 * (1 - step / 160)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)
    model.eval()


class Ill(_Segmenter):
    """Is fed with red first."""


class Healthy(_Segmenter):
    """Is fed with blue first, as in training."""
