"""What is known of a check without running it."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Kind


@dataclass(frozen=True)
class Standing:
    """One limit of a check, between what sound networks and what sick ones were measured to have."""

    reading: str
    """Name of what is measured."""
    unit: str
    """Unit of all values; empty for a plain number."""
    upper: bool
    """Whether values above the limit are ill; else those below."""
    limit: float
    """The bound; the median where it depends on the network."""
    sound: int
    """Sound networks that were measured."""
    worst_sound: float | None
    """The value of a sound network nearest to the limit, or farthest beyond it; None where there was none."""
    sound_beyond: int
    """Sound networks beyond the limit."""
    sick: int
    """Sick networks that were measured, each with a fault that the check is to name."""
    mildest_sick: float | None
    """The value of a sick network nearest to the limit, or farthest within it; None where there was none."""
    sick_within: int
    """Sick networks within the limit."""


@dataclass(frozen=True)
class Card:
    """What is known of a check without running it: the page of `rules` and `explain`."""

    code: str
    """`UD203`."""
    name: str
    """`flat-picture`."""
    kind: Kind
    """Symptom, cause or note."""
    summary: str
    """First sentence of its page."""
    page: str
    """The whole page."""
    standings: tuple[Standing, ...] = ()
    """Its limits as they were calibrated; empty where they were not, or not asked for."""
    difference: tuple[str, ...] = ()
    """Lines of code in which the sick sample (`- `) and its healthy twin (`+ `) differ; empty where not asked for."""
