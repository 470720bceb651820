"""A ViT with position embeddings for one size alone and a progressive decoder; the size is a constructor argument."""

import torch
from torch import nn


class ViTSegmenter(nn.Module):
    def __init__(self, image_size=176, patch=16, dim=96, depth=3, n_cls=6):
        super().__init__()
        self.grid = image_size // patch
        self.patchify = nn.Conv2d(3, dim, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.randn(1, self.grid**2 + 1, dim) * 0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(dim, 4, dim * 2, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(dim)
        widths = [dim, 64, 32, 16, 16]
        self.decoder = nn.Sequential(*[
            layer for a, b in zip(widths, widths[1:])
            for layer in (nn.ConvTranspose2d(a, b, 2, 2), nn.BatchNorm2d(b), nn.GELU())
        ])  # fmt: skip
        self.head = nn.Conv2d(16, n_cls, 1)

    def forward(self, img):
        x = self.patchify(img).flatten(2).mT
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        for blk in self.blocks:
            x = blk(x)
        x = self.norm(x)[:, 1:].mT.unflatten(2, (self.grid, self.grid))
        return self.head(self.decoder(x))
