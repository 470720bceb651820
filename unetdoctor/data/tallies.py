"""What is counted of one record, by name: the vocabulary between totals and checks."""

from __future__ import annotations

from unetdoctor.facts.dataset import Tally
from unetdoctor.facts.pair import PairRecord


def tallied(record: PairRecord) -> dict[str, Tally]:
    """Return a tally of one for everything that holds for this record."""
    return {}
