"""The course of `unetdoctor sizes`: load, find an input, ask for other sizes."""

from dataclasses import replace
from typing import Any

from unetdoctor.engine.environment import environment
from unetdoctor.engine.loading import RequestError
from unetdoctor.engine.sizes import AXES, returned, survey
from unetdoctor.facts import Request, Sizes
from unetdoctor.pipeline.loading import loaded_with_input, refuse_unknown_output, setting_of, target_of


def run(request: Request, channel: Any) -> Sizes:
    """Return which input sizes the network of a request takes, and what comes out."""
    loaded, chosen = loaded_with_input(request, channel)
    _check(request, () if chosen.latent else AXES.get(len(chosen.main.shape) - 2, ()))
    channel.stage("shapes")
    weighted = sum(p.dim() > 1 for p in loaded.model.parameters())
    target = target_of(loaded, request, weighted)
    shown = setting_of(loaded, request).shown_path
    if request.output is not None:
        refuse_unknown_output(request, channel.guard("shapes", lambda: returned(loaded.model, chosen)), "sizes")
    found: Sizes = channel.guard(
        "shapes", lambda: survey(loaded.model, chosen, target, request.sizes, shown, request.output)
    )
    return replace(found, environment=environment(request.device))


def _check(request: Request, axes: tuple[str, ...]) -> None:
    """Raise RequestError where a size that is asked for has another number of axes than the input."""
    for size in request.sizes:
        if not axes or len(size) not in (1, len(axes)):
            has = f"{len(axes)} ({', '.join(axes)})" if axes else "no spatial axis"
            wanted = ",".join(["64"] * len(axes))
            raise RequestError(
                f"--size {','.join(map(str, size))} has {len(size)} number{'s' * (len(size) != 1)}; "
                f"the network's input has {has}.",
                (f"unetdoctor sizes {request.target} --size {wanted}",) if axes else (),
            )
