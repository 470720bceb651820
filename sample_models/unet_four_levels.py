"""The U-Net of the textbook: four levels, 64 to 1024 channels, 31 million parameters.

Four pools halve the picture four times, so its height and width must be multiples of 16. At 100x100 the third pool
rounds 25 down to 12, and torch.cat refuses to join 24 with 25.
"""

import torch
from torch import nn


def double_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Build two 3x3 convolutions, each with normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Four times down, four times up; `base` is the number of channels at the top."""

    def __init__(self, in_channels: int = 3, out_channels: int = 1, base: int = 64) -> None:
        super().__init__()
        widths = [base, 2 * base, 4 * base, 8 * base]
        self.pool = nn.MaxPool2d(2)
        self.encoders = nn.ModuleList()
        self.ups = nn.ModuleList()
        self.decoders = nn.ModuleList()
        for width in widths:
            self.encoders.append(double_conv(in_channels, width))
            in_channels = width
        self.bottleneck = double_conv(8 * base, 16 * base)
        for width in reversed(widths):
            self.ups.append(nn.ConvTranspose2d(2 * width, width, 2, stride=2))
            self.decoders.append(double_conv(2 * width, width))
        self.out = nn.Conv2d(base, out_channels, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, in_channels, H, W] into logits [N, out_channels, H, W]; H and W are multiples of 16."""
        features, skips = picture, []
        for encoder in self.encoders:
            skips.append(encoder(features))
            features = self.pool(skips[-1])
        features = self.bottleneck(features)
        for up, decoder, skip in zip(self.ups, self.decoders, reversed(skips), strict=True):
            features = decoder(torch.cat([up(features), skip], dim=1))
        logits: torch.Tensor = self.out(features)
        return logits
