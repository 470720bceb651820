"""The search for an input shape: run candidates on shapes alone, and let each refusal name the next candidate."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice, product

from torch import nn

from unetdoctor.engine.answers import Answer, progress, sides_told, weights_reached
from unetdoctor.engine.arguments import ArgumentSpec, Shape, Specs, arrange, followed, sources
from unetdoctor.engine.shape_pass import ShapeFailure, ShapesUnknownError, output_shape
from unetdoctor.engine.shapes import really_passes
from unetdoctor.engine.sides import guesses, repairs
from unetdoctor.engine.signature import Parameter, role_of, with_main

SIDES = {
    1: (256, 1024, 64, 4096, 128, 512, 2048, 16000, 32),
    2: (64, 128, 256, 96, 224, 512, 32, 48, 28, 112, 160, 192, 299, 320, 384, 448, 518, 572, 16, 8),
    3: (32, 64, 16, 48, 96, 128),
}
"""Sides that are tried, by the number of spatial dimensions: the smallest that most networks take first."""
_DEEP_ENOUGH = {1: 4, 2: 4, 3: 2}
"""Smallest side of the deepest map: one pixel has no spread to normalise, two by two show no picture."""
FEW = 4
"""Channels up to which a transposed convolution or a linear layer reads a picture and no latent vector."""
_COMBINATIONS = 12
"""Combinations of guesses for the other arguments, for each shape of the main one."""
_QUESTIONS = 60
"""Candidates after which no further size is tried."""
_PRECISIONS = re.compile(r"should be the same|same (?:d?type|precision)|expected scalar type|expected .*type .*but")
"""What torch says of an operation whose operands are of two types."""
_ENTRIES = 16
"""Entries after which no further one is put into a dict or a list."""
_REPAIRS = 8
"""Refusals that are followed for each shape of the main argument."""


@dataclass
class Search:
    """Asks the model about candidates, each once, and keeps what it answered."""

    model: nn.Module
    parameters: tuple[Parameter, ...]
    batch: int
    answers: dict[Specs, Answer] = field(default_factory=dict)
    settled: Specs | None = None
    """A combination of the other arguments that once passed."""
    containers: dict[str, list[str]] = field(default_factory=dict)
    """Arguments that are dicts or lists, with their entries."""
    unknown: str = ""
    """Why shapes alone do not decide; empty while they do."""
    dtype: str = field(init=False)
    """Floating type of most weights, and so of the inputs."""
    _mixed: bool = field(init=False)

    def __post_init__(self) -> None:
        found = [
            tuple(x for x in tensors() if x.is_floating_point())
            for tensors in (self.model.parameters, self.model.buffers)
        ]
        kinds = Counter(str(x.dtype)[6:] for x in found[0] or found[1])
        self.dtype = kinds.most_common(1)[0][0] if kinds else "float32"
        self._mixed = len(kinds) > 1

    @property
    def leaves(self) -> tuple[Parameter, ...]:
        """The tensors that are fed: the arguments that forward() must have, entries for those that are containers."""
        found = []
        for p in self.parameters:
            entries = self.containers.get(p.name, ())
            parts = [replace(p, name=f"{p.name}.{e}", role=role_of(e), required=True) for e in entries]
            found += parts or ([p] if p.required else [])
        return with_main(found)

    def ask(self, specs: Specs) -> Answer:
        """Run one candidate."""
        if specs not in self.answers:
            self.answers[specs] = self._ask(specs)
        return self.answers[specs]

    def _ask(self, specs: Specs) -> Answer:
        args, kwargs = arrange(specs, ArgumentSpec.on_meta)
        try:
            return Answer(specs, True, output_shape(self.model, args, kwargs))
        except ShapeFailure as failure:
            failure.__traceback__ = None  # its frames hold what foreign code raised, however large
            return Answer(specs, False, failure.seen, failure.message, failure)
        except ShapesUnknownError as failure:
            self.unknown = str(failure)
            ok = really_passes(self.model, args, kwargs)
            return Answer(specs, ok, failure.seen, "" if ok else f"a real forward pass failed ({failure})")

    def clashes(self, answer: Answer) -> bool:
        """Whether weights of two precisions refuse each other: no other shape mends that."""
        return self._mixed and not answer.ok and _PRECISIONS.search(answer.message) is not None

    def confirmed(self, answer: Answer) -> bool:
        """Whether a candidate that shapes alone refuse passes when it is really run: then the shapes were wrong."""
        ok = really_passes(self.model, *arrange(answer.specs, ArgumentSpec.on_meta))
        if ok:
            self.unknown = f"shapes alone refuse {answer.main.shape} ({answer.message})"
        return ok

    def with_main(self, shape: Shape, dtype: str = "") -> Answer:
        """Run a main argument of this shape with whatever else forward() wants; return the best answer."""
        answer = self._best(shape, dtype or self.dtype)
        while not answer.ok and self._extended(answer):
            answer = self._best(shape, dtype or self.dtype)
        return answer

    def _best(self, shape: Shape, dtype: str) -> Answer:
        options = [self._options(p, shape, dtype) for p in self.leaves]
        best: Answer | None = None
        for specs in islice(product(*options), _COMBINATIONS):
            answer = self.ask(specs)
            if best is None or answer.ok or weights_reached(answer) > weights_reached(best):
                best = answer
            if answer.ok:
                break
        assert best is not None
        refused = {best.specs}
        while len(options) > 1 and best.failure is not None and len(refused) < _REPAIRS:
            tried = [self.ask(specs) for specs in repairs(best.specs, best.failure) if specs not in refused]
            better = max(tried, key=lambda a: (a.ok, progress(a)), default=best)
            if better is best or (not better.ok and progress(better) < progress(best)):
                break
            best = better
            refused.add(best.specs)
        if best.ok:
            self.settled = best.specs
        return best

    def _extended(self, answer: Answer) -> bool:
        """Put what a dict or a list lacked into it."""
        for entries in self.containers.values():
            key = str(len(entries)) if answer.missing == "" else answer.missing
            alike = key is not None and key.isdigit() == entries[0].isdigit()
            if key is not None and alike and key not in entries and len(entries) < _ENTRIES:
                entries.append(key)
                return True
        return False

    def opened(self, p: Parameter) -> bool:
        """Whether an argument is a dict: an empty one is asked for an entry, which is put into it from then on."""
        others = [x for x in self.parameters if x.required and x is not p]
        fed = {x.name: self._options(x, (self.batch, 3, 64, 64), self.dtype)[0].on_meta() for x in others}
        try:
            with suppress(ShapesUnknownError):
                output_shape(self.model, (), {**fed, p.name: {}})
        except ShapeFailure as failure:
            if failure.missing:
                self.containers[p.name] = [failure.missing]
        return p.name in self.containers

    def lengthened(self, answer: Answer) -> Answer:
        """Return an answer whose lists are as long as they are read: with each element more operations are run."""
        for name in [name for name, entries in self.containers.items() if entries[0] == "0"]:
            while answer.ok and len(self.containers[name]) < _ENTRIES:
                before = self.containers[name]
                self.containers[name] = [*before, str(len(before))]
                longer = self.with_main(answer.main.shape, answer.main.dtype)
                if not longer.ok or progress(longer) <= progress(answer):
                    self.containers[name], self.settled = before, answer.specs
                    break
                answer = longer
        return answer

    def _options(self, p: Parameter, shape: Shape, dtype: str) -> Sequence[ArgumentSpec]:
        if p.role == "main":
            return (ArgumentSpec(p.name, shape, dtype, p.role, p.keyword_only),)
        known = next((s for s in self.settled or () if s.name == p.name), None)
        if known is not None:
            return (replace(known, shape=followed(known.shape, self._settled_main, shape)),)
        return guesses(p, shape, dtype if dtype.startswith(("float", "bfloat")) else self.dtype, self._wanted(p))

    @property
    def _settled_main(self) -> Shape:
        """Shape of the main argument that once passed."""
        return next((s.shape for s in self.settled or () if s.role == "main"), ())

    def _wanted(self, p: Parameter) -> list[int]:
        """Return the feature counts that linear layers wanted of a side argument when they refused, the last first."""
        wanted: list[int] = []
        for answer in self.answers.values():
            bit = sources(answer.specs).get(p.name)
            if bit and answer.seen:
                wanted += [w.channels for w in answer.seen.weighted if w.sources == bit and w.op == "linear"]
        return list(dict.fromkeys(reversed(wanted)))

    @property
    def _asked(self) -> int:
        return len({a.main.shape for a in self.answers.values()})

    def fit(self, shape: Shape, axis: int = 1, dtype: str = "") -> Answer:
        """Run a shape; where its first layer wants another count along `axis`, run that, three times at most."""
        answer = self.with_main(shape, dtype)
        for _ in range(3):
            if answer.ok:
                return answer
            better = [self.with_main(s, dtype) for s in self._adjusted(answer, axis)]
            passed = next((a for a in better if a.ok), None)
            further = passed or max(better, key=progress, default=answer)
            if progress(further) <= progress(answer) and not further.ok:
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
            enough = 2 if self.unknown else 4  # where each question is a real pass, one more size must do
            if (passed and count >= enough and side not in first) or self._asked > _QUESTIONS:
                break
            answer = self.with_main((self.batch, channels, *([side] * dims)))
            if answer.ok and answer.seen is not None:
                passed.append(answer)
                deepest = answer.seen.deepest
                if side in first or deepest is None or deepest >= _DEEP_ENOUGH[dims]:
                    return answer
            elif self.clashes(answer):
                break
            elif not passed:
                told = [s for s in sides_told(answer, side) if s not in asked]
                sides = [*told, *(s for s in sides if s not in told)]
        if passed:
            return max(passed, key=lambda a: (a.seen.deepest or 0) if a.seen else 0)
        return None
