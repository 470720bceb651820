"""forward() returns the logits of a smaller level beside those of the picture, and leaves open which are meant."""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _Segmenter(nn.Module):
    """Two levels, and logits of both."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            self.fine = nn.Conv2d(3, 16, 3, padding=1)
            self.coarse = nn.Conv2d(16, 16, 3, stride=2, padding=1)
            self.up = nn.ConvTranspose2d(16, 16, 2, stride=2)
            self.small = nn.Conv2d(16, 2, 1)
            self.last = nn.Conv2d(16, 2, 1)

    def levels(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn pictures [N, 3, H, W] into logits [N, 2, H, W] and [N, 2, H/2, W/2]."""
        fine = torch.relu(self.fine(picture))
        coarse = torch.relu(self.coarse(fine))
        return self.last(fine + self.up(coarse)), self.small(coarse)


class Ill(_Segmenter):
    """Returns the logits of both levels."""

    def forward(self, picture: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return both under names."""
        large, small = self.levels(picture)
        return {"small": small, "large": large}


class Healthy(_Segmenter):
    """Returns the logits of the picture."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Return one tensor."""
        return self.levels(picture)[0]
