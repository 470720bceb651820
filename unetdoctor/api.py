"""The Python interface: an examination as a function call."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unetdoctor.cli import policy
from unetdoctor.cli.arguments import Options, request
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.preprocessing import Typed
from unetdoctor.facts import Report, Request

OPTIONS = (
    "kwargs, weights, arch, trust, sandbox, input, output, postprocess, image, mask, scale, mean, std, channels, "
    "resize, preprocess, palette, threshold, ignore_index, batch, seed, task, classes, range, loss, device, timeout, "
    "select, ignore, fail_on, budget"
)
_FIELDS = {"range": "range_", "input": "inputs", "inputs": "inputs_from", "kwargs": "kwarg"}
_LISTS = ("inputs", "image", "mask", "select", "ignore")
_CHAIN = {**{name: name for name in ("scale", "mean", "std", "channels", "resize")}, "preprocess": "function"}


IN_PROCESS = ("a process of its own: the model ran in the caller's",)
"""What the report says where nothing holds the model in."""


class InspectionError(ValueError):
    """What was asked for cannot be examined; the text says why in one sentence."""


def inspect(
    model: Any,
    *,
    inputs: Any = None,
    baseline: str | None = None,
    **options: Any,
) -> Report:
    """Examine a network and return the report.

    A torch.nn.Module is examined in this process: its parameters, buffers, training flags and the random states are
    afterwards what they were. `inputs` are then values to feed: a tensor, or a tuple, list or dict of them. The text of
    a target (`model.py:UNet`, a TorchScript file, ...) is examined in a worker process, as by the command line, where a
    crash or a hang is a sentence in the report; `inputs` is then a source such as `batch.npz`.

    The other options are those of `unetdoctor inspect`: `task="rgb"`, `input="1,3,64,64"`, `kwargs={"base": 8}`,
    `image=["photo.png"]`, `fail_on="warning"`. Comments in the source and a `baseline` file suppress findings, as
    there. Raises InspectionError where the request is wrong, and TypeError for an option that does not exist.
    """
    isolated = isinstance(model, str | Path)
    given: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in options.items()}
    if isolated and inputs is not None:
        given["inputs_from"] = inputs
    try:
        wanted = _request(str(model) if isolated else _named(model), given)
        report = _isolated(wanted) if isolated else _in_process(model, wanted, inputs)
        known = policy.read_baseline(baseline) if baseline else frozenset()
    except RequestError as error:
        raise InspectionError(" ".join((error.sentence, *error.commands))) from None
    return policy.judged([report], Path(wanted.directory), known, baseline or "")[0]


def _named(model: Any) -> str:
    return type(model).__name__


def _request(target: str, given: dict[str, Any]) -> Request:
    unknown = [name for name in given if name not in Options.__dataclass_fields__ and name not in _CHAIN]
    if unknown:
        raise TypeError(f"inspect() has no option {unknown[0]!r}; it has {OPTIONS}")
    chain = {name: given.pop(key) for key, name in _CHAIN.items() if key in given}
    for name in ("mean", "std"):
        if name in chain and not isinstance(chain[name], str):
            chain[name] = ",".join(_texts(chain[name] if isinstance(chain[name], Sequence) else [chain[name]]))
    if chain:
        given["chain"] = Typed(**chain)
    for name in _LISTS:
        if name in given:
            given[name] = _texts(given[name])
    if "kwarg" in given:
        given["kwarg"] = tuple(f"{name}={value!r}" for name, value in dict(given["kwarg"]).items())
    return request(Options(**{**given, "target": target, "pictures": False}))


def _texts(value: str | Path | Sequence[Any]) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str | Path) else tuple(map(str, value))


def _isolated(wanted: Request) -> Report:
    from unetdoctor.cli.examination import check_request, run

    check_request(wanted)
    return run(wanted, Delivery(pictures=False, quiet=True))


def _in_process(model: Any, wanted: Request, inputs: Any) -> Report:
    from unetdoctor.engine.chosen import ChoiceError
    from unetdoctor.engine.loading.errors import RequestError as RefusedError
    from unetdoctor.pipeline import examine_module

    try:
        report = examine_module(model, wanted, inputs)
    except (RefusedError, ChoiceError) as error:
        raise InspectionError(str(error)) from None
    return replace(report, environment=replace(report.environment, not_enforced=IN_PROCESS))
