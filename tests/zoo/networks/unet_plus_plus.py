"""U-Net++ with nested skips and deep supervision: a list of four maps comes out."""

import torch
from torch import nn


def block(a, b):
    return nn.Sequential(
        nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(inplace=True),
        nn.Conv2d(b, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(inplace=True),
    )  # fmt: skip


class NestedUNet(nn.Module):
    def __init__(self, num_classes=1, input_channels=3, deep_supervision=True):
        super().__init__()
        w = [16, 32, 64, 128]
        self.deep_supervision = deep_supervision
        self.pool, self.up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.nodes = nn.ModuleDict()
        for j in range(4):
            for i in range(4 - j):
                inside = (input_channels if i == 0 else w[i - 1]) if j == 0 else w[i] * j + w[i + 1]
                self.nodes[f"{i}_{j}"] = block(inside, w[i])
        self.heads = nn.ModuleList(nn.Conv2d(w[0], num_classes, 1) for _ in range(3))

    def forward(self, x):
        out = {}
        for i in range(4):
            out[i, 0] = self.nodes[f"{i}_0"](x if i == 0 else self.pool(out[i - 1, 0]))
        for j in range(1, 4):
            for i in range(4 - j):
                skips = [out[i, k] for k in range(j)]
                out[i, j] = self.nodes[f"{i}_{j}"](torch.cat([*skips, self.up(out[i + 1, j - 1])], 1))
        maps = [head(out[0, j + 1]) for j, head in enumerate(self.heads)]
        return maps if self.deep_supervision else maps[-1]
