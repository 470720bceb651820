"""The middle parts: what goes in and comes out, the network, the signal, the channels and their readings."""

import math
from dataclasses import dataclass

from unetdoctor.facts import Channel, Output, SignalPoint
from unetdoctor.reporters.html.chain import chain
from unetdoctor.reporters.html.images import MOST_CHANNELS, Picture
from unetdoctor.reporters.html.network import drawing
from unetdoctor.reporters.html.part import Part, Source
from unetdoctor.reporters.html.profile import profile
from unetdoctor.reporters.numbers import count
from unetdoctor.reporters.sheet import channel_pairs

SIGNAL_ROWS = 400
CHANNEL_ROWS = 64
BAR_HEIGHT = 40
"""Units of the highest bar of a histogram."""


def pictures(source: Source) -> Part | None:
    """Return the input, the picture or the class map, and the overlay."""
    found = source.gallery.pictures
    shown = [picture for role in ("input", "picture", "classes", "overlay") for picture in found.get(role, ())]
    if not shown and not source.gallery.notes:
        return None
    values = {"shown": shown, "notes": source.gallery.notes}
    return Part("pictures", "What goes in and what comes out", "Pictures", values)


def network(source: Source) -> Part | None:
    """Return the U with its skips, or the stages as a chain where no U was found."""
    u = drawing(source.report)
    if u is not None:
        count_text = count(len(source.report.skips), "skip connection")
        lead = f"{count_text}. The wider and stronger a line, the further the output moves without it."
        return Part("network", "The network as its U", "Network", {"u": u, "chain": None, "more": 0}, lead)
    stages, more = chain(source.report)
    if not stages:
        return None
    lead = "Stages from input to output; no skip connection was found."
    return Part("network", "The network", "Network", {"u": None, "chain": stages, "more": more}, lead)


def signal(source: Source) -> Part | None:
    """Return the spread of the signal along the depth, as a curve and as a table."""
    curve = profile(source.report)
    if curve is None:
        return None
    points: tuple[SignalPoint, ...] = source.report.signal
    batch = any(math.isfinite(point.batch_signal) for point in points)
    values = {"curve": curve, "points": points[:SIGNAL_ROWS], "more": max(len(points) - SIGNAL_ROWS, 0), "batch": batch}
    lead = "How much of the signal is left after each operation, on a logarithmic scale."
    return Part("signal", "The signal along the depth", "Signal", values, lead)


@dataclass(frozen=True)
class Bars:
    """One channel: its histogram as bars, its numbers, its pictures."""

    channel: Channel
    """Numbers."""
    bars: tuple[tuple[int, float], ...]
    """(bin, height) of each bin that holds a value."""
    shown: tuple[Picture, ...]
    """As displayed, and stretched."""


def channels(source: Source) -> Part | None:
    """Return every channel with its histogram, its numbers and its pictures."""
    if not source.report.outputs:
        return None
    probe, output = source.report.outputs[0]
    batch = source.report.batch_outputs[0][1] if source.report.batch_outputs else None
    found = _pictured(source)
    rows = [
        Bars(channel, bars(channel), found[place] if place < len(found) else ())
        for place, channel in enumerate(output.channels[:CHANNEL_ROWS])
    ]
    values = {
        "probe": probe,
        "output": output,
        "cards": rows[:MOST_CHANNELS],
        "rest": rows[MOST_CHANNELS:],
        "more": max(len(output.channels) - CHANNEL_ROWS, 0),
        "batch": [] if batch is None else [Bars(c, bars(c), ()) for c in batch.channels[:CHANNEL_ROWS]],
        "shares": _shares(output),
    }
    return Part("channels", "Channels", "Channels", values)


def _pictured(source: Source) -> list[tuple[Picture, ...]]:
    found = source.gallery.pictures
    kept = [[p.preview for p in found.get(role, ())] for role in ("displayed", "stretched")]
    return [tuple(source.gallery.by_name[p.name] for p in pair) for pair in channel_pairs(kept[0], kept[1])]


def bars(channel: Channel) -> tuple[tuple[int, float], ...]:
    """Return (bin, height) of a histogram: the fullest bin `BAR_HEIGHT`, one that holds a single value still seen."""
    top = max(channel.histogram, default=0)
    if top <= 0:
        return ()
    heights = enumerate(channel.histogram)
    return tuple((place, round(max(BAR_HEIGHT * n / top, 1.0), 1)) for place, n in heights if n > 0)


def _shares(output: Output) -> list[tuple[int, float]]:
    if len(output.channels) < 2:
        return []
    ranked = sorted(enumerate(output.class_shares), key=lambda pair: -pair[1])
    return [(index, 100 * share) for index, share in ranked[:6] if share > 0]


def decodings(source: Source) -> Part | None:
    """Return the output under every usual reading."""
    report = source.report
    if not report.decodings:
        return None
    rows = [(reading, source.gallery.by_name.get(reading.preview)) for reading in report.decodings]
    lead = "The same values under every usual reading; the evidence speaks for the marked one."
    return Part("decodings", "How the output can be read", "Readings", {"rows": rows}, lead)
