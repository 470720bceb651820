"""Everything that is measured of one model: the observed passes, and the counterfactual ones of the trials."""

import time
from dataclasses import replace
from functools import partial
from typing import Any

from torch import Tensor

from unetdoctor.engine import colours, outputs, reloading
from unetdoctor.engine.bench import Bench, NotApplicableError, named_tensors
from unetdoctor.engine.comparison import compare_all
from unetdoctor.engine.displays import display_range, display_under
from unetdoctor.engine.evaluation import Change, Observer, evaluate
from unetdoctor.engine.geometry import ACTIONS as GEOMETRIC
from unetdoctor.engine.geometry import RECOVERING, recover, recovered_output
from unetdoctor.engine.loss_source import inferred_loss
from unetdoctor.engine.losses import loss_numbers
from unetdoctor.engine.marking import with_scores
from unetdoctor.engine.measures import measured, measured_again
from unetdoctor.engine.model_facts import model_facts
from unetdoctor.engine.observation import Observed, Tried, observe, operations, run_again, verify_now
from unetdoctor.engine.passes import KEPT_VALUES, Passes
from unetdoctor.engine.preprocessing import feeds
from unetdoctor.engine.remedies import change_for
from unetdoctor.engine.reshaping import ACTIONS as RESHAPING
from unetdoctor.engine.reshaping import reshaped
from unetdoctor.engine.running import BatchPass, averaged, on_own_batch
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.engine.truths import task_of, truths_of
from unetdoctor.engine.weights import weight_uses
from unetdoctor.facts import (
    Comparison,
    DisplayRange,
    Evidence,
    Isolation,
    Latent,
    ModelFacts,
    Output,
    Probe,
    Remedy,
    Request,
    Run,
    ShapeSweep,
)


class Examination(Passes):
    """The passes of one model: observe them, read them as Evidence, and evaluate them under remedies."""

    def __init__(self, setting: Setting, subject: Subject, request: Request) -> None:
        self.setting, self.subject, self.request = setting, subject, request
        super().__init__()
        self.shapes: ShapeSweep | None = None
        self.isolation: Isolation | None = None
        self.remodels = False
        """Whether a cause is to be judged by the model's numbers under its remedies, which costs a further pass."""
        self._latents: dict[str, Latent] = {}
        self._facts: ModelFacts | None = None
        self._intent = request.intent
        self._display: DisplayRange | None = None
        self._evidence: Evidence | None = None
        self._running: dict[str, Tensor] | None = None
        self._on_batch: dict[str, BatchPass] = {}
        self._changes: dict[Any, Change] = {}
        self._tried: dict[Any, Tried] = {}
        self.truths = truths_of(request)
        """The person's masks, by the name of the probe that feeds their picture."""

    def observe(self, probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any], latent: Latent | None) -> Observed:
        """Run one probe and keep it."""
        like = self.seen[0].drawing if self.seen else None
        seen = observe(self.setting, probe, args, kwargs, not self.seen or not (probe.constant or self.slow), like)
        if latent is not None:
            self._latents[probe.name] = latent
        self.seen.append(seen)
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
                comparisons=self._comparisons(self.outputs({s.probe.name for s in self.varied})),
                shapes=self.shapes,
                latent=next(iter(self._latents.values()), None),
                loads=tuple(load.fact for load in self.subject.loads),
                isolation=self.isolation,
                **measured(self),
            )
            self._evidence = with_scores(self, evidence, self.outputs())
        return self._evidence

    def _describe(self) -> None:
        """Infer the task and the display range from the main pass."""
        main = self.main
        if main.output is None or self._display is not None:
            return
        task, reason = outputs.infer_task(
            self.subject.latent, main.probe.shape, tuple(main.output.shape), main.drawing, self.subject.timestep
        )
        task, reason = task_of(self.truths, tuple(main.output.shape), task, reason)
        self._intent = replace(self._intent, inferred_task=task, inferred_from=reason)
        loss = inferred_loss(self.subject.source, self.subject.name, self.setting.shown_path)
        self._intent = replace(self._intent, **loss)
        self._display = display_range(main.output, main.drawing, self._intent)

    def _model_facts(self) -> ModelFacts:
        if self._facts is None:
            self._facts = model_facts(self.subject, self.main)
        return self._facts

    def _output(self, seen: Observed, tensor: Tensor, raw: Tensor, display: DisplayRange | None = None) -> Output:
        known = display or self._display or display_range(tensor, seen.drawing, self._intent)
        rows = outputs.as_row(tensor, seen.probe.shape), outputs.as_row(raw, seen.probe.shape)
        output = outputs.describe(seen.path, *rows, seen.drawing, known, self._intent.effective)
        loss = loss_numbers(rows[0], output.activation, self._intent.effective_loss)
        tints = colours.colours_of(seen, rows[0], known)
        return replace(output, shape=tuple(tensor.shape), loss=loss, colours=tints)

    def _run(self, seen: Observed) -> Run:
        described = None
        if seen.output is not None:
            described = self._output(seen, seen.output, seen.output if seen.raw is None else seen.raw)
        return Run(
            probe=seen.probe,
            ops=operations(seen, self.setting),
            output=described,
            others=seen.others,
            chosen=seen.chosen,
            crash=seen.crash,
            seconds=seen.seconds,
            verified=seen.verified is not False,
        )

    def _comparisons(self, tensors: dict[str, Tensor]) -> tuple[Comparison, ...]:
        return compare_all("latents" if self.subject.latent else "inputs", tensors, self._display)

    def bench(self, seen: Observed) -> Bench:
        """Return what a remedy may look at."""
        if seen.drawing is None:
            raise NotApplicableError("the output does not come from any recorded operation")
        return Bench(
            tape=seen.tape,
            drawing=seen.drawing,
            uses=weight_uses(seen.tape, seen.drawing.drawn_by),
            values=seen.values,
            model=self._model_facts(),
            non_finite=named_tensors(self.subject.model, {name for name, _ in self._model_facts().non_finite}),
            inputs=seen.inputs,
            latent=self.subject.latent,
            seed=self.request.seed + 1,
            pass_number=self.seen.index(seen),
            running=self.running_statistics,
            stored=partial(reloading.tensors, self.subject),
            pixels=self.pixels.get(seen.probe.name),
            real=seen.probe.real,
        )

    def running_statistics(self) -> dict[str, Tensor]:
        """Return running means and variances averaged over the photographs, else the varied probes, by buffer name."""
        if self._running is None:
            self._running = averaged([self.on_batch(seen) for seen in self.typical[: 1 if self.slow else None]])
        return self._running

    def on_batch(self, seen: Observed) -> BatchPass:
        """Return one pass on the statistics of its own batch, evaluated once for all who ask."""
        if seen.probe.name not in self._on_batch:
            self._on_batch[seen.probe.name] = on_own_batch(seen, self.evaluate)
        return self._on_batch[seen.probe.name]

    def restricted(self, compared: bool = True) -> Evidence:
        """Return the evidence as it is, on the passes that trials look at: what their result is compared with."""
        names = {seen.probe.name for seen in self.looked_at(compared)}
        base = self.evidence()
        runs = tuple(r for r in base.runs if r.probe.name in names or r.crash is not None)
        pairs = tuple(c for c in base.comparisons if {c.first, c.second} <= names)
        return with_scores(self, replace(base, runs=runs, comparisons=pairs), self.outputs(names))

    def counterfactual(self, remedies: tuple[Remedy, ...], compared: bool = True) -> Evidence:
        """Return the evidence under remedies, on every varied probe.

        Where a pass is slow, on two of them if outputs are to be `compared`, else on the main one alone.
        Raises NotApplicableError where a remedy has nothing to act on, and whatever the changed network raises.
        """
        if any(r.action in RECOVERING for r in remedies) and any(s.crash is not None for s in self.seen):
            return self._recovered(remedies)
        base = reloading.reread(self.evidence(), self.subject, remedies)
        tensors: dict[str, Tensor] = {}
        described: dict[str, Output] = {}
        latent = base.latent
        tried = self.looked_at(compared)
        if not tried and base is not self.evidence():
            return base
        if not tried:
            raise NotApplicableError("no pass drew anything that could be compared")
        for seen in tried:
            inputs, tensors[seen.probe.name], described[seen.probe.name] = self._under(seen, remedies)
            if inputs is not None and latent is not None and seen is tried[0]:
                x = inputs[0].float()
                latent = replace(latent, std=x.std().item(), minimum=x.min().item(), maximum=x.max().item())
        runs = tuple(
            replace(r, output=described[r.probe.name]) if r.probe.name in described else r
            for r in base.runs
            if r.probe.name in described or r.crash is not None
        )
        again = measured_again(self, remedies)
        under = replace(base, runs=runs, comparisons=self._comparisons(tensors), latent=latent, **again)
        return with_scores(self, under, tensors, remedies)

    def change(self, seen: Observed, remedies: tuple[Remedy, ...]) -> Change:
        """Return the remedies' change, made once for all passes that ran the same program."""
        program = tuple(id(e.func) for e in seen.tape.entries)
        own = seen.probe.name if self.subject.latent or feeds(remedies) else ""
        key = (tuple(r.key for r in remedies), hash(program), own)
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
        key = (seen.probe.name, tuple(sorted(r.key for r in remedies)))
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
        if seen.verified is None:
            verify_now(self.setting, seen)
        if not seen.verified or seen.tape.reads_values(reached):
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
        runs, tensors = [], {}
        for seen, run in zip(self.seen, base.runs, strict=True):
            if run.crash is None:
                runs.append(run)
                continue
            start = time.perf_counter()
            tensor = recover(self.setting, seen, remedies)
            described = recovered_output(tensor, seen, self.subject.latent, self._intent, self._display)
            tensors[seen.probe.name] = tensor
            runs.append(replace(run, crash=None, output=described, seconds=time.perf_counter() - start))
        return replace(base, runs=tuple(runs), comparisons=self._comparisons(tensors))
