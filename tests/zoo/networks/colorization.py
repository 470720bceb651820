"""Colorization: lightness in, the two colour channels a and b out, scaled to their range."""

from torch import nn


class ColorNet(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [1, 32, 64, 64]
        self.encoder = nn.Sequential(*[
            layer for a, b in zip(widths, widths[1:])
            for layer in (nn.Conv2d(a, b, 3, 2, 1), nn.BatchNorm2d(b), nn.ReLU(True))
        ])  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(64, 32, 3, padding=1), nn.ReLU(True), nn.Upsample(scale_factor=4),
            nn.Conv2d(32, 16, 3, padding=1), nn.ReLU(True), nn.Upsample(scale_factor=2),
            nn.Conv2d(16, 2, 3, padding=1),
        )  # fmt: skip

    def forward(self, l_channel):
        return self.decoder(self.encoder((l_channel - 0.5) * 2)).tanh() * 110
