"""What is measured of a model beside its plain passes, one function for each fact of Evidence.

Each takes the Examination and returns the value of the Evidence field of its name; what the checks read is then in
place once, for all of them. A measure that needs a further pass evaluates the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from unetdoctor.engine.ablation import skips, skips_under
from unetdoctor.engine.attention import attentions
from unetdoctor.engine.blocks import ACTIONS as BLOCK_ACTIONS
from unetdoctor.engine.blocks import blocks
from unetdoctor.engine.casting import ACTIONS as SCALING
from unetdoctor.engine.casting import casts
from unetdoctor.engine.chance import STEADYING, chance, chance_under, isolation_under
from unetdoctor.engine.checkerboard import grid
from unetdoctor.engine.cutoffs import cutoff
from unetdoctor.engine.finiteness import broken_operations, hidden
from unetdoctor.engine.flatness import place_norms
from unetdoctor.engine.folding import folding
from unetdoctor.engine.given_files import given_data
from unetdoctor.engine.grid_remedies import ACTIONS as GRID_ACTIONS
from unetdoctor.engine.head import finishes, finishes_under
from unetdoctor.engine.liveliness import dead_activations, pinned_activations
from unetdoctor.engine.misread import ACTIONS as CHOOSING
from unetdoctor.engine.misread import misread
from unetdoctor.engine.modes import ACTIONS as FILLING
from unetdoctor.engine.modes import mode_gap, mode_gap_under
from unetdoctor.engine.painting import painting
from unetdoctor.engine.precision import half_precision
from unetdoctor.engine.preprocessing import ACTIONS as FEEDING
from unetdoctor.engine.preprocessing import fed_values, feeds, fingerprint, model_fed
from unetdoctor.engine.remodelling import ACTIONS as REMODELLING
from unetdoctor.engine.remodelling import exchanged_gap, model_under
from unetdoctor.engine.repainting import ACTIONS as PAINTING
from unetdoctor.engine.skip_remedies import ACTIONS as SKIP_ACTIONS
from unetdoctor.engine.tiling import tile_seam
from unetdoctor.facts import ModelFacts, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

MEASURES: dict[str, Callable[[Examination], Any]] = {
    "broken": broken_operations,
    "hidden": hidden,
    "dead": dead_activations,
    "pinned": pinned_activations,
    "place_norms": place_norms,
    "chance": chance,
    "modes": mode_gap,
    "finishes": finishes,
    "skips": skips,
    "exchanged_gap": exchanged_gap,
    "half": half_precision,
    "grid": grid,
    "seam": tile_seam,
    "blocks": blocks,
    "folding": folding,
    "attentions": attentions,
    "casts": casts,
    "cutoff": cutoff,
    "painting": painting,
    "misread": misread,
    "fingerprint": fingerprint,
    "values": fed_values,
    "data": given_data,
}
"""Field of Evidence -> how it is measured."""


def _model(examination: Examination, remedies: tuple[Remedy, ...]) -> ModelFacts:
    return model_fed(examination, remedies) if feeds(remedies) else model_under(examination, remedies)


AGAIN: dict[str, tuple[Collection[str], Callable[[Examination, tuple[Remedy, ...]], Any]]] = {
    "skips": (SKIP_ACTIONS, skips_under),
    "grid": (GRID_ACTIONS, grid),
    "blocks": (BLOCK_ACTIONS, blocks),
    "folding": (("fold_as",), folding),
    "attentions": (("attend_over",), attentions),
    "chance": (STEADYING, chance_under),
    "isolation": (STEADYING, isolation_under),
    "model": ((*REMODELLING, *FEEDING), _model),
    "modes": (FILLING, mode_gap_under),
    "finishes": (("skip_operation",), finishes_under),
    "casts": (SCALING, casts),
    "dead": (("zero_bias", "initialise", "leaky_slope"), dead_activations),
    "cutoff": (("cut_at",), cutoff),
    "painting": (PAINTING, painting),
    "misread": (CHOOSING, misread),
    "fingerprint": (FEEDING, fingerprint),
    "values": (FEEDING, fed_values),
}
"""Field of Evidence -> the actions under which it is measured again, and how."""


def measured(examination: Examination) -> dict[str, Any]:
    """Return the fields of Evidence that further passes tell; none where no pass drew anything."""
    if not examination.alive:
        return {"values": fed_values(examination)}
    return {name: measure(examination) for name, measure in MEASURES.items()}


def measured_again(examination: Examination, remedies: tuple[Remedy, ...]) -> dict[str, Any]:
    """Return the fields of Evidence that these remedies change."""
    actions = {remedy.action for remedy in remedies}
    again = {name: measure(examination, remedies) for name, (known, measure) in AGAIN.items() if actions & set(known)}
    if examination.evidence().hidden is not None:  # whatever is changed may make it finite
        again["hidden"] = hidden(examination, remedies)
    return again
