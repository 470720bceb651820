"""A few hundred pairs at a time: read, recorded and added up; what a process pool and a cluster map alike."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

from unetdoctor.data.decoding import UnreadableError
from unetdoctor.data.fetching import base_of, content, printable
from unetdoctor.data.files import File
from unetdoctor.data.pair import Content, audit_pair
from unetdoctor.data.pairing import Pair
from unetdoctor.data.totals import merge, totals_of
from unetdoctor.facts.contract import dump, load_totals
from unetdoctor.facts.dataset import Declared, Totals
from unetdoctor.facts.pair import Fault, PairRecord

IMAGE, MASK = "image", "mask"
"""The two files of a pair, as those that end a process are blamed."""


@dataclass(frozen=True)
class Order:
    """What is asked of every pair."""

    declared: Declared
    """What a person said about the data."""
    wants_masks: bool
    """Whether an image is meant to have a mask."""
    records: bool = False
    """Whether the records of single pairs are kept, beside their totals."""
    draws: bool = False
    """Whether pairs are drawn for a person instead of measured."""


class Blame(NamedTuple):
    """Files of a pair that are not opened, because they ended the process that read them."""

    roles: tuple[str, ...]
    """`image`, `mask` or both."""
    reason: str
    """What happened to the process."""


class Shard(NamedTuple):
    """Pairs that are worked on together."""

    number: int
    """Which shard of the whole; parts of one have the same."""
    first: int
    """Number of its first pair in the whole."""
    pairs: tuple[Pair, ...]
    """The pairs."""
    blame: Blame | None = None
    """Of a shard with a single pair: what is not opened."""


class Answer(NamedTuple):
    """What came of a shard, as JSON values."""

    totals: dict[str, Any]
    """Its totals."""
    records: list[dict[str, Any]]
    """Its records where they are kept."""


def audit_shard(shard: Shard, order: Order, begin: Callable[[int], None] = lambda number: None) -> bytes:
    """Return the answer for a shard as JSON; `begin` is told the number of each pair before it is opened."""
    records: list[dict[str, Any]] = []
    if order.draws:
        for number, pair in enumerate(shard.pairs, shard.first):
            begin(number)
            records.append(_drawn(pair, order, shard.blame))
        return _as_json(Answer({}, records))

    def recorded() -> Iterator[PairRecord]:
        for number, pair in enumerate(shard.pairs, shard.first):
            begin(number)
            record = record_of(pair, order, shard.blame)
            if order.records:
                records.append(dump(record))
            yield record

    totals = dump(totals_of(recorded(), order.declared))
    return _as_json(Answer(totals, records))


def _as_json(answer: Answer) -> bytes:
    return json.dumps(answer._asdict(), separators=(",", ":")).encode()


def _drawn(pair: Pair, order: Order, blame: Blame | None) -> dict[str, Any]:
    from unetdoctor.data.sketches import sketch

    try:
        return sketch(pair, order.declared) if blame is None else {"words": blame.reason}
    except Exception as error:  # noqa: BLE001 - one pair that we cannot draw is a line of words
        return {"words": f"It cannot be drawn: {type(error).__name__}."}


def record_of(pair: Pair, order: Order, blame: Blame | None = None) -> PairRecord:
    """Return the record of a pair; whatever is wrong with its files stands in it."""
    roles = blame.roles if blame is not None else ()
    image = _blamed(pair.image, blame) if blame is not None and IMAGE in roles else content(pair.image)
    mask = _blamed(pair.mask, blame) if blame is not None and MASK in roles else content(pair.mask)
    measure = partial(
        audit_pair,
        declared=order.declared,
        image_name=printable(pair.image),
        mask_name=printable(pair.mask),
        wants_mask=order.wants_masks,
    )
    try:
        return measure(image, mask)
    except Exception as error:  # noqa: BLE001 - one pair that we cannot measure never ends the audit
        fault = UnreadableError(Fault.DAMAGED, f"It cannot be measured: {type(error).__name__}: {str(error)[:200]}.")
        lost = [None if file is None else fault for file in (pair.image, pair.mask)]
        return measure(lost[0], lost[1])


def _blamed(file: File | None, blame: Blame) -> Content:
    return None if file is None else UnreadableError(Fault.DAMAGED, f"{base_of(file)} {blame.reason}.")


def joined(answers: Sequence[bytes]) -> bytes:
    """Return the answers for the parts of a shard as that for the whole."""
    if len(answers) == 1:
        return answers[0]
    parts = [answer_of(answer) for answer in answers]
    totals = dump(reduce(merge, (load_totals(part.totals) for part in parts)))
    records = [record for part in parts for record in part.records]
    return _as_json(Answer(totals, records))


def answer_of(data: bytes) -> Answer:
    """Return the answer that `audit_shard` wrote; raises ValueError where it is none."""
    return Answer(**json.loads(data))


def added(answers: Iterator[bytes]) -> Totals:
    """Return the totals of all answers, joined in pairs of equal weight so that the time is linear in their number."""
    waiting: list[tuple[int, Totals]] = []
    for answer in answers:
        weight, totals = 1, load_totals(answer_of(answer).totals)
        while waiting and waiting[-1][0] == weight:
            weight, totals = 2 * weight, merge(waiting.pop()[1], totals)
        waiting.append((weight, totals))
    return reduce(lambda last, entry: merge(entry[1], last), reversed(waiting), Totals())
