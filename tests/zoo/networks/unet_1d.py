"""A 1-D U-Net for two-lead ECG: every sample of the signal gets one of four classes."""

import torch
from torch import nn


def block(a, b):
    return nn.Sequential(nn.Conv1d(a, b, 9, padding=4), nn.BatchNorm1d(b), nn.ReLU())


class UNet1D(nn.Module):
    def __init__(self, in_ch=2, out_ch=4):
        super().__init__()
        self.e1, self.e2, self.e3 = block(in_ch, 16), block(16, 32), block(32, 64)
        self.up2, self.up1 = nn.ConvTranspose1d(64, 32, 4, 4), nn.ConvTranspose1d(32, 16, 4, 4)
        self.d2, self.d1 = block(64, 32), block(32, 16)
        self.pool, self.head = nn.MaxPool1d(4), nn.Conv1d(16, out_ch, 1)

    def forward(self, x):
        a = self.e1(x)
        b = self.e2(self.pool(a))
        c = self.e3(self.pool(b))
        b = self.d2(torch.cat([self.up2(c), b], dim=1))
        return self.head(self.d1(torch.cat([self.up1(b), a], dim=1)))
