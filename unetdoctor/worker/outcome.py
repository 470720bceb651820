"""What flows over the process boundary: budgets in, events and one outcome out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from unetdoctor.worker import scratch as scratch_directory

STAGE_LIMITS_S: Mapping[str, float] = MappingProxyType(
    {"start": 120.0, "import": 120.0, "probe": 120.0, "construct": 60.0, "forward": 60.0, "check": 60.0, "trial": 60.0}
)
"""On a busy machine of two cores, importing a model library took 70 s, and finding the input of a Mask R-CNN 75 s."""
OTHER_STAGE_LIMIT_S = 60.0

EXIT_NO_DIAGNOSIS = 3
EXIT_OUR_BUG = 101
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Budget:
    """How much time, memory and output the child may use."""

    total_s: float = 300.0
    """Seconds for the whole run, from the start of the process."""
    stages: Mapping[str, float] = field(default_factory=lambda: STAGE_LIMITS_S)
    """Seconds per stage; a stage that is not listed has its usual limit."""
    memory_bytes: int | None = None
    """Memory of the child and all its descendants; None means 90 % of what is available at the start."""
    frame_bytes: int = 64 * 1024 * 1024
    """Largest single frame; all frames of a run together may be four times as large."""
    log_bytes: int = 64 * 1024
    """How much of the user's output is kept: half of it from the head, half from the tail."""

    def limit_s(self, stage: str) -> float:
        """Return the seconds for a stage; `check:UD202` has the limit of `check` unless it has its own."""
        family = stage.partition(":")[0]
        for limits in (self.stages, STAGE_LIMITS_S):
            for name in (stage, family):
                if name in limits:
                    return limits[name]
        return OTHER_STAGE_LIMIT_S


@dataclass(frozen=True)
class Event:
    """One message from the child."""

    kind: str
    """`stage` ({"name", "resumed"}), `partial`, or a kind that the entry function chose."""
    payload: dict[str, Any]
    """JSON data; it comes from a process that runs foreign code."""


@dataclass(frozen=True)
class Failure:
    """Why there is no result."""

    kind: str
    """One of timeout, signal, exit, memory, interrupted, protocol, error, start."""
    stage: str
    """The stage in which it happened."""
    sentence: str
    """One sentence with the stage, the place where known, and the signal or exit status in words."""
    file: str = ""
    """The user's file, empty where unknown."""
    line: int = 0
    """The line in that file, 0 where unknown."""
    traceback: str = ""
    """The Python stack as text, for -v."""
    exit_code: int = EXIT_NO_DIAGNOSIS
    """3, or 130 when interrupted, or 101 for an error raised outside the user's code."""


@dataclass(frozen=True)
class Outcome:
    """What came of a supervised run; close it (or use it in a `with`) to remove the scratch directory."""

    result: dict[str, Any] | None
    """What the entry function returned, None when no result arrived."""
    failure: Failure | None
    """Why there is no result; None only when there is one."""
    log: str
    """The user's stdout and stderr, head and tail, as written: sanitise before showing."""
    partials: tuple[Event, ...]
    """Every partial result that arrived, also those before a crash."""
    scratch: Path
    """Where the raw files are (`read_raw`)."""
    enforced: tuple[str, ...]
    """What the child could not do, one phrase each."""
    not_enforced: tuple[str, ...]
    """What was asked for and could not be enforced here, with the reason."""
    seconds: float
    """Wall time of the run."""
    memory_limit: int | None = None
    """Bytes that all its processes could take together, None where that was not watched."""

    def close(self) -> None:
        """Remove the scratch directory; closing twice does no harm."""
        scratch_directory.remove(self.scratch)

    def __enter__(self) -> Outcome:
        """Return the outcome itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the scratch directory."""
        self.close()


def read_raw(outcome: Outcome, record: object) -> bytes:
    """Return the bytes of a raw file that the child recorded (`{"file", "size", "sha256"}`).

    Name, kind, size and hash are checked; raises RawFileError where one is not as recorded.
    """
    return scratch_directory.read_verified(outcome.scratch, record)
