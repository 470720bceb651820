"""The report of an examination: its sections, notices, environment and timings."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean as mean
from typing import Any

from unetdoctor.checks.check import Check
from unetdoctor.engine.chosen import ChosenInput
from unetdoctor.engine.environment import environment
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.loading import LoadedModel
from unetdoctor.engine.signal import signal
from unetdoctor.facts import (
    Evidence,
    Finding,
    Output,
    Report,
    Request,
    RunBlock,
    Section,
    Severity,
    Target,
    Trial,
)
from unetdoctor.facts.report import SCHEMA_VERSION
from unetdoctor.pipeline.conclusion import Conclusion

SECTIONS = (
    ("Loading and running", "UD0"),
    ("Geometry", "UD1"),
    ("The picture", "UD2"),
    ("Weights and normalisation", "UD3"),
    ("Activations and signal", "UD4"),
    ("Head and task", "UD5"),
    ("Pictures and preprocessing", "UD6"),
    ("Numbers and devices", "UD8"),
)
"""Title and code prefix of each section of a report."""


@dataclass
class Clock:
    """Seconds per stage."""

    stages: dict[str, float] = field(default_factory=dict)
    _start: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        """Book the time since the last lap on a stage."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._start
        self._start = now


def sections_of(checks: tuple[type[Check], ...], findings: tuple[Finding, ...]) -> tuple[Section, ...]:
    """Return one section for each hundred of the catalogue, with its worst severity."""
    sections = []
    for title, prefix in SECTIONS:
        codes = tuple(c.code for c in checks if c.code.startswith(prefix))
        worst = max((f.severity for f in findings if f.code in codes), key=lambda s: s.rank, default=Severity.OK)
        if codes:
            sections.append(Section(title, codes, worst))
    return tuple(sections)


def untouched_text(before: dict[str, Any], changed: list[str]) -> str:
    """Say what was hashed, and what of it changed."""
    if changed:
        return f"{len(changed)} of {len(before)} checksums changed: {', '.join(changed[:5])}"
    return f"{len(before) - 2} parameters and buffers, the training flags and the random state are bit-identical"


def _fed_as(examination: Examination) -> str:
    """Say what photographs are fed as, and who said so."""
    if not examination.pixels or examination.request.preprocessing.function:
        return ""
    why = "since nothing was declared and no statistics tell"
    if examination.declared:
        why = "as declared"
    elif examination.remembered:
        why = "as the statistics of its normalisation remember"
    return f" It is fed as {examination.chain.text}, {why}."


def build_report(
    request: Request,
    loaded: LoadedModel,
    chosen: ChosenInput,
    examination: Examination,
    evidence: Evidence,
    findings: tuple[Finding, ...],
    trials: tuple[Trial, ...],
    conclusion: Conclusion,
    clock: Clock,
) -> Report:
    """Return the report; sections, previews and skipped checks are added by the caller."""
    crashed = evidence.crashed
    return Report(
        schema_version=SCHEMA_VERSION,
        state=conclusion.state,
        verdict=conclusion.verdict,
        target=Target(
            target=request.target,
            name=loaded.name,
            kind=loaded.target_kind,
            how=loaded.said,
            parameters=evidence.model.parameters,
            layers=len(evidence.model.layers),
            weights=loaded.weights,
        ),
        intent=evidence.intent,
        input=replace(chosen.choice, text=chosen.choice.text + _fed_as(examination)),
        environment=environment(request.device),
        diagnoses=conclusion.diagnoses,
        findings=findings,
        trials=trials,
        outputs=tuple((r.probe.name, r.output) for r in evidence.runs if r.output is not None),
        signal=signal(examination) if examination.alive else (),
        latent=evidence.latent,
        shapes=evidence.shapes,
        skips=evidence.skips,
        scores=evidence.scores,
        crash=crashed.crash if crashed is not None else None,
        failure="forward" if conclusion.exit_code == 3 else "",
        exit_code=conclusion.exit_code,
        fail_on=request.selection.fail_on,
        notices=_notices(evidence),
        timings=run_block(clock),
    )


def run_block(clock: Clock) -> RunBlock:
    """Return the times and the memory of an examination."""
    return RunBlock(worker_seconds=sum(clock.stages.values()), stages=clock.stages, peak_memory_bytes=_peak())


def _drawn(outputs: Sequence[Output], *, classes: bool) -> str:
    """Say in one line what came out on a person's own pictures, `classes` where the values are scores of classes."""
    count = len(outputs)
    where = "On the one picture" if count == 1 else f"Over {count} pictures"
    finite = [output for output in outputs if output.non_finite < 1]
    if not finite:
        return f"{where} no value of what is drawn is a finite number."
    if len(finite) < count:
        where = f"Over {len(finite)} of {count} pictures, those with finite values,"
    outputs, first = finite, finite[0]
    if first.holds_ids:
        least, most = min(output.minimum for output in outputs), max(output.maximum for output in outputs)
        return f"{where} class ids from {least:g} to {most:g} come out."
    if len(first.class_shares) == 2 and len(first.channels) == 1 and classes:
        above = [100 * output.class_shares[1] for output in outputs]
        ends = f" ({min(above):.3g} to {max(above):.3g} %)" if count > 1 else ""
        top = max(output.channels[0].p99_8bit for output in outputs) / 255
        return f"{where} {mean(above):.3g} % of the mask lies above the threshold{ends}; the highest values: {top:.2f}."
    if first.class_shares and classes and first.display.source != "bytes":
        alike = [output.class_shares for output in outputs if len(output.class_shares) == len(first.class_shares)]
        shares = [mean(each) for each in zip(*alike, strict=True)]
        ranked = sorted(enumerate(shares), key=lambda pair: -pair[1])[:3]
        return f"{where} the classes are " + ", ".join(f"{k} on {100 * share:.3g} %" for k, share in ranked) + "."
    spread, level = (mean(x) for x in zip(*((o.spread_8bit, o.mean_8bit) for o in outputs), strict=True))
    return f"{where} what is drawn spreads over {spread:.3g} of 255 levels around {level:.3g}."


def _notices(evidence: Evidence) -> tuple[str, ...]:
    notices = [
        f"On {run.probe.name} the evaluated tape differed from the model: trials ran the model itself."
        for run in evidence.runs
        if run.output is not None and not run.probe.constant and not run.verified
    ]
    fresh = not evidence.model.trained and not evidence.loads
    if fresh and any(run.output is not None for run in evidence.runs):
        notices.append("These weights are fresh: train the network, or give its trained weights with -w FILE.")
    drawn = [run.output for run in evidence.runs if run.probe.real and run.output is not None]
    if drawn:
        segmenting = evidence.intent.effective.is_segmentation
        notices.append(_drawn(drawn, classes=segmenting and not evidence.painted))
    main = evidence.main
    if main is not None and main.output is not None and len(main.output.shape) == 5:
        depth = main.output.shape[2]
        notices.append(
            f"The output is a volume: its slice {depth // 2} of {depth} stands for it in pictures and numbers."
        )
    return tuple(notices)


def _peak() -> int:
    """Return the largest resident memory of this process in bytes, 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024
