"""A network from a local Hugging Face directory, of transformers or diffusers; nothing comes from the hub."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.target import quoted
from unetdoctor.facts import Request
from unetdoctor.facts.target import HUGGING_FACE

CONFIG, PIPELINE = FILES = "config.json", "model_index.json"
MAX_LISTED = 8
_WEIGHTS = ("*.safetensors", "*.bin", "*.safetensors.index.json", "*.bin.index.json")


def is_one(path: Path) -> bool:
    """Return whether a directory holds a network or a pipeline."""
    return (path / CONFIG).is_file() or (path / PIPELINE).is_file()


def load(path: Path, shown: str, request: Request, guard: Guard) -> LoadedModel:
    """Load the network of a directory as its config.json says; raises RequestError where it is not one network."""
    shown = shown.rstrip("/")
    if (path / PIPELINE).is_file():
        raise _pipeline(path, shown)
    config = _json(path / CONFIG, shown)
    if request.kwargs:
        given = ", ".join(f"-k {key}" for key in request.kwargs)
        raise RequestError(f"{shown} is built as its {CONFIG} says, so {given} cannot change it.")
    library, name = _class(config, shown, request.trust)
    if library not in sys.modules and importlib.util.find_spec(library) is None:
        raise RequestError(
            f"{shown} needs {library}, which is not installed for this Python.",
            (f"{quoted(sys.executable)} -m pip install {library}",),
        )
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_MODULES_CACHE=tempfile.gettempdir())
    module = guard("import", lambda: importlib.import_module(library))
    cls = guard("import", lambda: getattr(module, name, None))
    if cls is None:
        version = getattr(module, "__version__", "as installed")
        raise RequestError(f"{shown}/{CONFIG} names {name}, which {library} {version} does not have.")
    stored = any(_weights(path))
    own_code = library == "transformers" and "auto_map" in config and request.trust
    model, how = guard("construct", lambda: _build(cls, library, path, stored, own_code))
    if own_code:
        how = (f"ran the code of {shown} (--trust)", *how)
    return LoadedModel(
        model=model,
        name=type(model).__name__,
        kind="eager",
        target_kind="Hugging Face directory",
        how=how,
        weights_given=stored,
        weights=shown if stored else "",
        source_root=path if own_code else None,
        directory=Path(request.directory),
    )


def _pipeline(path: Path, shown: str) -> RequestError:
    """Return what to name in the directory of a diffusers pipeline: those of its parts that are networks."""
    index = _json(path / PIPELINE, shown)
    parts = [name for name in index if (path / name / CONFIG).is_file() and any(_weights(path / name))]
    commands = tuple(f"unetdoctor inspect {quoted(f'{HUGGING_FACE}{shown}/{name}')}" for name in parts)
    kind = str(index.get("_class_name", "a pipeline"))
    found = f"its networks are {', '.join(parts)}; name one" if parts else "none of its networks is there"
    return RequestError(f"{shown} is a diffusers pipeline ({kind}), and {found}.", commands)


def _weights(path: Path) -> Iterator[Path]:
    return (file for pattern in _WEIGHTS for file in path.glob(pattern))


def _json(path: Path, shown: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(f"{shown}/{path.name} cannot be read: {error}.") from None
    if not isinstance(found, dict):
        raise RequestError(f"{shown}/{path.name} is no JSON object.")
    return found


def _class(config: dict[str, Any], shown: str, trust: bool) -> tuple[str, str]:
    """Return the library and the class of a configuration."""
    if isinstance(config.get("_class_name"), str):
        return "diffusers", config["_class_name"]
    own = config.get("auto_map")
    if isinstance(own, dict) and own:
        names = [name for name in own if name.startswith("AutoModel")]
        if not trust:
            code = ", ".join(sorted({str(own[name]).partition(".")[0] + ".py" for name in names})) or "Python files"
            raise RequestError(
                f"{shown} brings its own code ({code}), which runs only if you trust it; give --trust.",
                (f"unetdoctor inspect {quoted(HUGGING_FACE + shown)} --trust",),
            )
        if names:
            return "transformers", next((name for name in names if name != "AutoModel"), names[0])
    named = config.get("architectures")
    if isinstance(named, list) and named and isinstance(named[0], str):
        return "transformers", named[0]
    raise RequestError(
        f"{shown}/{CONFIG} names no network: it has neither architectures (transformers) nor _class_name (diffusers)."
    )


def _build(cls: Any, library: str, path: Path, stored: bool, own_code: bool) -> tuple[nn.Module, tuple[str, ...]]:
    options: dict[str, Any] = {"trust_remote_code": True} if own_code else {}
    if not stored:
        fresh = "no weights are beside config.json: they are fresh"
        if library == "diffusers":
            return cls.from_config(cls.load_config(path, local_files_only=True)), (fresh,)
        configuration = importlib.import_module("transformers").AutoConfig.from_pretrained(path, **options)
        return (cls.from_config(configuration, **options) if own_code else cls(configuration)), (fresh,)
    model, told = cls.from_pretrained(path, local_files_only=True, output_loading_info=True, **options)
    how = [f"loaded the weights of {path.name} with {library}"]
    for key, words in (("missing_keys", "are not in the file and are fresh"), ("unexpected_keys", "were left out")):
        names = sorted(told.get(key) or ())
        if names:
            more = " ..." if len(names) > MAX_LISTED else ""
            how.append(f"{len(names)} tensors {words}: {', '.join(names[:MAX_LISTED])}{more}")
    return model, tuple(how)
