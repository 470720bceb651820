"""Everything that is measured of one model: the observed passes, and the counterfactual ones of the trials."""

import time
from dataclasses import replace
from functools import partial
from typing import Any

from torch import Tensor

from unetdoctor.engine import reloading
from unetdoctor.engine.bench import Bench, NotApplicableError, named_tensors
from unetdoctor.engine.corner import cropped, verify_first
from unetdoctor.engine.displays import display_under
from unetdoctor.engine.drawing import Drawing
from unetdoctor.engine.evaluation import Change, Observer, evaluate
from unetdoctor.engine.geometry import ACTIONS as GEOMETRIC
from unetdoctor.engine.geometry import RECOVERING, recover, recovered_output
from unetdoctor.engine.marking import with_scores
from unetdoctor.engine.measures import measured, measured_again
from unetdoctor.engine.observation import Observed, Tried, observe, trial_start, verify_now
from unetdoctor.engine.passes import KEPT_VALUES
from unetdoctor.engine.preprocessing import feeds
from unetdoctor.engine.reading import Reading
from unetdoctor.engine.remedies import change_for
from unetdoctor.engine.reshaping import ACTIONS as RESHAPING
from unetdoctor.engine.reshaping import reshaped
from unetdoctor.engine.running import BatchPass, averaged, on_own_batch, run_again
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.engine.weights import weight_uses
from unetdoctor.facts import (
    Evidence,
    Isolation,
    Latent,
    Output,
    Probe,
    Remedy,
    Request,
    ShapeSweep,
)


class Examination(Reading):
    """The passes of one model: observe them, read them as Evidence, and evaluate them under remedies."""

    def __init__(self, setting: Setting, subject: Subject, request: Request) -> None:
        super().__init__(setting, subject, request)
        self.shapes: ShapeSweep | None = None
        self.isolation: Isolation | None = None
        self.remodels = False
        """Whether a cause is to be judged by the model's numbers under its remedies, which costs a further pass."""
        self._latents: dict[str, Latent] = {}
        self._evidence: Evidence | None = None
        self._running: dict[str, Tensor] | None = None
        self._on_batch: dict[int, BatchPass] = {}
        self._benches: dict[tuple[int, int], Bench] = {}
        self._changes: dict[Any, Change] = {}
        self._tried: dict[Any, Tried] = {}

    def observe(self, probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any], latent: Latent | None) -> Observed:
        """Run one probe and keep it; of a slow network, a corner of what was only made up beside the main one."""
        like = self.seen[0].drawing if self.seen else None
        fed = None if probe.real or self.corner is None else cropped(probe, args, kwargs)
        verify = bool(self.seen) and not (probe.constant or self.slow)
        seen = observe(self.setting, *(fed or (probe, args, kwargs)), verify, like)
        if latent is not None:
            self._latents[probe.name] = latent
        self.seen.append(seen)
        if len(self.seen) == 1 and seen.output is not None:
            self.corner = verify_first(self.setting, seen, self.slow)
        if seen.raw is None:
            seen.raw = seen.output
        self._evidence = None
        return seen

    def evidence(self) -> Evidence:
        """Return everything that was measured as it is."""
        if self._evidence is None:
            self._describe()
            runs = tuple(self._run(seen) for seen in self.seen)
            evidence = Evidence(
                request=self.request,
                intent=self._intent,
                model=self._model_facts(),
                runs=runs,
                comparisons=self._comparisons(
                    [(s.probe.name, s.output) for s in (*self.varied, *self.beside) if s.output is not None]
                ),
                shapes=self.shapes,
                latent=next(iter(self._latents.values()), None),
                loads=tuple(load.fact for load in self.subject.loads),
                isolation=self.isolation,
                **measured(self),
            )
            self._evidence = with_scores(self, evidence, self.outputs())
        return self._evidence

    def bench(self, seen: Observed) -> Bench:
        """Return what a remedy may look at."""
        if seen.drawing is None:
            raise NotApplicableError("the output does not come from any recorded operation")
        key = id(seen), id(seen.values)  # verifying a pass anew tells its computed weights
        if key not in self._benches:
            self._benches[key] = self._bench(seen, seen.drawing)
        return self._benches[key]

    def _bench(self, seen: Observed, drawing: Drawing) -> Bench:
        return Bench(
            tape=seen.tape,
            drawing=drawing,
            uses=weight_uses(seen.tape, drawing.drawn_by),
            values=seen.values,
            model=self._model_facts(),
            non_finite=named_tensors(self.subject.model, {name for name, _ in self._model_facts().non_finite}),
            inputs=seen.inputs,
            latent=self.subject.latent,
            seed=self.request.seed + 1,
            pass_number=next((number for number, other in enumerate(self.seen) if other is seen), 0),
            running=self.running_statistics,
            stored=partial(reloading.tensors, self.subject),
            pixels=self._pixels_of(seen),
            real=seen.probe.real,
        )

    def _pixels_of(self, seen: Observed) -> Tensor | None:
        pixels = self.pixels.get(seen.probe.name)
        return pixels if pixels is None else pixels[..., : seen.probe.shape[-2], : seen.probe.shape[-1]]

    def running_statistics(self) -> dict[str, Tensor]:
        """Return running means and variances averaged over the photographs, else the varied probes, by buffer name."""
        if self._running is None:
            passes = [self.cheapest if self.lean else self.main] if self.slow else self.typical
            self._running = averaged([self.on_batch(seen) for seen in passes])
        return self._running

    def on_batch(self, seen: Observed) -> BatchPass:
        """Return one pass on the statistics of its own batch, evaluated once for all who ask."""
        if not self.has_batch(seen):
            self._on_batch[id(seen)] = on_own_batch(seen, self.evaluate)
        return self._on_batch[id(seen)]

    def has_batch(self, seen: Observed) -> bool:
        """Whether somebody asked for that pass already."""
        return id(seen) in self._on_batch

    def restricted(self, compared: bool = True) -> Evidence:
        """Return the evidence as it is, on the passes that trials look at: what their result is compared with."""
        names = {seen.probe.name for seen in self.looked_at(compared)}
        base = self._looked_at()
        runs = tuple(r for r in base.runs if r.probe.name in names or r.crash is not None)
        pairs = tuple(c for c in base.comparisons if {c.first, c.second} <= names)
        return with_scores(self, replace(base, runs=runs, comparisons=pairs), self.outputs(names))

    def _looked_at(self) -> Evidence:
        """Return the evidence as it is, the main pass's corner in its place where trials look at that."""
        base = self.evidence()
        if not self.lean or self.corner is None:
            return base
        name = self.main.probe.name
        return replace(base, runs=tuple(self._run(self.corner) if r.probe.name == name else r for r in base.runs))

    def counterfactual(self, remedies: tuple[Remedy, ...], compared: bool = True) -> Evidence:
        """Return the evidence under remedies, on every varied probe.

        Where a pass is slow, on two of them if outputs are to be `compared`, else on the main one alone.
        Raises NotApplicableError where a remedy has nothing to act on, and whatever the changed network raises.
        """
        if any(r.action in RECOVERING for r in remedies) and any(s.crash is not None for s in self.seen):
            return self._recovered(remedies)
        start = self._looked_at()
        base = reloading.reread(start, self.subject, remedies)
        tensors: list[tuple[str, Tensor]] = []
        described: dict[str, Output] = {}
        latent = base.latent
        tried = self.looked_at(compared)
        if not tried and base is not start:
            return base
        if not tried:
            raise NotApplicableError("no pass drew anything that could be compared")
        for seen in tried:
            inputs, tensor, described[seen.probe.name] = self._under(seen, remedies)
            tensors.append((seen.probe.name, tensor))
            if inputs is not None and latent is not None and seen is tried[0]:
                x = inputs[0].float()
                latent = replace(latent, std=x.std().item(), minimum=x.min().item(), maximum=x.max().item())
        drawn = dict(tensors)
        beside = self.beside if compared and not self.lean else []
        tensors += [(seen.probe.name, self._under(seen, remedies).tensor) for seen in beside]
        runs = tuple(
            replace(r, output=described[r.probe.name]) if r.probe.name in described else r
            for r in base.runs
            if r.probe.name in described or r.crash is not None
        )
        again = measured_again(self, remedies)
        under = replace(base, runs=runs, comparisons=self._comparisons(tensors), latent=latent, **again)
        return with_scores(self, under, drawn, remedies)

    def change(self, seen: Observed, remedies: tuple[Remedy, ...]) -> Change:
        """Return the remedies' change, made once for all passes that ran the same program."""
        program = tuple(id(e.func) for e in seen.tape.entries)
        own = seen.probe.name if self.subject.latent or feeds(remedies) else ""
        key = (tuple(r.key for r in remedies), hash(program), seen.probe.shape, own)
        if key not in self._changes:
            self._changes = {key: change_for(self.bench(seen), remedies)}
        return self._changes[key]

    def picture_under(self, remedies: tuple[Remedy, ...]) -> tuple[Tensor, Output] | None:
        """Return the main output tensor under remedies, with its numbers, for a preview."""
        seen = self.main
        if seen.output is None or any(r.action in GEOMETRIC for r in remedies):
            return None
        return self._under(seen, remedies)[1:]

    def _under(self, seen: Observed, remedies: tuple[Remedy, ...]) -> Tried:
        """Return what one pass draws under remedies; each is evaluated once."""
        key = (seen.probe.name, seen.probe.shape, tuple(sorted(r.key for r in remedies)))
        if key not in self._tried:
            tried = self._evaluated(seen, remedies)
            if tried.tensor.numel() > KEPT_VALUES:
                return tried
            self._tried[key] = tried
        return self._tried[key]

    def _evaluated(self, seen: Observed, remedies: tuple[Remedy, ...]) -> Tried:
        if any(r.action in RESHAPING for r in remedies):
            tensor, raw = reshaped(self.setting, seen, remedies)
            return Tried(None, tensor, self._output(seen, tensor, raw))
        change = self.change(seen, remedies)
        # Statistics that were filled by one input are those of its batch.
        if [r.action for r in remedies] in (["batch_statistics"], ["recalibrate"] if self.slow else []):
            batch = self.on_batch(seen)
            tensor, raw = batch.tensor, batch.raw
        else:
            tensor, raw = self.evaluate(seen, change)
        display = display_under(self._display, tensor, seen.drawing, self._intent, remedies)
        return Tried(change.inputs, tensor, self._output(seen, tensor, raw, display))

    def evaluate(
        self, seen: Observed, change: Change, seed: int | None = None, observe: Observer | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return (output, what its final activation reads) of one pass under a change, or another seed."""
        setting = self.setting if seed is None else replace(self.setting, seed=seed)
        drawing = seen.drawing
        if drawing is None:
            raise NotApplicableError("the output does not come from any recorded operation")
        touched = {op for op, e in enumerate(seen.tape.entries) if any(n in change.leaves for n in e.parameters)}
        touched |= set(change.interventions)
        reached = seen.tape.downstream(touched, inputs=change.inputs is not None)
        start = trial_start(seen.tape, drawing)
        behind = start is not None and change.first_op(seen.tape) >= start  # a snapshot pays for many trials
        if seen.verified is None and (behind or not self.vouched(seen)):
            verify_now(self.setting, seen)
        if seen.verified is False or seen.tape.reads_values(reached):
            return run_again(setting, seen, drawing, change)
        snapshot = seen.snapshot
        usable = seed is None and snapshot is not None and change.first_op(seen.tape) >= snapshot.op
        values, _ = evaluate(
            seen.tape,
            (drawing.output, drawing.raw),
            change=change,
            snapshot=snapshot if usable else None,
            device=setting.device,
            seed=setting.seed,
            observe=observe,
        )
        return values[drawing.output], values[drawing.raw]

    def _recovered(self, remedies: tuple[Remedy, ...]) -> Evidence:
        """Return the evidence once the crashed passes run with a geometric remedy."""
        base = self.evidence()
        runs, tensors = [], list[tuple[str, Tensor]]()
        for seen, run in zip(self.seen, base.runs, strict=True):
            if run.crash is None:
                runs.append(run)
                continue
            start = time.perf_counter()
            tensor = recover(self.setting, seen, remedies)
            described = recovered_output(tensor, seen, self.subject.latent, self._intent, self._display)
            tensors.append((seen.probe.name, tensor))
            runs.append(replace(run, crash=None, output=described, seconds=time.perf_counter() - start))
        return replace(base, runs=tuple(runs), comparisons=self._comparisons(tensors))
