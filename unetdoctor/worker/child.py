"""The child's end: limits first, then our code and torch, then the fence, then the entry function, then gone."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from unetdoctor.worker import frames, limits, scratch
from unetdoctor.worker.channel import Channel, UserCodeError, describe

EXIT_MARK = "os._exit("
"""First words of the dump that names who called os._exit."""

RUN = "run"
"""The stage between those that the entry function names."""

_leave = os._exit
_getpid = os.getpid


def main(folder: str) -> NoReturn:
    """Run the request that lies in a scratch directory, and leave by os._exit."""
    root = Path(folder)
    request = json.loads((root / scratch.REQUEST).read_text(encoding="utf-8"))
    (root / scratch.REQUEST).unlink()
    done, failed = limits.at_start(request["parent"], request["linux"])
    pipe = limits.high_descriptor(1)
    os.dup2(2, 1)
    stack = _watch_faults(root)
    channel = Channel(pipe, request["token"], request["frame_bytes"], root / scratch.RAW)
    channel.send("hello", {"enforced": done, "not_enforced": failed})
    flush = _flusher()
    try:
        _run(channel, request, root, stack)
    except UserCodeError as error:
        _report(channel, "user", error)
    except OSError as error:
        _report(channel, "system", describe(channel.current_stage, error))
    except BaseException as error:  # noqa: BLE001 - the last line of the child: what nobody caught is a bug of ours
        _report(channel, "ours", describe(channel.current_stage, error))
    finally:
        flush()
        _leave(0)


def _run(channel: Channel, request: dict[str, Any], root: Path, stack: int) -> None:
    try:
        entry = _find(request["entry"])
    except (ImportError, OSError) as error:
        _report(channel, "start", describe("start", error))
        return
    sys.dont_write_bytecode = True  # nothing is written beside the user's files
    _name_who_exits(stack)
    done, failed = limits.before_user_code(
        [root / scratch.WORK, root / scratch.RAW], request["address_bytes"], request["confine"], request["linux"]
    )
    channel.send("limits", {"enforced": done, "not_enforced": failed})
    channel.stage(RUN)
    channel.send("result", entry(request["request"], channel))


def _find(name: str) -> Callable[[dict[str, Any], Channel], dict[str, Any]]:
    """Return an entry function; its module may have a `prepare`, which imports what the entry of a name will need.

    What is imported stays to the end: the garbage collector looks at it neither meanwhile nor later.
    """
    module_name, _, function = name.partition(":")
    gc.disable()
    try:
        module = importlib.import_module(module_name)
        getattr(module, "prepare", _nothing)(function)
        gc.freeze()
    finally:
        gc.enable()
    found: Callable[[dict[str, Any], Channel], dict[str, Any]] = getattr(module, function)
    return found


def _nothing(_entry: str) -> None:
    pass


def _report(channel: Channel, origin: str, error: UserCodeError) -> None:
    with contextlib.suppress(frames.FrameTooLargeError):
        channel.send("error", {"origin": origin, **error.as_payload()})


def _watch_faults(root: Path) -> int:
    """Dump the Python stack on a crash, and on SIGUSR1 also from within a loop of C++ code."""
    opened = os.open(root / scratch.STACK, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
    stack = limits.high_descriptor(opened)
    faulthandler.enable(file=stack)
    if hasattr(faulthandler, "register"):
        import signal

        faulthandler.register(signal.SIGUSR1, file=stack, all_threads=True)
    return stack


def _name_who_exits(stack: int) -> None:
    """Have os._exit write the stack first: it is the one end that leaves no other trace of its line."""
    owner, write, dump = _getpid(), os.write, faulthandler.dump_traceback

    def _exit(status: int) -> NoReturn:
        if _getpid() == owner:
            with contextlib.suppress(OSError, ValueError):
                write(stack, f"{EXIT_MARK}{status})\n".encode())
                dump(file=stack, all_threads=False)
        _leave(status)

    os._exit = _exit


def _flusher() -> Callable[[], None]:
    """Return a function that writes out what print still holds, whatever was done to sys.stdout meanwhile."""
    streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]

    def flush() -> None:
        for stream in streams:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()

    return flush
