"""What the child takes from itself: before torch is imported, and once more before foreign code runs.

Every function returns what is enforced and what is not, as phrases for the report. Linux-only modules are imported
where they are used, so that this module imports everywhere.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

LINUX: bool = sys.platform == "linux"

GIB = 1024**3
MAX_FILE_BYTES = 4 * GIB
ADDRESS_SLACK_BYTES = 2 * GIB
"""Address space beyond the memory budget for what is reserved but never touched: thread stacks and malloc arenas."""
OOM_SCORE = 1000
"""The highest: when memory runs out, the kernel ends the worker first and not the terminal beside it."""
PR_SET_PDEATHSIG = 1

Step = tuple[str, Callable[[], list[str]]]


def at_start(parent: int, linux: bool) -> tuple[list[str], list[str]]:
    """Tie the process to its parent and bound what it may leave behind."""
    if not linux:
        names = "death with the parent, oom_score_adj, no core files, file size limit, address space limit, Landlock"
        return [], [f"{names}: only on Linux"]
    return _attempt(
        [
            ("death with the parent", lambda: _die_with(parent)),
            ("oom_score_adj", _first_to_go),
            ("no core files", lambda: _limit("RLIMIT_CORE", 0, "no core files")),
            (
                "file size limit",
                lambda: _limit("RLIMIT_FSIZE", MAX_FILE_BYTES, f"no file above {MAX_FILE_BYTES // GIB} GiB"),
            ),
        ]
    )


def before_user_code(
    scratch: list[Path], address_bytes: int | None, confine: bool, linux: bool
) -> tuple[list[str], list[str]]:
    """Bound the address space (torch is imported by now and has taken its gigabytes) and where code may write."""
    if not linux:
        return [], []
    steps: list[Step] = []
    if address_bytes is not None:
        steps.append(("address space limit", lambda: _bound_address_space(address_bytes)))
    if confine:
        steps.append(("Landlock", lambda: _landlock(scratch)))
    done, failed = _attempt(steps)
    if not confine:
        failed.append("Landlock: switched off by --no-sandbox")
    return done, failed


def _attempt(steps: list[Step]) -> tuple[list[str], list[str]]:
    done: list[str] = []
    failed: list[str] = []
    for name, step in steps:
        try:
            done += step()
        except (OSError, ValueError, ImportError, AttributeError) as error:
            failed.append(f"{name}: {getattr(error, 'strerror', None) or error}")
    return done, failed


def _die_with(parent: int) -> list[str]:
    import ctypes
    import signal

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused")
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    return ["dies with its parent (PR_SET_PDEATHSIG)"]


def _first_to_go() -> list[str]:
    Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    return ["first to go when memory runs out (oom_score_adj)"]


def _limit(name: str, value: int, phrase: str) -> list[str]:
    import resource

    number: int = getattr(resource, name)
    hard = resource.getrlimit(number)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(number, (bound, bound))
    return [f"{phrase} ({name})"]


def _bound_address_space(budget: int) -> list[str]:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + budget + ADDRESS_SLACK_BYTES
    return _limit(
        "RLIMIT_AS",
        limit,
        f"at most {(budget + ADDRESS_SLACK_BYTES) / GIB:.1f} GiB of address space beyond torch's own",
    )


def _landlock(scratch: list[Path]) -> list[str]:
    from unetdoctor.worker import landlock

    return landlock.confine(scratch)


def high_descriptor(descriptor: int) -> int:
    """Return a private duplicate, far above the numbers that careless code closes or writes to; the old one closes."""
    duplicate = -1
    with contextlib.suppress(ImportError, OSError, ValueError):
        import fcntl
        import resource

        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        floor = max(min(soft, 1024) - 24, 3)
        duplicate = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, floor)
    if duplicate < 0:
        duplicate = os.dup(descriptor)
    if descriptor > 2:
        os.close(descriptor)
    return duplicate
