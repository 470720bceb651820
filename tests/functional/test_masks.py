"""Photographs with masks beside a network: what is scored, shown and concluded."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.functional.run import ROOT, SAMPLES, causes, errors, examine_as_typed, first, ill
from tests.functional.test_samples import arguments
from unetdoctor.facts import Outcome, Preview, State

MASKED = SAMPLES / "masked"
GIVEN = ("--image", str(MASKED / "picture-?.png"), "--mask", str(MASKED / "*_mask.png"))
FRESH = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, {channels}, 1)
        )

    def forward(self, x):
        return self.body(x)
"""


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_fresh_weights_are_scored_and_not_accused(tmp_path: Path, channels: int) -> None:
    model = tmp_path / "model.py"
    model.write_text(FRESH.format(channels=channels))
    report = examine_as_typed(model, GIVEN)
    assert report.state is State.UNTRAINED, report.verdict
    assert not errors(report)
    assert report.exit_code == 0
    assert report.scores is not None
    assert len(report.scores.pairs) == 3


@pytest.mark.parametrize("code", ["ud109", "ud511", "ud512"])
def test_a_fault_is_proved_by_the_score(code: str) -> None:
    file = next(SAMPLES.glob(f"{code}_*.py"))
    report = examine_as_typed(f"{file}:Ill", arguments(file, "ill"))
    assert report.state is State.ILL
    assert causes(report)[0] == code.upper()
    trial = first(report).trial
    assert trial is not None
    assert trial.outcome is Outcome.CURED
    assert trial.dice_after - trial.dice_before > 0.1


def test_an_outline_is_a_warning() -> None:
    file = next(SAMPLES.glob("ud215_*.py"))
    report = examine_as_typed(f"{file}:Ill", arguments(file, "ill"))
    assert first(report).code == "UD215"
    assert not errors(report)


def test_a_sound_network_says_its_score() -> None:
    file = next(SAMPLES.glob("ud511_*.py"))
    report = examine_as_typed(f"{file}:Healthy", arguments(file, "healthy"))
    assert "the mean Dice beside 3 masks is 0.9" in report.verdict
    assert not ill(report, "UD215")


def test_the_mask_the_classes_and_the_errors_are_drawn(tmp_path: Path) -> None:
    from unetdoctor.cli.arguments import request_from_arguments
    from unetdoctor.pipeline import examine_in_process

    file = next(SAMPLES.glob("ud512_*.py"))
    request = request_from_arguments(["inspect", f"{file}:Ill", *arguments(file, "ill")])
    report = examine_in_process(replace(request, directory=str(ROOT)), tmp_path)
    roles = [preview.role for preview in report.previews]
    assert [role for role in roles if role in ("truth", "read", "errors")] == [
        *("truth", "read", "errors"),
        *("read", "errors"),
    ]
    before, after = [p for p in report.previews if p.role == "errors"]
    assert confused(before) > 20
    assert confused(after) < 5


def confused(preview: Preview) -> float:
    """Share of places of another class, in %, as its legend says."""
    labels = [label for _, label in preview.legend if label.startswith("another class")]
    return float(labels[0].split()[-2]) if labels else 0.0
