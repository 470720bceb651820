"""A network that an installed library defines, as in `torchvision:NAME` or `smp:Unet(...)`; nothing is downloaded."""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from unetdoctor.engine.loading import python_target
from unetdoctor.engine.loading.choosing import Chosen
from unetdoctor.engine.loading.construct import Offered
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.target import ParsedTarget, quoted
from unetdoctor.facts import Request
from unetdoctor.facts.target import LIBRARIES

MAX_CLOSE = 3


@dataclass(frozen=True)
class Library:
    """A library whose networks can be named."""

    package: str
    """What pip installs."""
    module: str
    """The module that holds the networks."""
    local: Mapping[str, Any] = field(default_factory=dict)
    """Argument -> the value with which nothing is downloaded."""
    find: Callable[[Any, str], Any] = getattr
    """From the module and a name to what builds the network; raises where there is no such name."""
    names: Callable[[Any], list[str]] = lambda module: [name for name in dir(module) if name[:1].isupper()]
    """All names of the module that may be networks."""


def load(parsed: ParsedTarget, request: Request, guard: Guard, offered: Offered | None = None) -> LoadedModel:
    """Build a network of a library with arguments that download nothing."""
    library = _KNOWN[parsed.location]
    _refuse_missing(library, parsed)
    module = guard("import", lambda: importlib.import_module(library.module))
    function = guard("import", lambda: _found(library, module, parsed.name))
    if function is None:
        raise _unknown(library, module, parsed)
    given = {**request.kwargs, **(dict(parsed.call.kwargs) if parsed.call else {})}
    _refuse_downloads(library, parsed, given)
    target = f"{parsed.location}:{parsed.name}"
    chosen = Chosen(_without_downloads(function, library, given), parsed.name, target, ())
    loaded = python_target.build(chosen, None, f"{parsed.location} network", parsed.call, request, guard, offered)
    loaded.name = loaded.name if isinstance(function, type) else parsed.name
    return loaded


def is_named(parsed: ParsedTarget, directory: Path) -> bool:
    """Return whether a target names a library; a module of the person's own with its name comes first."""
    own = (directory / f"{parsed.location}.py", directory / parsed.location / "__init__.py")
    return parsed.location in _KNOWN and bool(parsed.name) and not any(path.is_file() for path in own)


def _refuse_missing(library: Library, parsed: ParsedTarget) -> None:
    top = library.module.partition(".")[0]
    if top not in sys.modules and importlib.util.find_spec(top) is None:
        raise RequestError(
            f"{parsed.location}:{parsed.name} needs {library.package}, which is not installed for this Python.",
            (f"{quoted(sys.executable)} -m pip install {library.package}",),
        )


def _found(library: Library, module: Any, name: str) -> Any:
    try:
        found = library.find(module, name)
    except (AttributeError, ValueError, LookupError):
        return None
    is_network = inspect.isclass(found) and issubclass(found, nn.Module)
    return found if is_network or (callable(found) and not inspect.isclass(found)) else None


def _unknown(library: Library, module: Any, parsed: ParsedTarget) -> RequestError:
    example = LIBRARIES.get(parsed.location, "Unet")
    lower = {name.lower(): name for name in reversed(library.names(module))}
    wanted = parsed.name.lower()
    near = [wanted] if wanted in lower else difflib.get_close_matches(wanted, lower, n=MAX_CLOSE, cutoff=0.7)
    close = [lower[name] for name in near]
    hint = f"did you mean {' or '.join(close)}?" if close else f"it has for example {example}."
    offered = close or [example]
    return RequestError(
        f"{library.package} {_version(library)} has no network {parsed.name}; {hint}",
        tuple(f"unetdoctor inspect {quoted(f'{parsed.location}:{name}')}" for name in offered),
    )


def _version(library: Library) -> str:
    return str(getattr(sys.modules.get(library.module.partition(".")[0]), "__version__", "as installed"))


def _refuse_downloads(library: Library, parsed: ParsedTarget, given: Mapping[str, Any]) -> None:
    for name in library.local:
        if given.get(name):
            raise RequestError(
                f"{parsed.location}:{parsed.name} would download weights because of {name}={given[name]!r}, "
                f"and nothing is ever downloaded: leave {name} out and give a weights file with -w.",
                (f"unetdoctor inspect {quoted(f'{parsed.location}:{parsed.name}')} -w weights.pth",),
            )


def _without_downloads(function: Any, library: Library, given: Mapping[str, Any]) -> Any:
    """Return what builds the network, with the arguments set that keep it from downloading."""
    parameters = inspect.signature(function).parameters
    preset = {name: value for name, value in library.local.items() if name in parameters and name not in given}
    if not preset:
        return function

    @functools.wraps(function)
    def build(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{**preset, **kwargs})

    return build


def _timm(module: Any, name: str) -> Any:
    if not module.is_model(name):
        raise LookupError(name)

    def create_model(pretrained: bool = False, **kwargs: Any) -> nn.Module:
        network: nn.Module = module.create_model(name, pretrained=pretrained, **kwargs)
        return network

    return create_model


def _transformers(module: Any, name: str) -> Any:
    """Return what builds a network from the arguments of its configuration."""
    found = getattr(module, name)
    configuration = getattr(found, "config_class", None)
    if configuration is None:
        return found

    def build(*args: Any, **kwargs: Any) -> Any:
        return found(configuration(*args, **kwargs))

    signature = inspect.signature(configuration)
    parameters = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    more = inspect.Parameter("more", inspect.Parameter.VAR_KEYWORD)  # such as num_labels, which every one takes
    build.__signature__ = signature.replace(parameters=[*parameters, more])  # type: ignore[attr-defined]
    return build


_VISION = Library(
    "torchvision",
    "torchvision.models",
    {"weights": None, "weights_backbone": None},
    lambda module, name: module.get_model_builder(name),
    lambda module: list(module.list_models()),
)
_SMP = Library("segmentation-models-pytorch", "segmentation_models_pytorch", {"encoder_weights": None})
_TIMM = Library("timm", "timm", {"pretrained": False}, _timm, lambda module: list(module.list_models()))
_KNOWN: dict[str, Library] = {
    "torchvision": _VISION,
    "smp": _SMP,
    "segmentation_models_pytorch": _SMP,
    "timm": _TIMM,
    "monai": Library("monai", "monai.networks.nets", {"pretrained": False}),
    "diffusers": Library("diffusers", "diffusers"),
    "transformers": Library(
        "transformers",
        "transformers",
        {"use_pretrained_backbone": False, "pretrained": False},
        _transformers,
        lambda module: [name for name in dir(module) if re.search(r"For[A-Z]|Model$", name)],
    ),
}
"""What may stand before the colon -> the library."""
