"""The U-Net generator of pix2pix: eight halvings, skips at every level, instance norm, tanh."""

import torch
from torch import nn


class SkipBlock(nn.Module):
    def __init__(self, outer, inner, submodule=None, outermost=False):
        super().__init__()
        self.outermost = outermost
        inside = inner * 2 if submodule is not None else inner
        down = [nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1)]
        if not outermost:
            down.insert(0, nn.LeakyReLU(0.2))
        if submodule is not None and not outermost:
            down.append(nn.BatchNorm2d(inner))
        up = [nn.ReLU(), nn.ConvTranspose2d(inside, 3 if outermost else outer, 4, 2, 1)]
        up.append(nn.Tanh() if outermost else nn.BatchNorm2d(outer))
        self.model = nn.Sequential(*down, *([submodule] if submodule is not None else []), *up)

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class UnetGenerator(nn.Module):
    def __init__(self, ngf=16, num_downs=7):
        super().__init__()
        block = SkipBlock(ngf * 8, ngf * 8)
        for _ in range(num_downs - 5):
            block = SkipBlock(ngf * 8, ngf * 8, block)
        for outer, inner in ((ngf * 4, ngf * 8), (ngf * 2, ngf * 4), (ngf, ngf * 2)):
            block = SkipBlock(outer, inner, block)
        self.model = SkipBlock(3, ngf, block, outermost=True)

    def forward(self, input):
        return self.model(input)
