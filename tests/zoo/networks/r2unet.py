"""R2U-Net: recurrent residual blocks that apply one convolution several times."""

import torch
from torch import nn


class Recurrent(nn.Module):
    def __init__(self, c, t=2):
        super().__init__()
        self.t = t
        self.conv = nn.Sequential(nn.Conv2d(c, c, 3, 1, 1), nn.BatchNorm2d(c), nn.ReLU(inplace=True))

    def forward(self, x):
        h = self.conv(x)
        for _ in range(self.t):
            h = self.conv(x + h)
        return h


class RRCNN(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.squeeze, self.body = nn.Conv2d(a, b, 1), nn.Sequential(Recurrent(b), Recurrent(b))

    def forward(self, x):
        x = self.squeeze(x)
        return x + self.body(x)


class R2UNet(nn.Module):
    def __init__(self, in_channels=3, n_classes=2, features=(16, 32, 64)):
        super().__init__()
        self.encoder = nn.ModuleList(RRCNN(a, b) for a, b in zip((in_channels, *features), features))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(features, features[1:]))
        self.decoder = nn.ModuleList(RRCNN(2 * a, a) for a in features[:-1])
        self.head = nn.Conv2d(features[0], n_classes, 1)

    def forward(self, x):
        skips = []
        for i, stage in enumerate(self.encoder):
            x = stage(nn.functional.max_pool2d(x, 2) if i else x)
            skips.append(x)
        for i in reversed(range(len(self.ups))):
            x = self.decoder[i](torch.cat((skips[i], self.ups[i](x)), dim=1))
        return self.head(x)
