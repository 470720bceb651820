"""An audit in a straight line: totals of pairs, the checks that read data, a verdict. Nothing here imports torch."""

import platform
from collections import Counter
from dataclasses import replace

from unetdoctor import __version__
from unetdoctor.checks import selected
from unetdoctor.data.dataset import dataset_of
from unetdoctor.facts import (
    Dataset,
    Declared,
    Diagnosis,
    Environment,
    Evidence,
    Fault,
    Finding,
    Intent,
    ModelFacts,
    Report,
    Request,
    Section,
    Selection,
    Severity,
    State,
    Target,
    Totals,
    Yielded,
    named,
)
from unetdoctor.facts.report import SCHEMA_VERSION
from unetdoctor.judging.exit_code import exit_code_of
from unetdoctor.pipeline.checking import examine
from unetdoctor.pipeline.diagnosis import diagnose

NO_MODEL = ModelFacts(
    name="",
    kind="data",
    parameters=0,
    layers=(),
    norms=(),
    non_finite=(),
    weights_given=False,
    trained=True,
    last_layer="",
    residual_output=False,
    timestep_input=False,
)
"""What stands for the model where there is none."""


def audited(
    totals: Totals,
    declared: Declared,
    target: str,
    selection: Selection | None = None,
    yielded: Yielded | None = None,
) -> Report:
    """Return the report of an audit; raises ValueError where the selection names no check.

    `target` says what was read: the folder of pictures, the list, the loader. `yielded` is what a Dataset yields.
    """
    selection = selection or Selection()
    loaded = yielded is not None
    checks = tuple(check for check in selected(selection) if check.reads_data or (loaded and check.reads_samples))
    data = replace(dataset_of(totals, declared), yielded=yielded)
    request = Request(target=target, intent=Intent(task=declared.task, classes=declared.classes), selection=selection)
    findings, failed = examine(checks, Evidence(request, request.intent, NO_MODEL, (), data=data))
    diagnoses = diagnose(findings, (), {})
    state = _state(totals, findings)
    worst = max((finding.severity for finding in findings), key=lambda s: s.rank, default=Severity.OK)
    return Report(
        schema_version=SCHEMA_VERSION,
        state=state,
        verdict=_verdict(data, state, findings, diagnoses, len(checks)),
        target=Target(
            target=target, name=target, kind="data", how=_how(totals), parameters=0, layers=0, runs_code=declared.loaded
        ),
        intent=request.intent,
        input=None,
        environment=_environment(),
        diagnoses=diagnoses,
        findings=findings,
        skipped=failed,
        sections=(Section("Pictures and masks", tuple(check.code for check in checks), worst),),
        data=data,
        failure="read" if state is State.NOT_DIAGNOSABLE else "",
        exit_code=exit_code_of(state, findings, selection.fail_on),
        untouched_text="files are only read",
    )


def _state(totals: Totals, findings: tuple[Finding, ...]) -> State:
    if not totals.pairs or not (_readable(totals, "image") or _readable(totals, "mask")):
        return State.NOT_DIAGNOSABLE
    return State.ILL if any(finding.severity is Severity.ERROR for finding in findings) else State.HEALTHY


def _readable(totals: Totals, role: str) -> int:
    lost = sum(totals.tallies[key].count for fault in Fault if (key := named(role, fault)) in totals.tallies)
    return (totals.images if role == "image" else totals.masks) - lost


def _verdict(
    data: Dataset, state: State, findings: tuple[Finding, ...], diagnoses: tuple[Diagnosis, ...], examined: int
) -> str:
    totals = data.totals
    if not totals.pairs:
        return "There is nothing to audit: no picture and no mask was found."
    if state is State.NOT_DIAGNOSABLE:
        return f"None of the {totals.images + totals.masks} files can be read."
    first = diagnoses[0] if diagnoses else None
    others = len(diagnoses) - 1
    more = f" {others} more finding{'s' * (others != 1)}." if others > 0 else ""
    if state is State.ILL and first is not None:
        return f"{first.message}{more}"
    if first is not None:
        return f"No error, one thing to look at: {first.message}{more}"
    applied = len({finding.code for finding in findings})
    return f"{applied} of {examined} checks applied, on {_counted(totals)}, and found nothing wrong."


def _counted(totals: Totals) -> str:
    masks = f" and {totals.masks:,} masks" if totals.masks else ""
    return f"{totals.images:,} pictures{masks}"


def _how(totals: Totals) -> tuple[str, ...]:
    kinds = Counter(totals.modes).most_common(4)
    said = [f"{_counted(totals)}: {', '.join(f'{count:,} {kind}' for kind, count in kinds)}"] if kinds else []
    if totals.decoded < totals.images:
        said.append(f"{totals.decoded:,} of {totals.images:,} pictures were decoded, of the others the header was read")
    return tuple(said)


def _environment() -> Environment:
    return Environment(
        unetdoctor=__version__,
        python=platform.python_version(),
        torch="",
        platform=f"{platform.system()} {platform.machine()}",
        device="cpu",
    )
