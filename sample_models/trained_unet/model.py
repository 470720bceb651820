"""A small U-Net that was trained for real: it finds coins on photographs.

Inputs are RGB pictures with values from 0 to 1; sizes are multiples of 8. Its weights lie beside it in weights.pt.
"""

import torch
from torch import nn


def double_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Build two 3x3 convolutions, each with normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


class TrainedUNet(nn.Module):
    """Three pools down and three back up, one logit for each pixel, no final activation."""

    def __init__(self, in_channels: int = 3, out_channels: int = 1, base: int = 10) -> None:
        super().__init__()
        self.encoder1 = double_conv(in_channels, base)
        self.encoder2 = double_conv(base, 2 * base)
        self.encoder3 = double_conv(2 * base, 4 * base)
        self.bottleneck = double_conv(4 * base, 8 * base)
        self.pool = nn.MaxPool2d(2)
        self.up3 = nn.ConvTranspose2d(8 * base, 4 * base, 2, stride=2)
        self.decoder3 = double_conv(8 * base, 4 * base)
        self.up2 = nn.ConvTranspose2d(4 * base, 2 * base, 2, stride=2)
        self.decoder2 = double_conv(4 * base, 2 * base)
        self.up1 = nn.ConvTranspose2d(2 * base, base, 2, stride=2)
        self.decoder1 = double_conv(2 * base, base)
        self.head = nn.Conv2d(base, out_channels, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 1, H, W]; above 0 means coin."""
        skip1 = self.encoder1(picture)
        skip2 = self.encoder2(self.pool(skip1))
        skip3 = self.encoder3(self.pool(skip2))
        deep = self.bottleneck(self.pool(skip3))
        deep = self.decoder3(torch.cat([skip3, self.up3(deep)], dim=1))
        deep = self.decoder2(torch.cat([skip2, self.up2(deep)], dim=1))
        deep = self.decoder1(torch.cat([skip1, self.up1(deep)], dim=1))
        logits: torch.Tensor = self.head(deep)
        return logits
