"""Blocks of equal pixels: an enlargement without a layer behind it that could smooth it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import is_weighted
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.observation import place_of
from unetdoctor.engine.tail import decides
from unetdoctor.engine.tape import Leaf, Ref, Tape
from unetdoctor.facts import Blocks, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_REPEATS = {"upsample_nearest2d", "_upsample_nearest_exact2d"}
_WIDENS = {"upsample_bilinear2d", "upsample_bicubic2d"}
"""What leaves blocks blocks, with softer borders."""
_FLAT = 0.98
"""Share of equal neighbours from which nothing is drawn that could be in blocks. Noise in blocks of 2 to 32 pixels:
.50-.976. One tone: 1."""


def blocks(examination: "Examination", remedies: tuple[Remedy, ...] = ()) -> Blocks | None:
    """Return the blocks that the main pass is drawn in, perhaps under remedies; None where nothing draws any.

    None of decisions either: class ids and masks of 0 and 1 are enlarged by repetition, as they must be.
    """
    seen = examination.main
    found = repeating(seen.tape, seen.drawing.output) if seen.drawing is not None else None
    if found is None or seen.output is None or seen.drawing is None or decides(seen.tape, seen.drawing):
        return None
    drawn = examination.evaluate(seen, examination.change(seen, remedies))[0] if remedies else seen.output
    op, factor = found
    equal = _equal(drawn)
    return None if equal is None else Blocks(op, place_of(seen.tape.entries[op], examination.setting), factor, equal)


def repeating(tape: Tape, drawn: Ref | Leaf) -> tuple[int, int] | None:
    """Return (operation, factor) of the enlargement by repetition behind which no layer mixes pixels."""
    ref: Ref | Leaf | None = drawn
    while isinstance(ref, Ref):
        entry = tape.entries[ref.op]
        if entry.name in _REPEATS:
            factors = {a / b for a, b in zip(entry.shape[2:], entry.input_shapes[0][2:], strict=True)}
            factor = factors.pop()
            return (ref.op, int(factor)) if not factors and factor == int(factor) > 1 else None
        sources = tape.activations(ref.op)
        keeps = entry.name in _WIDENS or entry.input_shapes[:1] == (entry.shape,)
        if is_weighted(entry) or len(sources) != 1 or not keeps:
            return None
        ref = sources[0]
    return None


def _equal(drawn: Tensor) -> float | None:
    """Return the share of neighbours that are equal, in %; None of what is no picture, or flat."""
    if drawn.dim() != 4 or drawn.shape[-1] < 2 or not drawn.is_floating_point():
        return None
    share = (drawn[..., 1:] == drawn[..., :-1]).float().mean().item()
    return None if share > _FLAT else 100 * share


def smooth_resize(bench: Bench, remedy: Remedy) -> Change:
    """Enlarge between pixels instead of repeating them."""
    op = int(str(remedy.parameters["op"]))
    if op >= len(bench.tape.entries) or bench.tape.entries[op].name not in _REPEATS:
        raise NotApplicableError("this pass has no such enlargement")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        size = tuple(bench.tape.entries[op].shape[2:])
        return F.interpolate(args[0], size=size, mode="bilinear", align_corners=False)

    return Change(interventions={op: act})


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {"smooth_resize": smooth_resize}
"""Every remedy of blocks that a tape can be evaluated under."""
