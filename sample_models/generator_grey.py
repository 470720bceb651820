"""A DCGAN-like generator that draws one even mid-grey, and the model of `unetdoctor demo`.

Its tanh and its default initialisation get the blame everywhere. The cause is another one: the running statistics
of its BatchNorm layers were never filled, and eval() uses them.
"""

import torch
from torch import nn


class GreyGenerator(nn.Module):
    """Draws 32x32 pictures from 100 numbers, with PyTorch's default weights."""

    def __init__(self, latent_dim: int = 100, channels: int = 3) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(latent_dim, 512, 4, stride=1, padding=0, bias=False),
            nn.BatchNorm2d(512),
            nn.ReLU(),
            nn.ConvTranspose2d(512, 256, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.ConvTranspose2d(256, 128, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.ConvTranspose2d(128, channels, 4, stride=2, padding=1, bias=False),
            nn.Tanh(),
        )

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Turn latents [N, latent_dim] into pictures [N, channels, 32, 32] between -1 and 1."""
        picture: torch.Tensor = self.main(latent.reshape(len(latent), -1, 1, 1))
        return picture
