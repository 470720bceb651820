"""A network from a TorchScript file, traced or scripted."""

from __future__ import annotations

import importlib
import io
import pickle
import re
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.returned import find_tensors, plain_path
from unetdoctor.facts import Request

MAX_PICKLE_BYTES = 1024**2
"""Traced inputs that need more than this for shapes alone are left alone."""

_UNREADABLE = "required keyword attribute 'value' is undefined"
"""What torch.jit.load says of a constant in the layout of oneDNN, of which torch.jit.save writes nothing."""

MAX_CODE_BYTES = 16 * 1024**2
"""How much of each source record is searched."""
_FILES = re.compile(r"\b(?:torch|ops\.aten|aten)\.(from_file|save)\(")
"""Operations of torch that open files."""

_STORAGES: dict[str, torch.dtype] = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def load_file(file: FoundFile, request: Request, device: torch.device, guard: Guard) -> LoadedModel:
    """Load the program onto the device; its code runs from now on, so the guard stands around it."""
    loaded = guard("load", lambda: _load(file, device))
    if isinstance(loaded, RequestError):
        raise loaded
    name = str(getattr(loaded, "original_name", "") or file.path.stem)
    how = []
    example = _named(loaded, read_traced_inputs(file))
    names = tuple(name for name, _ in example)
    touched = file_operations(file)
    if touched:
        how.append(f"{file.shown} reads or writes files by itself: its code calls {' and '.join(touched)}")
    if getattr(loaded, "training", False):
        how.append(f"{file.shown} was saved in train mode; it is examined in eval mode")
    return LoadedModel(
        model=loaded,
        name=file.path.stem if name == "Module" else name,
        kind="torchscript",
        target_kind="torchscript file",
        how=tuple(how),
        weights_given=False,
        weights="",
        source_root=None,
        directory=Path(request.directory),
        example_inputs=tuple(x for _, x in example) or None,
        example_names=names if any("." in name for name in names) else (),
    )


def _load(file: FoundFile, device: torch.device) -> torch.jit.ScriptModule | RequestError:
    try:
        return _jit_load(file.path, device)
    except RuntimeError as error:
        text = str(error)
        if "maximum supported version" in text or "Please upgrade" in text:
            return RequestError(
                f"{file.shown} was written by a newer torch than the installed {torch.__version__}; "
                "a newer torch is needed."
            )
        if _UNREADABLE in text:
            return RequestError(
                f"{file.shown} holds constants that torch {torch.__version__} wrote and cannot read back, as "
                "torch.jit.optimize_for_inference makes them; save the program as it was before that call.",
                ('torch.jit.script(model.eval()).save("model.pt")',),
            )
        if "torchvision::" not in text:
            raise
    importlib.import_module("torchvision")  # registers the operators that the program calls
    return _jit_load(file.path, device)


def _jit_load(path: Path, device: torch.device) -> torch.jit.ScriptModule:
    read: Callable[..., torch.jit.ScriptModule] = torch.jit.load
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.load` is (deprecated|not supported)")
        return read(str(path), map_location=device)


def _named(program: torch.jit.ScriptModule, values: tuple[Any, ...]) -> tuple[tuple[str, torch.Tensor], ...]:
    """Return (name, tensor) of what forward() was traced with: `z`, `noises.0` for an element of a list."""
    arguments = [a.name for a in program.forward.schema.arguments[1:]]  # type: ignore[attr-defined]
    fed = zip(arguments, values, strict=False)
    return tuple((plain_path(path), x) for name, value in fed for path, x in find_tensors(value, name))


def read_traced_inputs(file: FoundFile) -> tuple[Any, ...]:
    """Return what forward() was traced with: tensors, and lists, tuples and dicts of them; empty without it.

    The tensors are on the meta device: torch writes shape and dtype of traced inputs, and no values.
    """
    try:
        with zipfile.ZipFile(file.path) as archive:
            name = next((n for n in archive.namelist() if n.split("/", 1)[-1] == "traced_inputs.pkl"), None)
            if name is None or archive.getinfo(name).file_size > MAX_PICKLE_BYTES:
                return ()
            inputs = _ShapesOnly(io.BytesIO(archive.read(name))).load()
    except Exception:  # noqa: BLE001 - a damaged example is no reason to refuse the model: shapes are found otherwise
        return ()
    values = inputs.get("forward") if isinstance(inputs, dict) else None
    if not isinstance(values, list | tuple) or any(not isinstance(x, torch.Tensor) for x in tree_leaves(list(values))):
        return ()
    return tuple(values)


def file_operations(file: FoundFile) -> tuple[str, ...]:
    """Return the operations of a program's code that read or write files, `aten::from_file` among them."""
    found: set[str] = set()
    with suppress(Exception), zipfile.ZipFile(file.path) as archive:  # a reader of words alone: torch reads the program
        for record in archive.infolist():
            if "/code/" in record.filename and record.filename.endswith(".py"):
                with archive.open(record) as opened:
                    found.update(_FILES.findall(opened.read(MAX_CODE_BYTES).decode("utf-8", "replace")))
    return tuple(f"aten::{name}" for name in sorted(found))


class _ShapesOnly(pickle.Unpickler):
    """Knows the few names that plain tensors need, and nothing else: no code of the file can run."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a stand-in of ours for an allowed name."""
        allowed: dict[tuple[str, str], Any] = {
            ("torch.jit._pickle", "restore_type_tag"): _untagged,
            ("torch.jit._pickle", "build_tensorlist"): list,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
            ("collections", "OrderedDict"): OrderedDict,
        }
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if (module, name) not in allowed:
            message = f"{module}.{name} is not needed for a tensor"
            raise pickle.UnpicklingError(message)
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> torch.dtype:
        """Return the dtype of a storage, which is all that is needed of it."""
        dtype = pid[1]
        if not isinstance(dtype, torch.dtype):
            message = "a storage without a type"
            raise pickle.UnpicklingError(message)
        return dtype


def _untagged(value: Any, _tag: str) -> Any:
    return value


def _rebuild(
    dtype: torch.dtype, _offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_rest: object
) -> torch.Tensor:
    return torch.empty_strided(size, stride, dtype=dtype, device="meta")
