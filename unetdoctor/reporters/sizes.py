"""The input sizes of a network for a person: what was asked, then the axes, the refusal, the lines to paste."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from unetdoctor.facts import AskedSize, AxisSizes, Refusal, Sizes
from unetdoctor.reporters.blocks.closing import held_in
from unetdoctor.reporters.blocks.layout import Verbatim, columns, indented
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, large
from unetdoctor.reporters.terminal import printed

ROUNDED_SHOWN = 4


def to_text(sizes: Sizes, look: Look) -> str:
    """Return the sizes as text, with escape sequences where the look has colours."""
    return printed(_blocks(sizes, look), look)


def _blocks(sizes: Sizes, look: Look) -> Iterator[RenderableType]:
    for asked in sizes.asked:
        yield _answer(asked, look)
    if sizes.note:
        sign = look.sign("note" if sizes.output or not sizes.refusal else "error")
        yield Text.assemble(sign, " ", look.text(sizes.note, "bold"))
    yield from _context(sizes, look)
    if sizes.axes:
        yield ""
        yield _table(sizes, look)
        yield from _tables_of_examples(sizes, look)
    yield from _refusal(sizes.refusal, look)
    yield from _padding(sizes, look)
    yield ""
    if sizes.passes:
        how = "real forward passes" if sizes.real else "passes over shapes, without arithmetic"
        yield look.text(f"{count(sizes.passes, 'size')} asked in {how}", "dim")
    yield from held_in(sizes.environment, look)


def _size(size: tuple[int, ...] | None) -> str:
    return "x".join(map(str, size)) if size else ""


def _answer(asked: AskedSize, look: Look) -> RenderableType:
    """Return one line for a size that was asked."""
    if asked.passes:
        text = f"{_size(asked.size)} passes: {_size(asked.output)} comes out"
        return Text.assemble((look.sign("ok"), "green"), " ", look.text(text, "bold"))
    near = [_size(size) for size in (asked.smaller, asked.larger) if size]
    instead = f"; the nearest that pass: {' and '.join(near)}" if near else ""
    if asked.passes is None:
        text = f"{_size(asked.size)} could not be asked in the time for real passes{instead}"
        return Text.assemble((look.sign("unknown"), "magenta"), " ", look.text(text, "bold"))
    text = f"{_size(asked.size)} does not pass{_cause(asked.refusal)}{instead}"
    return Text.assemble((look.sign("error"), "red"), " ", look.text(text, "bold"))


def _cause(refusal: Refusal | None) -> str:
    if refusal is None:
        return ""
    if refusal.rounding and len(refusal.operands) > 1:
        layer, where, op, size_in, size_out = _decisive(refusal)
        at = f"{layer} ({where})" if layer and where else layer or where or "the model"
        return f": `{op}` at {at} rounds {size_in} to {size_out}"
    where = f"`{refusal.op}` at {refusal.place.text}" if refusal.op else refusal.place.text
    return f": {where} refuses it"


def _decisive(refusal: Refusal) -> tuple[str, str, str, int, int]:
    """Return the rounding whose size one of the operands has, else the first."""
    sides = {side for shape in refusal.operands for side in shape[2:]}
    return next((x for x in refusal.rounding if x[3] in sides), refusal.rounding[0])


def _context(sizes: Sizes, look: Look) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=0)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold", max_width=look.prose - 12)
    target = sizes.target
    name = "" if target.name in target.target else f" {target.name}"
    facts = f"  {large(target.parameters)} parameters"
    table.add_row(
        "", "target", look.text(target.target, "bold").append_text(look.text(name)).append_text(look.text(facts, "dim"))
    )
    how = f"  {sizes.input.rung}: {sizes.input.text}"
    table.add_row("", "input", look.text(_size(sizes.input.shape)).append_text(look.text(how, "dim")))
    if sizes.output:
        at = f"  {sizes.path} at {_size(sizes.start)}" if sizes.start else f"  {sizes.path}"
        table.add_row("", "output", look.text(_size(sizes.output)).append_text(look.text(at, "dim")))
    if sizes.batches:
        table.add_row("", "batch", look.text(_batches(sizes.batches)))
    if sizes.axes:
        words = _size(sizes.smallest) or "not found"
        table.add_row("", "smallest", look.text(words))
    yield table


def _batches(batches: tuple[tuple[int, bool], ...]) -> str:
    passing = [str(n) for n, ok in batches if ok]
    refused = [str(n) for n, ok in batches if not ok]
    if not refused:
        return f"any ({', '.join(passing)} samples pass)"
    if not passing:
        return f"none of {', '.join(refused)} samples passes"
    return f"{', '.join(passing)} pass{'es' * (len(passing) == 1)}; {', '.join(refused)} refused"


def _table(sizes: Sizes, look: Look) -> RenderableType:
    table = columns(("", "axis", "sizes that pass", "smallest", "largest", "output"), right="smallest|largest")
    for axis in sizes.axes:
        table.add_row("", axis.name, _valid(axis, sizes.square), str(axis.smallest or ""), _largest(axis), _law(axis))
    return table


def _valid(axis: AxisSizes, square: bool) -> str:
    if axis.multiple is None:
        return f"{axis.remainders[0]} alone"
    equal = ", all sides equal" if square else ""
    if axis.multiple == 1:
        return f"any{equal}"
    if axis.remainders != (0,):
        forms = [f"{axis.multiple}*n{f' + {rest}' if rest else ''}" for rest in axis.remainders]
        return f"{', '.join(forms[:4])}{' ...' if len(forms) > 4 else ''}{equal}"
    return f"multiples of {axis.multiple}{equal}"


def _largest(axis: AxisSizes) -> str:
    return "no end found" if axis.largest is None else str(axis.largest)


def _law(axis: AxisSizes) -> str:
    if axis.law is not None:
        return axis.law.text
    outputs = {out for _, out in axis.examples if out is not None}
    if not outputs:
        return "no such axis"
    return f"{outputs.pop()}" if axis.multiple is None else "no simple law"


def _tables_of_examples(sizes: Sizes, look: Look) -> Iterator[RenderableType]:
    """Yield input and output sizes side by side where no law fits; everywhere with -v."""
    for axis in sizes.axes:
        known = [out for _, out in axis.examples if out is not None]
        if axis.multiple is None or not (look.verbose or (axis.law is None and known)):
            continue
        yield ""
        table = columns(
            (axis.name, *(str(n) for n, _ in axis.examples)), right="|".join(str(n) for n, _ in axis.examples)
        )
        table.add_row("output", *("refused" if out is None else str(out) for _, out in axis.examples))
        yield indented(table, 2)


def _refusal(refusal: Refusal | None, look: Look) -> Iterator[RenderableType]:
    if refusal is None:
        return
    yield ""
    yield look.text(f"Why {_size(refusal.size)} is refused", "bold")
    if refusal.op:
        shapes = " and ".join(f"[{', '.join(map(str, shape))}]" for shape in refusal.operands[:4])
        yield indented(look.text(f"`{refusal.op}` at {refusal.place.text}: {shapes}"), 2, look)
    elif refusal.place.text != "the model":
        yield indented(look.text(f"raised at {refusal.place.text}"), 2, look)
    yield indented(look.text(refusal.message, "dim"), 2, look)
    for layer, where, op, size_in, size_out in refusal.rounding[:ROUNDED_SHOWN]:
        at = f"{layer} ({where})" if layer and where else layer or where or "the model"
        yield indented(look.text(f"`{op}` at {at} rounds {size_in} to {size_out}"), 2, look)


def _padding(sizes: Sizes, look: Look) -> Iterator[RenderableType]:
    if not sizes.pad:
        return
    yield ""
    names: dict[str, list[str]] = {}
    for axis in sizes.axes:
        if axis.multiple != 1:
            names.setdefault(_valid(axis, False), []).append(axis.name)
    parts = [
        f"{' and '.join(filter(None, (', '.join(axes[:-1]), axes[-1])))} to {form}" for form, axes in names.items()
    ]
    yield look.text(f"Pad {' and '.join(parts)}, and crop the output back", "bold")
    yield Verbatim(tuple(f"    {look.clean(line)}" for line in sizes.pad))
