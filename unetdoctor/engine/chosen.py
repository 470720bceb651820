"""What the ladder of inputs yields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from unetdoctor.engine.candidates import ArgumentSpec, Shape, Specs
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.facts import InputChoice

Size = tuple[int, int]


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
    declared: bool = False
    """Whether the person gave the shape."""
    image: Size | None = None
    """Height and width at which photographs are fed; None without photographs."""
    fitted: Size | None = None
    """A height and width that passes, where that of the first photograph does not."""

    @property
    def main(self) -> ArgumentSpec:
        """The argument that holds the picture or the latent vector."""
        return next((s for s in self.specs if s.role == "main"), self.specs[0])

    def make(self, *size: int) -> tuple[Any, ...]:
        """Return the positional arguments at another picture size, on meta: to ask which sizes pass."""
        return tuple(s.on_meta() for s in resized(self.specs, size) if not s.keyword)

    def make_named(self, *size: int) -> dict[str, Any]:
        """Return the arguments that are given by name, at another picture size, on meta."""
        return {s.name: s.on_meta() for s in resized(self.specs, size) if s.keyword}


def resized(specs: Specs, size: Sequence[int], batch: int | None = None) -> Specs:
    """Return arguments whose pictures have another size (its last axes), and whose batch may be another."""
    main = next(s for s in specs if s.role == "main")
    found = []
    for spec in specs:
        shape = spec.shape
        if len(shape) >= 2 + len(size) and shape[2:] == main.shape[2:]:
            shape = (*shape[: -len(size)], *size)
        if batch is not None and shape and shape[0] == main.shape[0]:
            shape = (batch, *shape[1:])
        found.append(replace(spec, shape=shape))
    return tuple(found)


def is_latent(shape: Sequence[int]) -> bool:
    """Whether a shape is that of a latent vector: [N, Z] or [N, Z, 1, 1]."""
    return len(shape) == 2 or (len(shape) == 4 and tuple(shape[2:]) == (1, 1))


def shown(shape: Shape) -> str:
    """Return a shape as it is written after `--input`, with spaces: `2x3x64x64`."""
    return "x".join(map(str, shape))
