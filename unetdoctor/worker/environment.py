"""The child's environment: an allow-list, so that no secret of the user's shell reaches foreign code."""

from __future__ import annotations

import re
from collections.abc import Mapping

MARK = "UNETDOCTOR_WORKER"
"""Every descendant inherits this variable; the final sweep finds escaped processes by it."""

NAMES = frozenset(
    """
    PATH HOME USER LOGNAME LANG LANGUAGE TZ TERM
    LD_LIBRARY_PATH LD_PRELOAD DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH
    PYTHONPATH PYTHONHOME PYTHONPYCACHEPREFIX PYTHONNOUSERSITE VIRTUAL_ENV CONDA_PREFIX
    HF_HOME HF_HUB_CACHE HF_HUB_OFFLINE TORCH_HOME XDG_CACHE_HOME XDG_DATA_HOME TRITON_CACHE_DIR
    SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA PROGRAMDATA
    PROGRAMFILES COMMONPROGRAMFILES NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE
    """.split()  # noqa: SIM905 - seven lines instead of forty
)
PREFIXES = (
    *("LC_", "CUDA_", "NVIDIA_", "CUDNN_", "HIP_", "ROCR_", "HSA_"),
    *("PYTORCH_", "OMP_", "MKL_", "OPENBLAS_", "KMP_"),
)
SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH")
"""NVIDIA_API_KEY matches an allowed prefix; a name that sounds like a secret never passes."""


def child_environment(
    own: Mapping[str, str], extra: Mapping[str, str] | None, scratch: str, mark: str
) -> dict[str, str]:
    """Return what the child gets: the allowed part of `own`, our settings, then `extra` as given."""
    passed = {name: value for name, value in own.items() if _allowed(name.upper())}
    ours = {
        "TMPDIR": scratch,
        "TMP": scratch,
        "TEMP": scratch,
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8:backslashreplace",
    }
    return {**passed, **ours, **(extra or {}), MARK: mark}


def _allowed(name: str) -> bool:
    return (name in NAMES or name.startswith(PREFIXES)) and SECRET.search(name) is None
