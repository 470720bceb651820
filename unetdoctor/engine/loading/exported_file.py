"""A network from a `.pt2` file, as torch.export.save writes it."""

from __future__ import annotations

import importlib
import inspect
import io
import logging
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from unetdoctor.engine import program
from unetdoctor.engine.loading import checkpoints, declared, pickle_names
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.exported_types import MAX_TYPES, stand_in
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.target import quoted
from unetdoctor.engine.returned import find_tensors, plain_path
from unetdoctor.facts import Request

Named = tuple[tuple[str, torch.Tensor], ...]
_OBJECTS = ("custom_obj", "opaque_obj")
"""Records of objects that are no tensors: torch unpickles them without any check."""
_TENSORS = ("weight_", "tensor_")
"""Records that hold the bytes of a tensor, unless the file says that they are pickled."""
_UNBOUNDED = 2**31


def load_file(file: FoundFile, request: Request, device: torch.device, guard: Guard) -> LoadedModel:
    """Load the program onto the device; its code runs from now on, so the guard stands around it.

    torch.export.load unpickles inner records with `weights_only=False` where the safe way fails; so each of them is
    read the safe way first, and without --trust a file that needs the other one is refused.
    """
    how = []
    refused = None if request.trust else _foreign(file)
    if refused is not None:
        raise refused
    if request.trust:
        how.append("let the records of the file run the code that they name (--trust)")
    loaded = guard("load", lambda: _load(file, device))
    if isinstance(loaded, RequestError):
        raise loaded
    exported, model = loaded
    example = _example(exported, model)
    if example:
        how.append(f"{_shown(example)} is the example that {file.shown} was exported with; {_freedom(exported)}")
    if _trains(model):
        how.append(f"{file.shown} was exported in train mode, which no eval() can change afterwards")
    return LoadedModel(
        model=model,
        name=program.class_name(model) or file.path.stem,
        kind="exported",
        target_kind="exported program",
        how=tuple(how),
        weights_given=False,
        weights="",
        source_root=None,
        directory=Path(request.directory),
        example_inputs=tuple(x for _, x in example) or None,
        example_names=tuple(name for name, _ in example),
    )


def _load(file: FoundFile, device: torch.device) -> tuple[Any, torch.nn.Module] | RequestError:
    try:
        exported = _read(file.path)
        if device.type != "cpu":
            from torch.export.passes import move_to_device_pass

            exported = move_to_device_pass(exported, str(device))
        return exported, exported.module()
    except Exception as error:  # noqa: BLE001 - damaged and foreign files raise a dozen types, and all mean the same here
        return RequestError(
            f"{file.shown} cannot be read as {file.words} by the installed torch {torch.__version__} "
            f"({checkpoints.first_line(error).partition('.  (')[0]}); export the model again."
        )


def _read(path: Path) -> Any:
    import torch.export

    operators = False
    for _ in range(MAX_TYPES):
        with _told() as told:
            try:
                return torch.export.load(path)
            except Exception as error:  # noqa: BLE001 - as above; it is raised again
                reason = told[0] if told else error
        if "torchvision" in str(reason) and not operators:
            importlib.import_module("torchvision")  # registers the operators that the program calls
            operators = True
        elif not stand_in(reason):
            break
    raise reason


@contextmanager
def _told() -> Iterator[list[BaseException]]:
    """Yield the exceptions that torch logs while it reads a file: what it raises then only points to its log."""
    told: list[BaseException] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            told.append(record.exc_info[1])
        return False

    logger = logging.getLogger("torch.export")
    logger.addFilter(keep)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield told
    finally:
        logger.removeFilter(keep)


def _foreign(file: FoundFile) -> RequestError | None:
    """Return the refusal of a file of which an inner record holds more than tensors; nothing of it is run."""
    for name, data in _pickled(file):
        objects = name.rpartition("/")[2].startswith(_OBJECTS)
        if not objects and _is_plain(data):
            continue
        names = _names(data)
        wanted = f" ({', '.join(names[:6])})" if names else ""
        return RequestError(
            f"{file.shown} is {file.words} whose record {name} holds more than tensors: reading it would run code"
            f"{wanted}. If you trust the file, give --trust.",
            (f"unetdoctor inspect {quoted(file.shown)} --trust",),
        )
    return None


def _pickled(file: FoundFile) -> Iterator[tuple[str, bytes]]:
    """Yield the records that torch.export.load may unpickle, in the layout of today and in that before torch 2.8.

    They are read with the reader that torch uses for each, so that both see the same bytes.
    """
    with suppress(RuntimeError):
        reader = torch._C.PyTorchFileReader(str(file.path))
        configured = "".join(
            reader.get_record(name).decode("utf-8", "replace")
            for name in reader.get_all_records()
            if name.endswith("_config.json")
        )
        raw = '"use_pickle": true' not in configured
        for name in reader.get_all_records():
            folder, _, leaf = name.rpartition("/")
            if folder == "data/sample_inputs" or (
                folder in ("data/weights", "data/constants")
                and not leaf.endswith("_config.json")
                and not (raw and leaf.startswith(_TENSORS))
            ):
                yield name, reader.get_record(name)
    with zipfile.ZipFile(file.path) as archive:
        for record in archive.infolist():
            name = record.filename
            if name.startswith("serialized_") and name != "serialized_exported_program.json":
                yield name, archive.read(record)


def _is_plain(data: bytes) -> bool:
    """Return whether the allow-list loader reads a record."""
    if not data:
        return True
    try:
        declared.refuse_abuse("", data)
        torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception:  # noqa: BLE001 - damaged records raise a dozen types; each of them would lead torch to the unsafe way
        return False
    return True


def _names(data: bytes) -> list[str]:
    with (
        suppress(OSError, ValueError, zipfile.BadZipFile, StopIteration, KeyError),
        zipfile.ZipFile(io.BytesIO(data)) as z,
    ):
        return pickle_names.foreign_names(z.read(next(n for n in z.namelist() if n.split("/", 1)[-1] == "data.pkl")))
    return pickle_names.foreign_names(data, several=True)


def _example(exported: Any, model: Any) -> Named:
    """Return (name, tensor) of what the program was exported with: `x`, `batch.image` for an entry of a dict.

    Numbers, texts and None among it are a part of the program, which accepts no others: forward() gives them itself
    from then on. Nothing is returned where they stand within a container of tensors.
    """
    args, kwargs = exported.example_inputs or ((), {})
    names = [name for name in inspect.signature(model.forward).parameters if name not in kwargs][: len(args)]
    fed = {**dict(zip(names, args, strict=False)), **kwargs}
    leaves = {name: tree_leaves(value, is_leaf=lambda x: x is None) for name, value in fed.items()}
    fixed = {name: v for name, v in fed.items() if not any(isinstance(x, torch.Tensor) for x in leaves[name])}
    open_ = [name for name in fed if name not in fixed]
    if any(not isinstance(x, torch.Tensor) for name in open_ for x in leaves[name]):
        return ()
    if fixed or kwargs:
        _complete(model, names, list(kwargs), fixed)
    return tuple((plain_path(path), x) for name in open_ for path, x in find_tensors(fed[name], name))


def _complete(model: Any, names: list[str], keywords: list[str], fixed: dict[str, Any]) -> None:
    """Let a program be called with its tensors alone: what is fixed is put in before its own hooks check the inputs."""
    forward = model.forward

    def complete(_model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        given = {**fixed, **dict(zip((n for n in names if n not in fixed), args, strict=False)), **kwargs}
        return tuple(given[n] for n in names if n in given), {n: given[n] for n in keywords if n in given}

    def named(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)

    kinds = ((names, inspect.Parameter.POSITIONAL_OR_KEYWORD), (keywords, inspect.Parameter.KEYWORD_ONLY))
    left = [inspect.Parameter(n, kind) for some, kind in kinds for n in some if n not in fixed]
    vars(named)["__signature__"] = inspect.Signature(left)
    model.forward = named
    model.register_forward_pre_hook(complete, with_kwargs=True, prepend=True)


def _shown(example: Named) -> str:
    return ", ".join("x".join(map(str, x.shape)) or "one number" for _, x in example)


def _freedom(exported: Any) -> str:
    """Say which sizes of the inputs may differ, and how far."""
    users = set(exported.graph_signature.user_inputs)
    parts: list[str] = []
    for node in exported.graph.nodes:
        value = node.meta.get("val")
        if node.op != "placeholder" or node.name not in users or not isinstance(value, torch.Tensor):
            continue
        for axis, size in enumerate(value.shape):
            if isinstance(size, torch.SymInt):
                parts.append(f"dimension {axis} of {node.name}{_range(exported, size)}")
    return f"{', '.join(parts)} may differ" if parts else "no other size is accepted"


def _range(exported: Any, size: torch.SymInt) -> str:
    expression = size.node.expr
    limits = exported.range_constraints.get(expression)
    if limits is None or not limits.is_int:
        return ""
    lower, upper = int(limits.lower), limits.upper
    known = f"from {lower} to {int(upper)}" if upper.is_Integer and int(upper) < _UNBOUNDED else f"from {lower}"
    factor = expression.as_coeff_Mul()[0]
    return f" ({known}{f', multiples of {factor}' if factor > 1 else ''})"


def _trains(model: Any) -> bool:
    """Return whether the program normalises with the statistics of the batch, or drops out."""
    for node in model.graph.nodes:
        name = str(node.target)
        if node.op == "call_function" and ("batch_norm" in name or "dropout" in name):
            arguments = [a.name for a in node.target._schema.arguments]
            position = next((i for i, a in enumerate(arguments) if a in ("training", "train")), None)
            if position is not None and len(node.args) > position and node.args[position] is True:
                return True
    return False
