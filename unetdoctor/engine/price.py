"""What an experiment costs, in forward passes: an estimate from the operations, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.geometry import ACTIONS as GEOMETRIC
from unetdoctor.engine.remodelling import STATISTICAL
from unetdoctor.engine.reshaping import ACTIONS as RESHAPING
from unetdoctor.engine.weights import products
from unetdoctor.facts import Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination
    from unetdoctor.engine.observation import Observed

LEAST = 0.02
"""Of a pass: making the change and reading the output cost something where next to nothing is evaluated."""


def price(examination: Examination, remedies: tuple[Remedy, ...], compared: bool = True) -> float:
    """Return how many forward passes a trial is worth; 0 for one that will not be tried."""
    if any(r.action in GEOMETRIC or r.action in RESHAPING for r in remedies):
        return float(max(len(examination.looked_at(compared)), 1))
    measured = examination.remodels and examination.evidence().model.trained
    again = float(measured and any(r.action in STATISTICAL for r in remedies))
    whole = products(examination.main.tape) or 1
    return again + sum(
        _share(examination, seen, remedies) * (products(seen.tape) / whole if examination.slow else 1)
        for seen in (
            *examination.looked_at(compared),
            *(examination.beside if compared and not examination.lean else ()),
        )
    )


def _share(examination: Examination, seen: Observed, remedies: tuple[Remedy, ...]) -> float:
    """Return the part of one pass that is evaluated: all of it, or what stands behind the snapshot."""
    try:
        first = examination.change(seen, remedies).first_op(seen.tape)
    except (NotApplicableError, RuntimeError, ValueError, TypeError, IndexError):
        return 0.0  # the trial itself says what is the matter
    snapshot = seen.snapshot
    whole = products(seen.tape)
    if snapshot is None or first < snapshot.op or not whole:
        return 1.0
    return max(products(seen.tape, snapshot.op) / whole, LEAST)
