"""What was loaded, what was fed, what the picture is meant to be; and how each of these was inferred."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from unetdoctor.facts import Crash, Operand, Report, State
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import indented
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import interval, large

MESSAGE_LIMIT = 600
"""Characters of an exception's text."""


def context(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield target, input, task and device, one row each."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=0)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold", max_width=look.prose - 12)
    for name, text in (*_target(report, look), *_input(report, look), *_task(report, look), *_device(report, look)):
        table.add_row("", name, text)
    yield ""
    yield table
    for notice in report.notices:
        yield indented(Text.assemble((look.sign("note"), "cyan"), " ", look.text(notice)), 2, look)


def _target(report: Report, look: Look) -> Iterator[tuple[str, Text]]:
    target = report.target
    short = report.state is State.HEALTHY and not look.verbose
    facts = [target.kind] if target.kind and not short else []
    if target.parameters:
        facts.append(f"{large(target.parameters)} parameters" + ("" if short else f" in {target.layers} layers"))
    if target.weights:
        facts.append(f"weights from {target.weights}")
    yield (
        "target",
        _said(look, target.target, "  ".join([*([target.name] * (target.name not in target.target))]), facts),
    )
    if target.how:
        yield "", look.text("; ".join(sentence.rstrip(".") for sentence in target.how), "dim")


def _said(look: Look, main: str, second: str, facts: list[str]) -> Text:
    text = Text(overflow="fold").append_text(look.text(main, "bold"))
    if second:
        text.append_text(look.text(f" {second}"))
    if facts:
        text.append_text(look.text("  " + ", ".join(facts), "dim"))
    return text


def _input(report: Report, look: Look) -> Iterator[tuple[str, Text]]:
    choice = report.input
    if choice is None:
        return
    shape = "x".join(map(str, choice.shape))
    kind = "latent" if choice.latent else ""
    text = _said(look, shape, kind, [])
    named = choice.text.startswith(choice.rung)
    how = ": ".join(part for part in ("" if named else choice.rung, choice.text.rstrip(".")) if part)
    text.append_text(look.text(f"  {how}", "dim"))
    yield "input", text
    if look.verbose:
        for tried in choice.tried:
            yield "", look.text(f"tried {tried}", "dim")


def _task(report: Report, look: Look) -> Iterator[tuple[str, Text]]:
    intent = report.intent
    if (
        (report.state is State.NOT_DIAGNOSABLE or report.input is None)
        and not intent.declared
        and not intent.inferred_from
    ):
        return
    ids = bool(report.outputs) and report.outputs[0][1].holds_ids
    how = "declared" if intent.declared else f"inferred from {intent.inferred_from}" if intent.inferred_from else ""
    classes = f"{intent.classes} classes" if intent.classes is not None else ""
    if ids and not intent.declared:
        yield "task", _said(look, "class ids", classes, ["inferred from the whole numbers of one channel"])
    else:
        yield "task", _said(look, intent.effective.value, classes, [how] if how else [])
    if ids:
        yield "shown", _said(look, "each id as it is", "", [])
    elif report.outputs:
        display = report.outputs[0][1].display
        shown = f"{interval(display.low, display.high)} as black..white"
        decode = "" if display.decode == "as is" else f"after {display.decode}"
        yield "shown", _said(look, shown, decode, [f"range from {display.source}"])


def _device(report: Report, look: Look) -> Iterator[tuple[str, Text]]:
    environment = report.environment
    if environment.torch and (look.verbose or environment.device != "cpu"):
        versions = f"torch {environment.torch}, Python {environment.python}, {environment.platform}"
        yield (
            "device",
            _said(look, environment.device, "", [versions] if look.verbose else [f"torch {environment.torch}"]),
        )


def crash(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield what forward() raised, with the operands of the op that failed."""
    if report.crash is not None:
        yield from raised(report.crash, look)


def raised(found: Crash, look: Look) -> Iterator[RenderableType]:
    """Yield one exception inside forward()."""
    yield ""
    where = f" in {found.op}" if found.op else ""
    along = f" along dimension {found.dimension}" if found.dimension is not None else ""
    head = Text.assemble(
        ("forward() raised ", "bold"), look.text(found.type, "bold red", safe.NAME_LIMIT), overflow="fold"
    )
    head.append_text(look.text(f"{where}{along} at ")).append_text(look.place(found.place))
    yield head
    yield indented(look.text(" ".join(found.message.split()), limit=MESSAGE_LIMIT), 2, look)
    yield from _operands(found, look)


def _operands(found: Crash, look: Look) -> Iterator[RenderableType]:
    if not found.operands:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(overflow="fold")
    for index, operand in enumerate(found.operands):
        table.add_row("", f"operand {index}", "x".join(map(str, operand.shape)), look.text(_origin(operand), "dim"))
    yield table


def _origin(operand: Operand) -> str:
    if operand.parameter:
        return f"parameter {operand.parameter}"
    if operand.drawn_by is None:
        return "a constant"
    return "the input" if operand.drawn_by < 0 else f"drawn by {operand.place.text}"
