"""A style-based generator: a mapping network, modulated convolutions, a list of noise maps, one for each layer."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class StyledConv(nn.Module):
    def __init__(self, a, b, style_dim, upsample):
        super().__init__()
        self.upsample = upsample
        self.weight = nn.Parameter(torch.randn(1, b, a, 3, 3) / math.sqrt(a * 9))
        self.modulation = nn.Linear(style_dim, a)
        self.noise_strength = nn.Parameter(torch.full((1,), 0.1))
        self.bias = nn.Parameter(torch.zeros(1, b, 1, 1))
        nn.init.ones_(self.modulation.bias)

    def forward(self, x, style, noise):
        if self.upsample:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        n, c, h, w = x.shape
        weight = self.weight * self.modulation(style).view(n, 1, c, 1, 1)
        weight = weight * (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        x = F.conv2d(x.reshape(1, n * c, h, w), weight.flatten(0, 1), padding=1, groups=n).view(n, -1, h, w)
        return F.leaky_relu(x + self.noise_strength * noise + self.bias, 0.2) * math.sqrt(2)


class StyleGenerator(nn.Module):
    def __init__(self, style_dim=64, width=32, levels=3):
        super().__init__()
        self.mapping = nn.Sequential(
            nn.Linear(style_dim, style_dim), nn.LeakyReLU(0.2), nn.Linear(style_dim, style_dim)
        )
        self.const = nn.Parameter(torch.randn(1, width, 8, 8))
        self.convs = nn.ModuleList(StyledConv(width, width, style_dim, upsample=i > 0) for i in range(levels))
        self.to_rgb = nn.Conv2d(width, 3, 1)

    def forward(self, styles, noise=None):
        w = self.mapping(styles * (styles.square().mean(1, keepdim=True) + 1e-8).rsqrt())
        x = self.const.expand(len(styles), -1, -1, -1)
        if noise is None:
            noise = [torch.randn(len(styles), 1, 8 << i, 8 << i, device=x.device) for i in range(len(self.convs))]
        for conv, n in zip(self.convs, noise):
            x = conv(x, w, n)
        return self.to_rgb(x)
