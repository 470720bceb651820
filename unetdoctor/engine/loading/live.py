"""A network that lives in this process already: borrowed for an examination, and given back as it was."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from unetdoctor.engine import replaced
from unetdoctor.engine.evaluation import isolated_random_state
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.program import INSTALLED

TARGET_KIND = "live module"


def device_of(model: object) -> str:
    """Return the device of the first parameter or buffer, the CPU without any; raises TypeError for no network."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"a torch.nn.Module or the text of a target is examined, not {type(model).__name__}")
    tensor = next((t for tensors in (model.parameters(), model.buffers()) for t in tensors), None)
    return "cpu" if tensor is None else str(tensor.device)


@contextmanager
def borrowed(model: nn.Module, directory: Path) -> Iterator[LoadedModel]:
    """Yield the network in evaluation mode; training flags and the random states of all libraries are put back."""
    replaced.end()
    inner = getattr(model, "_orig_mod", model)  # torch.compile wraps the network that can be watched
    flags = [(module, module.training) for module in inner.modules() if hasattr(module, "training")]
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        with isolated_random_state(0, device_of(inner)):
            inner.eval()
            yield _loaded(inner, directory)
    finally:
        for module, flag in flags:
            if module.training != flag:
                module.training = flag
        random.setstate(python_state)
        np.random.set_state(numpy_state)


def _loaded(model: nn.Module, directory: Path) -> LoadedModel:
    scripted = isinstance(model, torch.jit.ScriptModule)
    file = None if scripted else _source(type(model))
    own = file if file is not None and not INSTALLED.search(str(file)) else None
    return LoadedModel(
        model=model,
        name=str(getattr(model, "original_name", "")) if scripted else type(model).__name__,
        kind="torchscript" if scripted else "eager",
        target_kind=TARGET_KIND,
        how=(),
        weights_given=False,
        weights="",
        source_root=own.parent if own is not None else None,
        directory=directory,
        source_file=own,
    )


def _source(cls: type) -> Path | None:
    """Return the file of a class; None for one that was typed into a console."""
    try:
        file = Path(inspect.getfile(cls))
    except (TypeError, OSError):
        return None
    return file if file.is_file() else None
