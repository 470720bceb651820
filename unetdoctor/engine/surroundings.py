"""What foreign code finds around itself while it is examined.

torch.compile leaves functions as they are: a compiled one shows no operations, and compiling takes longer than the
whole examination. Where the CPU was asked for, a file that asks for CUDA by name gets the CPU: `.cuda()`,
`.to("cuda")`, `device="cuda"`, `torch.load` without map_location. torch.distributed is set up for this process alone,
without a network. All of it is noted, and said in the report.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_MOST_FILES = 200
_FILE_BYTES = 1024**2


class Notes:
    """What stood in for something else, with the place that asked for it first."""

    def __init__(self, files: Path | None) -> None:
        self._files = files
        self.compiled = ""
        """Place that first asked for torch.compile; empty where none did."""
        self.cuda = ""
        """Place that first asked for CUDA; empty where none did."""
        self.distributed = ""
        """Place that first set up torch.distributed; empty where none did."""

    def place(self) -> str:
        """Return `file.py:line` of the innermost frame of the user's files."""
        frame = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if self._files is not None and file.startswith(str(self._files)):
                return f"{Path(file).name}:{frame.f_lineno}"
            frame = frame.f_back  # type: ignore[assignment]
        return "a library"

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each kind of stand-in."""
        found = []
        if self.compiled:
            found.append(f"torch.compile at {self.compiled} was left out: the functions are examined uncompiled")
        if self.cuda:
            found.append(f"{self.cuda} asks for CUDA; it ran on the CPU (--device cuda examines it on the GPU)")
        if self.distributed:
            found.append(f"torch.distributed at {self.distributed} was set up for this process alone")
        return tuple(found)


@contextmanager
def around(notes: Notes, device: torch.device, folder: Path | None) -> Iterator[None]:
    """Stand in for torch.compile, and for CUDA where the device is the CPU and files of the folder name it."""
    real = torch.compile

    def compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: A001 - the name that it stands in for
        if isinstance(model, nn.Module):
            return real(model, *args, **kwargs)  # its parameters get another name, which the file may rely on
        notes.compiled = notes.compiled or notes.place()
        return model if model is not None else lambda function: function

    torch.compile = compile
    try:
        with _alone(notes):
            yield from _on_device(notes, device, folder)
    finally:
        torch.compile = real


def _on_device(notes: Notes, device: torch.device, folder: Path | None) -> Iterator[None]:
    if device.type == "cpu" and folder is not None and _mentioned(folder):
        with _OnCpu(notes), _other_defaults(notes):
            yield
    else:
        yield


@contextmanager
def _alone(notes: Notes) -> Iterator[None]:
    """Let torch.distributed be one process that talks to nobody."""
    if not torch.distributed.is_available():
        yield
        return
    real = torch.distributed.init_process_group

    def init_process_group(*_args: Any, **_kwargs: Any) -> None:
        from torch.testing._internal.distributed.fake_pg import FakeStore

        notes.distributed = notes.distributed or notes.place()
        real("fake", store=FakeStore(), rank=0, world_size=1)

    torch.distributed.init_process_group = init_process_group
    try:
        yield
    finally:
        torch.distributed.init_process_group = real


def settle(model: nn.Module, notes: Notes, device: torch.device, folder: Path | None) -> None:
    """Let compiled parts of a network run uncompiled, and code in forward() that names CUDA find the CPU."""
    for part in model.modules():
        inner = part._modules.get("_orig_mod") if not isinstance(part, torch.jit.ScriptModule) else None
        if inner is not None:
            part.__dict__["forward"] = inner.__call__
            notes.compiled = notes.compiled or "its construction"
    if device.type == "cpu" and folder is not None and any(_forward_names_cuda(c, folder) for c in _classes(model)):
        _stand_in_during_forward(model, notes)


def _stand_in_during_forward(model: nn.Module, notes: Notes) -> None:
    modes: list[_OnCpu] = []

    def enter(_module: nn.Module, _args: Any) -> None:
        modes.append(_OnCpu(notes))
        modes[-1].__enter__()

    def leave(_module: nn.Module, _args: Any, _output: Any) -> None:
        modes.pop().__exit__(None, None, None)

    model.register_forward_pre_hook(enter)
    model.register_forward_hook(leave, always_call=True)


class _OnCpu(TorchFunctionMode):
    """Turns every CUDA device that a torch function is given into the CPU."""

    def __init__(self, notes: Notes) -> None:
        super().__init__()
        self._notes = notes

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.cuda:
            self._note()
            return args[0]
        moved = getattr(func, "__name__", "") in ("to", "type")
        if any(_is_cuda(value) for value in (*kwargs.values(), *(args[1:] if moved else ()), *_devices(args))):
            self._note()
            args = tuple(_on_cpu(a) if moved or isinstance(a, torch.device) else a for a in args)
            kwargs = {key: _on_cpu(value) for key, value in kwargs.items()}
        return func(*args, **kwargs)

    def _note(self) -> None:
        self._notes.cuda = self._notes.cuda or self._notes.place()


def _devices(args: tuple[Any, ...]) -> tuple[torch.device, ...]:
    return tuple(a for a in args if isinstance(a, torch.device))


def _is_cuda(value: Any) -> bool:
    if isinstance(value, torch.device):
        return value.type == "cuda"
    return isinstance(value, str) and re.fullmatch(r"cuda(:\d+)?|torch\.cuda\.\w+Tensor", value) is not None


def _on_cpu(value: Any) -> Any:
    if not _is_cuda(value):
        return value
    text = str(value)
    return text.replace("torch.cuda.", "torch.") if text.endswith("Tensor") else torch.device("cpu")


@contextmanager
def _other_defaults(notes: Notes) -> Iterator[None]:
    """Read files of tensors onto the CPU, and keep the CPU as the default device."""
    load, default = torch.load, torch.set_default_device

    def load_here(*args: Any, **kwargs: Any) -> Any:
        given = kwargs.get("map_location", args[1] if len(args) > 1 else None)
        if given is None or _is_cuda(given):
            args, kwargs = args[:1], {**kwargs, "map_location": "cpu"}
        return load(*args, **kwargs)

    def set_default_device(device: Any) -> None:
        if _is_cuda(device):
            notes.cuda = notes.cuda or notes.place()
        default(_on_cpu(device))

    torch.load, torch.set_default_device = load_here, set_default_device
    try:
        yield
    finally:
        torch.load, torch.set_default_device = load, default


def _mentioned(folder: Path) -> bool:
    """Whether a Python file of the folder, or of a folder in it, names CUDA; yes where there are too many to read."""
    for number, file in enumerate(chain(folder.glob("*.py"), folder.glob("*/*.py"))):
        if number >= _MOST_FILES:
            return True
        try:
            if file.is_file() and file.stat().st_size <= _FILE_BYTES and b"cuda" in file.read_bytes():
                return True
        except OSError:
            continue
    return False


def _classes(model: nn.Module) -> set[type[nn.Module]]:
    return {type(part) for part in model.modules()}


def _forward_names_cuda(kind: type[nn.Module], folder: Path) -> bool:
    """Whether the source of a user's class names CUDA."""
    try:
        file = inspect.getsourcefile(kind)
        return file is not None and Path(file).is_relative_to(folder) and "cuda" in inspect.getsource(kind)
    except (OSError, TypeError):
        return False
