"""A CNN whose deepest map goes through a transformer with positions for 128x128, then a U-Net decoder."""

import torch
from torch import nn


def conv(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(True))


class TransUNet(nn.Module):
    def __init__(self, img_size=128, in_channels=3, num_classes=4, dim=96, depth=2, heads=4):
        super().__init__()
        w = [16, 32, 64, dim]
        self.stages = nn.ModuleList(conv(a, b) for a, b in zip([in_channels, *w], w))
        self.position = nn.Parameter(torch.zeros(1, (img_size // 16) ** 2, dim))
        layer = nn.TransformerEncoderLayer(dim, heads, dim * 2, dropout=0.0, activation="gelu", batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.decoder = nn.ModuleList(
            conv(a, b) for a, b in ((dim + dim, 64), (64 + 64, 32), (32 + 32, 16), (16 + 16, 16))
        )
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.head = nn.Conv2d(16, num_classes, 3, padding=1)

    def forward(self, x):
        skips = []
        for stage in self.stages:
            x = stage(x)
            skips.append(x)
            x = nn.functional.max_pool2d(x, 2)
        n, c, h, w = x.shape
        tokens = self.transformer(x.flatten(2).transpose(1, 2) + self.position)
        x = tokens.transpose(1, 2).reshape(n, c, h, w)
        for block, skip in zip(self.decoder, reversed(skips)):
            x = block(torch.cat([self.up(x), skip], 1))
        return self.head(x)
