"""A denoiser with a timestep, a text embedding as condition, everything after x by name with None as default."""

import torch
from torch import nn


class TextDenoiser(nn.Module):
    def __init__(self, channels=4, width=32, text_dim=77):
        super().__init__()
        self.inp = nn.Conv2d(channels, width, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(1, width), nn.SiLU(), nn.Linear(width, width))
        self.text = nn.Linear(text_dim, width)
        self.attend = nn.MultiheadAttention(width, 4, batch_first=True)
        self.out = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, x, timesteps=None, context=None):
        h = self.inp(x) + self.time(timesteps.float()[:, None])[:, :, None, None]
        tokens = h.flatten(2).mT
        text = self.text(context)
        mixed, _ = self.attend(tokens, text, text)
        return self.out(torch.relu((tokens + mixed).mT.unflatten(2, h.shape[2:])))
