"""A U-Net of lazy layers: the channels of no convolution are written down."""

import torch
from torch import nn


class Level(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv, self.norm = nn.LazyConv2d(width, 3, padding=1), nn.LazyBatchNorm2d()

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class LazyUNet(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.e1, self.e2, self.e3 = Level(16), Level(32), Level(64)
        self.d2, self.d1 = Level(32), Level(16)
        self.head = nn.LazyConv2d(num_classes, 1)

    def forward(self, x):
        a = self.e1(x)
        b = self.e2(nn.functional.max_pool2d(a, 2))
        c = self.e3(nn.functional.max_pool2d(b, 2))
        b = self.d2(torch.cat([nn.functional.interpolate(c, scale_factor=2), b], 1))
        return self.head(self.d1(torch.cat([nn.functional.interpolate(b, scale_factor=2), a], 1)))
