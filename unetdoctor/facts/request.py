"""What a person asks for: the target, how to build and feed it, what the picture is meant to be."""

from dataclasses import dataclass, field
from typing import Any

from unetdoctor.facts.intent import Intent
from unetdoctor.facts.preprocessing import Preprocessing


@dataclass(frozen=True)
class InputSpec:
    """One `--input [NAME:]N,C,H,W[:DTYPE][:LOW..HIGH]`."""

    shape: tuple[int, ...]
    """Full shape with the batch dimension."""
    name: str = ""
    """Parameter name of forward(), empty for the next positional one."""
    dtype: str = "float32"
    """Torch dtype name without `torch.`."""
    low: float | None = None
    """Smallest value (uniform); None where no range was given."""
    high: float | None = None
    """Largest value (uniform)."""


@dataclass(frozen=True)
class Selection:
    """Which checks run and which severity fails."""

    select: tuple[str, ...] = ()
    """Codes, code prefixes or names to run; empty for all."""
    ignore: tuple[str, ...] = ()
    """Codes, code prefixes or names to leave out."""
    fail_on: str = "error"
    """`error`, `warning`, `note` or `never`."""


@dataclass(frozen=True)
class Limits:
    """How much time and memory an examination may take."""

    timeout_s: float = 300.0
    """Wall time of the whole examination in seconds."""
    budget: float = 128.0
    """What all experiments together may cost, in forward passes of the model."""
    memory_bytes: int | None = None
    """Memory of the worker; None for nine tenths of what is available."""


@dataclass(frozen=True)
class Request:
    """One examination as it was asked for; crosses the process boundary as JSON."""

    target: str
    """`file.py`, `file.py:Name`, `file.py:make("x", n=3)`, `package.module:Name`, a TorchScript or `.pt2` file, a
    pickled module, `torchvision:NAME` and other libraries, `hf:DIR`, or a directory with a `hubconf.py`."""
    directory: str = "."
    """Absolute working directory of the person, against which relative paths are read."""
    kwargs: dict[str, Any] = field(default_factory=dict)
    """Constructor arguments given with `-k name=value`."""
    weights: str | None = None
    """A state_dict (.pt, .pth, .ckpt) or safetensors file."""
    arch: str | None = None
    """Target of the network that a checkpoint belongs to, where the target is that checkpoint."""
    trust: bool = False
    """Whether a pickled module may run the code that it names."""
    sandbox: bool = True
    """Whether the worker is fenced in by Landlock, where the kernel has it."""
    inputs: tuple[InputSpec, ...] = ()
    """Declared inputs; empty to infer them."""
    inputs_from: str | None = None
    """Where the inputs' values come from: `file.pt`, `file.npz` or `script.py:function`; None to make them."""
    output: str | None = None
    """Path or key of the output to examine: `output['aux']`, `aux`, `1`; None to choose by rule."""
    postprocess: str | None = None
    """`script.py:function` that turns what forward() returns into the picture; None to look at it as it is."""
    images: tuple[str, ...] = ()
    """Photographs to feed."""
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    """What becomes of a photograph before it is fed."""
    masks: tuple[str, ...] = ()
    """The mask of each photograph, in the same order; empty for one that has none, no entries where none was given."""
    batch: int | None = None
    """Samples per probe; None to choose."""
    intent: Intent = field(default_factory=Intent)
    """What the output is meant to be."""
    device: str = "cpu"
    """`cpu`, `cuda`, `cuda:1`, `mps`."""
    selection: Selection = Selection()
    """Which checks run."""
    limits: Limits = Limits()
    """Time and memory."""
    seed: int = 0
    """Seed of every probe and of every fresh weight."""
    pictures: bool = True
    """Whether previews are wanted."""
    sizes: tuple[tuple[int, ...], ...] = ()
    """Input sizes asked of `unetdoctor sizes`, one number per spatial axis."""
