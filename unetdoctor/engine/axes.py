"""Axes that were renamed where they should have been moved."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional

from unetdoctor.engine.attention import attend_over
from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.folding import fold_as
from unetdoctor.facts import Remedy


def permute_view(bench: Bench, remedy: Remedy) -> Change:
    """Move the values where a view only renamed the axes."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _moved(args[0], tuple(func(*args, **kwargs).shape))

    op = int(remedy.parameters["op"])
    if op >= len(bench.tape.entries) or "view" not in bench.tape.entries[op].name:
        raise NotApplicableError("this pass has no such view")
    return Change(interventions={op: act})


def _moved(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Bring channels to the last place, into rows and columns, or to the second place, whichever gives this shape."""
    if x.dim() == 4 and (*x.shape[2:], x.shape[1]) == shape[1:]:
        return x.movedim(1, -1)
    if x.dim() == 4 and x.shape[1] > shape[1]:
        return functional.pixel_shuffle(x, shape[2] // x.shape[2])
    return x.movedim(-1, 1).reshape(shape)


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "permute_view": permute_view,
    "fold_as": fold_as,
    "attend_over": attend_over,
}
"""Every remedy of renamed or exchanged axes that a tape can be evaluated under."""
