"""A coder of patches puts them together again with the rows and columns of each exchanged.

Every patch has the right colours and lies at its right place, turned over its diagonal: none fits its neighbours.
"""

import math

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--task", "rgb")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--task", "rgb")

_SIDE = 8


def _waves() -> torch.Tensor:
    """Return cosines along one side, slow ones first, as rows of length one."""
    places = torch.arange(_SIDE) + 0.5
    rows = torch.stack([torch.cos(math.pi * k * places / _SIDE) for k in range(_SIDE)])
    return rows / rows.norm(dim=1, keepdim=True)


class _Coder(nn.Module):
    """Says of each patch how much of every wave it holds, and draws the slow ones again."""

    order: tuple[int, ...] = (0, 1, 4, 2, 5, 3)

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Conv2d(3, 3 * _SIDE**2, _SIDE, stride=_SIDE)
        self.paint = nn.Conv2d(3 * _SIDE**2, 3 * _SIDE**2, 1)
        waves = _waves()
        patterns = torch.einsum("ap,bq->abpq", waves, waves).reshape(_SIDE**2, _SIDE, _SIDE)
        slowness = torch.exp(-0.02 * (torch.arange(_SIDE)[:, None] ** 2 + torch.arange(_SIDE) ** 2)).flatten()
        with torch.no_grad():
            self.code.weight.zero_()
            for colour in range(3):
                self.code.weight[colour * _SIDE**2 : (colour + 1) * _SIDE**2, colour] = patterns
            pixels = self.code.weight.flatten(1).T * slowness.repeat(3)
            self.paint.weight.copy_(pixels[:, :, None, None])
            self.code.bias.zero_()
            self.paint.bias.zero_()

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into smoother ones."""
        n, _, height, width = picture.shape
        cells = self.paint(self.code(picture)).reshape(n, 3, _SIDE, _SIDE, height // _SIDE, width // _SIDE)
        return cells.permute(self.order).reshape(picture.shape)


class Ill(_Coder):
    """Takes columns for rows within a patch."""

    order = (0, 1, 4, 3, 5, 2)


class Healthy(_Coder):
    """Puts rows where rows were."""
