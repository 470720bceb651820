"""Only those trained weights are loaded whose keys the network has: with a prefix before each, there is none.

The network is handed its own fresh tensors back, so that even strict=True is content. A person sees what a fresh
network draws.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _UNet(nn.Module):
    """Marks the bright parts of a picture; two levels and one skip connection."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Conv2d(3, 12, 3, padding=1)
        self.encode_norm = nn.BatchNorm2d(12)
        self.bottom = nn.Conv2d(12, 24, 3, padding=1)
        self.bottom_norm = nn.BatchNorm2d(24)
        self.up = nn.ConvTranspose2d(24, 12, 2, stride=2)
        self.decode = nn.Conv2d(24, 12, 3, padding=1)
        self.decode_norm = nn.BatchNorm2d(12)
        self.head = nn.Conv2d(12, 1, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 1, H, W]; H and W are even."""
        skip = self.encode_norm(self.encode(picture)).relu()
        deep = self.bottom_norm(self.bottom(nn.functional.max_pool2d(skip, 2))).relu()
        joined = torch.cat([self.up(deep), skip], dim=1)
        logits: torch.Tensor = self.head(self.decode_norm(self.decode(joined)).relu())
        return logits


def _train(model: _UNet) -> None:
    """Teach the model in forty seeded steps of Adam which parts of a picture are brighter than the middle."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(40):
        pictures = nn.functional.interpolate(torch.rand(4, 3, 4, 4), size=32, mode="bilinear")
        masks = (pictures.mean(1, keepdim=True) > 0.5).float()
        noisy = pictures + 0.1 * torch.randn_like(pictures)
        loss = nn.functional.binary_cross_entropy_with_logits(model(noisy), masks)
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.02 * (1 - step / 40)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


def _saved() -> dict[str, torch.Tensor]:
    """Return the weights of a trained network as DataParallel saves them."""
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        model = _UNet()
        _train(model)
    return {f"module.{key}": value for key, value in model.state_dict().items()}


class Ill(_UNet):
    """Keeps what matches, which is nothing, and loads it over its own state."""

    def __init__(self) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(1)
            super().__init__()
        state = self.state_dict()
        state.update({key: value for key, value in _saved().items() if key in state})
        self.load_state_dict(state)


class Healthy(_UNet):
    """Strips the prefix first."""

    def __init__(self) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(1)
            super().__init__()
        state = self.state_dict()
        saved = {key.removeprefix("module."): value for key, value in _saved().items()}
        state.update({key: value for key, value in saved.items() if key in state})
        self.load_state_dict(state)
