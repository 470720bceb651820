"""What a check is: a pure function of the evidence with a code, a name and a page."""

import inspect
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from unetdoctor.facts import Card, Evidence, Finding, Kind, Place, Reading, Remedy, Severity


class Check(ABC):
    """One entry of the catalogue; never instantiated, and without state."""

    code: ClassVar[str]
    """`UD203`; never reused or renumbered."""
    name: ClassVar[str]
    """`flat-picture`."""
    kind: ClassVar[Kind]
    """Symptom, cause or note."""
    counterfactuals: ClassVar[tuple[Remedy, ...]] = ()
    """For a symptom: what is tried besides the remedies of the causes found."""

    axes: ClassVar[tuple[int, ...]] = (1, 2, 3)
    """Numbers of spatial axes of the inputs that it can judge: signals have one, pictures two, volumes three."""
    reads_comparisons: ClassVar[bool] = False
    """Whether it reads how far the output moves between two inputs: a trial then needs two passes."""
    reads_weights_alone: ClassVar[bool] = False
    """Whether it says something of a checkpoint without its network."""
    reads_data: ClassVar[bool] = False
    """Whether it reads pictures and masks as files: `audit` runs these checks, `inspect` where files are given."""
    refuted_by_fit: ClassVar[bool] = False
    """Whether an output that fits the masks shows that its training reads them rightly: then this is a note."""
    reads_samples: ClassVar[bool] = False
    """Whether it reads what a Dataset yields: `audit --loader` runs these checks too."""
    proves_itself: ClassVar[bool] = False
    """For a cause: whether its own reading under its remedy proves it, without a symptom in the picture."""
    proof_is_error: ClassVar[bool] = False
    """For a cause that proves itself: whether that proof makes a warning an error, whatever the picture looks like."""
    own_remedies_only: ClassVar[bool] = False
    """For a symptom that no weight and no activation can cause: only its own remedies are tried on it."""
    accounted_for_by: ClassVar[tuple[str, ...]] = ()
    """For a symptom: causes that need no experiment to explain it, since they are read where it arose."""
    blamed_on: ClassVar[tuple[str, ...]] = ()
    """For a symptom: causes that explain it where they are more than a note and no experiment refutes it."""
    warning_is_final: ClassVar[bool] = False
    """For a symptom: whether a cause whose removal cures a mere warning of it stays a warning."""
    settled_by_training: ClassVar[bool] = False
    """For a symptom: whether a layer with fresh weights is bound to bring it until it is trained."""
    takes_over: ClassVar[tuple[str, ...]] = ()
    """Worse symptoms in whose place this one comes when a remedy helps in part."""

    @classmethod
    @abstractmethod
    def examine(cls, evidence: Evidence) -> Iterable[Finding]:
        """Yield a finding for every place that was examined, well or ill."""

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether the proof of this finding by its own reading makes a warning an error."""
        return cls.proof_is_error

    @classmethod
    def finding(
        cls,
        message: str,
        readings: Sequence[Reading],
        *,
        place: Place | None = None,
        severity: Severity = Severity.ERROR,
        remedies: Iterable[Remedy] = (),
        op: int | None = None,
        patch: str = "",
    ) -> Finding:
        """Return a finding of this check: OK where all readings hold, and a note where one of them is NaN.

        Without a number there is nothing to be sure of; that the output is not finite is said by its own check.
        """
        place = place or Place()
        well = all(reading.holds for reading in readings)
        unknown = next((reading for reading in readings if math.isnan(reading.value)), None)
        if unknown is not None:
            severity = Severity.NOTE
            message = f"Not judged: at {place.text} the {unknown.name} is not a finite number."
        return Finding(
            code=cls.code,
            name=cls.name,
            kind=cls.kind,
            severity=Severity.OK if well else severity,
            place=place,
            message=message,
            readings=tuple(readings),
            remedies=() if well else tuple(remedies),
            op=op,
            patch="" if well else patch,
        )

    @classmethod
    def card(cls) -> Card:
        """Return the page of `rules` and `explain`."""
        page = inspect.cleandoc(cls.__doc__ or "")
        summary = re.split(r"(?<=\.)\s", page, maxsplit=1)[0]
        return Card(code=cls.code, name=cls.name, kind=cls.kind, summary=summary, page=page)


def either(*readings: Reading) -> tuple[Reading, ...]:
    """Return readings that are ill only together: where one holds, those that do not are shown without bounds."""
    if not any(reading.holds for reading in readings):
        return readings
    return tuple(x if x.holds else replace(x, lower=None, upper=None) for x in readings)


def shown(value: float) -> str:
    """Return a number as a message shows it: three digits, and no exponent from 100 up to a million."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"
