"""A semantic image generator: a latent vector, and a one-hot map of sixteen classes that modulates every level."""

import torch
from torch import nn
from torch.nn import functional as F


class Spade(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.norm = nn.InstanceNorm2d(width)
        self.shared, self.scale = nn.Conv2d(classes, 32, 3, padding=1), nn.Conv2d(32, width, 3, padding=1)
        self.shift = nn.Conv2d(32, width, 3, padding=1)

    def forward(self, x, segmap):
        h = F.relu(self.shared(F.interpolate(segmap, size=x.shape[2:])))
        return self.norm(x) * (1 + self.scale(h)) + self.shift(h)


class SpadeGenerator(nn.Module):
    def __init__(self, z_dim=64, classes=16, width=32):
        super().__init__()
        self.fc = nn.Linear(z_dim, width * 64)
        self.spades = nn.ModuleList(Spade(width, classes) for _ in range(3))
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(3))
        self.rgb = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, z, segmap):
        x = self.fc(z).view(len(z), -1, 8, 8)
        for spade, conv in zip(self.spades, self.convs):
            x = F.interpolate(conv(F.leaky_relu(spade(x, segmap), 0.2)), scale_factor=2)
        return torch.tanh(self.rgb(F.leaky_relu(x, 0.2)))
