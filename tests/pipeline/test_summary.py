"""What a report tells in a line beside its findings, and the verdict."""

from dataclasses import replace

import torch

from tests.checks.build import evidence, logits, output, run
from tests.checks.test_masks import scores
from unetdoctor.engine.outputs import describe
from unetdoctor.facts import (
    Diagnosis,
    DisplayRange,
    Evidence,
    Intent,
    Outcome,
    Output,
    Place,
    Severity,
    State,
    Task,
    Trial,
)
from unetdoctor.pipeline.summary import _notices
from unetdoctor.pipeline.verdict import sentence, verdict_of

SIGMOID = DisplayRange(0.0, 1.0, "as is", "sigmoid")


def pictured(*outputs: Output, task: Task = Task.RGB) -> Evidence:
    """Evidence of a person's own pictures."""
    runs = [run(f"image-{number}", drawn) for number, drawn in enumerate(outputs, start=1)]
    drawn = tuple(replace(x, probe=replace(x.probe, real=True)) for x in runs)
    return evidence(runs=drawn, intent=Intent(inferred_task=task))


def test_one_line_stands_for_all_pictures() -> None:
    shares = [(0.75, 0.2, 0.05), (0.85, 0.1, 0.05)]
    (line,) = _notices(pictured(*(logits(class_shares=each) for each in shares), task=Task.MULTICLASS))
    assert line == "Over 2 pictures the classes are 0 on 80 %, 1 on 15 %, 2 on 5 %."
    masks = [output([output().channels[0]], class_shares=(1 - x, x)) for x in (0.1, 0.3)]
    (mask,) = _notices(pictured(*masks, task=Task.BINARY))
    assert "Over 2 pictures 20 % of the mask lies above the threshold (10 to 30 %)" in mask
    assert len(_notices(pictured(output()))) == 1


def test_a_picture_of_one_channel_is_no_mask() -> None:
    grey = output([output().channels[0]], class_shares=(0.9, 0.1))
    for task in (Task.RGB, Task.GENERATOR, Task.REGRESSION):
        (line,) = _notices(pictured(grey, task=task))
        assert line.startswith("On the one picture what is drawn spreads over"), line


def test_pictures_without_a_finite_value_are_left_out() -> None:
    (line,) = _notices(pictured(output(), output(nan=100, count=100)))
    assert line.startswith("Over 1 of 2 pictures, those with finite values, what is drawn spreads over 2")


def test_the_share_of_a_mask_is_that_above_the_declared_threshold() -> None:
    drawn = torch.linspace(0, 1, 100).reshape(1, 1, 10, 10)
    found = describe("output", drawn, drawn, None, SIGMOID, Task.BINARY, 0.9)
    assert round(found.class_shares[1], 2) == 0.1
    assert round(describe("output", drawn, drawn, None, SIGMOID, Task.BINARY).class_shares[1], 2) == 0.5


def test_the_dice_is_told_once() -> None:
    trial = Trial((), "UD602", Outcome.CURED, "mean Dice beside the masks", "", 0.485, 0.995, "", 1.0, 0.485, 0.995)
    diagnosis = Diagnosis("UD602", "x", Place(), True, (), Severity.ERROR, "Blue is fed first.", None, trial)
    assert sentence(diagnosis, ()).count("Dice") == 1


def test_a_verdict_leaves_the_state_to_the_badge_and_says_where_to_look_next() -> None:
    def said(given: Evidence, state: State = State.HEALTHY) -> str:
        return verdict_of(state, given, (), (), 84, None)

    assert said(evidence()) == "0 of 84 checks applied, on 2 inputs, and found nothing wrong."
    assert said(evidence(scores=scores())).endswith("wrong, and the mean Dice beside 3 masks is 0.95.")
    poor = said(evidence(scores=scores(dice=0.31)))
    assert poor.startswith(
        "The mean Dice beside 3 masks is 0.31, and 0 of 84 checks applied, on 2 inputs, and found nothing that explains"
    )
    assert "unetdoctor audit" in poor
    assert said(evidence(), State.UNTRAINED).startswith("The weights are fresh, and nothing is wrong: ")
