"""What the installed torch guarantees when it reads a pickled file."""

from __future__ import annotations

import re

from unetdoctor.engine.loading.errors import RequestError

SAFE_LOADER = (2, 6)
"""Before this version weights_only=True ran code (CVE-2025-32434)."""
SOUND_LOADER = (2, 10)
"""Before this version a file could still corrupt the memory of the process (CVE-2026-24747)."""


def refuse_old(shown: str, version: str) -> None:
    """Raise RequestError where torch of this version runs code of a file that is read as weights alone."""
    if _numbers(version) < SAFE_LOADER:
        raise RequestError(
            f"{shown} is a pickled file, and torch {version} runs code of such files even with weights_only=True "
            "(CVE-2025-32434); install torch 2.6 or newer, or save the weights as safetensors.",
            ("pip install 'torch>=2.6'",),
        )


def remark(shown: str, version: str) -> str:
    """Return what a person should know of the loader of this version; empty where there is nothing."""
    if _numbers(version) >= SOUND_LOADER:
        return ""
    return (
        f"weights_only of torch {version} is no boundary against a hostile file (CVE-2026-24747, mended in 2.10), so "
        f"read {shown} only if you know where it comes from"
    )


def _numbers(version: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else SOUND_LOADER
