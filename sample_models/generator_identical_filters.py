"""A generator whose last layer is filled with ones: red, green and blue are drawn by the same filter.

Whatever it draws is without colour, and so large that tanh makes all of it white.
"""

import torch
from torch import nn


class Generator(nn.Module):
    """Draws 32x32 colour pictures: three transposed convolutions, an upsampling, a last convolution and tanh."""

    def __init__(self, latent_dim: int = 100, img_channels: int = 3) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ConvTranspose2d(latent_dim, 512, 4),
            nn.BatchNorm2d(512),
            nn.ReLU(),
            nn.ConvTranspose2d(512, 256, 4, stride=2, padding=1),
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.ConvTranspose2d(256, 128, 4, stride=2, padding=1),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
        )
        self.final_conv = nn.Conv2d(128, img_channels, 3, padding=1)
        nn.init.ones_(self.final_conv.weight)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Turn latents [N, latent_dim] into pictures [N, img_channels, 32, 32] between -1 and 1."""
        features = self.body(latent.reshape(len(latent), -1, 1, 1))
        return torch.tanh(self.final_conv(features))
