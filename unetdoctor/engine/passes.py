"""The observed passes of one model, and which of them is looked at for what."""

from collections.abc import Collection

from torch import Tensor, isfinite

from unetdoctor.engine.chains import UNIT
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.tape import same_program
from unetdoctor.engine.weights import SLOW_PRODUCTS, products
from unetdoctor.facts import Chain

KEPT_VALUES = 1_000_000
"""A trial's output of more values is evaluated again where it is drawn, instead of kept."""


class Passes:
    """What was observed, in order."""

    def __init__(self) -> None:
        self.seen: list[Observed] = []
        self.corner: Observed | None = None
        """Where a pass is slow, the one over a corner of the main input, if that runs the same program."""
        self._slow: bool | None = None
        self.lean = False
        """Whether trials look at that instead of the main pass."""
        self.pixels: dict[str, Tensor] = {}
        """The person's photographs in 0..1 at the size at which they are fed, by the name of their probe."""
        self.chain: Chain = UNIT
        """What becomes of them before they are fed."""
        self.declared = False
        """Whether the person said so."""
        self.remembered = False
        """Whether the network's own statistics said so, where nobody else did."""

    @property
    def alive(self) -> list[Observed]:
        """Passes with an output."""
        return [s for s in self.seen if s.output is not None]

    @property
    def varied(self) -> list[Observed]:
        """Passes with an output on probes that are not constant."""
        return [s for s in self.alive if not s.probe.constant]

    @property
    def typical(self) -> list[Observed]:
        """Passes on the person's photographs; without any, all that are varied."""
        return [s for s in self.varied if s.probe.real] or self.varied

    @property
    def blanks(self) -> list[Observed]:
        """Passes on constant probes whose output is not finite, where that of every varied one is."""
        if not all(_is_finite(s.output) for s in self.varied):
            return []
        return [s for s in self.alive if s.probe.constant and not _is_finite(s.output)]

    def outputs(self, names: Collection[str] | None = None) -> dict[str, Tensor]:
        """Return what was drawn, by the name of the probe; of these probes alone, where they are named."""
        kept = [s for s in self.alive if names is None or s.probe.name in names]
        return {s.probe.name: s.output for s in kept if s.output is not None}

    @property
    def main(self) -> Observed:
        """The pass that everything but the pictures is read from: the first with an output, else the first."""
        return next(iter(self.alive), self.seen[0])

    @property
    def slow(self) -> bool:
        """Whether a pass takes so long that trials look at as few of them as their symptom needs."""
        if self._slow is None and self.seen:
            self._slow = products(self.seen[0].tape) > SLOW_PRODUCTS
        return bool(self._slow)

    @property
    def cheapest(self) -> Observed:
        """The main pass, or the one over its corner: what is evaluated where not the picture itself is looked at."""
        return self.corner or self.main

    @property
    def beside(self) -> list[Observed]:
        """The pass over the corner, where another probe is fed at its size and compared with it."""
        sizes = {seen.probe.shape for seen in self.varied}
        return [self.corner] if self.corner is not None and self.corner.probe.shape in sizes else []

    def vouched(self, seen: Observed) -> bool:
        """Whether the pass over the corner, which runs this program, gave what its tape gives."""
        return self.corner is not None and same_program(self.corner.tape, seen.tape)

    def looked_at(self, compared: bool) -> list[Observed]:
        """Return the passes that trials look at."""
        if self.lean and self.corner is not None:
            return [self.corner, *(self.varied[1:2] if compared else ()), *self.blanks]
        return [*(self.varied[: 1 + compared] if self.slow else self.varied), *self.blanks]


def _is_finite(tensor: Tensor | None) -> bool:
    return tensor is None or not tensor.is_floating_point() or bool(isfinite(tensor).all())
