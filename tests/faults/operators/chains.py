"""Which layer's result another layer reads: found by running the network once."""

from typing import Any

from torch import Tensor, nn

from tests.faults.building import called
from tests.faults.fault import NotApplicableError, Subject

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
RELUS = (nn.ReLU, nn.ReLU6)


def calls(subject: Subject) -> list[tuple[str, nn.Module, Any, Any]]:
    """Return (name, layer, input, output) of every layer without children, in the order of execution."""
    found: list[tuple[str, nn.Module, Any, Any]] = []
    hooks = []
    for name, module in subject.module.named_modules():
        if not list(module.children()):

            def record(layer: nn.Module, args: Any, out: Any, name: str = name) -> None:
                if args:
                    found.append((name, layer, args[0], out))

            hooks.append(module.register_forward_hook(record))
    called(subject.module, subject.fed)
    for hook in hooks:
        hook.remove()
    return found


def pairs(
    subject: Subject, first: tuple[type, ...], second: tuple[type, ...]
) -> list[tuple[str, nn.Module, str, nn.Module]]:
    """Return every pair of a layer of one kind and a layer of another kind that reads its very result."""
    ran = calls(subject)
    found = []
    for index, (name, layer, given, _) in enumerate(ran):
        if isinstance(layer, second):
            before = next((x for x in reversed(ran[:index]) if x[3] is given and isinstance(given, Tensor)), None)
            if before is not None and isinstance(before[1], first):
                found.append((before[0], before[1], name, layer))
    return found


def middle(found: list[tuple[str, nn.Module, str, nn.Module]], what: str) -> tuple[str, nn.Module, str, nn.Module]:
    """Return the pair in the middle of the network."""
    if not found:
        raise NotApplicableError(f"the network has no {what}")
    return found[len(found) // 2]
