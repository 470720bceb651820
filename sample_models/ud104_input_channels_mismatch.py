"""The same network is given a grey picture instead of one of three channels.

An X-ray or a scan is loaded with one channel; the first convolution reads red, green and blue.

"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--input", "1,1,32,32")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,32,32")


class _Small(nn.Module):
    """Three convolutions."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 3, padding=1)
            self.think = nn.Conv2d(16, 16, 3, padding=1)
            self.head = nn.Conv2d(16, 2, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes [N, 2, H, W]."""
        logits: torch.Tensor = self.head(self.think(self.look(picture).relu()).relu())
        return logits


class Ill(_Small):
    """Is sound in itself: only what it is given does not fit."""


class Healthy(_Small):
    """Is the same network."""
