"""What flows between the rooms: frozen dataclasses and enums, no tensor, no open file, no logic beyond a property.

Data flows one way: Request -> Evidence -> Finding -> Trial -> Diagnosis -> Report. Everything that crosses the process
boundary or ends in a report is defined here, and only here. Nothing in this room imports another room.
"""

from unetdoctor.facts.behaviour import BrokenOp, Chance, DeadActivation, HalfPrecision, PinnedActivation, PlaceNorm
from unetdoctor.facts.dataset import Count, Dataset, Declared, Tally, Totals, Twins
from unetdoctor.facts.evidence import (
    Comparison,
    Crash,
    Evidence,
    Isolation,
    Latent,
    Op,
    Operand,
    Probe,
    Run,
    TensorStatistics,
)
from unetdoctor.facts.findings import (
    Card,
    Diagnosis,
    Finding,
    Kind,
    Outcome,
    Place,
    Reading,
    Remedy,
    Severity,
    Skipped,
    Suppression,
    Trial,
)
from unetdoctor.facts.grid import Blocks, Grid, Maker
from unetdoctor.facts.head import Finish, HeadNumbers, LossNumbers
from unetdoctor.facts.model import LayerWeights, ModelFacts, NormStatistics, Precision, Unregistered
from unetdoctor.facts.output import Channel, Colours, Decoding, DisplayRange, Output, Preview
from unetdoctor.facts.pair import (
    Alignment,
    Coding,
    Family,
    Fault,
    FileFacts,
    LabelNumbers,
    Oddity,
    PairRecord,
    PictureNumbers,
)
from unetdoctor.facts.postprocessing import Cast, Painting
from unetdoctor.facts.preprocessing import Candidate, Chain, FedValues, Fingerprint, Preprocessing
from unetdoctor.facts.report import Environment, InputChoice, Report, RunBlock, Section, SignalPoint, State, Target
from unetdoctor.facts.request import InputSpec, Intent, Limits, Request, Selection, Task
from unetdoctor.facts.scores import ClassScore, Edges, MaskScores, Order, Shift, SizeScore, Threshold
from unetdoctor.facts.seen import Seen, named
from unetdoctor.facts.size_law import ShapeSweep, SizeLaw
from unetdoctor.facts.sizes import AskedSize, AxisSizes, Refusal, Sizes
from unetdoctor.facts.skips import Skip
from unetdoctor.facts.tiling import TileSeam
from unetdoctor.facts.trace import Trace
from unetdoctor.facts.weights import WeightsLoad, WeightsReading

__all__ = [
    "Alignment",
    "AskedSize",
    "AxisSizes",
    "Blocks",
    "BrokenOp",
    "Candidate",
    "Card",
    "Cast",
    "Chain",
    "Chance",
    "Channel",
    "ClassScore",
    "Coding",
    "Colours",
    "Comparison",
    "Count",
    "Crash",
    "Dataset",
    "DeadActivation",
    "Declared",
    "Decoding",
    "Diagnosis",
    "DisplayRange",
    "Edges",
    "Environment",
    "Evidence",
    "Family",
    "Fault",
    "FedValues",
    "FileFacts",
    "Finding",
    "Fingerprint",
    "Finish",
    "Grid",
    "HalfPrecision",
    "HeadNumbers",
    "InputChoice",
    "InputSpec",
    "Intent",
    "Isolation",
    "Kind",
    "LabelNumbers",
    "Latent",
    "LayerWeights",
    "Limits",
    "LossNumbers",
    "Maker",
    "MaskScores",
    "ModelFacts",
    "NormStatistics",
    "Oddity",
    "Op",
    "Operand",
    "Order",
    "Outcome",
    "Output",
    "Painting",
    "PairRecord",
    "PictureNumbers",
    "PinnedActivation",
    "Place",
    "PlaceNorm",
    "Precision",
    "Preprocessing",
    "Preview",
    "Probe",
    "Reading",
    "Refusal",
    "Remedy",
    "Report",
    "Request",
    "Run",
    "RunBlock",
    "Section",
    "Seen",
    "Selection",
    "Severity",
    "ShapeSweep",
    "Shift",
    "SignalPoint",
    "SizeLaw",
    "SizeScore",
    "Sizes",
    "Skip",
    "Skipped",
    "State",
    "Suppression",
    "Tally",
    "Target",
    "Task",
    "TensorStatistics",
    "Threshold",
    "TileSeam",
    "Totals",
    "Trace",
    "Trial",
    "Twins",
    "Unregistered",
    "WeightsLoad",
    "WeightsReading",
    "named",
]
