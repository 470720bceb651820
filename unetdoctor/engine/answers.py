"""What became of a candidate for an input, and what its refusal tells."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from unetdoctor.engine.arguments import ArgumentSpec, Specs, sources
from unetdoctor.engine.shape_log import Weighted
from unetdoctor.engine.shape_pass import ShapeFailure, ShapePass


@dataclass(frozen=True)
class Answer:
    """What became of one candidate."""

    specs: Specs
    ok: bool
    seen: ShapePass | None
    message: str = ""
    failure: ShapeFailure | None = None

    @property
    def op(self) -> str:
        """Name of the operation that refused; empty where plain Python raised."""
        return self.failure.op if self.failure else ""

    @property
    def missing(self) -> str | None:
        """Key that a dict among the arguments lacks, "" where a list is too short, else None."""
        return self.failure.missing if self.failure else None

    @property
    def main(self) -> ArgumentSpec:
        """The main argument."""
        return next(s for s in self.specs if s.role == "main")

    @property
    def stem(self) -> Weighted | None:
        """The first weighted operation that the main argument flows into."""
        bits = sources(self.specs)[self.main.name]
        weighted = self.seen.weighted if self.seen else ()
        return next((w for w in weighted if w.sources & bits), None)

    @property
    def signature(self) -> tuple[str, str]:
        """What failed, without its numbers."""
        return self.op, re.sub(r"\d+", "#", self.message)


def with_tables(answer: Answer) -> Specs:
    """Return the arguments that passed, labels and timesteps brought within the tables that they are looked up in."""
    bits = sources(answer.specs)
    found = []
    for spec in answer.specs:
        weighted = answer.seen.weighted if answer.seen else ()
        table = min((w.channels for w in weighted if w.op == "embedding" and w.sources & bits[spec.name]), default=None)
        if table is None or not spec.dtype.startswith("int"):
            found.append(spec)
        elif spec.role == "time":
            found.append(replace(spec, low=float(table // 2), high=float(table // 2)))
        else:
            found.append(replace(spec, low=0.0, high=float(table - 1)))
    return tuple(found)


def progress(answer: Answer) -> int:
    """Return how many operations were run."""
    return answer.seen.ops if answer.seen else 0


def weights_reached(answer: Answer) -> int:
    """Return how many operations with weights were run."""
    return len(answer.seen.weighted) if answer.seen else 0


def sides_told(answer: Answer, side: int) -> list[int]:
    """Return sides that a refusal points to: numbers in its text, a grid of patches, a flattened map."""
    numbers = [int(n) for n in re.findall(r"\d+", answer.message)]
    told = [n for n in numbers if 16 <= n <= 1024] if not answer.op else []
    stem = answer.stem
    if stem is not None and stem.op == "convolution" and "must match the size of tensor" in answer.message:
        for tokens in numbers[:2]:
            for extra in (0, 1, 2):
                grid = math.isqrt(max(tokens - extra, 0))
                if grid > 1 and grid * grid == tokens - extra:
                    told.append(grid * stem.weight[-1])
    last = answer.seen.weighted[-1] if answer.seen and answer.seen.weighted else None
    if last is not None and last.op == "linear" and last.read and last.read[-1] != last.channels:
        scale = math.sqrt(last.channels / last.read[-1])
        told.append(round(side * scale))
    return [n for n in dict.fromkeys(told) if 4 <= n <= 2048]
