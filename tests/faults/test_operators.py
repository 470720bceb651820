"""Every operator, at every strength, changes the symptom of a small network; where it cannot, it says why."""

from dataclasses import replace

import pytest
import torch

from tests.faults import training
from tests.faults.building import built, fed
from tests.faults.cases import sickened
from tests.faults.fault import Fault, NotApplicableError, Subject
from tests.faults.networks import Network, named
from tests.faults.operators import OPERATORS, activations, loading, operator
from tests.faults.symptoms import look

CODES = {*(f"M{number:02d}" for number in range(1, 22)), "M24"}
ON = {
    "M01": "own-transunet",
    "M02": "own-transunet",
    "M03": "own-espcn",
    "M04": "own-cyclegan",
    "M05": "own-dcgan",
    "M06": "own-simple-unet",
    "M07": "own-cyclegan",
    "M09": "own-transunet",
    "M10": "own-transunet",
    "M16": "own-transunet",
    "M17": "own-simple-unet",
    "M18": "own-transunet",
    "M19": "own-transunet",
    "M20": "own-transunet",
    "M21": "own-transunet",
    "M24": "own-simple-unet",
}
"""A fresh network on which the operator shows."""
TRAINED_ALONE = {"M08", "M11", "M12", "M13", "M14", "M15"}
"""Operators that show on what a trained network draws."""
HARMLESS = {("M17", "skips crossed"), ("M20", "middle, -100")}
"""Strengths that need two equal skips, or do not show on the network above."""

FRESH = [(op.code, s.name) for op in OPERATORS for s in op.strengths if op.code in ON]


def proof(code: str, strength: str, network: Network, weights: bool):
    sound = built(network)
    before = look(network, sound, fed(network, weights))
    fault = sickened(code, strength, network, built(network), weights)
    after = look(network, fault.module.eval(), fault.change_input(fed(network, weights)))
    return operator(code).prove(network, before, after), fault


def test_every_operator_of_the_table_is_there():
    assert {op.code for op in OPERATORS} == CODES
    assert set(ON) | TRAINED_ALONE == CODES
    assert all(op.accepted and op.strengths for op in OPERATORS)
    assert all(len({s.name for s in op.strengths}) == len(op.strengths) for op in OPERATORS)


@pytest.mark.parametrize(("code", "strength"), [pair for pair in FRESH if pair not in HARMLESS], ids=" ".join)
def test_a_fresh_network_gets_the_symptom(code, strength):
    found, fault = proof(code, strength, named(ON[code]), False)
    assert found.changed, found
    names = {name for name, _ in fault.module.named_modules()}
    assert fault.layers <= names


@pytest.fixture(scope="module")
def trained_unet(tmp_path_factory):
    """A small U-Net that was really trained, with its weights where the operators look for them."""
    network = replace(named("own-simple-unet"), name="own-simple-unet")
    folder = tmp_path_factory.mktemp("weights")
    patch = pytest.MonkeyPatch()
    patch.setattr("tests.faults.building.CACHE", folder)
    assert training.train(network) > 0.9
    yield network
    patch.undo()


TRAINED = [
    (op.code, s.name) for op in OPERATORS for s in op.strengths
    if op.code in {"M03", "M06", "M08", "M11", "M12", "M18"}
] + [("M13", "BGR"), ("M14", "probabilities"), ("M20", "last, -100")]  # fmt: skip


@pytest.mark.parametrize(("code", "strength"), TRAINED, ids=" ".join)
def test_a_trained_network_gets_the_symptom(code, strength, trained_unet):
    from tests.faults.building import trained

    network = trained_unet
    before = look(network, trained(network), fed(network, True))
    assert before.score > 0.9
    fault = sickened(code, strength, network, trained(network), True)
    after = look(network, fault.module.eval(), fault.change_input(fed(network, True)))
    found = operator(code).prove(network, before, after)
    assert found.changed, found


def test_palettes_and_bytes_flatten_a_picture_of_classes():
    for code, strength in (("M14", "ids x255"), ("M15", "one colour"), ("M15", "all dark")):
        found, _ = proof(code, strength, named("own-transunet"), False)
        assert found.changed, (code, strength, found)


def test_a_strange_input_spoils_what_comes_before_the_network():
    module = activations.Before(torch.nn.Identity(), lambda x: x * 255)
    assert torch.equal(module(torch.ones(1, 1, 2, 2)), torch.full((1, 1, 2, 2), 255.0))


@pytest.mark.parametrize(
    ("code", "strength", "network", "why"),
    [
        ("M01", "first filter alone", "own-simple-unet", "several classes"),
        ("M05", "x1e-2", "own-simple-unet", "latent"),
        ("M08", "softmax", "own-transunet", "one class"),
        ("M11", "variance x1e6, all", "own-espcn", "BatchNorm"),
        ("M12", "prefix added", "own-espcn", "trained"),
        ("M17", "skip overwritten", "own-espcn", "concatenation"),
        ("M07", "+12", "own-dcgan", "bias"),
    ],
)
def test_where_an_operator_does_not_apply_it_says_why(code, strength, network, why):
    with pytest.raises(NotApplicableError, match=why):
        sickened(code, strength, named(network), built(named(network)), False)


def test_nothing_is_proven_where_nothing_was_done():
    for code, name in ON.items():
        network = named(name)
        seen = look(network, built(network), fed(network, False))
        assert not operator(code).prove(network, seen, seen).changed, code


def test_latents_are_narrowed_and_the_tool_is_told():
    network = named("own-dcgan")
    fault: Fault = loading.narrow_latent(0.01, Subject(network, built(network), False))
    given = fed(network, False)
    assert torch.equal(fault.change_input(given).first, given.first * 0.01)
    assert fault.span == (-0.01, 0.01)
