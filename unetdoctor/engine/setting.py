"""What stays the same between the passes of one examination."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.jit._fuser import optimized_execution

from unetdoctor.engine.evaluation import isolated_random_state
from unetdoctor.engine.loading.loads import Load
from unetdoctor.engine.postprocessing import Postprocess
from unetdoctor.engine.replaced import foreign
from unetdoctor.facts import Place


@dataclass(frozen=True)
class Setting:
    """What stays the same between the passes of one examination."""

    model: nn.Module
    device: str
    seed: int
    source_root: str
    """Directory of the user's own source; empty where there is none."""
    directory: str
    """Against which source paths are shown."""
    output: str | None = None
    """What a person named as the output to examine; None to choose by rule."""

    after: Postprocess | None = None
    """What a person runs on what forward() returns (`--postprocess`)."""

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the model in the state in which every pass starts, and put back the training flags that it changes."""
        flags = [(module, module.training) for module in self.model.modules() if hasattr(module, "training")]
        try:
            with isolated_random_state(self.seed, self.device), torch.no_grad(), optimized_execution(False):
                returned = foreign(self.model, *args, **kwargs)
                return returned if self.after is None else self.after(returned)
        finally:
            for module, flag in flags:
                if module.training != flag:
                    module.training = flag

    def shown_path(self, file: str) -> str:
        """Return a source path relative to the user's directory where it lies below it."""
        if not file:
            return ""
        path = Path(file)
        return str(path.relative_to(self.directory)) if path.is_relative_to(self.directory) else file


@dataclass(frozen=True)
class Subject:
    """The model under examination and what is known of it beforehand."""

    model: nn.Module
    name: str
    kind: str
    weights_given: bool
    latent: bool
    timestep: bool
    place: Callable[[str], Place]
    """Where a layer is made."""
    loads: tuple[Load, ...] = ()
    """Weights that were loaded."""
    source: Path | None = None
    """The user's Python file, where there is one."""
