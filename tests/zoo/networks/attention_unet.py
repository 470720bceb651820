"""Attention U-Net: a gate on every skip."""

import torch
from torch import nn


def conv_block(a, b):
    layers = [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.Conv2d(b, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(True))


class Gate(nn.Module):
    def __init__(self, g, x, inner):
        super().__init__()
        self.w_g = nn.Sequential(nn.Conv2d(g, inner, 1), nn.BatchNorm2d(inner))
        self.w_x = nn.Sequential(nn.Conv2d(x, inner, 1), nn.BatchNorm2d(inner))
        self.psi = nn.Sequential(nn.Conv2d(inner, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid())

    def forward(self, g, x):
        return x * self.psi(torch.relu(self.w_g(g) + self.w_x(x)))


class AttentionUNet(nn.Module):
    def __init__(self, img_ch=3, output_ch=1, base=16):
        super().__init__()
        w = [base, base * 2, base * 4, base * 8]
        self.pool = nn.MaxPool2d(2, 2)
        self.down = nn.ModuleList(conv_block(a, b) for a, b in zip([img_ch, *w], w))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(w, w[1:]))
        self.gate = nn.ModuleList(Gate(a, a, a // 2) for a in w[:-1])
        self.merge = nn.ModuleList(conv_block(a * 2, a) for a in w[:-1])
        self.out = nn.Conv2d(base, output_ch, 1)

    def forward(self, x):
        skips = []
        for i, down in enumerate(self.down):
            x = down(self.pool(x) if i else x)
            skips.append(x)
        for i in reversed(range(3)):
            g = self.up[i](x)
            x = self.merge[i](torch.cat([self.gate[i](g, skips[i]), g], 1))
        return self.out(x)
