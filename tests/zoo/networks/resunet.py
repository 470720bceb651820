"""ResUNet: pre-activated residual units, strided convolutions for pools, sigmoid at the end."""

import torch
from torch import nn


class Unit(nn.Module):
    def __init__(self, a, b, stride=1):
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(a), nn.ReLU(), nn.Conv2d(a, b, 3, stride, 1), nn.BatchNorm2d(b), nn.ReLU(),
            nn.Conv2d(b, b, 3, 1, 1),
        )  # fmt: skip
        self.shortcut = nn.Conv2d(a, b, 1, stride)

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class ResUNet(nn.Module):
    def __init__(self, channels=3, base=16):
        super().__init__()
        self.stem = nn.Conv2d(channels, base, 3, padding=1)
        self.e1, self.e2 = Unit(base, base * 2, 2), Unit(base * 2, base * 4, 2)
        self.up2, self.d2 = nn.ConvTranspose2d(base * 4, base * 2, 2, 2), Unit(base * 4, base * 2)
        self.up1, self.d1 = nn.ConvTranspose2d(base * 2, base, 2, 2), Unit(base * 2, base)
        self.output = nn.Sequential(nn.Conv2d(base, 1, 1), nn.Sigmoid())

    def forward(self, x):
        x0 = self.stem(x)
        x1 = self.e1(x0)
        x2 = self.e2(x1)
        y = self.d2(torch.cat([self.up2(x2), x1], 1))
        return self.output(self.d1(torch.cat([self.up1(y), x0], 1)))
