"""The same network is given a picture of 50x50 instead of 48x48.

It pools by four and doubles twice without a skip connection: nothing crashes, and two rows and columns of the mask are
missing.

"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,50,50")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,48,48")


class _Coarse(nn.Module):
    """Halves the picture twice, doubles it twice."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 3, padding=1)
            self.think = nn.Conv2d(16, 16, 3, padding=1)
            self.pool = nn.MaxPool2d(2)
            self.grow = nn.ConvTranspose2d(16, 16, 4, 4)
            self.head = nn.Conv2d(16, 2, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes, as large where H and W are multiples of 4."""
        seen = self.pool(self.look(picture).relu())
        logits: torch.Tensor = self.head(self.grow(self.pool(self.think(seen).relu())).relu())
        return logits


class Ill(_Coarse):
    """Is sound in itself: only the size that it is given leaves a remainder."""


class Healthy(_Coarse):
    """Is the same network."""
