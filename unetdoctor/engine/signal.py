"""The spread of the signal along the depth of a network."""

import math

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.drawing import NORMALISATIONS, is_weighted
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.weights import normalisations
from unetdoctor.facts import SignalPoint, TensorStatistics


def signal(examination: Examination) -> tuple[SignalPoint, ...]:
    """Return the spread of the signal along the depth of the main pass, with stored and with batch statistics."""
    main = examination.main
    batch = _batch_signal(examination)
    final = main.drawing.output.op if main.drawing else -1
    points = []
    for op, entry in enumerate(main.tape.entries):
        known = main.statistics.get(op)
        if known is None or not (is_weighted(entry) or entry.name in NORMALISATIONS or op == final):
            continue
        other = batch[op].signal if op in batch else math.nan
        points.append(SignalPoint(entry.name, entry.layer, entry.shape, known.signal, other))
    return tuple(points)


def _batch_signal(examination: Examination) -> dict[int, TensorStatistics]:
    seen = examination.main if examination.has_batch(examination.main) else examination.cheapest
    norms = set(normalisations(seen.tape))
    if (
        seen.drawing is None
        or not examination.cheapest.verified
        or not norms
        or seen.tape.reads_values(seen.tape.downstream(norms))
    ):
        return {}  # what follows from values that were read would not be what batch statistics lead to
    try:
        return examination.on_batch(seen).statistics
    except (NotApplicableError, RuntimeError, ValueError):
        return {}
