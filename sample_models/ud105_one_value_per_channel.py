"""The same network is given a picture of 8x8 instead of 16x16.

Three strides leave one pixel of it, and instance normalisation has nothing to take a spread of.

"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,8,8")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,16,16")


class _Deep(nn.Module):
    """Three strides down, normalised, and three doublings up."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            self.down = nn.Sequential(
                nn.Conv2d(3, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 4, 2, 1)
            )
            self.even = nn.InstanceNorm2d(8)
            self.up = nn.Sequential(nn.ConvTranspose2d(8, 8, 8, 8), nn.ReLU())
            self.head = nn.Conv2d(8, 2, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes [N, 2, H, W]; H and W are multiples of 8 above 8."""
        logits: torch.Tensor = self.head(self.up(self.even(self.down(picture)).relu()))
        return logits


class Ill(_Deep):
    """Is sound in itself: only the size that it is given is too small."""


class Healthy(_Deep):
    """Is the same network."""
