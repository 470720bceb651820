"""The same generator with spectral normalisation on its last layer.

Its estimate of the norm is random until training refines it: straight after construction eval() amplifies by chance,
to a dull picture or to one whose pixels are all at the ends of tanh.
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
        self.final_conv = nn.utils.spectral_norm(nn.Conv2d(128, img_channels, 3, padding=1))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Turn latents [N, latent_dim] into pictures [N, img_channels, 32, 32] between -1 and 1."""
        features = self.body(latent.reshape(len(latent), -1, 1, 1))
        return torch.tanh(self.final_conv(features))
