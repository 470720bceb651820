"""A coordinate network: sine-encoded positions to colour and density, parameters used functionally."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Nerf(nn.Module):
    def __init__(self, octaves=6, width=64, depth=4):
        super().__init__()
        self.octaves = octaves
        sizes = [3 + 6 * octaves] + [width] * depth
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(b, a) * math.sqrt(2 / a)) for a, b in zip(sizes, sizes[1:])
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(b)) for b in sizes[1:])
        self.head = nn.Parameter(torch.randn(4, width) / math.sqrt(width))

    def forward(self, points):
        waves = [f(points * 2**k * math.pi) for k in range(self.octaves) for f in (torch.sin, torch.cos)]
        h = torch.cat([points, *waves], dim=-1)
        for w, b in zip(self.weights, self.biases):
            h = F.relu(F.linear(h, w, b))
        out = F.linear(h, self.head)
        return torch.cat([torch.sigmoid(out[..., :3]), F.softplus(out[..., 3:])], dim=-1)
