"""A matting head that wants everything by name: forward(*, image, trimap)."""

import torch
from torch import nn


class Matting(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(6, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU())
        self.decoder = nn.Sequential(nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1))

    def forward(self, *, image, trimap):
        return torch.sigmoid(self.decoder(self.encoder(torch.cat([image, trimap], dim=1))))
