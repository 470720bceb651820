"""One forward pass, operation by operation: the answer of `unetdoctor trace`."""

from dataclasses import dataclass, field

from unetdoctor.facts.crash import Crash
from unetdoctor.facts.evidence import Op
from unetdoctor.facts.report import Environment, InputChoice, RunBlock, Target


@dataclass(frozen=True)
class Trace:
    """The operations of one pass, up to the failing one after a crash."""

    target: Target
    """What was loaded."""
    input: InputChoice
    """What was fed, and how that was found."""
    probe: str
    """How the values were made."""
    ops: tuple[Op, ...]
    """Every operation in order."""
    output: tuple[int, ...]
    """Shape of the chosen output; empty after a crash or where there is none."""
    path: str
    """Where forward() returned it."""
    non_finite: int | None = None
    """Index of the first operation of the NaN or infinite values that reach the end; a mask of -Inf does not."""
    collapse: int | None = None
    """Index of the operation from which on next to nothing of the signal is left."""
    crash: Crash | None = None
    """What forward() raised."""
    environment: Environment | None = None
    """What it ran on, and what held the worker in."""
    timings: RunBlock = field(default_factory=RunBlock)
    """The one part that differs between two equal runs: `worker_seconds` is the duration of the observed pass."""

    @property
    def exit_code(self) -> int:
        """1 where forward() crashed or a value is not finite, else 0."""
        return int(self.crash is not None or self.non_finite is not None)
