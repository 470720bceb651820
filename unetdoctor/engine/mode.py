"""The dispatch mode that every mode of ours derives from."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Mode(TorchDispatchMode):
    """A TorchDispatchMode that does not pull in torch.compile.

    By default torch wraps `__torch_dispatch__` so that torch.compile leaves it alone, which imports torch._dynamo and
    sympy at the first operation: seconds for a tool that never compiles.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


def with_numbers(args: Any) -> Any:
    """Return arguments in which a number that a TorchScript program keeps as a tensor is a number again.

    Torch marks such a tensor so that it does not decide the result's type, and loses the mark on the way to a dispatch
    mode: bytes divided by 255.0 would become double. Only where everything beside it is integral does that matter.
    """
    operands = [a for a in args if isinstance(a, Tensor)]
    numbers = [a for a in operands if a.dim() == 0 and a.dtype is torch.float64 and a.device.type == "cpu"]
    if not numbers or len(numbers) == len(operands):
        return args
    if any(a.is_floating_point() or a.is_complex() for a in operands if a.dim()):
        return args
    return tuple(a.item() if any(a is n for n in numbers) else a for a in args)
