"""`python -m tests.masks [NETWORK ...]`: every fault behind the trained networks of the bench, beside their masks."""

import tempfile
from pathlib import Path

import torch

from tests.masks.made import Made, available, faults_of, make
from tests.named import names_asked
from unetdoctor.facts import Intent, Report, Request
from unetdoctor.facts.scores import MaskScores
from unetdoctor.pipeline import examine_in_process


def examined(made: Made, intent: Intent, folder: Path) -> Report:
    """Return the report on one network with its pictures and masks."""
    return examine_in_process(
        Request(
            target=f"{made.model}:Wrapped",
            directory=str(folder),
            weights=str(made.weights),
            images=tuple(map(str, made.images)),
            masks=tuple(map(str, made.masks)),
            intent=intent,
            pictures=False,
        )
    )


def told(scores: MaskScores) -> str:
    """Return the numbers on which the limits of UD109, UD215, UD511 and UD512 stand."""
    parts = [f"Dice {scores.dice:.3f} boundary {scores.boundary_iou:.3f}"]
    if scores.shift is not None:
        shift = scores.shift
        parts.append(f"shift {shift.largest:.2f} ({shift.scatter:.2f}) growth {shift.grows:+.2f} ({shift.unrest:.2f})")
    if scores.edges is not None:
        edges = scores.edges
        numbers = (100 * edges.band, 100 * edges.interior, edges.wrong_in_band, edges.phase)
        parts.append("band {:.1f} % inside {:.2f} % share {:.2f} phase {:.2f}".format(*numbers))
    if scores.threshold is not None:
        parts.append(f"threshold +{scores.threshold.best_dice - scores.threshold.dice:.2f} {scores.threshold.auc:.3f}")
    if scores.order is not None:
        parts.append(f"order +{scores.order.best_dice - scores.order.dice:.2f}")
    return " | ".join(parts)


def main(names: list[str]) -> None:
    """Print one line per network and fault: the numbers, the state and the diagnoses."""
    torch.set_num_threads(1)
    for network in available():
        if names and network.name not in names:
            continue
        for fault in faults_of(network):
            with tempfile.TemporaryDirectory() as folder:
                made = make(network, Path(folder), fault)
                report = examined(made, Intent(task=network.task, classes=network.classes), Path(folder))
            found = ", ".join(f"{d.code}{'*' if d.confirmed else ''}" for d in report.diagnoses) or "nothing"
            numbers = told(report.scores) if report.scores is not None else "no scores"
            print(f"{network.name:17} {fault:13} {report.state:8} {found:20} {numbers}", flush=True)


if __name__ == "__main__":
    main(names_asked("tests.masks", __doc__, [network.name for network in available()]))
