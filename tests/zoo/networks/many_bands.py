"""Land cover from the twelve bands of a satellite: a small encoder and decoder without skips."""

from torch import nn


class LandCover(nn.Sequential):
    def __init__(self, bands=12, classes=9):
        super().__init__(
            nn.Conv2d(bands, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 2, 2), nn.ReLU(), nn.Conv2d(32, classes, 1),
        )  # fmt: skip
