"""What becomes of the scores on their way to the screen: right, and wrong in three ways."""

from typing import Any

import torch
from torch import Tensor

COLOURS = torch.tensor([[0, 0, 0], [230, 159, 0], [0, 158, 115]], dtype=torch.uint8)


def right(returned: dict[str, Any]) -> Tensor:
    """Paint every class in its colour."""
    return COLOURS[returned["out"].argmax(1)].permute(0, 3, 1, 2)


def cast(returned: dict[str, Any]) -> Tensor:
    """Hand the probabilities out as bytes, unscaled."""
    return torch.softmax(returned["out"], dim=1).to(torch.uint8)


def times_255(returned: dict[str, Any]) -> Tensor:
    """Multiply class ids by 255, as one does with a mask of 0 and 1."""
    return (returned["out"].argmax(1) * 255).to(torch.uint8)


def black(returned: dict[str, Any]) -> Tensor:
    """Paint every class with a palette that was never filled."""
    return torch.zeros(3, 3, dtype=torch.uint8)[returned["out"].argmax(1)].permute(0, 3, 1, 2)
