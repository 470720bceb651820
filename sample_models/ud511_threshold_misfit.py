"""The logits tell the mask, but 5 is subtracted from them, and the threshold stays at 0.

So it is after training with a prior, a positive weight or a focal loss: the mask is empty, and the order is right.
"""

from pathlib import Path

import torch
from torch import nn

_PICTURES = Path(__file__).parent / "masked"
ILL_ARGUMENTS: tuple[str, ...] = ("--image", str(_PICTURES / "picture-?.png"), "--mask", str(_PICTURES / "*_mask.png"))
HEALTHY_ARGUMENTS: tuple[str, ...] = (
    "--image",
    str(_PICTURES / "picture-?.png"),
    "--mask",
    str(_PICTURES / "*_mask.png"),
)


class _Segmenter(nn.Module):
    """Marks where a picture is red: where its first channel is brighter than half."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 5, padding=2)
            self.think = nn.Conv2d(16, 16, 3, padding=1)
            self.draw = nn.Conv2d(16, 1, 1)
            _train(self)

    def logits(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 1, H, W]."""
        scores: torch.Tensor = self.draw(self.think(self.look(picture).relu()).relu())
        return scores


def _train(model: _Segmenter) -> None:
    """Teach the model in 240 seeded steps of Adam, so that its weights are those of a trained network."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(240):
        coarse = torch.rand(8, 3, 6, 6)
        picture = nn.functional.interpolate(coarse, size=32, mode="bicubic").clamp(0, 1)
        target = (picture[:, :1] > 0.5).float()
        loss = nn.functional.binary_cross_entropy_with_logits(model.logits(picture), target)
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.01 * (1 - step / 240)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Segmenter):
    """Subtracts 5 from its logits, and little of the mask is left."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 1, H, W]."""
        return self.logits(picture) / 4 - 5


class Healthy(_Segmenter):
    """Leaves its logits around 0."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 1, H, W]."""
        return self.logits(picture) / 4
