"""What every command does first: load the target, and find what it is fed."""

from collections.abc import Sequence
from typing import Any

from unetdoctor.engine import postprocessing
from unetdoctor.engine.chosen import ChosenInput
from unetdoctor.engine.inputs import choose_input
from unetdoctor.engine.loading import LoadedModel, RequestError, load
from unetdoctor.engine.loading.target import quoted
from unetdoctor.engine.returned import is_named, plain_path
from unetdoctor.engine.setting import Setting
from unetdoctor.facts import Request, Target


def loaded_with_input(request: Request, channel: Any) -> tuple[LoadedModel, ChosenInput]:
    """Load the network of a request and choose its input; raises RequestError where either is impossible."""
    loaded = load(request, channel.guard)
    channel.stage("input")
    return loaded, choose_input(
        loaded.model, loaded.kind, request, loaded.example_inputs, channel.guard, loaded.example_names
    )


def setting_of(loaded: LoadedModel, request: Request) -> Setting:
    """Return what stays the same between the passes of a loaded network."""
    return Setting(
        model=loaded.model,
        device=request.device,
        seed=request.seed,
        source_root=str(loaded.source_root) if loaded.source_root else "",
        directory=str(loaded.directory),
        output=request.output,
        after=postprocessing.load(request.postprocess, loaded.directory),
    )


def target_of(loaded: LoadedModel, request: Request, layers: int) -> Target:
    """Return what was loaded, as a fact; `layers` is the number of weighted layers."""
    return Target(
        target=request.target,
        name=loaded.name,
        kind=loaded.target_kind,
        how=loaded.said,
        parameters=sum(p.numel() for p in loaded.model.parameters()),
        layers=layers,
        weights=loaded.weights,
    )


def refuse_unknown_output(
    request: Request, returned: Sequence[tuple[str, tuple[int, ...]]], word: str = "inspect"
) -> None:
    """Raise RequestError where forward() returned nothing of the name that `--output` gives; (path, shape) of each."""
    if request.output is None or any(is_named(path, request.output) for path, _ in returned):
        return
    listed = ", ".join(f"{path} {list(shape)}" for path, shape in returned[:8])
    found = f"it returned {listed}" if listed else "it returned no tensor"
    first = plain_path(returned[0][0]).removeprefix("output.") if returned else ""
    command = f"unetdoctor {word} {quoted(request.target)} --output {quoted(first)}" if first else ""
    raise RequestError(
        f"--output {request.output} names nothing that forward() returned; {found}.", (command,) if command else ()
    )
