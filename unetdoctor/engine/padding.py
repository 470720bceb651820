"""The lines that bring a picture of any size to one that a network takes."""

from __future__ import annotations

from unetdoctor.facts import AxisSizes, SizeLaw


def padding_lines(axes: tuple[AxisSizes, ...]) -> tuple[str, ...]:
    """Return lines to paste; empty where any size passes, or where an axis has one size only."""
    if any(axis.multiple is None for axis in axes) or all(axis.multiple == 1 for axis in axes):
        return ()
    names = ", ".join(axis.name for axis in axes)
    amounts = ", ".join(f"0, {_missing(axis)}" for axis in reversed(axes))
    unpacked = f"{names} = x.shape[-{len(axes)}:]" if len(axes) > 1 else f"{names} = x.shape[-1]"
    lines = [unpacked, f"x = F.pad(x, ({amounts}))"]
    ends = [_end(axis.name, axis.law) for axis in axes]
    if all(ends):
        return (*lines, f"y = model(x)[..., {', '.join(f':{end}' for end in ends)}]")
    return (*lines, "y = model(x)")


def _missing(axis: AxisSizes) -> str:
    """Return how much an axis lacks to the next size that passes."""
    if axis.multiple == 1:
        return "0"
    if axis.remainders[0]:
        return f"({axis.remainders[0]} - {axis.name}) % {axis.multiple}"
    return f"-{axis.name} % {axis.multiple}"


def _end(name: str, law: SizeLaw | None) -> str:
    """Return where the output of the picture itself ends; empty where that is no plain multiple of its size."""
    if law is None or law.offset or law.shift or not law.factor:
        return ""
    if (law.factor, law.step) == (1, 1):
        return name
    if law.step == 1:
        return f"{name} * {law.factor}"
    if law.factor == 1:
        return f"-(-{name} // {law.step})"
    return name if law.factor == law.step else f"-(-{name} * {law.factor} // {law.step})"
