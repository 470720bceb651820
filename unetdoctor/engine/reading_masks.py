"""What an output says of each place, at the size of a mask: class ids, and the values behind a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.by_value import WHOLE
from unetdoctor.engine.outputs import HALF, channels_first
from unetdoctor.facts import Output, Painting, Task

LOOK_ALIKE = 3.0
"""Levels between two colours up to which they are read back as the same class."""
PAINTED = "classes read back from their colours"
"""How what is painted becomes classes."""
_TINY = 1e-7
_COLOURS = (3, 4)
_BLACK_AND_WHITE = [(0.0,), (255.0,)]
"""Colours of two classes in one channel that a person reads as a mask."""


@dataclass(frozen=True)
class Drawn:
    """One picture's output at the size of its mask."""

    ids: Tensor
    """Class of each place, [H, W]."""
    how: str
    """How it became classes."""
    classes: int
    """How many classes the output can draw."""
    values: Tensor | None = None
    """Of one channel: values [H, W] on which a threshold stands, logits where they are probabilities."""
    used: float = 0.0
    """That threshold, on the values."""
    probabilities: bool = False
    """Whether the values are logits of a probability."""
    painted: bool = False
    """Whether colours were read back."""
    exact: Tensor | None = None
    """Of colours that were read back, classes [H, W] with those that look alike told apart."""
    numbers: tuple[int, ...] = ()
    """What each painted class is in the masks; empty where it has the network's number."""
    free: bool = False
    """Whether its classes have no numbers that could be in a wrong order."""

    def shown(self, value: float) -> float:
        """Return a threshold on the values as a person writes it."""
        return torch.sigmoid(torch.tensor(value)).item() if self.probabilities else value


def read(
    tensor: Tensor,
    fed: tuple[int, ...],
    output: Output,
    task: Task,
    size: tuple[int, int],
    threshold: float | None = None,
    painting: Painting | None = None,
) -> Drawn | None:
    """Return what the first sample of an output says at a size (height, width); None for what is no map of places.

    White on black is the mask, whichever class is drawn white.
    Values are resized (bilinear) before anything is decided, as logits are; ids and colours are not mixed. Colours of
    painted classes are read back: those that look alike count as the first of them.
    """
    x = channels_first(tensor.detach(), fed)
    x = x[:1, None] if x.dim() == 3 else x[:1]
    if x.dim() != 4 or min(x.shape[2:]) < 1:
        return None
    ids_alone = x.shape[1] == 1 and x.dtype in (*WHOLE, torch.bool) and output.display.source != "bytes"
    is_painted = painting is not None and not painting.one_hot and sorted(painting.colours) != _BLACK_AND_WHITE
    if painting is not None and is_painted and not ids_alone:
        return _painted(x, output, painting, size)
    if x.shape[1] in _COLOURS and output.display.source == "bytes":
        return None  # a picture in colour, whose channels are no scores
    level = HALF if threshold is None else threshold
    x = torch.nan_to_num(x.to("cpu", torch.float32))
    if ids_alone:
        ids = F.interpolate(x, size=size, mode="nearest-exact")[0, 0].long()
        return Drawn(ids, "class ids as they are", max(int(ids.max()) + 1, 2))
    if tuple(x.shape[2:]) != size:
        x = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
    if x.shape[1] == 1:
        return _one_channel(x[0, 0], output, level)
    if task is Task.MULTILABEL:
        shown = torch.sigmoid(x) if output.display.decode == "sigmoid" else x
        best, channel = shown[0].max(dim=0)
        how = f"largest of {x.shape[1]} channels above {level:g}, else the background"
        return Drawn(torch.where(best > level, channel + 1, 0), how, x.shape[1] + 1)
    return Drawn(x[0].argmax(dim=0), f"largest of {x.shape[1]} channels", x.shape[1])


def _one_channel(x: Tensor, output: Output, level: float) -> Drawn:
    display = output.display
    inside = min(max(level, _TINY), 1 - _TINY)
    probable = float(x.min()) >= 0 and float(x.max()) <= 1
    if display.decode == "sigmoid" and not probable:
        used = torch.logit(torch.tensor(inside)).item()
        return Drawn((x > used).long(), f"sigmoid above {level:g}", 2, x, used, probabilities=True)
    if probable or ((display.low, display.high) == (0.0, 1.0) and display.source != "bytes"):
        values = torch.logit(x.double().clamp(_TINY, 1 - _TINY)).float()
        used = torch.logit(torch.tensor(inside, dtype=torch.float64)).item()
        return Drawn((x > level).long(), f"values above {level:g}", 2, values, used, probabilities=True)
    used = display.low + level * (display.high - display.low)
    return Drawn((x > used).long(), f"values above {used:g}", 2, x, used)


def _painted(x: Tensor, output: Output, painting: Painting, size: tuple[int, int]) -> Drawn | None:
    """Return the classes that a person reads in the colours."""
    known = [colour for colour in painting.colours if colour]
    levels = x.to("cpu", torch.float32)
    if levels.shape[1] != painting.channels and levels.shape[1] not in _COLOURS:
        return None
    if x.is_floating_point():
        display = output.display
        levels = (levels - display.low) * (255 / (display.high - display.low))
    levels = F.interpolate(levels[:, : painting.channels], size=size, mode="nearest-exact")[0]
    table = torch.tensor(known, dtype=torch.float32)[:, : levels.shape[0]]
    far = (table[:, None] - table[None]).abs().amax(dim=2)
    first = (far <= LOOK_ALIKE).int().argmax(dim=1)
    nearest = (levels[None] - table[:, :, None, None]).abs().amax(dim=1).argmin(dim=0)
    return Drawn(first[nearest], PAINTED, len(painting.colours), painted=True, exact=nearest)
