"""A DDPM U-Net with sinusoidal timesteps and a class label."""

import math

import torch
from torch import nn


class ResBlock(nn.Module):
    def __init__(self, a, b, emb):
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(8, a), nn.SiLU(), nn.Conv2d(a, b, 3, padding=1))
        self.emb = nn.Linear(emb, b)
        self.second = nn.Sequential(nn.GroupNorm(8, b), nn.SiLU(), nn.Conv2d(b, b, 3, padding=1))
        self.skip = nn.Conv2d(a, b, 1) if a != b else nn.Identity()
        nn.init.zeros_(self.second[-1].weight)

    def forward(self, x, emb):
        h = self.first(x) + self.emb(emb)[..., None, None]
        return self.second(h) + self.skip(x)


class DiffusionUNet(nn.Module):
    def __init__(self, ch=32, num_classes=10):
        super().__init__()
        self.ch, emb = ch, ch * 4
        self.time_mlp = nn.Sequential(nn.Linear(ch, emb), nn.SiLU(), nn.Linear(emb, emb))
        self.label_emb = nn.Embedding(num_classes, emb)
        self.stem = nn.Conv2d(3, ch, 3, padding=1)
        self.d1, self.down1 = ResBlock(ch, ch, emb), nn.Conv2d(ch, ch, 3, 2, 1)
        self.d2, self.down2 = ResBlock(ch, ch * 2, emb), nn.Conv2d(ch * 2, ch * 2, 3, 2, 1)
        self.mid = ResBlock(ch * 2, ch * 2, emb)
        self.u2, self.u1 = ResBlock(ch * 4, ch, emb), ResBlock(ch * 2, ch, emb)
        self.up = nn.Upsample(scale_factor=2)
        self.out = nn.Sequential(nn.GroupNorm(8, ch), nn.SiLU(), nn.Conv2d(ch, 3, 3, padding=1))
        nn.init.zeros_(self.out[-1].weight)
        nn.init.zeros_(self.out[-1].bias)

    def embed(self, t):
        freqs = torch.exp(-math.log(10000) * torch.arange(self.ch // 2, device=t.device) / (self.ch // 2))
        args = t[:, None].float() * freqs[None]
        return torch.cat([args.cos(), args.sin()], dim=-1)

    def forward(self, x, t, y):
        emb = self.time_mlp(self.embed(t)) + self.label_emb(y)
        s1 = self.d1(self.stem(x), emb)
        s2 = self.d2(self.down1(s1), emb)
        h = self.mid(self.down2(s2), emb)
        h = self.u2(torch.cat([self.up(h), s2], 1), emb)
        h = self.u1(torch.cat([self.up(h), s1], 1), emb)
        return self.out(h)
