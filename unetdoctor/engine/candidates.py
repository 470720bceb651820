"""The search for an input shape: run candidates on shapes alone, and let each refusal name the next candidate."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product

import torch
from torch import Tensor, nn

from unetdoctor.engine.shape_log import Weighted
from unetdoctor.engine.shape_pass import ShapeFailure, ShapePass, ShapesUnknownError, output_shape
from unetdoctor.engine.shapes import really_passes
from unetdoctor.engine.signature import Parameter

SIDES = {
    1: (256, 1024, 64, 4096, 128, 512, 2048, 16000, 32),
    2: (64, 128, 256, 96, 224, 512, 32, 48, 28, 112, 160, 192, 299, 320, 384, 448, 518, 572, 16, 8),
    3: (32, 64, 16, 48, 96, 128),
}
"""Sides that are tried, by the number of spatial dimensions: the smallest that most networks take first."""
_DEEP_ENOUGH = 4
"""Smallest side of the deepest map: one pixel has no spread to normalise, two show no picture."""
FEW = 4
"""Channels up to which a transposed convolution or a linear layer reads a picture and no latent vector."""
_COMBINATIONS = 12
_QUESTIONS = 60
"""Candidates after which no further size is tried."""
Shape = tuple[int, ...]


@dataclass(frozen=True)
class ArgumentSpec:
    """One argument of forward() as it will be fed."""

    name: str
    """Its name."""
    shape: Shape
    """Full shape with the batch dimension."""
    dtype: str = "float32"
    """Torch dtype name without `torch.`."""
    role: str = "main"
    """`main`, `time`, `level`, `label`, `context`, `other`."""
    keyword: bool = False
    """Whether it is given by name."""
    low: float | None = None
    """Smallest value; None for N(0, 1)."""
    high: float | None = None
    """Largest value; equal to `low` for a constant."""

    def on_meta(self) -> Tensor:
        """Return a tensor that has the shape and no values."""
        return torch.empty(self.shape, dtype=getattr(torch, self.dtype), device="meta")


Specs = tuple[ArgumentSpec, ...]


@dataclass(frozen=True)
class Answer:
    """What became of one candidate."""

    specs: Specs
    ok: bool
    seen: ShapePass | None
    message: str = ""
    op: str = ""

    @property
    def main(self) -> ArgumentSpec:
        """The main argument."""
        return next(s for s in self.specs if s.role == "main")

    @property
    def stem(self) -> Weighted | None:
        """The first weighted operation that the main argument flows into."""
        bit = 1 << [s.role for s in sorted(self.specs, key=lambda s: s.keyword)].index("main")
        weighted = self.seen.weighted if self.seen else ()
        return next((w for w in weighted if w.sources & bit), None)

    @property
    def signature(self) -> tuple[str, str]:
        """What failed, without its numbers."""
        return self.op, re.sub(r"\d+", "#", self.message)


@dataclass
class Search:
    """Asks the model about candidates, each once, and keeps what it answered."""

    model: nn.Module
    parameters: tuple[Parameter, ...]
    batch: int
    answers: dict[Specs, Answer] = field(default_factory=dict)
    settled: Specs | None = None
    """A combination of the other arguments that once passed."""
    unknown: str = ""
    """Why shapes alone do not decide; empty while they do."""
    dtype: str = field(init=False)
    """Floating type of the weights, and so of the inputs."""

    def __post_init__(self) -> None:
        tensors = (*self.model.parameters(), *self.model.buffers())
        self.dtype = next((str(x.dtype)[6:] for x in tensors if x.is_floating_point()), "float32")

    def ask(self, specs: Specs) -> Answer:
        """Run one candidate."""
        if specs not in self.answers:
            self.answers[specs] = self._ask(specs)
        return self.answers[specs]

    def _ask(self, specs: Specs) -> Answer:
        args = tuple(s.on_meta() for s in specs if not s.keyword)
        kwargs = {s.name: s.on_meta() for s in specs if s.keyword}
        try:
            return Answer(specs, True, output_shape(self.model, args, kwargs))
        except ShapeFailure as failure:
            return Answer(specs, False, failure.seen, failure.message, failure.op)
        except ShapesUnknownError as failure:
            self.unknown = str(failure)
            ok = really_passes(self.model, args, kwargs)
            return Answer(specs, ok, failure.seen, "" if ok else f"a real forward pass failed ({failure})")

    def confirmed(self, answer: Answer) -> bool:
        """Whether a candidate that shapes alone refuse passes when it is really run: then the shapes were wrong."""
        args = tuple(s.on_meta() for s in answer.specs if not s.keyword)
        ok = really_passes(self.model, args, {s.name: s.on_meta() for s in answer.specs if s.keyword})
        if ok:
            self.unknown = f"shapes alone refuse {answer.main.shape} ({answer.message})"
        return ok

    def with_main(self, shape: Shape, dtype: str = "") -> Answer:
        """Run a main argument of this shape with whatever else forward() wants; return the best answer."""
        options = [self._options(p, shape, dtype or self.dtype) for p in self.parameters if p.required]
        best: Answer | None = None
        for specs in islice(product(*options), _COMBINATIONS):
            answer = self.ask(specs)
            if answer.ok:
                self.settled = answer.specs
                return answer
            if best is None or (answer.seen and best.seen and answer.seen.ops > best.seen.ops):
                best = answer
        assert best is not None
        return best

    def _options(self, p: Parameter, shape: Shape, dtype: str) -> Sequence[ArgumentSpec]:
        n, spec = shape[0], ArgumentSpec(p.name, shape, dtype, p.role, p.keyword_only)
        if p.role == "main":
            return (spec,)
        if self.settled is not None:
            known = next(s for s in self.settled if s.name == p.name)
            return (replace(known, shape=(n, *known.shape[1:]) if known.shape != self.settled_main else shape),)
        whole = replace(spec, shape=(n,), dtype="int64", low=250.0, high=250.0)
        half = replace(spec, shape=(n,), dtype=self.dtype, low=0.5, high=0.5)
        label = replace(whole, low=0.0, high=0.0)
        if p.role == "time":
            return whole, half, replace(half, shape=(n, 1))
        if p.role == "level":
            return half, replace(half, shape=(n, 1)), whole
        if p.role == "label":
            return label, *(replace(half, shape=(n, c), low=0.0, high=0.0) for c in self._wanted(p, 10)), half
        if p.role == "context":
            return tuple(replace(half, shape=(n, 8, c), low=None, high=None) for c in self._wanted(p, 768))
        return spec, label, half

    @property
    def settled_main(self) -> Shape:
        """Shape of the main argument that once passed."""
        return next((s.shape for s in self.settled or () if s.role == "main"), ())

    def _wanted(self, p: Parameter, first: int) -> list[int]:
        """Return feature counts to try for a side argument: a first guess, and what a layer asked for when refusing."""
        wanted = [first]
        for answer in self.answers.values():
            for w in answer.seen.weighted if answer.seen else ():
                bits = [s.name for s in sorted(answer.specs, key=lambda s: s.keyword)]
                if p.name in bits and w.sources == 1 << bits.index(p.name) and w.op == "linear":
                    wanted.append(w.channels)
        return list(dict.fromkeys(reversed(wanted)))

    def fit(self, shape: Shape, axis: int = 1, dtype: str = "") -> Answer:
        """Run a shape; where its first layer wants another count along `axis`, run that, three times at most."""
        answer = self.with_main(shape, dtype)
        for _ in range(3):
            if answer.ok:
                return answer
            better = [self.with_main(s, dtype) for s in self._adjusted(answer, axis)]
            passed = next((a for a in better if a.ok), None)
            further = passed or max(better, key=_progress, default=answer)
            if _progress(further) <= _progress(answer) and not further.ok:
                return answer
            answer = further
        return answer

    def _adjusted(self, answer: Answer, axis: int) -> Iterable[Shape]:
        """Return shapes whose count along `axis` gives the stem what it wants: more, in proportion, or just that."""
        stem, shape = answer.stem, answer.main.shape
        if stem is None or len(stem.read) < 2:
            return []
        had, want, count = stem.read[-1] if stem.op == "linear" else stem.read[1], stem.channels, shape[axis]
        if had == want:
            return []
        counts = [count + want - had, want]
        if count * want % had == 0:
            counts.append(count * want // had)
        tried = dict.fromkeys(c for c in counts if c > 0 and c != count)
        return [tuple(c if d == axis else n for d, n in enumerate(shape)) for c in tried]

    def sized(self, channels: int, dims: int, first: Sequence[int] = ()) -> Answer | None:
        """Return the smallest image of these channels that passes and keeps its deepest map above a few pixels."""
        passed: list[Answer] = []
        sides = list(dict.fromkeys((*first, *SIDES[dims])))
        asked: list[int] = []
        while sides:
            side, count = sides.pop(0), len(asked)
            asked.append(side)
            if (passed and count >= 4 and side not in first) or len(self.answers) > _QUESTIONS:
                break
            answer = self.with_main((self.batch, channels, *([side] * dims)))
            if answer.ok and answer.seen is not None:
                passed.append(answer)
                deepest = answer.seen.deepest
                if side in first or deepest is None or deepest >= _DEEP_ENOUGH:
                    return answer
            elif not passed:
                told = [s for s in _told(answer, side) if s not in asked]
                sides = [*told, *(s for s in sides if s not in told)]
        if passed:
            return max(passed, key=lambda a: (a.seen.deepest or 0) if a.seen else 0)
        return None


def with_tables(answer: Answer) -> Specs:
    """Return the arguments that passed, labels and timesteps brought within the tables that they are looked up in."""
    order = sorted(answer.specs, key=lambda s: s.keyword)
    found = []
    for spec in answer.specs:
        bit = 1 << order.index(spec)
        weighted = answer.seen.weighted if answer.seen else ()
        table = min((w.channels for w in weighted if w.op == "embedding" and w.sources & bit), default=None)
        if table is None or not spec.dtype.startswith("int"):
            found.append(spec)
        elif spec.role == "time":
            found.append(replace(spec, low=float(table // 2), high=float(table // 2)))
        else:
            found.append(replace(spec, low=0.0, high=float(table - 1)))
    return tuple(found)


def _progress(answer: Answer) -> int:
    return answer.seen.ops if answer.seen else 0


def _told(answer: Answer, side: int) -> list[int]:
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
