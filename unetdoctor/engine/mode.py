"""The dispatch mode that every mode of ours derives from."""

from torch.utils._python_dispatch import TorchDispatchMode


class Mode(TorchDispatchMode):
    """A TorchDispatchMode that does not pull in torch.compile.

    By default torch wraps `__torch_dispatch__` so that torch.compile leaves it alone, which imports torch._dynamo and
    sympy at the first operation: seconds for a tool that never compiles.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
