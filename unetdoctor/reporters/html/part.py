"""A part of the page, and what it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from unetdoctor.facts import Card, Report
from unetdoctor.reporters.html.images import Gallery


@dataclass(frozen=True)
class Source:
    """Everything that a part may read."""

    report: Report
    """The report."""
    gallery: Gallery
    """The pictures that have room in the page."""
    cards: Mapping[str, Card]
    """Page of every check by its code."""


@dataclass(frozen=True)
class Part:
    """One section of the page."""

    name: str
    """Its anchor, and the stem of its template."""
    title: str
    """Heading."""
    link: str
    """Heading in the line of links; short."""
    values: dict[str, Any] = field(default_factory=dict)
    """What its template shows."""
    lead: str = ""
    """A sentence below the heading."""
