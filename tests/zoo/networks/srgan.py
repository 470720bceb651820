"""SRGAN's generator: residual blocks with PReLU, a long skip, pixel shuffle up to four times the size."""

from torch import nn


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1),
            nn.BatchNorm2d(c),
            nn.PReLU(),
            nn.Conv2d(c, c, 3, padding=1),
            nn.BatchNorm2d(c),
        )

    def forward(self, x):
        return x + self.body(x)


class SRResNet(nn.Module):
    def __init__(self, scale=4, c=32, blocks=4):
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, c, 9, padding=4), nn.PReLU())
        self.body = nn.Sequential(
            *[Residual(c) for _ in range(blocks)], nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c)
        )
        up = []
        for _ in range(scale // 2):
            up += [nn.Conv2d(c, c * 4, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()]
        self.up, self.tail = nn.Sequential(*up), nn.Conv2d(c, 3, 9, padding=4)

    def forward(self, lr):
        h = self.head(lr)
        return (self.tail(self.up(h + self.body(h))).tanh() + 1) / 2
