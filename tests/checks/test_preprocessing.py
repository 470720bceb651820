"""What UD601, UD602, UD603 and UD309 say of how photographs are fed."""

from dataclasses import replace
from typing import Any

import pytest

from tests.checks.build import crash, crashed, evidence, examine, model, norm, only, output, place, run
from tests.checks.test_masks import scores
from unetdoctor.checks.feeding import best, code, options, sure
from unetdoctor.facts import (
    Candidate,
    Chain,
    Dataset,
    Declared,
    Evidence,
    FedValues,
    Finding,
    Fingerprint,
    Form,
    Severity,
    Task,
    Totals,
    Yielded,
)

UNIT = Chain("0..1", (1 / 255,), (0.0,))
BGR = replace(UNIT, flipped=True)
SIGNED = Chain("-1..1", (1 / 127.5,), (-1.0,))
WARM, COLD = (180.0, 120.0, 80.0), (80.0, 120.0, 180.0)


def told(fed: Chain, *candidates: Candidate, **fields: Any) -> Evidence:
    fingerprint = Fingerprint(
        fed,
        declared=True,
        pictures=1,
        place=place("norm"),
        op=1,
        candidates=candidates,
        gap=2.0,
        seen=WARM,
    )
    return evidence(fingerprint=replace(fingerprint, **fields))


def at(
    chain: Chain, distance: float, handicap: float = 0.0, pixels: tuple[float, ...] = WARM, gap: float = 0.1
) -> Candidate:
    return Candidate(chain, distance, handicap, pixels, gap=gap, change=0.8)


def test_what_training_fed_is_well() -> None:
    given = told(UNIT, at(UNIT, 0.2), at(BGR, 3.0), at(SIGNED, 5.0), gap=0.1)
    assert not only("UD601", given).ill
    assert not only("UD602", given).ill


def test_another_preprocessing_is_named_and_tried() -> None:
    found = only("UD601", told(UNIT, at(SIGNED, 0.2), at(UNIT, 4.0)))
    assert found.severity is Severity.WARNING
    assert "trained on -1..1" in found.message
    assert "fit that better by 3.8 nats" in found.message
    assert found.remedies[0].action == "preprocess"
    assert found.remedies[0].parameters["offset"] == [-1.0]
    assert "/ 255" in found.remedies[0].patch


def test_a_small_difference_accuses_nobody() -> None:
    assert not only("UD601", told(UNIT, at(SIGNED, 0.2), at(UNIT, 1.1))).ill


def test_layers_behind_that_do_not_bear_it_out_make_it_a_note() -> None:
    found = only("UD601", told(UNIT, at(SIGNED, 0.2, gap=0.3), at(UNIT, 4.0), gap=0.1))
    assert found.severity is Severity.NOTE


def test_the_layers_behind_are_asked_of_what_the_remedy_feeds_not_of_the_winner_in_another_order() -> None:
    winner = at(replace(SIGNED, flipped=True), 3.79, gap=1.5)
    given = told(UNIT, winner, at(SIGNED, 3.87, gap=0.05), at(UNIT, 62.0), at(BGR, 62.6), gap=1.18)
    found = only("UD601", given)
    assert found.severity is Severity.WARNING
    assert found.remedies[0].parameters["flipped"] is False
    assert found.readings[0].upper == 0.1


def test_a_frozen_imagenet_backbone_accuses_nobody() -> None:
    found = only("UD601", told(UNIT, at(SIGNED, 0.2), at(UNIT, 4.0), imagenet=True))
    assert found.severity is Severity.NOTE
    assert "taken over frozen" in found.message


def test_where_nothing_was_declared_the_winner_is_fed_and_said() -> None:
    given = told(SIGNED, at(SIGNED, 0.2), at(UNIT, 4.0), declared=False, gap=0.1)
    found = only("UD601", given)
    assert found.severity is Severity.NOTE
    assert "--mean 1 --std 1" not in found.message
    assert "Declare it with --mean 0.5 --std 0.5" in found.message
    assert not examine("UD602", given)


def test_an_exchanged_order_that_the_picture_tells_is_a_cause() -> None:
    given = told(UNIT, at(BGR, 0.2), at(UNIT, 6.0, pixels=COLD), at(SIGNED, 8.0))
    found = only("UD602", given)
    assert found.severity is Severity.WARNING
    assert found.remedies[0].title == "exchange red and blue before it is fed"
    assert not only("UD601", given).ill


def test_a_cool_picture_in_a_network_of_warm_ones_accuses_nobody() -> None:
    """Its colours are nearer to training's in the other order; so are those of every cool scene."""
    cool = (90.0, 100.0, 130.0)
    found = only(
        "UD602",
        told(UNIT, at(BGR, 0.2, pixels=(90.0, 120.0, 150.0)), at(UNIT, 4.0, pixels=(150.0, 120.0, 90.0)), seen=cool),
    )
    assert found.severity is Severity.NOTE
    assert not found.remedies


def test_what_is_only_less_usual_is_said_to_fit_as_well() -> None:
    clip, imagenet = Chain("CLIP mean and std", (0.015,), (-1.7,)), Chain("ImageNet mean and std", (0.017,), (-2.0,))
    fits = Candidate(clip, 0.3, 2.0, WARM, habit=2.0)
    given = told(imagenet, at(imagenet, 0.2), fits, at(UNIT, 4.0), declared=False, gap=0.1)
    assert "CLIP mean and std cannot be told from it" in only("UD601", given).message


def test_an_order_that_only_habit_tells_is_a_note() -> None:
    found = only("UD602", told(UNIT, at(BGR, 0.2), at(UNIT, 0.6, 2.0, COLD), at(SIGNED, 8.0)))
    assert found.severity is Severity.NOTE
    assert not found.remedies
    assert "does not tell" in found.message


def test_an_order_that_nobody_can_tell_is_said_so() -> None:
    found = only("UD602", told(UNIT, at(UNIT, 0.2), at(BGR, 0.3)))
    assert not found.ill
    assert "do not tell whether that is right" in found.message


def test_beside_masks_the_experiment_is_read_from_the_dice() -> None:
    given = told(UNIT, at(BGR, 0.2), at(UNIT, 0.3))
    found = only("UD602", replace(given, scores=scores(dice=0.485, exchanged=0.51)))
    upside_down = only("UD602", replace(given, scores=scores(dice=0.0, exchanged=0.2)))
    assert upside_down.severity is not Severity.ERROR
    (reading,) = found.readings
    assert (reading.name, reading.value) == ("mean Dice beside the masks", 0.485)
    assert not reading.holds
    assert found.severity is Severity.ERROR
    cured = only("UD602", replace(given, scores=scores(dice=0.995, exchanged=-0.51)))
    assert next(r.value for r in cured.readings if r.name == reading.name) == 0.995
    assert not cured.ill


@pytest.mark.parametrize("code_", ["UD601", "UD602"])
def test_without_a_fingerprint_nothing_is_said(code_: str) -> None:
    assert not examine(code_, evidence())
    assert not examine(code_, told(UNIT, reason="no layer normalises"))


def test_what_is_fed_without_a_declaration() -> None:
    fingerprint = told(UNIT, at(BGR, 0.2), at(UNIT, 0.6, 2.0, COLD), declared=False).fingerprint
    assert fingerprint is not None
    assert not sure(fingerprint)
    assert best(fingerprint) == UNIT
    clear = told(UNIT, at(BGR, 0.2), at(UNIT, 6.0, 2.0, COLD), declared=False).fingerprint
    assert clear is not None
    assert sure(clear)
    assert best(clear) == BGR


@pytest.mark.parametrize(
    ("chain", "line", "option"),
    [
        (UNIT, "/ 255", "--scale 255"),
        (BGR, "[..., ::-1].copy()", "--scale 255 --channels bgr"),
        (Chain("0..255", (1.0,), (0.0,)), ".float()", "--scale 1"),
        (Chain("Caffe", (1.0,) * 3, (-3.0, -2.0, -1.0)), "torch.tensor([3, 2, 1])", "--scale 1 --mean 3,2,1"),
        (Chain("each", kind="standardised"), "x.mean()", ""),
        (Chain("whole", kind="whole"), "// 255", ""),
    ],
)
def test_lines_and_options(chain: Chain, line: str, option: str) -> None:
    assert line in code(chain)
    assert options(chain) == option


def values(**fields: Any) -> FedValues:
    base = FedValues("float32", 0.0, 1.0, 0.2, whole=False, wanted="float32", shift=0.3)
    return replace(base, **fields)


def test_bytes_in_a_network_of_small_values() -> None:
    found = only("UD603", evidence(values=values(maximum=250.0, shift=400.0)))
    assert found.severity is Severity.WARNING
    assert found.remedies[0].action == "divide_input"
    assert not only("UD603", evidence(values=values(maximum=250.0, shift=0.4))).ill
    assert not only("UD603", evidence(values=values())).ill


def test_an_even_tone_is_a_note() -> None:
    assert only("UD603", evidence(values=values(std=0.0))).severity is Severity.NOTE


def test_another_type_that_crashed() -> None:
    failure = crash(message="Input type (unsigned char) and bias type (float) should be the same")
    found = only("UD603", crashed(failure, values=values(dtype="uint8", maximum=255.0, whole=True)))
    assert found.severity is Severity.ERROR
    assert found.remedies[0].parameters == {"dtype": "float32", "by": 255.0}
    other = crash(message="shapes cannot be multiplied")
    assert not examine("UD603", crashed(other, values=values(dtype="float64")))


def test_statistics_are_not_judged_while_the_picture_is_misfed() -> None:
    ill = model(norms=(norm(log_variance_ratio=9.0),))
    drawn = run("image-1", output())
    real = replace(drawn, probe=replace(drawn.probe, real=True))
    given = replace(told(UNIT, at(SIGNED, 0.2), at(UNIT, 4.0)), model=ill, runs=(real,))
    assert examine("UD309", replace(given, fingerprint=None))
    assert not examine("UD309", given)


def form(dtype: str = "float32", shape: tuple[int, ...] = (3, 64, 64), high: float = 1.0, count: int = 8) -> Form:
    return Form(dtype, shape, count, 0.0, high, 0.5, 0.2)


def yielded(
    images: tuple[Form, ...], masks: tuple[Form, ...] = (), task: Task = Task.AUTO, classes: int | None = None
) -> list[Finding]:
    facts = Yielded("map-style, 8 samples", 8, "(Tensor, Tensor)", images, masks)
    declared = Declared(task=task, classes=classes, loaded=True)
    return list(examine("UD603", evidence(data=Dataset(declared, Totals(), yielded=facts))))


@pytest.mark.parametrize(
    ("images", "severity", "patch"),
    [
        ((form("uint8", high=255.0),), Severity.ERROR, "image.float() / 255"),
        ((form("float64"),), Severity.ERROR, "image.float()"),
        ((form("int64"),), Severity.ERROR, "image.float()"),
        ((form(shape=(64, 64, 3)),), Severity.ERROR, "permute(2, 0, 1)"),
        ((form("PIL RGB", (64, 64, 3), 255.0),), Severity.ERROR, "v2.ToImage()"),
        ((form(high=255.0),), Severity.WARNING, "image / 255"),
        ((form(), form(shape=(3, 50, 64), count=1)), Severity.WARNING, "v2.Resize"),
    ],
)
def test_what_a_network_cannot_read(images: tuple[Form, ...], severity: Severity, patch: str) -> None:
    (found,) = yielded(images)
    assert found.severity is severity
    assert patch in found.remedies[0].patch


@pytest.mark.parametrize(
    "images",
    [(form(),), (form(high=2.64),), (form("float16"),), (form(shape=(4, 64, 64)),), (form(shape=(1, 64, 64)),)],
)
def test_what_a_network_reads_is_well(images: tuple[Form, ...]) -> None:
    (found,) = yielded(images)
    assert not found.ill
    assert images[0].dtype in found.message


@pytest.mark.parametrize(
    ("mask", "task", "classes", "severity"),
    [
        (form("float32", (64, 64)), Task.MULTICLASS, 3, Severity.ERROR),
        (form("float32", (3, 64, 64)), Task.MULTICLASS, 3, Severity.OK),
        (form("int64", (64, 64)), Task.MULTICLASS, 3, Severity.OK),
        (form("int64", (1, 64, 64)), Task.MULTICLASS, 3, Severity.ERROR),
        (form("int64", (64, 64)), Task.BINARY, None, Severity.WARNING),
        (form("float32", (1, 64, 64)), Task.BINARY, None, Severity.OK),
        (form("float32", (64, 64)), Task.AUTO, None, Severity.OK),
    ],
)
def test_what_a_loss_refuses(mask: Form, task: Task, classes: int | None, severity: Severity) -> None:
    (found,) = yielded((form(),), (mask,), task, classes)
    assert found.severity is severity
