"""Linux Landlock through plain system calls: foreign code writes only to scratch, opens no TCP, signals only its own.

Source: https://docs.kernel.org/userspace-api/landlock.html. No root is needed. Reading stays open, UDP and local
sockets stay open, and threads that exist already are not bound: a fence against accidents, not a wall.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
QUERY_VERSION = 1
RULE_PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
REMOVE_AND_MAKE = sum(1 << bit for bit in (4, 5, 6, 7, 8, 9, 10, 11, 12))
REFER = 1 << 13
BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
SCOPE_SIGNAL = 1 << 1
ABI_REFER, ABI_TRUNCATE, ABI_TCP, ABI_SCOPE = 2, 3, 4, 6

DEV = Path("/dev")
DEVICES = ("null", "zero", "full", "random", "urandom", "shm", "dri", "kfd", "nvidia-caps")
"""Below DEV, besides nvidia*: what arithmetic and DataLoader workers need. No terminal, no disk."""


def confine(writable: list[Path]) -> list[str]:
    """Bind this thread and all that it starts later; return what is enforced now. Raises OSError with the reason."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = _call(libc, "this kernel offers no Landlock", CREATE_RULESET, None, 0, QUERY_VERSION)
    writes = WRITE_FILE | REMOVE_AND_MAKE
    writes |= REFER if version >= ABI_REFER else 0
    writes |= TRUNCATE if version >= ABI_TRUNCATE else 0
    attributes = struct.pack("=Q", writes)
    enforced = [f"writes only to scratch and devices (Landlock {version})"]
    if version >= ABI_TCP:
        attributes += struct.pack("=Q", BIND_TCP | CONNECT_TCP)
        enforced.append("no TCP (Landlock)")
    if version >= ABI_SCOPE:
        attributes += struct.pack("=Q", SCOPE_SIGNAL)
        enforced.append("signals only to its own processes (Landlock)")
    ruleset = _call(libc, "Landlock made no rule set", CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in [*writable, *_devices(), Path("/proc/self")]:
            _allow(libc, ruleset, path, writes)
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "new privileges cannot be given up")
        _call(libc, "Landlock bound nothing", RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return enforced


def _devices() -> list[Path]:
    return [*(DEV / name for name in DEVICES), *DEV.glob("nvidia*")]


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, writes: int) -> None:
    """Allow writing at or below a path; one that does not exist is left out."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        descriptor = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
        try:
            rights = writes if path.is_dir() else writes & (WRITE_FILE | TRUNCATE)
            rule = struct.pack("=Qi", rights, descriptor)
            _call(libc, f"Landlock made no rule for {path}", ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0)
        finally:
            os.close(descriptor)


def _call(libc: ctypes.CDLL, otherwise: str, number: int, *arguments: int | bytes | None) -> int:
    wide = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *wide))
    if result < 0:
        raise OSError(ctypes.get_errno(), otherwise)
    return result
