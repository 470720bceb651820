"""Starting the child: a fresh interpreter that finds this very package and nothing of the current directory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from unetdoctor.worker import environment as variables
from unetdoctor.worker import limits, memory, processes, scratch
from unetdoctor.worker.outcome import Budget

ROOT_PACKAGE, _, _ = __name__.partition(".")

BOOT = f"""
import sys, importlib.machinery, importlib.util
spec = importlib.machinery.PathFinder.find_spec({ROOT_PACKAGE!r}, [sys.argv[1]])
package = sys.modules[{ROOT_PACKAGE!r}] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
from unetdoctor.worker.child import main
main(sys.argv[2])
"""
"""What `-m unetdoctor.worker` does, but surely with the parent's own copy of the package, also from a checkout.

A path on PYTHONPATH would stand before the standard library for everything; this leaves sys.path alone.
"""


SWEEP_S = 1.5
"""How long the ending of descendants may take; SIGKILL takes milliseconds unless a process sleeps in the kernel."""


@dataclass(frozen=True)
class Launched:
    """A running child and what its parent needs to know of it."""

    process: subprocess.Popen[bytes]
    """The child itself."""
    frames: IO[bytes]
    """Its private pipe: what was stdout when it started."""
    output: IO[bytes]
    """The user's stdout and stderr."""
    tree: processes.Tree
    """The child and its descendants."""
    token: str
    """Every frame carries it."""
    stack: int
    """Descriptor of the file of stack dumps."""
    memory_limit: int | None
    """Bytes that the tree may take, None where that cannot be watched."""


def launch(
    request: dict[str, Any],
    entry: str,
    root: Path,
    budget: Budget,
    extra: Mapping[str, str] | None,
    confine: bool,
    adopting: bool,
) -> Launched:
    """Start a child for a request; raises OSError, and ValueError or TypeError for a request that is no JSON."""
    token, mark = os.urandom(16).hex(), os.urandom(8).hex()
    on_cpu = str(request.get("device", "cpu")).startswith("cpu")
    order = {
        "request": request,
        "entry": entry,
        "token": token,
        "parent": os.getpid(),
        "frame_bytes": budget.frame_bytes,
        "address_bytes": budget.memory_bytes if on_cpu else None,
        "confine": confine,
        "linux": limits.LINUX,
    }
    (root / scratch.REQUEST).write_text(json.dumps(order, allow_nan=False), encoding="utf-8")
    tree = processes.Tree(mark, adopting)
    limit = budget.memory_bytes if budget.memory_bytes is not None else memory.default_limit()
    stack = scratch.open_stack(root)
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", BOOT, str(Path(__file__).parents[2]), str(root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=root / scratch.WORK,
            env=variables.child_environment(os.environ, extra, str(root / scratch.WORK), mark),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:
        with contextlib.suppress(OSError):
            os.close(stack)
        tree.sweep(SWEEP_S)  # it may have begun all the same
        raise
    tree.begin(process.pid)
    assert process.stdout is not None
    assert process.stderr is not None
    return Launched(process, process.stdout, process.stderr, tree, token, stack, limit if tree.visible else None)
