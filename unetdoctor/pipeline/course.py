"""The course of one examination."""

from dataclasses import replace
from functools import partial
from typing import Any

from unetdoctor.checks import CHECKS, selected
from unetdoctor.checks.check import Check
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.chosen import ChosenInput
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.given_inputs import Given
from unetdoctor.engine.inputs import choose_input
from unetdoctor.engine.isolation import beside_another, isolate
from unetdoctor.engine.loading import LoadedModel, bare_checkpoint, load
from unetdoctor.engine.loading.errors import guarded
from unetdoctor.engine.pictures import decoded, pictures
from unetdoctor.engine.price import price
from unetdoctor.engine.probes import make_probes
from unetdoctor.engine.setting import Subject
from unetdoctor.engine.shapes import sweep
from unetdoctor.engine.source import layer_place
from unetdoctor.facts import (
    Decoding,
    Evidence,
    Finding,
    Kind,
    Outcome,
    Output,
    Place,
    Preview,
    Probe,
    Remedy,
    Report,
    Request,
    Severity,
    Skipped,
    Trial,
)
from unetdoctor.pipeline.bare import run_bare
from unetdoctor.pipeline.checking import examine
from unetdoctor.pipeline.conclusion import Conclusion, conclude
from unetdoctor.pipeline.diagnosis import promoted
from unetdoctor.pipeline.feeding import probes_of, unjudged
from unetdoctor.pipeline.loading import refuse_unknown_output, setting_of
from unetdoctor.pipeline.summary import Clock, build_report, sections_of, untouched_text
from unetdoctor.pipeline.trials import Laboratory, experiment, symptoms


def run(request: Request, channel: Any, live: LoadedModel | None = None, given: Given = ()) -> Report:
    """Examine one model: load, probe, run, examine, try, conclude.

    `live` is a network that is there already, and `given` are values to feed it.
    """
    clock = Clock()
    checks, skipped = _selected(request)
    weights = None if live is not None else bare_checkpoint(request)
    if weights is not None:
        return run_bare(request, weights, checks, skipped, channel)
    loaded = live if live is not None else load(request, channel.guard)
    channel.partial({"target": {"name": loaded.name, "kind": loaded.target_kind, "how": list(loaded.said)}})
    before = model_digest(loaded.model)
    clock.lap("load")
    channel.stage("input")
    chosen = choose_input(
        loaded.model, loaded.kind, request, loaded.example_inputs, channel.guard, loaded.example_names, given
    )
    checks, beyond = _applicable(checks, chosen)
    skipped += beyond
    examination = examination_of(loaded, chosen, request)
    if chosen.grows:
        before = _grown(loaded, chosen, request, channel)
    clock.lap("input")
    channel.stage("forward")
    spared = []
    for probe in probes_of(examination, chosen, request, channel):
        if examination.slow and _is_spare(examination, probe.probe):
            spared.append(probe.probe.name)
            continue
        observed = partial(examination.observe, probe.probe, probe.args, probe.kwargs, probe.latent)
        guarded(channel.guard, "forward", observed)
        if examination.seen[0].crash is None and examination.seen[0].output is None:
            refuse_unknown_output(request, examination.seen[0].returned)
        if examination.seen[0].crash is not None and chosen.fitted is None:
            break  # the others would crash alike
    if spared:
        skipped += (Skipped("probes", f"{' and '.join(spared)} were not fed, since one pass takes long"),)
    clock.lap("run")
    _sweep(examination, chosen, channel)
    _isolate(examination, channel)
    channel.stage("check")
    evidence = guarded(channel.guard, "check", examination.evidence)
    findings, failed = examine(checks, evidence)
    skipped += (*failed, *unjudged(evidence))
    channel.partial({"findings": [f.code for f in findings if f.ill]})
    clock.lap("check")
    trials, spent = _trials(examination, checks, findings, channel, {s.reason.split()[0] for s in failed})
    clock.lap("trials")
    proof = {c.code: c.is_proof for c in checks}
    final = frozenset(c.code for c in checks if c.warning_is_final)
    findings = promoted(findings, trials, evidence.model.trained, lambda f: proof[f.code](f, evidence), final)
    channel.stage("conclude")
    batch = _with_batch_statistics(examination, evidence)
    conclusion = conclude(
        evidence,
        findings,
        trials,
        {c.code: frozenset((*c.blamed_on, *(r.cause for r in c.counterfactuals))) for c in checks},
        request.selection.fail_on,
        len(checks) - len(failed),
        batch[0][1] if batch else None,
        {c.code: c.accounted_for_by for c in checks},
    )
    shown = _best_trial(conclusion, trials)
    if shown is not None and examination.lean and examination.corner is not None:
        shown = None
        skipped += (Skipped("pictures", "what the remedy of a note draws is not shown, since one pass takes long"),)
    previews, decodings, without = _pictures(examination, shown, channel)
    skipped += without
    clock.lap("pictures")
    changed = [name for name, value in model_digest(loaded.model).items() if before.get(name) != value]
    report = build_report(request, loaded, chosen, examination, evidence, findings, trials, conclusion, clock)
    return replace(
        report,
        skipped=skipped,
        sections=sections_of(checks, findings),
        batch_outputs=batch,
        previews=previews,
        decodings=decodings,
        trials_cost=spent,
        untouched=not changed,
        untouched_text=untouched_text(before, changed),
    )


def _is_spare(examination: Examination, probe: Probe) -> bool:
    """Return whether a slow network can do without a probe: an even tone, and a third input that is no picture."""
    return probe.constant or (not probe.real and len(examination.varied) > 1)


def _grown(loaded: LoadedModel, chosen: ChosenInput, request: Request, channel: Any) -> dict[str, Any]:
    """Let forward() make the layers that it makes when it first runs; return the checksums from then on."""
    probe, had = make_probes(chosen, request, request.device)[0], set(dict(loaded.model.named_parameters()))
    guarded(channel.guard, "forward", partial(setting_of(loaded, request).call, probe.args, probe.kwargs))
    made = [name for name, _ in loaded.model.named_parameters() if name not in had]
    text = f"forward() made {', '.join(made[:4])} when it first ran; an optimiser made before that does not train them"
    loaded.how = (*loaded.how, *([text] if made else []))
    return model_digest(loaded.model)


def _selected(request: Request) -> tuple[tuple[type[Check], ...], tuple[Skipped, ...]]:
    checks = tuple(selected(request.selection))
    left_out = tuple(Skipped(c.code, "left out by --select or --ignore") for c in CHECKS if c not in checks)
    return checks, left_out


def _applicable(
    checks: tuple[type[Check], ...], chosen: ChosenInput
) -> tuple[tuple[type[Check], ...], tuple[Skipped, ...]]:
    """Leave out the checks that judge pictures alone where the input is a signal or a volume."""
    shape = chosen.main.shape
    axes = len(shape) - 2 if len(shape) > 2 and not chosen.latent else 2
    what = {1: "a signal", 3: "a volume"}.get(axes, "no picture")
    reason = f"judges pictures, and the input is {what} ({'x'.join(map(str, shape))})"
    left_out = tuple(Skipped(c.code, reason) for c in checks if axes not in c.axes)
    return tuple(c for c in checks if axes in c.axes), left_out


def examination_of(loaded: LoadedModel, chosen: ChosenInput, request: Request) -> Examination:
    """Return the examination of a loaded network, before its first pass."""
    places: dict[str, Place] = {}

    def place(layer: str) -> Place:
        if layer not in places:
            places[layer] = layer_place(loaded, layer)
        return places[layer]

    subject = Subject(
        model=loaded.model,
        name=loaded.name,
        kind=loaded.kind,
        weights_given=loaded.weights_given,
        latent=chosen.latent,
        timestep=chosen.timestep,
        place=place,
        loads=loaded.loads,
        source=loaded.source_file,
    )
    return Examination(setting_of(loaded, request), subject, request)


def _sweep(examination: Examination, chosen: ChosenInput, channel: Any) -> None:
    """Look for the valid sizes where a pass crashed or the person gave a size."""
    request, main = examination.request, examination.seen[0]
    shape = main.probe.shape
    crashed = any(s.crash is not None for s in examination.seen)
    drawn = tuple(examination.main.output.shape) if examination.main.output is not None else ()
    resized = len(drawn) == 4 and len(shape) == 4 and drawn[2:] != tuple(examination.main.inputs[0].shape[2:])
    if len(shape) != 4 or chosen.latent or not (crashed or resized or request.inputs or request.images):
        return
    channel.stage("shapes")
    try:
        examination.shapes = sweep(
            examination.subject.model,
            chosen.make,
            (shape[2], shape[3]),
            kwargs=chosen.make_named,
            laws=resized,
        )
    except (NotImplementedError, RuntimeError):
        examination.shapes = None


def _isolate(examination: Examination, channel: Any) -> None:
    """Feed the first sample alone where a pass went through."""
    if examination.alive:
        channel.stage("forward")
        fed = partial(beside_another, examination.setting, examination.main, examination.seen)
        examination.isolation = guarded(channel.guard, "forward", lambda: isolate(examination.setting, fed()))


def _trials(
    examination: Examination,
    checks: tuple[type[Check], ...],
    findings: tuple[Finding, ...],
    channel: Any,
    failed: set[str],
) -> tuple[tuple[Trial, ...], float]:
    """Return the trials, and what they cost in forward passes."""
    found = symptoms(checks, findings)
    if not found:
        return (), 0.0

    compared = any(s.check.reads_comparisons for s in found)
    examination.remodels = any(s.finding.kind is Kind.CAUSE for s in found)
    notes = all(s.finding.severity is Severity.NOTE for s in found)
    examination.lean = notes and not examination.truths  # masks are of whole pictures

    def counterfactual(remedies: tuple[Remedy, ...]) -> Evidence:
        channel.stage("trial")  # each has its own time limit
        return examination.counterfactual(remedies, compared)

    working = tuple(c for c in checks if c.code not in failed)
    budget = examination.request.limits.budget
    start = examination.restricted(compared)
    laboratory = Laboratory(counterfactual, working, start, lambda r: price(examination, r, compared), budget)
    return experiment(laboratory, found, findings, thrifty=examination.slow), laboratory.spent


def _with_batch_statistics(examination: Examination, evidence: Evidence) -> tuple[tuple[str, Output], ...]:
    """Return the outputs of an untrained network with batch statistics: what it would draw once they are filled."""
    if evidence.model.trained or not any(n.used_stored for n in evidence.model.norms):
        return ()
    try:
        other = examination.counterfactual((Remedy("batch_statistics"),), compared=False)
    except (NotApplicableError, RuntimeError, ValueError):
        return ()
    return tuple((run.probe.name, output) for run, output in other.outputs)


def _pictures(
    examination: Examination, trial: Trial | None, channel: Any
) -> tuple[tuple[Preview, ...], tuple[Decoding, ...], tuple[Skipped, ...]]:
    """Return the pictures and what was decoded; a full disk costs the pictures, and nothing that was found."""
    if examination.request.pictures:
        try:
            previews = pictures(examination, trial, channel.raw)
            decodings, readings = decoded(examination, channel.raw)
        except OSError as error:
            reason = f"they could not be written: {error.strerror or error}"
            return (), decoded(examination, None)[0], (Skipped("pictures", reason),)
        return (*previews, *readings), decodings, ()
    return (), decoded(examination, None)[0], ()


def _best_trial(conclusion: Conclusion, trials: tuple[Trial, ...]) -> Trial | None:
    """Return the experiment whose picture is shown beside the present one."""
    first = next((d.trial for d in conclusion.diagnoses if d.confirmed and d.trial is not None), None)
    return first or next((t for t in trials if t.outcome is Outcome.CURED), None)
