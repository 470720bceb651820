"""How much memory a run may take here: the machine's, and that of every control group above us."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

SHARE = 0.9
"""Of what is available; the rest keeps the machine answering."""
GROUPS = Path("/sys/fs/cgroup")
_CACHE = re.compile(r"(total_)?inactive_file \d+$")
"""File cache counts as used, but the kernel gives it back."""
FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Limit and use, in version 2 and in version 1."""


def default_limit() -> int | None:
    """Return 90 % of the memory that is available now, None where that cannot be known."""
    rooms = [room for room in (_machine(), *_groups()) if room is not None]
    return int(SHARE * min(rooms)) if rooms else None


def kills_so_far() -> int:
    """Return how many processes the kernel has ended for want of memory, 0 where unknown."""
    for line in _read(Path("/proc/vmstat")).splitlines():
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return 0


def _machine() -> int | None:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _groups() -> list[int | None]:
    """Return the room left in our control groups, from our own up to the root."""
    rooms: list[int | None] = []
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        base = GROUPS / ("memory" if controllers else "")
        folder = base / path.lstrip("/")
        for place in (folder, *folder.parents):
            if place == GROUPS.parent:
                break
            rooms.extend(_room(place, *names) for names in FILES)
    return rooms


def _room(folder: Path, limit_name: str, use_name: str) -> int | None:
    limit, use = _read(folder / limit_name).strip(), _read(folder / use_name).strip()
    if not limit.isdigit() or not use.isdigit():
        return None
    cache = [int(line.split()[1]) for line in _read(folder / "memory.stat").splitlines() if _CACHE.match(line)]
    return max(int(limit) - int(use) + max(cache, default=0), 0)


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""
