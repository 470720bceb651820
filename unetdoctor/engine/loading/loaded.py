"""What loading yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from unetdoctor.engine.loading.loads import Load
from unetdoctor.engine.surroundings import Notes


@dataclass
class LoadedModel:
    """A model that is ready to run: in eval mode, on the requested device, with the weights that were asked for."""

    model: torch.nn.Module
    """The network, a ScriptModule included."""
    name: str
    """Class or file name."""
    kind: str
    """`eager`, `torchscript` or `exported`: how its forward pass is executed."""
    target_kind: str
    """`python file`, `import path`, `torchscript file`, `exported program` ...: where it came from."""
    how: tuple[str, ...]
    """One sentence for everything that was chosen or guessed on the way."""
    weights_given: bool
    """Whether a weights file was loaded that filled the whole network."""
    weights: str
    """That file as it was asked for; empty without one."""
    source_root: Path | None
    """Directory of the user's file; None for a TorchScript or exported program."""
    directory: Path
    """The person's working directory, to which places are relative."""
    source_file: Path | None = None
    """The user's Python file, where there is one."""
    source_name: str = ""
    """What was taken from it: the name of a class, a function or an instance."""
    training_flags: dict[str, bool] = field(default_factory=dict)
    """Module name -> its training flag before eval()."""
    example_inputs: tuple[torch.Tensor, ...] | None = None
    """What a TorchScript file was traced with (shape and dtype on the meta device), or a program exported with."""
    example_names: tuple[str, ...] = ()
    """Names of these in forward(), `batch.image` for an entry of a dict; empty where they are given by position."""
    loads: tuple[Load, ...] = ()
    """Weights that were loaded: from the file that was given, and by the user's own code."""
    guessed: Mapping[str, Any] = field(default_factory=dict)
    """Constructor arguments that were guessed."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """The others, given or default."""
    rebuild: Callable[[Mapping[str, Any]], LoadedModel] | None = None
    """Builds the network again with these values in the place of the guessed ones."""
    notes: Notes | None = None
    """What stood in for torch.compile and CUDA; forward() may still add to it."""

    @property
    def said(self) -> tuple[str, ...]:
        """Everything that was chosen, guessed or replaced, a sentence each."""
        return (*self.how, *(self.notes.sentences if self.notes else ()))
