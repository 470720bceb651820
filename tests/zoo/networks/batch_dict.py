"""A network that takes what its data loader yields: forward(batch) with batch["image"] and batch["depth"]."""

import torch
from torch import nn


class RgbdSegmenter(nn.Module):
    def __init__(self, n_classes=5):
        super().__init__()
        self.rgb = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.depth = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.body = nn.Sequential(nn.Conv2d(32, 32, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 32, 4, 2, 1), nn.ReLU())
        self.head = nn.Conv2d(32, n_classes, 1)

    def forward(self, batch: dict):
        x = torch.cat([self.rgb(batch["image"]), self.depth(batch["depth"])], dim=1)
        return {"logits": self.head(self.body(x)), "features": x}
