"""What the ladder of inputs yields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from unetdoctor.engine.arguments import ArgumentSpec, Shape, Specs, arrange, followed
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.facts import InputChoice

Size = tuple[int, int]
_FEW = 4
"""Channels of a picture up to which a last axis of that many holds them where the others are longer."""


class ChoiceError(RequestError):
    """No input was found; the sentence says what was tried and how to declare one."""


@dataclass(frozen=True)
class ChosenInput:
    """What the network is fed."""

    specs: Specs
    """One per argument of forward() that is given, the batch dimension included."""
    latent: bool
    """Whether the main argument is a latent vector, [N, Z] or [N, Z, 1, 1]."""
    timestep: bool
    """Whether forward() takes a timestep or a noise level."""
    choice: InputChoice
    """The rung that answered, for the report."""
    passes: bool | None = None
    """Whether the shapes are known to pass; None where nobody asked."""
    grows: bool = False
    """Whether forward() makes layers when it runs for the first time."""
    declared: bool = False
    """Whether the person gave the shape."""
    image: Size | None = None
    """Height and width at which photographs are fed; None without photographs."""
    fitted: Size | None = None
    """A height and width that passes, where that of the first photograph does not."""

    values: Mapping[str, Tensor] = field(default_factory=dict)
    """What a person feeds, by the name of its specification; empty where values are made."""

    @property
    def main(self) -> ArgumentSpec:
        """The argument that holds the picture or the latent vector."""
        return next((s for s in self.specs if s.role == "main"), self.specs[0])

    def make(self, *size: int) -> tuple[Any, ...]:
        """Return the positional arguments at another picture size, on meta: to ask which sizes pass."""
        return arrange(resized(self.specs, size), ArgumentSpec.on_meta)[0]

    def make_named(self, *size: int) -> dict[str, Any]:
        """Return the arguments that are given by name, at another picture size, on meta."""
        return arrange(resized(self.specs, size), ArgumentSpec.on_meta)[1]


def resized(specs: Specs, size: Sequence[int], batch: int | None = None) -> Specs:
    """Return arguments whose pictures have another size (its last axes), and whose batch may be another."""
    main = next(s for s in specs if s.role == "main").shape
    wanted = (main[0] if batch is None else batch, *main[1 : len(main) - len(size)], *size)
    return tuple(replace(s, shape=wanted if s.role == "main" else followed(s.shape, main, wanted)) for s in specs)


def is_latent(shape: Sequence[int]) -> bool:
    """Whether a shape is that of a latent vector: [N, Z] or [N, Z, 1, 1]."""
    return len(shape) == 2 or (len(shape) == 4 and tuple(shape[2:]) == (1, 1))


def has_channels_last(shape: Sequence[int]) -> bool:
    """Whether an input is a batch of pictures as NumPy and Pillow give them: [N, H, W, C]."""
    return len(shape) == 4 and shape[3] <= _FEW < min(shape[1:3])


def shown(shape: Shape) -> str:
    """Return a shape as it is written after `--input`, with spaces: `2x3x64x64`."""
    return "x".join(map(str, shape))
