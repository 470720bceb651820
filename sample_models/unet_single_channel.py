"""A U-Net with one output channel: right for a mask, grey where a colour picture was wanted.

Diagnose it with `--task rgb` to hear so, and with `--task binary` to hear that all is well.
"""

import torch
from torch import nn


class DoubleConv(nn.Module):
    """Two 3x3 convolutions, each with normalisation and ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Turn features [N, in_channels, H, W] into [N, out_channels, H, W]."""
        refined: torch.Tensor = self.block(features)
        return refined


class UNet(nn.Module):
    """Draws one channel: a mask's logits, or a picture without colour."""

    def __init__(self, in_channels: int = 3, out_channels: int = 1) -> None:
        super().__init__()
        self.encoder1 = DoubleConv(in_channels, 64)
        self.encoder2 = DoubleConv(64, 128)
        self.bottleneck = DoubleConv(128, 256)
        self.pool = nn.MaxPool2d(2)
        self.up2 = nn.ConvTranspose2d(256, 128, 2, stride=2)
        self.decoder2 = DoubleConv(256, 128)
        self.up1 = nn.ConvTranspose2d(128, 64, 2, stride=2)
        self.decoder1 = DoubleConv(128, 64)
        self.final_conv = nn.Conv2d(64, out_channels, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, in_channels, H, W] into [N, out_channels, H, W]; H and W are multiples of 4."""
        skip1 = self.encoder1(picture)
        skip2 = self.encoder2(self.pool(skip1))
        deep = self.bottleneck(self.pool(skip2))
        deep = self.decoder2(torch.cat([skip2, self.up2(deep)], dim=1))
        deep = self.decoder1(torch.cat([skip1, self.up1(deep)], dim=1))
        drawn: torch.Tensor = self.final_conv(deep)
        return drawn
