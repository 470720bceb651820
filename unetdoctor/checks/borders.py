"""Which convolutions keep the height and width of what they read, and which take a border from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unetdoctor.checks.layers import written
from unetdoctor.facts import Evidence, Op, Remedy, Run

_NAMED = 3


@dataclass(frozen=True)
class Borders:
    """The convolutions of stride 1 with a kernel larger than 1, by what they do to the size."""

    keeping: tuple[Op, ...]
    """Those that pad as much as their kernel takes, or read what was padded before."""
    losing: tuple[Op, ...]
    """Those without padding."""

    @property
    def lost(self) -> int:
        """Pixels of height or width that those without padding take together."""
        return sum(max(_difference(op)) for op in self.losing)

    @property
    def mixed(self) -> bool:
        """Whether some keep the size and others do not: then it is no design to lose a border."""
        return bool(self.keeping and self.losing)

    @property
    def named(self) -> str:
        """The layers without padding, the first few of them."""
        layers = list(dict.fromkeys(op.place.text for op in self.losing))
        more = f" and {len(layers) - _NAMED} more" if len(layers) > _NAMED else ""
        return ", ".join(layers[:_NAMED]) + more


def borders(evidence: Evidence, run: Run, among: Iterable[int] | None = None) -> Borders:
    """Return the convolutions of a pass; `among` names the operations that are looked at."""
    padded = {op.index for op in run.ops if "pad" in op.name}
    wanted = None if among is None else set(among)
    keeping, losing = [], []
    for op in run.ops:
        layer = evidence.model.layer(op.place.layer) if "convolution" in op.name else None
        if layer is None or layer.transposed or not op.input_shapes or (wanted is not None and op.index not in wanted):
            continue
        kernel = layer.shape[2:]
        if len(kernel) != 2 or max(kernel) < 2 or len(op.input_shapes[0]) != 4 or len(op.shape) != 4:
            continue
        difference = _difference(op)
        if difference == (0, 0) or set(op.inputs) & padded:
            keeping.append(op)
        elif difference == tuple(side - 1 for side in kernel):
            losing.append(op)
    return Borders(tuple(keeping), tuple(losing))


def before_one_alone(run: Run, first: int, second: int) -> set[int]:
    """Return the operations that stand before one of two results, and not before both."""
    return _upstream(run, first) ^ _upstream(run, second)


def same_padding(losing: Sequence[Op], evidence: Evidence, cause: str) -> Remedy:
    """Return padding by half the kernel, with the lines for the layers that lack it where those are few.

    Of a pass that crashed, what follows is not known: then every convolution is to be padded.
    """
    layers = {op.place.layer: evidence.model.layer(op.place.layer) for op in losing}
    lines = [
        f"{written(name)}.padding = {tuple((side - 1) // 2 for side in layer.shape[2:])}"
        for name, layer in layers.items()
        if layer is not None
    ]
    some = "\n".join(lines) if len(lines) <= _NAMED and evidence.crashed is None else ""
    return Remedy(
        action="same_padding",
        title=f"pad {next(iter(layers)) if some and len(layers) == 1 else 'every convolution'} by half its kernel",
        patch=some or 'nn.Conv2d(channels_in, channels_out, 3, padding="same")',
        cause=cause,
        scope=1 if some else 2,
    )


def _difference(op: Op) -> tuple[int, ...]:
    return tuple(a - b for a, b in zip(op.input_shapes[0][2:], op.shape[2:], strict=True))


def _upstream(run: Run, index: int) -> set[int]:
    ops = {op.index: op for op in run.ops}
    found: set[int] = set()
    waiting = [index]
    while waiting:
        op = ops.get(waiting.pop())
        if op is not None and op.index not in found:
            found.add(op.index)
            waiting.extend(op.inputs)
    return found
