"""Siamese change detection: two pictures of one place, the difference of their maps is decoded."""

import torch
from torch import nn


def block(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(True))


class SiamUnet(nn.Module):
    def __init__(self, input_nbr=3, label_nbr=2):
        super().__init__()
        self.e1, self.e2, self.e3 = block(input_nbr, 16), block(16, 32), block(32, 64)
        self.up2, self.up1 = nn.ConvTranspose2d(64, 32, 2, 2), nn.ConvTranspose2d(32, 16, 2, 2)
        self.d2, self.d1 = block(64, 32), block(32, 16)
        self.head = nn.Conv2d(16, label_nbr, 1)

    def encode(self, x):
        a = self.e1(x)
        b = self.e2(nn.functional.max_pool2d(a, 2))
        return a, b, self.e3(nn.functional.max_pool2d(b, 2))

    def forward(self, x1, x2):
        (a1, b1, c1), (a2, b2, c2) = self.encode(x1), self.encode(x2)
        y = self.d2(torch.cat([self.up2(torch.abs(c1 - c2)), torch.abs(b1 - b2)], 1))
        return self.head(self.d1(torch.cat([self.up1(y), torch.abs(a1 - a2)], 1)))
