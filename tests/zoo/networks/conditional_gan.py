"""A conditional GAN for 28x28 digits: latent and class label, both through linear layers and an embedding."""

import torch
from torch import nn


class ConditionalGenerator(nn.Module):
    def __init__(self, latent_dim=64, n_classes=10, img_shape=(1, 28, 28)):
        super().__init__()
        self.img_shape = img_shape
        self.label_emb = nn.Embedding(n_classes, n_classes)
        layers = []
        for a, b in ((latent_dim + n_classes, 128), (128, 256), (256, 512)):
            layers += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.LeakyReLU(0.2, inplace=True)]
        self.model = nn.Sequential(*layers, nn.Linear(512, 28 * 28), nn.Tanh())

    def forward(self, noise, labels):
        return self.model(torch.cat((self.label_emb(labels), noise), -1)).view(-1, *self.img_shape)
