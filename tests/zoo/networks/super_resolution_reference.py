"""Guided depth super-resolution: a small depth map and a large colour picture go in together."""

import torch
from torch import nn


class GuidedUpsampler(nn.Module):
    def __init__(self, scale=4, c=24):
        super().__init__()
        self.depth = nn.Sequential(nn.Conv2d(1, c, 3, padding=1), nn.ReLU(), nn.ConvTranspose2d(c, c, scale, scale))
        self.guide = nn.Sequential(nn.Conv2d(3, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1))
        self.fuse = nn.Sequential(nn.Conv2d(2 * c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, 1, 3, padding=1))

    def forward(self, depth, rgb):
        return self.fuse(torch.cat([self.depth(depth), self.guide(rgb)], dim=1))
