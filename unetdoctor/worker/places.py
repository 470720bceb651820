"""Where in the user's own code something happened: from a traceback in the child, or from a dump of stacks."""

from __future__ import annotations

import os
import re
import sysconfig
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType

MAX_SOURCE_BYTES = 4 * 1024 * 1024
MAX_FRAMES = 2000
"""A recursion error has about a thousand frames."""
_PATH_CUT = slice(4096)
"""`compile` takes a file name of any length."""
SHOWN_FRAMES = 40
SHOWN_SOURCE = 120

OUR_PACKAGE = str(Path(__file__).parents[1]) + os.sep
SAMPLES = OUR_PACKAGE + "sample_models" + os.sep
"""Our sick and healthy samples are models like anybody's."""
_PATHS = [Path(path) for name, path in sysconfig.get_paths().items() if name in {"stdlib", "platstdlib"}]
STANDARD_LIBRARY = tuple({str(form) + os.sep for path in _PATHS for form in (path, path.resolve())})
INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]")
TORCH = re.compile(r"[/\\](site|dist)-packages[/\\]torch[/\\]")

_THREAD = re.compile(r"^(Current thread|Thread|Stack) [0(]")
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in ')
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


@dataclass(frozen=True)
class Place:
    """A line of source; `file` is empty where nothing is known."""

    file: str = ""
    """Path as Python knew it."""
    line: int = 0
    """Counted from 1; 0 where unknown."""
    source: str = ""
    """The line's text, stripped and cut."""


def choose(frames: list[tuple[str, int]]) -> Place:
    """Return the user's place among (file, line) frames, innermost first.

    The user's own file is one that is neither ours, nor the standard library's, nor installed. Where there is none,
    an installed library other than torch is the best answer (a network from a model zoo).
    """
    foreign = [frame for frame in frames if frame[0] and not frame[0].startswith("<") and not _is_ours(frame[0])]
    own = [frame for frame in foreign if not INSTALLED.search(frame[0])]
    installed = [frame for frame in foreign if not TORCH.search(frame[0])]
    for file, line in (own or installed)[:1]:
        return Place(file, line, source_line(file, line))
    return Place()


def _is_ours(file: str) -> bool:
    if file.startswith(OUR_PACKAGE):
        return not file.startswith(SAMPLES)
    return file.startswith(STANDARD_LIBRARY) and not INSTALLED.search(file)


def source_line(file: str, number: int) -> str:
    """Return one stripped line of a source file, empty if the name is not that of a regular, readable file."""
    try:
        path = Path(file)
        if not path.is_file() or path.stat().st_size > MAX_SOURCE_BYTES:
            return ""
        with path.open(encoding="utf-8", errors="replace") as lines:
            return next(islice(lines, max(number - 1, 0), None), "").strip()[:SHOWN_SOURCE]
    except (OSError, ValueError):
        return ""


def traceback_frames(trace: TracebackType | None) -> list[tuple[str, int, str]]:
    """Return (file, line, function) of a traceback, innermost first."""
    frames: list[tuple[str, int, str]] = []
    while trace is not None and len(frames) < MAX_FRAMES:
        code = trace.tb_frame.f_code
        file, name = str.__getitem__(code.co_filename, _PATH_CUT), str.__getitem__(code.co_name, _PATH_CUT)
        frames.append((file, trace.tb_lineno or 0, name))
        trace = trace.tb_next
    frames.reverse()
    return frames


def traceback_text(frames: list[tuple[str, int, str]]) -> str:
    """Return frames as Python prints them, outermost first; long ones lose their middle."""
    shown: list[str] = []
    for number, (file, line, function) in enumerate(reversed(frames)):
        if SHOWN_FRAMES // 2 <= number < len(frames) - SHOWN_FRAMES // 2:
            if number == SHOWN_FRAMES // 2:
                shown.append(f"  [... {len(frames) - SHOWN_FRAMES} frames left out ...]")
            continue
        shown.append(f'  File "{file}", line {line}, in {function}')
        source = source_line(file, line)
        if source:
            shown.append(f"    {source}")
    return "\n".join(shown)


def from_dump(dump: str) -> Place:
    """Return the user's place in a dump that faulthandler wrote: the current thread's, else the main thread's."""
    threads: list[tuple[bool, list[tuple[str, int]]]] = []
    for line in dump.splitlines():
        header = _THREAD.match(line)
        if header:
            threads.append((header[1] != "Thread", []))
            continue
        frame = _FRAME.match(line)
        if frame and threads:
            threads[-1][1].append((_unescape(frame[1]), int(frame[2][:9])))
    threads.reverse()  # faulthandler writes the newest thread first, so the main thread was the last
    for _, frames in sorted(threads, key=lambda thread: not thread[0]):
        place = choose(frames)
        if place.file:
            return place
    return Place()


def _unescape(name: str) -> str:
    return _ESCAPE.sub(lambda match: _character(int(match[1][1:], 16)), name)


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"
