"""`--device`: whether the machine has it, before anything is loaded."""

from __future__ import annotations

import re

import torch

from unetdoctor.engine.loading.errors import RequestError


def check(name: str) -> torch.device:
    """Return the device of this name; raises RequestError where the machine has none."""
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?|mps", name):
        raise RequestError(f"--device {name}: no such device; use cpu, cuda, cuda:N or mps.")
    if name.startswith("cuda"):
        _check_cuda(name)
    if name == "mps" and not torch.backends.mps.is_available():
        raise _missing(name, "no Metal (MPS) device")
    return torch.device(name)


def _check_cuda(name: str) -> None:
    if not torch.cuda.is_available():
        raise _missing(name, "no CUDA device")
    number = torch.cuda.device_count()
    index = int(name.partition(":")[2] or 0)
    if index >= number:
        have = "1 CUDA device, cuda:0" if number == 1 else f"{number} CUDA devices, cuda:0 to cuda:{number - 1}"
        raise RequestError(f"--device {name}: this machine has {have}.")


def _missing(name: str, what: str) -> RequestError:
    build = "built without CUDA" if torch.version.cuda is None else f"built for CUDA {torch.version.cuda}"
    return RequestError(
        f"--device {name}: this machine has {what} (torch {torch.__version__}, {build}); "
        "leave it out to run on the CPU."
    )
