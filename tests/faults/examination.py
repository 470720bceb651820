"""One case from start to end: build it, prove its symptom, have it examined, hold the report against the truth."""

import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.cases import SOUND, Case, hand_over, request_of_zoo, sound_look, strength_of
from tests.faults.fault import NotApplicableError, Proof
from tests.faults.networks import named
from tests.faults.operators import operator
from tests.faults.scoring import (
    BROKEN,
    DROPPED,
    EXAMINED,
    NOT_APPLICABLE,
    REFUSED,
    Row,
    Score,
    codes_of,
    failed,
    readings_of,
    score,
)
from tests.faults.symptoms import look
from unetdoctor.facts import Report, Request, Severity

BEHIND_THE_HEAD = ("M06", "M08", "M09", "M14", "M15")
"""Operators that put functions behind the last layer."""


def row(case: Case, status: str, **more: Any) -> Row:
    """Return a row of a case."""
    fields = {name: value for name, value in asdict(case).items() if name != "file"}
    goal = case.operator != SOUND and operator(case.operator).in_goal
    return Row(**fields, status=status, in_goal=goal, **more)


def examine(case: Case) -> Row:
    """Run one case; whatever breaks becomes a row."""
    return _guarded(case, _examined)


def asked(case: Case) -> Row:
    """Ask the other tools about one case that is known to be proven; whatever breaks becomes a row."""
    return _guarded(case, _asked)


def _guarded(case: Case, work: Callable[[Case, Path], Row]) -> Row:
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = work(case, Path(folder))
    except NotApplicableError as error:
        found = row(case, NOT_APPLICABLE, reason=str(error))
    except Exception as error:  # the bench goes on
        found = row(case, BROKEN, reason=f"the bench: {_sentence(error)}", score=failed(frozenset({"?"})))
    return Row(**{**vars(found), "seconds": round(time.monotonic() - start, 2)})


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:200]


def _examined(case: Case, folder: Path) -> Row:
    if case.file:
        return _reported(case, request_of_zoo(case, folder), frozenset(), {})
    network = named(case.network)
    fields: dict[str, Any] = {}
    handed = hand_over(case, folder)
    if case.operator != SOUND:
        before = sound_look(case.network, case.trained)
        proof: Proof = operator(case.operator).prove(network, before, look(network, handed.module, handed.given))
        fields = {"reading": proof.reading, "before": proof.before, "after": proof.after}
        if not proof.changed:
            return row(case, DROPPED, reason="the symptom did not change", **fields)
    return _reported(case, handed.request, handed.fault.layers, fields)


def _asked(case: Case, folder: Path) -> Row:
    from tests.faults.peers import ask

    handed = hand_over(case, folder)
    return row(case, EXAMINED, peers=ask(handed.module, handed.given, case.operator, handed.fault.layers))


def _reported(case: Case, request: Request, truth: frozenset[str], fields: dict[str, Any]) -> Row:
    from unetdoctor.engine.loading import RequestError
    from unetdoctor.pipeline import examine_in_process

    fields["truth"] = tuple(sorted(truth))
    try:
        report: Report = examine_in_process(request)
    except RequestError as error:
        return row(case, REFUSED, reason=_sentence(error), score=failed(truth), **fields)
    except Exception as error:  # a tool that breaks has found nothing
        return row(case, BROKEN, reason=_sentence(error), score=failed(truth), **fields)
    front = named(case.network).head if case.form == "torchscript" and case.operator in BEHIND_THE_HEAD else ""
    accepted = frozenset() if case.operator == SOUND else operator(case.operator).names(strength_of(case))
    return row(
        case,
        EXAMINED,
        score=Score() if case.operator == SOUND else score(report, accepted, truth, front),
        errors=codes_of(report, Severity.ERROR),
        warnings=codes_of(report, Severity.WARNING),
        readings=readings_of(report),
        diagnoses=tuple(f"{d.code} {d.place.layer}".strip() for d in report.diagnoses),
        **fields,
    )
