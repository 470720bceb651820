"""A 3-D U-Net for CT volumes with group norm."""

import torch
from torch import nn


class Double(nn.Sequential):
    def __init__(self, a, b):
        super().__init__(
            nn.Conv3d(a, b, 3, padding=1), nn.GroupNorm(4, b), nn.ReLU(inplace=True),
            nn.Conv3d(b, b, 3, padding=1), nn.GroupNorm(4, b), nn.ReLU(inplace=True),
        )  # fmt: skip


class UNet3D(nn.Module):
    def __init__(self, n_channels=1, n_classes=3, base=8):
        super().__init__()
        self.inc, self.down1, self.down2 = Double(n_channels, base), Double(base, base * 2), Double(base * 2, base * 4)
        self.up2, self.conv2 = nn.ConvTranspose3d(base * 4, base * 2, 2, 2), Double(base * 4, base * 2)
        self.up1, self.conv1 = nn.ConvTranspose3d(base * 2, base, 2, 2), Double(base * 2, base)
        self.outc = nn.Conv3d(base, n_classes, 1)

    def forward(self, volume):
        x1 = self.inc(volume)
        x2 = self.down1(nn.functional.max_pool3d(x1, 2))
        x3 = self.down2(nn.functional.max_pool3d(x2, 2))
        y = self.conv2(torch.cat([x2, self.up2(x3)], 1))
        return self.outc(self.conv1(torch.cat([x1, self.up1(y)], 1)))
