"""What an audit adds to its report: how the files were found, and how fast they were read."""

from dataclasses import dataclass, field

from unetdoctor.facts.report import Report


@dataclass(frozen=True)
class Listed:
    """How the files were found."""

    masks_from: str = ""
    """Where masks were found that nobody named, in words; empty where they were named, or there are none."""
    ambiguous: tuple[str, ...] = ()
    """Images with several masks that fit, and masks of several images, in words; at most 40."""
    ambiguous_count: int = 0
    """How many images that concerns."""
    troubles: tuple[str, ...] = ()
    """What could not be listed, with the reason; at most 100."""
    others: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Files that are no pictures: by their ending, how many and an example."""


@dataclass(frozen=True)
class Audited:
    """A report with what is only known of an audit as it was run."""

    report: Report
    """The report, its data with the totals."""
    listed: Listed
    """How the files were found."""
    seconds: float
    """Wall time."""
    pairs_per_s: float
    """Pairs read in this run, per second."""
    resumed: int = 0
    """Pairs that an earlier run had finished."""
    state: str = ""
    """File that keeps what is finished; empty where there is none."""
