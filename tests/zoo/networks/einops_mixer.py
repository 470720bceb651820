"""An MLP mixer written with einops: patches in, patches out, fixed at 64x64."""

from einops import rearrange
from einops.layers.torch import Rearrange
from torch import nn


class MixerBlock(nn.Module):
    def __init__(self, tokens, dim):
        super().__init__()
        self.token = nn.Sequential(nn.LayerNorm(dim), Rearrange("b n d -> b d n"), nn.Linear(tokens, tokens), nn.GELU())
        self.channel = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim * 2), nn.GELU(), nn.Linear(dim * 2, dim))

    def forward(self, x):
        x = x + rearrange(self.token(x), "b d n -> b n d")
        return x + self.channel(x)


class Denoiser(nn.Module):
    def __init__(self, size=64, patch=8, dim=96, depth=3):
        super().__init__()
        self.patch, self.side = patch, size // patch
        self.embed = nn.Sequential(
            Rearrange("b c (h p) (w q) -> b (h w) (p q c)", p=patch, q=patch), nn.Linear(3 * patch**2, dim)
        )
        self.blocks = nn.Sequential(*[MixerBlock(self.side**2, dim) for _ in range(depth)])
        self.draw = nn.Linear(dim, 3 * patch**2)

    def forward(self, x):
        h = self.draw(self.blocks(self.embed(x)))
        return x + rearrange(h, "b (h w) (p q c) -> b c (h p) (w q)", h=self.side, p=self.patch, q=self.patch)
