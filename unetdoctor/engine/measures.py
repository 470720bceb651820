"""What is measured of a model beside its plain passes, one function for each fact of Evidence.

Each takes the Examination and returns the value of the Evidence field of its name; what the checks read is then in
place once, for all of them. A measure that needs a further pass evaluates the tape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from unetdoctor.engine.chance import chance
from unetdoctor.engine.finiteness import broken_operations
from unetdoctor.engine.liveliness import dead_activations, pinned_activations
from unetdoctor.engine.precision import half_precision

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

MEASURES: dict[str, Callable[[Examination], Any]] = {
    "broken": broken_operations,
    "dead": dead_activations,
    "pinned": pinned_activations,
    "chance": chance,
    "half": half_precision,
}
"""Field of Evidence -> how it is measured."""


def measured(examination: Examination) -> dict[str, Any]:
    """Return the fields of Evidence that further passes tell; none where no pass drew anything."""
    if not examination.alive:
        return {}
    return {name: measure(examination) for name, measure in MEASURES.items()}
