"""A histogram in one line of text."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.:-=+*#"
EMPTY, ASCII_EMPTY = "·", " "


def merged(bins: Sequence[int], width: int) -> list[int]:
    """Return the bins added up, so that at most `width` remain."""
    if not bins:
        return []
    group = -(-len(bins) // width)
    return [sum(bins[start : start + group]) for start in range(0, len(bins), group)]


def sparkline(bins: Sequence[int], width: int = 16, *, ascii_only: bool = False) -> str:
    """Draw the bins in at most `width` characters: the fullest a full block, one value still a line, none a dot."""
    blocks, empty = (ASCII_BLOCKS, ASCII_EMPTY) if ascii_only else (BLOCKS, EMPTY)
    counts = merged(bins, width)
    top = max(counts, default=0)
    if top <= 0:
        return empty * len(counts)
    return "".join(blocks[min(-(-n * 8 // top), 8) - 1] if n > 0 else empty for n in counts)
