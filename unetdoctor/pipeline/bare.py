"""The course of a checkpoint without its network: what it is, what its weights show, and what to type."""

from typing import Any

from unetdoctor.checks.check import Check
from unetdoctor.engine import bare_facts
from unetdoctor.engine.environment import environment
from unetdoctor.engine.families import NO_PICTURE
from unetdoctor.engine.likeness import Likeness
from unetdoctor.engine.loading import Bare
from unetdoctor.engine.loading.target import quoted
from unetdoctor.facts import Evidence, Finding, Report, Request, Severity, Skipped, State, Target
from unetdoctor.facts.report import SCHEMA_VERSION
from unetdoctor.judging.exit_code import exit_code_of
from unetdoctor.pipeline.checking import examine
from unetdoctor.pipeline.diagnosis import diagnose
from unetdoctor.pipeline.summary import Clock, run_block, sections_of
from unetdoctor.pipeline.verdict import lower, verdict_of

NEEDS_NETWORK = "needs the network: give it with --arch"
"""Why a check was not run on weights alone."""


def run_bare(
    request: Request, bare: Bare, checks: tuple[type[Check], ...], skipped: tuple[Skipped, ...], channel: Any
) -> Report:
    """Examine weights alone; what needs a forward pass is listed as not examined."""
    clock = Clock()
    seen = bare_facts.looks_like(bare)
    evidence = Evidence(request, request.intent, channel.guard("load", lambda: bare_facts.facts(bare, seen)), ())
    clock.lap("load")
    channel.stage("check")
    ran = tuple(check for check in checks if check.reads_weights_alone)
    findings, failed = examine(ran, evidence)
    clock.lap("check")
    diagnoses = diagnose(findings, (), {})
    ill = any(finding.severity is Severity.ERROR for finding in findings)
    state = State.ILL if ill else State.NOT_DIAGNOSABLE
    arch = seen.target + "".join(f" -k {name}={value}" for name, value in seen.arguments)
    command = f"unetdoctor inspect {quoted(request.target)} --arch {arch or 'model.py:NAME'}"
    verdict = (
        verdict_of(state, evidence, findings, diagnoses, len(ran), None)
        if ill
        else _verdict(bare, seen, findings, command)
    )
    return Report(
        schema_version=SCHEMA_VERSION,
        state=state,
        verdict=verdict,
        target=Target(
            target=request.target,
            name=seen.name,
            kind="checkpoint",
            how=bare_facts.sentences(bare, seen),
            parameters=evidence.model.parameters,
            layers=len(evidence.model.layers),
            runs_code=False,
        ),
        intent=request.intent,
        input=None,
        environment=environment(request.device),
        diagnoses=diagnoses,
        findings=findings,
        skipped=(*skipped, *failed, *(Skipped(c.code, NEEDS_NETWORK) for c in checks if c not in ran)),
        sections=sections_of(ran, findings),
        exit_code=exit_code_of(state, findings, request.selection.fail_on),
        fail_on=request.selection.fail_on,
        notices=(f"Examine it with its network: {command}",) if ill else (),
        timings=run_block(clock),
    )


def _verdict(bare: Bare, seen: Likeness, findings: tuple[Finding, ...], command: str) -> str:
    what = f" and looks like {seen.name}" if seen.name else ""
    told = max((f for f in findings if f.ill), key=lambda f: f.severity.rank, default=None)
    wrong = "nothing is wrong with the numbers" if told is None else lower(told.message.rstrip("."))
    needed = "" if seen.name.endswith(NO_PICTURE) else f". Judging its picture needs its network: {command}"
    return f"{bare.shown} holds {len(bare.tensors)} tensors without a network{what}; {wrong}{needed}"
