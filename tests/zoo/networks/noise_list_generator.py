"""A progressive generator that must be given its noise: a latent and a list of maps, one for each resolution."""

import torch
from torch import nn
from torch.nn import functional as F


class NoiseListGenerator(nn.Module):
    def __init__(self, z_dim=48, width=24):
        super().__init__()
        self.project = nn.Linear(z_dim, width * 16)
        self.convs = nn.ModuleList(nn.Conv2d(width + 1, width, 3, padding=1) for _ in range(3))
        self.rgb = nn.Conv2d(width, 3, 1)

    def forward(self, z, noises: list[torch.Tensor]):
        x = self.project(z).view(len(z), -1, 4, 4)
        for conv, noise in zip(self.convs, noises, strict=True):
            x = F.interpolate(x, scale_factor=2.0)
            x = F.leaky_relu(conv(torch.cat([x, noise], 1)), 0.2)
        return torch.tanh(self.rgb(x))
