"""Feeding mutants to a reader and keeping what it could not stand."""

import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.mutation import mutant
from tests.fuzz.targets import Target


@dataclass
class Outcome:
    """What became of one reader."""

    inputs: int = 0
    """Inputs that it was given."""
    refused: int = 0
    """Those that it refused as it should."""
    slowest: float = 0.0
    """Seconds for the worst of them."""
    crashes: dict[str, bytes] = field(default_factory=dict)
    """Last lines of a traceback -> the first input that led there."""


def offered(target: Target, seed: int) -> Iterator[bytes]:
    """Yield the sound inputs, and then mutants without end, the same ones for the same seed."""
    seeds = target.seeds()
    yield from seeds
    random = Random(seed)
    while True:
        yield mutant(seeds, random)


def give(target: Target, data: bytes, folder: Path, outcome: Outcome) -> None:
    """Give one input to a reader."""
    begun = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target.read(data, folder)
    except target.refuses:
        outcome.refused += 1
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        key = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {error}"[:200]
        outcome.crashes.setdefault(key, data)
    outcome.inputs += 1
    outcome.slowest = max(outcome.slowest, time.monotonic() - begun)


def run(target: Target, *, seed: int, count: int = 0, seconds: float = 0.0, last: Path | None = None) -> Outcome:
    """Feed a reader until one of both limits is reached; `last` holds the input that is being read."""
    outcome, end = Outcome(), time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for data in offered(target, seed):
            if (count and outcome.inputs >= count) or (seconds and time.monotonic() > end):
                break
            if last is not None:
                last.write_bytes(data)
            give(target, data, Path(folder), outcome)
    return outcome
