"""Attention weights come from a softmax over the axis of the samples instead of that of the channels.

Each picture is weighted against the others of its batch, and drawn otherwise alone.

"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _Gated(nn.Module):
    """Weighs its features by a softmax."""

    axis: int

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 3, padding=1)
            self.weigh = nn.Conv2d(16, 16, 1)
            self.head = nn.Conv2d(16, 2, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes [N, 2, H, W]."""
        seen = self.look(picture).relu()
        gate = torch.softmax(8 * self.weigh(seen), dim=self.axis)
        logits: torch.Tensor = self.head(16 * gate * seen)
        return logits


class Ill(_Gated):
    """The softmax runs over the samples."""

    axis = 0


class Healthy(_Gated):
    """The softmax runs over the channels."""

    axis = 1
