"""What a check says and what an experiment showed."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad; OK means that the place was examined and is well."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OK = "ok"

    @property
    def rank(self) -> int:
        """3 for an error down to 0 for OK."""
        return {"error": 3, "warning": 2, "note": 1, "ok": 0}[self.value]


class State(StrEnum):
    """What an examination ends with."""

    HEALTHY = "healthy"
    UNTRAINED = "untrained"
    ILL = "ill"
    NOT_DIAGNOSABLE = "not_diagnosable"


class Kind(StrEnum):
    """What a check reads: the picture (symptom), what may make it so (cause), or something to know (note)."""

    SYMPTOM = "symptom"
    CAUSE = "cause"
    NOTE = "note"


class Outcome(StrEnum):
    """What a trial did to the symptom."""

    CURED = "cured"
    BETTER = "better"
    NO_EFFECT = "no effect"
    WORSE = "worse"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Place:
    """Where: a layer, and the source line that makes it."""

    layer: str = ""
    """Dotted module name; empty for the model as a whole."""
    file: str = ""
    """Path of the source file, relative to the working directory where it lies below it."""
    line: int | None = None
    """Line number, from 1."""
    op: str = ""
    """Name of the aten operation, where one is meant."""

    @property
    def text(self) -> str:
        """`layer (file:line)`, as far as known."""
        where = f"{self.file}:{self.line}" if self.file and self.line else self.file
        if self.layer and where:
            return f"{self.layer} ({where})"
        return self.layer or where or self.op or "the model"


@dataclass(frozen=True)
class Reading:
    """One number with its bounds; a reading of NaN holds nothing."""

    name: str
    """What was measured, in field terms."""
    value: float
    """The number."""
    unit: str = ""
    """`8-bit levels`, `%`, `x`, ..."""
    lower: float | None = None
    """Smallest sound value."""
    upper: float | None = None
    """Largest sound value."""

    @property
    def holds(self) -> bool:
        """Whether the value is within its bounds."""
        if math.isnan(self.value):
            return False
        return (self.lower is None or self.value >= self.lower) and (self.upper is None or self.value <= self.upper)

    @property
    def shortfall(self) -> float:
        """How far outside its bounds the value lies, 0 where it holds, inf for NaN: comparable within one reading."""
        if math.isnan(self.value):
            return math.inf
        below = 0.0 if self.lower is None else self.lower - self.value
        above = 0.0 if self.upper is None else self.value - self.upper
        return max(below, above, 0.0)


@dataclass(frozen=True)
class Remedy:
    """One change to try: an action of the engine's table, on a place, with parameters."""

    action: str
    """Name in `unetdoctor.engine.remedies.ACTIONS`."""
    place: Place = Place()
    """Layer that is changed; empty for the whole network or its input."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Arguments of the action (JSON values)."""
    title: str = ""
    """What a person reads: `initialise the last layer with xavier_uniform_`."""
    patch: str = ""
    """The lines to paste; empty for a pure experiment."""
    cause: str = ""
    """Code of the cause that this takes away; empty for a popular counterfactual."""
    scope: int = 1
    """How much it changes: 0 nothing in the model, 1 one layer, 2 one kind of layer, 3 the whole network."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for two remedies that do the same."""
        return self.action, self.place.layer, repr(sorted(self.parameters.items()))


@dataclass(frozen=True)
class Suppression:
    """Why a finding no longer counts: a person has said so."""

    kind: str
    """`comment` on the source line, or `baseline`."""
    reason: str = ""
    """What the person wrote beside it; empty for nothing."""
    place: Place = Place()
    """The file, and the line of a comment."""


@dataclass(frozen=True)
class Finding:
    """What one check says of one place, well or ill; its readings decide."""

    code: str
    """`UD203`."""
    name: str
    """`flat-picture`."""
    kind: Kind
    """Symptom, cause or note."""
    severity: Severity
    """OK where every reading holds."""
    place: Place
    """Where."""
    message: str
    """One sentence with the number, the limit and the place."""
    readings: tuple[Reading, ...] = ()
    """The numbers; the first is the leading one, which trials compare."""
    remedies: tuple[Remedy, ...] = ()
    """What would take the cause away."""
    op: int | None = None
    """Index of the op where it sits, for the order along the depth."""
    patch: str = ""
    """The lines to paste where no experiment is needed to know them."""
    suppression: Suppression | None = None
    """Why it no longer counts; None where it does."""

    @property
    def ill(self) -> bool:
        """Whether anything is wrong here."""
        return self.severity is not Severity.OK

    @property
    def counts(self) -> bool:
        """Whether anything is wrong here that nobody has suppressed."""
        return self.ill and self.suppression is None


@dataclass(frozen=True)
class Trial:
    """One experiment: a remedy applied to a counterfactual run, re-read by the symptom's own check."""

    remedies: tuple[Remedy, ...]
    """What was changed together; one for a single trial."""
    symptom: str
    """Code of the symptom that was re-read."""
    outcome: Outcome
    """What it did."""
    reading: str
    """Name of the leading reading."""
    unit: str
    """Its unit."""
    before: float
    """Leading reading as it is."""
    after: float
    """Leading reading under the remedy; NaN where it was not tried."""
    reason: str = ""
    """Why it was not tried, or which new illness it brought."""
    std_8bit: float = math.nan
    """Standard deviation of the picture under the remedy, in 8-bit levels."""
    dice_before: float = math.nan
    """Mean Dice beside the person's masks as it is; NaN without masks."""
    dice_after: float = math.nan
    """The same under the remedy."""

    @property
    def title(self) -> str:
        """The remedies' titles, joined."""
        return " + ".join(r.title for r in self.remedies)


@dataclass(frozen=True)
class Diagnosis:
    """A cause, how sure, what it explains and what to do."""

    code: str
    """Code of the cause, or of a symptom that nothing explains."""
    name: str
    """Its kebab name."""
    place: Place
    """Where."""
    confirmed: bool
    """Whether taking the cause away cured a symptom."""
    explains: tuple[str, ...]
    """Codes of the symptoms that it explains."""
    severity: Severity
    """Of the cause together with what it explains."""
    message: str
    """One sentence."""
    remedy: Remedy | None
    """What to do."""
    trial: Trial | None
    """The best experiment with it."""


@dataclass(frozen=True)
class Skipped:
    """Something that was not examined, and why."""

    code: str
    """Check code, or UD9xx."""
    reason: str
    """One sentence."""
