"""The mean that forward subtracts is kept in double precision, as NumPy hands it out, instead of single.

It makes the whole picture double, which the first convolution refuses: a person sees a traceback instead of a mask.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _Segmenter(nn.Module):
    """Three convolutions behind the usual subtraction of a mean colour."""

    mean: torch.Tensor

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406], dtype=dtype).reshape(1, 3, 1, 1))
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.layers = nn.Sequential(
                nn.Conv2d(3, 16, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(16, 16, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(16, 2, 1),
            )
            _train(self)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes [N, 2, H, W]."""
        logits: torch.Tensor = self.layers(picture - self.mean)
        return logits


def _train(model: _Segmenter) -> None:
    """Teach the model in forty seeded steps of Adam which parts of a picture are brighter than the middle."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(40):
        pictures = nn.functional.interpolate(torch.rand(4, 3, 4, 4), size=32, mode="bilinear")
        masks = (pictures.mean(1) > 0.5).long()
        loss = nn.functional.cross_entropy(model.layers(pictures - model.mean.float()), masks)
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.02 * (1 - step / 40)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Segmenter):
    """Subtracts a mean of double precision."""

    def __init__(self) -> None:
        super().__init__(dtype=torch.float64)


class Healthy(_Segmenter):
    """Subtracts a mean of single precision."""

    def __init__(self) -> None:
        super().__init__(dtype=torch.float32)
