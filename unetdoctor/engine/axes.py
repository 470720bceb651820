"""Axes that were renamed where they should have been moved."""

from typing import Any

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change
from unetdoctor.facts import Remedy


def permute_view(bench: Bench, remedy: Remedy) -> Change:
    """Bring the channels to the second place where a view only renamed the axes."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return args[0].movedim(-1, 1).reshape(args[1])

    op = int(remedy.parameters["op"])
    if op >= len(bench.tape.entries) or "view" not in bench.tape.entries[op].name:
        raise NotApplicableError("this pass has no such view")
    return Change(interventions={op: act})
