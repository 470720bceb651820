"""Video: a clip of frames [N, T, C, H, W], folded into the batch and mixed over time by a 3-D convolution."""

import torch
from torch import nn


class ClipSegmenter(nn.Module):
    def __init__(self, classes=2):
        super().__init__()
        self.frame = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1))
        self.time = nn.Conv3d(16, 16, (3, 1, 1), padding=(1, 0, 0))
        self.head = nn.Conv2d(16, classes, 1)

    def forward(self, clip):
        n, t = clip.shape[:2]
        maps = self.frame(clip.flatten(0, 1)).unflatten(0, (n, t)).transpose(1, 2)
        maps = torch.relu(self.time(maps)).transpose(1, 2)
        return self.head(maps.flatten(0, 1)).unflatten(0, (n, t))
