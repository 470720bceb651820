"""The middle layers lie in a plain Python list instead of an nn.ModuleList.

They run, but parameters() and state_dict() do not see them: no optimiser trains them and no checkpoint keeps them.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _Segmenter(nn.Module):
    """Four convolutions; the two in the middle are kept as the subclass says."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            self.first = nn.Conv2d(3, 16, 3, padding=1)
            self.blocks = self.keep([nn.Conv2d(16, 16, 3, padding=1) for _ in range(2)])
            self.last = nn.Conv2d(16, 2, 1)

    def keep(self, layers: list[nn.Conv2d]) -> list[nn.Conv2d] | nn.ModuleList:
        """Return what holds the layers."""
        raise TypeError("a subclass says how layers are kept")

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes [N, 2, H, W]."""
        x = torch.relu(self.first(picture))
        for block in self.blocks:
            x = torch.relu(block(x))
        logits: torch.Tensor = self.last(x)
        return logits


class Ill(_Segmenter):
    """Keeps its layers in a list."""

    def keep(self, layers: list[nn.Conv2d]) -> list[nn.Conv2d] | nn.ModuleList:
        """Return the list itself."""
        return layers


class Healthy(_Segmenter):
    """Keeps its layers in a ModuleList."""

    def keep(self, layers: list[nn.Conv2d]) -> list[nn.Conv2d] | nn.ModuleList:
        """Return the layers registered."""
        return nn.ModuleList(layers)
