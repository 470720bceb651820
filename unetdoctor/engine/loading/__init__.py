"""From a request to a network that is ready to run.

| module | holds |
|---|---|
| `errors` | RequestError, and the guard that stands around foreign code |
| `target` | the grammar of a target, text only |
| `sniff`, `files` | what a file is by its content; refusal of what is no readable file |
| `importing` | a Python file as a module of its own that shadows nothing |
| `definitions`, `choosing` | what a file defines, and which of it is the model |
| `construct`, `guesses` | constructor arguments, given and guessed |
| `python_target`, `library_target` | a network that Python builds: the user's, or an installed library's |
| `torchscript_file`, `exported_file`, `pickled_module` | a network that a file holds |
| `directory_target`, `hugging_face` | a hubconf.py, a directory of transformers or diffusers, a folder of files |
| `checkpoints`, `shards`, `integrity` | reading weights as data: one file or several, whole or damaged |
| `pickle_names`, `declared`, `versions` | what a pickle names and declares; what the installed torch guarantees |
| `matching`, `loads`, `weights` | which entry and which keys fit, what is left over, copying what fits |
| `live` | a network that lives in this process already |
| `lazy` | layers whose shapes a first input gives |
| `own_loads` | what the user's own load_state_dict took and dropped |
| `suggestions` | what a checkpoint says of the constructor's arguments |
| `devices` | whether the machine has the device |

What is wrong with the request raises RequestError before any foreign code runs where that is possible; what foreign
code raises is the guard's. Weights never run code: `weights_only=False` is reached by `pickled_module` and, inside
torch, by `exported_file` alone, and both ask for --trust first. Nothing is ever downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from unetdoctor.engine import replaced
from unetdoctor.engine.loading import (
    bare,
    checkpoints,
    devices,
    directory_target,
    exported_file,
    files,
    hugging_face,
    lazy,
    library_target,
    loads,
    matching,
    own_loads,
    pickle_names,
    pickled_module,
    python_target,
    suggestions,
    torchscript_file,
    weights,
)
from unetdoctor.engine.loading.bare import Bare
from unetdoctor.engine.loading.construct import Offered
from unetdoctor.engine.loading.errors import Guard, RequestError, T
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.sniff import Archive, Content
from unetdoctor.engine.loading.target import ParsedTarget, parse_target, quoted
from unetdoctor.engine.surroundings import Notes, around, settle
from unetdoctor.facts import Request
from unetdoctor.facts.target import HUGGING_FACE

__all__ = ["Bare", "Guard", "LoadedModel", "ParsedTarget", "RequestError", "bare_checkpoint", "load", "parse_target"]


def load(request: Request, guard: Guard) -> LoadedModel:
    """Load the network that a request names, put the weights in, move it to the device and into eval mode.

    Raises RequestError where the request is wrong; whatever foreign code raises comes out as the guard makes it.
    """
    replaced.begin()
    device = devices.check(request.device)
    directory = files.absolute(request.directory, Path())
    request = _with_architecture(replace(request, directory=str(directory)))
    given = weights.read(files.find(request.weights, directory)) if request.weights is not None else None
    offered = suggestions.settings(given.checkpoint, given.shown) if given is not None else None
    folder = _folder(request.target, directory)
    notes = Notes(folder)
    guard = _with_its_own(guard)
    with around(notes, device, folder), own_loads.watching() as seen:
        loaded = lazy.settle(_load_target(request, directory, device, guard, offered), request, guard)
        if given is not None:
            loaded = _better_built(loaded, given)
    loaded.loads = own_loads.judged(seen, loaded)
    if given is not None:
        loaded = weights.load_into(loaded, given, guard)
    if loaded.kind != "exported":  # its mode is a part of the program
        loaded.training_flags = {n: m.training for n, m in loaded.model.named_modules() if hasattr(m, "training")}
    guard("load", lambda: _prepare(loaded, device))
    settle(loaded.model, notes, device, folder)
    loaded.notes = notes
    return loaded


def _with_its_own(guard: Guard) -> Guard:
    """Return a guard in which foreign code finds what it has put in place of others' functions."""

    def guarding(stage: str, function: Callable[[], T], /) -> T:
        return guard(stage, lambda: replaced.foreign(function))

    return guarding


def _folder(target: str, directory: Path) -> Path:
    """Return the folder that holds the person's own files of a target."""
    with suppress(OSError, ValueError, RequestError):
        path = files.absolute(_parsed(target, directory).location, directory)
        return path if path.is_dir() else path.parent
    return directory


def bare_checkpoint(request: Request) -> Bare | None:
    """Return the weights that a target is, where no network is named for them; None for a target of another kind.

    Raises RequestError where they cannot be read.
    """
    directory = files.absolute(request.directory, Path())
    path = files.absolute(request.target, directory)
    with suppress(OSError, ValueError):
        if request.arch is None and path.is_file():
            file = files.find(request.target, directory)
            if checkpoints.is_checkpoint(file) and not pickled_module.wanted(file):
                return bare.read(file)
    return None


def _with_architecture(request: Request) -> Request:
    """Put a checkpoint and the network that it belongs to in their places."""
    if request.arch is None:
        return request
    if request.weights is not None:
        raise RequestError(
            f"{request.target} is the checkpoint that --arch {request.arch} belongs to, so -w {request.weights} is one "
            "too many; leave one out.",
            (f"unetdoctor inspect {quoted(request.arch)} -w {quoted(request.weights)}",),
        )
    return replace(request, target=request.arch, weights=request.target, arch=None)


def _better_built(loaded: LoadedModel, given: weights.Weights) -> LoadedModel:
    """Build a network again whose guessed arguments the weights' shapes contradict, where more fits then."""
    if loaded.rebuild is None:
        return loaded
    expected = loads.tensors_of(loaded.model)
    fit = matching.find(given.checkpoint, expected)[0]
    better = suggestions.from_shapes(expected, fit, loaded.guessed)
    if not better:
        return loaded
    again = loaded.rebuild({name: value for name, (value, _) in better.items()})
    if matching.find(given.checkpoint, loads.tensors_of(again.model))[0].matching <= fit.matching:
        return loaded
    said = tuple(f"took {name}={value!r} from the shape of {key}" for name, (value, key) in better.items())
    return replace(again, how=(*again.how, *said))


def _prepare(loaded: LoadedModel, device: torch.device) -> None:
    loaded.model.to(device)
    if loaded.training_flags:  # a frozen or exported program has no training flag, and no eval()
        loaded.model.eval()


def _load_target(
    request: Request, directory: Path, device: torch.device, guard: Guard, offered: Offered | None
) -> LoadedModel:
    parsed = _parsed(request.target, directory)
    if library_target.is_named(parsed, directory):
        return library_target.load(parsed, request, guard, offered)
    path = files.absolute(parsed.location, directory)
    looks_imported = parsed.is_module_name and bool(parsed.name) and not parsed.location.endswith(".py")
    if directory_target.is_named(request.target, path, looks_imported):
        return directory_target.load(parsed, request, guard)
    if looks_imported and not path.is_file():
        return python_target.load_import_path(parsed, request, guard, offered)
    file = files.find(parsed.location, directory)
    if python_target.is_python(file):
        return python_target.load_file(file, parsed, request, guard, offered)
    if file.content is Content.ZIP and file.archive is Archive.TORCHSCRIPT:
        _refuse_name(parsed, file, request)
        return torchscript_file.load_file(file, request, device, guard)
    if file.content is Content.ZIP and file.archive is Archive.EXPORTED:
        _refuse_name(parsed, file, request)
        return exported_file.load_file(file, request, device, guard)
    names = pickled_module.wanted(file)
    if names:
        return pickled_module.load_file(file, parsed, names, request, guard)
    raise _refused(file)


def _parsed(target: str, directory: Path) -> ParsedTarget:
    """Parse a target, unless it is the name of a file as it stands: file names may hold colons and brackets."""
    if target.startswith(HUGGING_FACE):
        return ParsedTarget(target)
    with suppress(OSError, ValueError):  # a name that no file can have is a target of another kind
        if files.absolute(target, directory).exists():
            return ParsedTarget(target)
    return parse_target(target)


def _refuse_name(parsed: ParsedTarget, file: FoundFile, request: Request) -> None:
    command = (f"unetdoctor inspect {quoted(file.shown)}",)
    if parsed.name:
        raise RequestError(
            f"{file.shown} is {file.words}: it holds one network, so :{parsed.name} names nothing in it.", command
        )
    if request.kwargs:
        given = ", ".join(f"-k {key}" for key in request.kwargs)
        raise RequestError(f"{file.shown} is {file.words}: it is built already, so {given} cannot change it.", command)


def _refused(file: FoundFile) -> RequestError:
    if file.content is Content.TAR and pickle_names.foreign_globals(file):
        checkpoints.refuse_foreign(file)
    if checkpoints.is_checkpoint(file):
        command = f"unetdoctor inspect {quoted(file.shown)} --arch model.py"
        return RequestError(
            f"{file.shown} is a state_dict with {len(bare.read(file).tensors)} tensors, not a model; "
            f"name the model that it belongs to: {command}",
            (command,),
        )
    expected = "expected a Python file, a TorchScript file, a .pt2 file or weights"
    if file.path.suffix == ".py" and file.content is Content.OTHER and b"\0" not in file.head:
        return RequestError(f"{file.shown} is not UTF-8 text, and its first two lines declare no other encoding.")
    if file.path.suffix == ".ipynb":
        return RequestError(
            f"{file.shown} is a Jupyter notebook; {expected}.",
            (f"jupyter nbconvert --to script {quoted(file.shown)}",),
        )
    if file.path.name in hugging_face.FILES:
        folder = Path(file.shown).parent
        return RequestError(
            f"{file.shown} describes the model of its directory; name the directory.",
            (f"unetdoctor inspect {quoted(f'{HUGGING_FACE}{folder}')}",),
        )
    if file.content is Content.TEXT:
        return RequestError(f"{file.shown} is a text file, but no Python; {expected}.")
    if "picture" in file.words:
        return RequestError(
            f"{file.shown} is {file.words}, not a model; {expected}, and pictures behind --image.",
            (f"unetdoctor inspect model.py --image {quoted(file.shown)}",),
        )
    advice = "" if ";" in file.words else f"; {expected}"
    return RequestError(f"{file.shown} is {file.words}{advice}.")
