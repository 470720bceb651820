"""What a report is worth: whether the fault was found, named, placed and cured; totals and the confusion table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite

from unetdoctor.facts import Diagnosis, Outcome, Place, Report, Severity

OPERATORS_SOURCE = "tests/faults/operators/"
GOALS = {"found": 0.98, "named": 0.92, "placed": 0.95, "cured": 0.95}
"""Least share of the proven cases."""

EXAMINED, NOT_APPLICABLE, DROPPED, REFUSED, BROKEN, TIMEOUT = (
    "examined",
    "not applicable",
    "dropped",
    "refused",
    "broken",
    "out of time",
)
NO_TRIAL = "no trial"
COUNTED = (EXAMINED, REFUSED, BROKEN, TIMEOUT)
"""What is measured: a tool that refuses, breaks or does not end has found nothing."""


@dataclass(frozen=True)
class Score:
    """One report against the truth."""

    found: bool = False
    """An error stands at the faulty place (anywhere, where the fault concerns the whole network)."""
    named: bool = False
    """The first diagnosis has a code that names the fault."""
    placed: bool | None = None
    """The first diagnosis stands at the faulty layer; None where the fault has no place."""
    cured: bool | None = None
    """The remedy of the first diagnosis cured in its trial; None where it has none."""
    first: str = ""
    """Code of the first diagnosis, empty where there is none."""
    where: str = ""
    """Its layer."""
    remedy: str = ""
    """What it prescribes, and what its trial did."""


@dataclass(frozen=True)
class Measured:
    """One reading of a finding."""

    code: str
    layer: str
    name: str
    unit: str
    value: float | None
    """None where it is no number."""
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Row:
    """One case with what became of it."""

    operator: str
    strength: str
    network: str
    family: str
    trained: bool
    form: str
    status: str
    reason: str = ""
    """Why it was not examined."""
    reading: str = ""
    """The symptom that proves the fault."""
    before: float = 0.0
    after: float = 0.0
    in_goal: bool = True
    score: Score = Score()
    errors: tuple[str, ...] = ()
    """Codes of findings and diagnoses of level error."""
    warnings: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    truth: tuple[str, ...] = ()
    """True layers."""
    seconds: float = 0.0
    readings: tuple[Measured, ...] = ()
    """Every bounded reading of the report, for the calibration of the limits."""
    peers: dict[str, dict[str, object]] = field(default_factory=dict)
    """What other tools said of the same module."""


def at(layer: str, truth: frozenset[str]) -> bool:
    """Return whether a place is one of the true ones, or the module that directly holds one."""
    return layer in truth or (layer != "" and any(true.rpartition(".")[0] == layer for true in truth))


def stands(place: Place, truth: frozenset[str], front: str = "") -> bool:
    """Return whether a place is true.

    Of a function that no layer holds, the line of the fault's own source is true as well. TorchScript keeps neither
    lines nor modules without weights: there, `front` is the layer whose result the fault acts on.
    """
    if at(place.layer, truth) or ("" in truth and OPERATORS_SOURCE in place.file.replace("\\", "/")):
        return True
    return bool(front) and (place.layer == front or place.layer.endswith(f".{front}"))


def score(report: Report, accepted: frozenset[str], truth: frozenset[str], front: str = "") -> Score:
    """Hold a report against the truth."""
    bad = [x.place for x in (*report.findings, *report.diagnoses) if x.severity is Severity.ERROR]
    found = any(stands(place, truth, front) for place in bad) if truth else bool(bad)
    if not report.diagnoses:
        return Score(found=found, placed=False if truth else None)
    first = report.diagnoses[0]
    return Score(
        found=found,
        named=first.code in accepted,
        placed=stands(first.place, truth, front) if truth else None,
        cured=None if first.remedy is None else first.trial is not None and first.trial.outcome is Outcome.CURED,
        first=first.code,
        where=first.place.layer,
        remedy=_prescribed(first),
    )


def _prescribed(first: Diagnosis) -> str:
    if first.remedy is None:
        return ""
    return f"{first.remedy.title}: {first.trial.outcome.value if first.trial is not None else NO_TRIAL}"


def failed(truth: frozenset[str]) -> Score:
    """Return the score of a tool that said nothing."""
    return Score(placed=False if truth else None)


def readings_of(report: Report) -> tuple[Measured, ...]:
    """Return every reading of every finding."""
    return tuple(
        Measured(f.code, f.place.layer, r.name, r.unit, r.value if isfinite(r.value) else None, r.lower, r.upper)
        for f in report.findings
        for r in f.readings
    )


def codes_of(report: Report, severity: Severity) -> tuple[str, ...]:
    """Return the codes of findings (and diagnoses) of one level."""
    return tuple(sorted({x.code for x in (*report.findings, *report.diagnoses) if x.severity is severity}))


@dataclass(frozen=True)
class Total:
    """Shares over some rows."""

    cases: int
    shares: dict[str, float | None]
    """found, named, placed, cured; None where no case asks for it."""
    bases: dict[str, int]
    """How many cases each share is of."""
    dropped: int
    not_applicable: int
    untried: int
    """First diagnoses whose remedy no trial tested; they count as not cured."""
    broken: int
    """Cases that were refused, broke or ran out of time; they count as not found."""


def total(rows: Iterable[Row]) -> Total:
    """Return the shares over the proven cases, and how many were not."""
    rows = list(rows)
    counted = [row for row in rows if row.status in COUNTED]
    shares: dict[str, float | None] = {}
    bases = {}
    for name in GOALS:
        answers = [value for row in counted if (value := getattr(row.score, name)) is not None]
        bases[name] = len(answers)
        shares[name] = sum(answers) / len(answers) if answers else None
    status = Counter(row.status for row in rows)
    broken = sum(status[s] for s in (REFUSED, BROKEN, TIMEOUT))
    untried = sum(row.score.remedy.endswith(NO_TRIAL) for row in counted)
    return Total(len(counted), shares, bases, status[DROPPED], status[NOT_APPLICABLE], untried, broken)


def missed(whole: Total, sound_errors: int) -> list[str]:
    """Return the goals that are missed, a phrase each."""
    found = [
        f"{name} {100 * share:.1f} % (goal {100 * GOALS[name]:.0f} %)"
        for name, share in whole.shares.items()
        if share is not None and share < GOALS[name]
    ]
    return found + ([f"{sound_errors} sound networks with errors (goal 0)"] if sound_errors else [])


def confusion(rows: Iterable[Row]) -> dict[str, Counter[str]]:
    """Return, per operator, how often each code was the first diagnosis (`none` where there is none)."""
    table: dict[str, Counter[str]] = {}
    for row in rows:
        if row.status in COUNTED:
            word = row.score.first or ("none" if row.status == EXAMINED else row.status)
            table.setdefault(row.operator, Counter())[word] += 1
    return table
