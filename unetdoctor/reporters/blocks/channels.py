"""The output in numbers: what each channel looks like on the 8-bit scale of a screen."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import Channel, DisplayRange, Output, Report, State
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import columns, indented
from unetdoctor.reporters.histogram import sparkline
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, interval, number

CHANNELS_SHOWN = 12
ROOMY = 92
"""Columns from which the table has wide gaps."""
HISTOGRAM = 16


def channel_table(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the output of the main probe as it is, then with batch statistics; of all probes with -v."""
    if report.state is State.HEALTHY and not look.verbose:
        return
    said = report.outputs[0][1].display if report.outputs else None
    yield from _group(report.outputs, "", said, look)
    yield from _group(report.batch_outputs, "with batch statistics", said, look)


def _group(
    outputs: Sequence[tuple[str, Output]], how: str, said: DisplayRange | None, look: Look
) -> Iterator[RenderableType]:
    shown = outputs if look.verbose else outputs[:1]
    for probe, output in shown:
        yield ""
        yield _head(probe, output, how, said, look)
        if output.non_finite < 1:
            yield indented(_table(output, look), 2)
        hidden = len(output.channels) - CHANNELS_SHOWN
        if hidden > 0 and not look.verbose:
            yield indented(look.text(f"and {count(hidden, 'more channel')} with -v", "dim"), 2)
        yield from _beside(output, look)
    left = len(outputs) - len(shown)
    if left:
        names = ", ".join(probe for probe, _ in outputs[len(shown) :])
        yield indented(look.text(f"likewise on {names} with -v", "dim", safe.NAME_LIMIT), 2)


def _head(probe: str, output: Output, how: str, said: DisplayRange | None, look: Look) -> Text:
    """Return the heading; the display range only where it is not the one that the context has named."""
    shape = "x".join(map(str, output.shape))
    head = Text.assemble(("Output", "bold"), overflow="fold")
    head.append_text(look.text(f" {how}" if how else "", "bold cyan"))
    path = "" if output.path == "output" else f" {output.path}"
    head.append_text(look.text(f"{path} on {probe}, {shape} {output.dtype}", limit=safe.NAME_LIMIT))
    display = output.display
    if display == said:
        return head
    decode = "" if display.decode == "as is" else f"{display.decode}, "
    head.append_text(look.text(f"  {decode}{interval(display.low, display.high)} shown as 0..255", "dim"))
    return head


def _table(output: Output, look: Look) -> RenderableType:
    headers = ("ch", "raw min..max", "mean", "8-bit", "std", "p1..p99", "levels", _scale())
    table = columns(headers, right="ch|raw min..max|mean|8-bit|std|p1..p99|levels", gap=2 if look.width >= ROOMY else 1)
    for column in table.columns:
        column.no_wrap = True
    channels = output.channels if look.verbose else output.channels[:CHANNELS_SHOWN]
    for channel in channels:
        table.add_row(*_cells(channel, look))
    return table


def _scale() -> str:
    return "0" + " " * (HISTOGRAM - 4) + "255"


def _cells(channel: Channel, look: Look) -> list[str | Text]:
    drawn = sparkline(channel.histogram, HISTOGRAM, ascii_only=look.ascii_only)
    return [
        str(channel.index),
        interval(channel.minimum, channel.maximum),
        number(channel.mean),
        number(channel.mean_8bit),
        Text(number(channel.std_8bit), style="bold"),
        interval(channel.p1_8bit, channel.p99_8bit),
        str(channel.levels),
        Text(drawn),
    ]


def _beside(output: Output, look: Look) -> Iterator[RenderableType]:
    """Yield what the rows of the table do not show: values that are no numbers, and the classes that win."""
    if output.nan or output.infinite:
        words = f"{output.nan:,} NaN and {output.infinite:,} infinite of {count(output.count, 'value')}"
        yield indented(look.text(words, "red"), 2)
    if output.class_shares and len(output.channels) > 1:
        ranked = sorted(enumerate(output.class_shares), key=lambda pair: -pair[1])[:4]
        shares = ", ".join(f"class {index} {number(100 * share)}%" for index, share in ranked if share > 0)
        yield indented(look.text(f"largest channel: {shares}", "dim"), 2)
