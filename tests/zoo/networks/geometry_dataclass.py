"""Depth and normals of a frame, returned as one dataclass."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Geometry:
    depth: torch.Tensor
    normals: torch.Tensor


class GeometryNet(nn.Module):
    def __init__(self, c=24):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, c, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(c, c, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(c, c, 2, 2),
        )
        self.depth, self.normals = nn.Conv2d(c, 1, 1), nn.Conv2d(c, 3, 1)

    def forward(self, frame: torch.Tensor) -> Geometry:
        h = self.body(frame)
        return Geometry(nn.functional.softplus(self.depth(h)), nn.functional.normalize(self.normals(h), dim=1))
