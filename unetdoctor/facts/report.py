"""The report: the contract with every reader, human or machine."""

from dataclasses import dataclass, field

from unetdoctor.facts.crash import Crash
from unetdoctor.facts.dataset import Dataset
from unetdoctor.facts.findings import Diagnosis, Finding, Severity, Skipped, State, Trial
from unetdoctor.facts.intent import Intent
from unetdoctor.facts.latent import Latent
from unetdoctor.facts.output import Decoding, Output, Preview
from unetdoctor.facts.scores import MaskScores
from unetdoctor.facts.size_law import ShapeSweep
from unetdoctor.facts.skips import Skip

SCHEMA_VERSION = "1.0"
"""Raised in its first part only when a reader of the JSON report must change."""


@dataclass(frozen=True)
class Environment:
    """What the examination ran on."""

    unetdoctor: str
    """Version of this tool."""
    python: str
    """Version."""
    torch: str
    """Version with its build; empty where it was never imported."""
    platform: str
    """Operating system and processor."""
    device: str
    """`cpu`, or the name of the GPU."""
    enforced: tuple[str, ...] = ()
    """What holds the worker in."""
    not_enforced: tuple[str, ...] = ()
    """What could not be enforced here."""


@dataclass(frozen=True)
class Target:
    """What was loaded, and how."""

    target: str
    """As it was asked for."""
    name: str
    """Class or file name."""
    kind: str
    """`python file`, `import path`, `torchscript file`, `exported program` ...: where the model came from."""
    how: tuple[str, ...]
    """What was chosen or guessed on the way, a sentence each."""
    parameters: int
    """Number of parameter values."""
    layers: int
    """Number of weighted layers."""
    weights: str = ""
    """Weights file, where one was given."""
    runs_code: bool = True
    """Whether loading ran code of the file (Python and TorchScript do)."""


@dataclass(frozen=True)
class InputChoice:
    """What was fed, and which rung of the ladder found it."""

    shape: tuple[int, ...]
    """Shape of the first tensor."""
    rung: str
    """`--input`, `--image`, `traced inputs`, `first consumed parameter`, `probing`, ..."""
    latent: bool
    """Whether it is a latent vector."""
    text: str
    """One sentence."""
    tried: tuple[str, ...] = ()
    """Shapes that were tried, with what happened."""


@dataclass(frozen=True)
class SignalPoint:
    """One op on the way from input to output."""

    op: str
    """Operator name."""
    layer: str
    """Owner."""
    shape: tuple[int, ...]
    """Shape of the result."""
    signal: float
    """Spread of the signal with the stored statistics."""
    batch_signal: float
    """The same with batch statistics; NaN where there is no normalisation or it was not evaluated."""


@dataclass(frozen=True)
class Section:
    """One line of the terminal report: a hundred of the catalogue."""

    title: str
    """`The picture`, `Weights`, ..."""
    codes: tuple[str, ...]
    """Codes that were examined."""
    worst: Severity
    """Worst severity among them."""


@dataclass(frozen=True)
class RunBlock:
    """The one part of a report that differs between two equal examinations."""

    started: str = ""
    """ISO 8601 time, UTC."""
    seconds: float = 0.0
    """Wall time of the whole examination."""
    worker_seconds: float = 0.0
    """Time inside the worker."""
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds per stage."""
    peak_memory_bytes: int = 0
    """Largest resident memory of the worker."""
    memory_limit_bytes: int = 0
    """What the worker and all that it starts could take together; 0 where that was not watched."""


@dataclass(frozen=True)
class Report:
    """One examination, whole."""

    schema_version: str
    """Version of this contract."""
    state: State
    """Healthy, untrained, ill or not diagnosable."""
    verdict: str
    """One sentence."""
    target: Target
    """What was loaded."""
    intent: Intent
    """What the picture is meant to be, and how that was inferred."""
    input: InputChoice | None
    """What was fed."""
    environment: Environment
    """What it ran on."""
    diagnoses: tuple[Diagnosis, ...] = ()
    """Ranked, most certain and earliest first."""
    findings: tuple[Finding, ...] = ()
    """Everything that was examined, well or ill."""
    trials: tuple[Trial, ...] = ()
    """Every experiment, those that did not help too."""
    trials_cost: float = 0.0
    """What they cost, in forward passes of the model (estimated from the operations that were evaluated)."""
    skipped: tuple[Skipped, ...] = ()
    """What was not examined, and why."""
    sections: tuple[Section, ...] = ()
    """For the terminal."""
    outputs: tuple[tuple[str, Output], ...] = ()
    """(probe name, output) as it is."""
    batch_outputs: tuple[tuple[str, Output], ...] = ()
    """(probe name, output) with batch statistics, where the network normalises with stored ones and is untrained."""
    decodings: tuple[Decoding, ...] = ()
    """The main output under every usual reading, and which one the evidence supports."""
    signal: tuple[SignalPoint, ...] = ()
    """Profile along the depth."""
    latent: Latent | None = None
    """What a generator was fed."""
    shapes: ShapeSweep | None = None
    """Valid sizes, where they were needed."""
    skips: tuple[Skip, ...] = ()
    """Skip connections with their measured influence."""
    scores: MaskScores | None = None
    """The outputs beside the person's masks."""
    data: Dataset | None = None
    """Pictures and masks that were read as files, without their hashes."""
    previews: tuple[Preview, ...] = ()
    """Pictures."""
    crash: Crash | None = None
    """What forward() raised."""
    failure: str = ""
    """Stage at which no diagnosis became possible; empty otherwise."""
    exit_code: int = 0
    """What the process returns."""
    fail_on: str = "error"
    """The severity from which on it returns 1: `error`, `warning`, `note` or `never`."""
    untouched: bool = True
    """Whether parameters, buffers, random state and training flags were bit-identical afterwards."""
    untouched_text: str = ""
    """What was hashed."""
    notices: tuple[str, ...] = ()
    """Sentences that a person should read although nothing is wrong."""
    log: str = ""
    """What the user's code printed, bounded; shown with -v."""
    timings: RunBlock = RunBlock()
    """The run block."""

    @property
    def doubtful(self) -> bool:
        """Whether no error was found although the output does not fit the masks: nothing to be glad of."""
        return self.state is State.HEALTHY and self.scores is not None and self.scores.poor

    @property
    def state_words(self) -> str:
        """The state as a person reads it."""
        return "no error found" if self.doubtful else self.state.value.replace("_", " ")
