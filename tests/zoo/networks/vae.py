"""A convolutional VAE for 64x64 faces that returns (reconstruction, mean, log variance)."""

import torch
from torch import nn


class VAE(nn.Module):
    def __init__(self, latent_dim=32):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.LeakyReLU(),
            nn.Conv2d(64, 64, 4, 2, 1), nn.LeakyReLU(), nn.Flatten(),
        )  # fmt: skip
        self.fc_mu, self.fc_var = nn.Linear(64 * 64, latent_dim), nn.Linear(64 * 64, latent_dim)
        self.project = nn.Linear(latent_dim, 64 * 64)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(64, 64, 4, 2, 1), nn.LeakyReLU(), nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.LeakyReLU(),
            nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        h = self.encoder(x)
        mu, log_var = self.fc_mu(h), self.fc_var(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        return self.decoder(self.project(z).view(-1, 64, 8, 8)), mu, log_var
