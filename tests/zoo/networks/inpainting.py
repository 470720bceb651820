"""Inpainting: forward(image, mask), gated convolutions, the known pixels are kept."""

import torch
from torch import nn


class GatedConv(nn.Module):
    def __init__(self, a, b, stride=1):
        super().__init__()
        self.feature, self.gate = nn.Conv2d(a, b, 3, stride, 1), nn.Conv2d(a, b, 3, stride, 1)

    def forward(self, x):
        return nn.functional.elu(self.feature(x)) * torch.sigmoid(self.gate(x))


class Inpainter(nn.Module):
    def __init__(self, c=24):
        super().__init__()
        self.encode = nn.Sequential(GatedConv(4, c), GatedConv(c, c * 2, 2), GatedConv(c * 2, c * 2, 2))
        self.decode = nn.Sequential(
            nn.Upsample(scale_factor=2), GatedConv(c * 2, c), nn.Upsample(scale_factor=2), GatedConv(c, c)
        )
        self.out = nn.Conv2d(c, 3, 3, padding=1)

    def forward(self, image, mask):
        drawn = torch.tanh(self.out(self.decode(self.encode(torch.cat([image * (1 - mask), mask], 1)))))
        return image * (1 - mask) + drawn * mask
