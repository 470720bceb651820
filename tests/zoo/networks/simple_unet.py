"""The U-Net that everybody writes first, with odd sizes padded in the decoder."""

import torch
from torch import nn
from torch.nn import functional as F


class DoubleConv(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(True),
            nn.Conv2d(cout, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(True),
        )  # fmt: skip

    def forward(self, x):
        return self.double_conv(x)


class Up(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, in_channels // 2, 2, 2)
        self.conv = DoubleConv(in_channels, out_channels)

    def forward(self, x1, x2):
        x1 = self.up(x1)
        dy, dx = x2.size(2) - x1.size(2), x2.size(3) - x1.size(3)
        return self.conv(torch.cat([x2, F.pad(x1, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])], dim=1))


class UNet(nn.Module):
    def __init__(self, n_channels, n_classes, base=16):
        super().__init__()
        self.inc = DoubleConv(n_channels, base)
        self.downs = nn.ModuleList(DoubleConv(base << i, base << i + 1) for i in range(4))
        self.ups = nn.ModuleList(Up(base << i + 1, base << i) for i in reversed(range(4)))
        self.outc = nn.Conv2d(base, n_classes, 1)

    def forward(self, x):
        skips = [self.inc(x)]
        for down in self.downs:
            skips.append(down(F.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for up in self.ups:
            x = up(x, skips.pop())
        return self.outc(x)
