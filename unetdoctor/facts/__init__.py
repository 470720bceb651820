"""What flows between the rooms: frozen dataclasses and enums, no tensor, no open file, no logic beyond a property.

Data flows one way: Request -> Evidence -> Finding -> Trial -> Diagnosis -> Report. Everything that crosses the process
boundary or ends in a report is defined here, and only here. Nothing in this room imports another room.

Making a dataclass takes a millisecond, so a fact is made when it is first asked for: a page of the catalogue needs two.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "attention": ("Attention",),
    "behaviour": (
        "BrokenOp",
        "Hidden",
        "Chance",
        "DeadActivation",
        "HalfPrecision",
        "PinnedActivation",
        "ModeGap",
        "PlaceNorm",
    ),
    "card": (
        "Card",
        "Standing",
    ),
    "crash": (
        "Crash",
        "Operand",
    ),
    "cutoff": ("Cutoff",),
    "dataset": (
        "Count",
        "Dataset",
        "Declared",
        "Tally",
        "Totals",
        "Twins",
    ),
    "evidence": (
        "Comparison",
        "Evidence",
        "Isolation",
        "Op",
        "Probe",
        "Run",
        "TensorStatistics",
    ),
    "findings": (
        "Diagnosis",
        "Finding",
        "Kind",
        "Outcome",
        "Place",
        "Reading",
        "Remedy",
        "Severity",
        "Skipped",
        "State",
        "Suppression",
        "Trial",
    ),
    "folding": ("Folding",),
    "grid": (
        "Blocks",
        "Grid",
        "Maker",
    ),
    "head": (
        "Finish",
        "HeadNumbers",
        "LossNumbers",
    ),
    "intent": (
        "Intent",
        "Task",
    ),
    "latent": ("Latent",),
    "model": (
        "LayerWeights",
        "ModelFacts",
        "NormStatistics",
        "Precision",
        "Unregistered",
    ),
    "output": (
        "Channel",
        "Colours",
        "Decoding",
        "DisplayRange",
        "Output",
        "Preview",
    ),
    "pair": (
        "Alignment",
        "Coding",
        "Family",
        "Fault",
        "FileFacts",
        "LabelNumbers",
        "Oddity",
        "PairRecord",
        "PictureNumbers",
    ),
    "postprocessing": (
        "Cast",
        "Misread",
        "Painting",
    ),
    "preprocessing": (
        "Candidate",
        "Chain",
        "FedValues",
        "Fingerprint",
        "Preprocessing",
    ),
    "report": (
        "Environment",
        "InputChoice",
        "Report",
        "RunBlock",
        "Section",
        "SignalPoint",
        "Target",
    ),
    "request": (
        "InputSpec",
        "Limits",
        "Request",
        "Selection",
    ),
    "scores": (
        "ClassScore",
        "Edges",
        "MaskScores",
        "Order",
        "Partners",
        "Shift",
        "SizeScore",
        "Threshold",
    ),
    "seen": (
        "Seen",
        "named",
    ),
    "size_law": (
        "ShapeSweep",
        "SizeLaw",
    ),
    "sizes": (
        "AskedSize",
        "AxisSizes",
        "Refusal",
        "Sizes",
    ),
    "skips": ("Skip",),
    "tiling": ("TileSeam",),
    "trace": ("Trace",),
    "weights": (
        "WeightsLoad",
        "WeightsReading",
    ),
    "yielded": (
        "Form",
        "Yielded",
    ),
}
"""Module -> the facts that it offers here."""

_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)

if TYPE_CHECKING:
    from unetdoctor.facts.attention import *
    from unetdoctor.facts.behaviour import *
    from unetdoctor.facts.card import *
    from unetdoctor.facts.crash import *
    from unetdoctor.facts.cutoff import *
    from unetdoctor.facts.dataset import *
    from unetdoctor.facts.evidence import *
    from unetdoctor.facts.findings import *
    from unetdoctor.facts.folding import *
    from unetdoctor.facts.grid import *
    from unetdoctor.facts.head import *
    from unetdoctor.facts.intent import *
    from unetdoctor.facts.latent import *
    from unetdoctor.facts.model import *
    from unetdoctor.facts.output import *
    from unetdoctor.facts.pair import *
    from unetdoctor.facts.postprocessing import *
    from unetdoctor.facts.preprocessing import *
    from unetdoctor.facts.report import *
    from unetdoctor.facts.request import *
    from unetdoctor.facts.scores import *
    from unetdoctor.facts.seen import *
    from unetdoctor.facts.size_law import *
    from unetdoctor.facts.sizes import *
    from unetdoctor.facts.skips import *
    from unetdoctor.facts.tiling import *
    from unetdoctor.facts.trace import *
    from unetdoctor.facts.weights import *
    from unetdoctor.facts.yielded import *
else:

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
