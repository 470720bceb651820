"""What forward() returns: every tensor is found, and the picture is chosen among them by rule."""

from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import distributions as dist

from unetdoctor.engine.observation import Observed, observe
from unetdoctor.engine.returned import choose, described, find_tensors, is_named
from unetdoctor.engine.setting import Setting
from unetdoctor.facts import Probe

SMALL, LARGE = torch.zeros(1, 3, 8, 8), torch.zeros(1, 2, 16, 16)
SIZE = (1, 3, 16, 16)


@dataclass
class Result:
    loss: Any
    mask: torch.Tensor


class Pair(NamedTuple):
    mask: torch.Tensor
    name: str


RETURNED = {
    "tensor": (LARGE, ["output"]),
    "tuple": ((SMALL, LARGE), ["output[0]", "output[1]"]),
    "nested": ({"x": [SMALL, {"y": LARGE}]}, ["output['x'][0]", "output['x'][1]['y']"]),
    "ordered": (OrderedDict(out=LARGE, aux=SMALL), ["output['out']", "output['aux']"]),
    "dataclass": (Result(None, LARGE), ["output.mask"]),
    "named tuple": (Pair(LARGE, "cat"), ["output.mask"]),
    "object": (SimpleNamespace(mask=LARGE, _hidden=SMALL), ["output.mask"]),
    "normal": (dist.Normal(LARGE, torch.ones_like(LARGE)), ["output.mean"]),
    "bernoulli": (dist.Independent(dist.Bernoulli(logits=LARGE), 1), ["output.base_dist.logits"]),
    "detections": ([{"boxes": torch.zeros(2, 4), "masks": LARGE}], ["output[0]['boxes']", "output[0]['masks']"]),
    "array": ({"mask": np.zeros((1, 2, 4, 4), np.float32)}, ["output['mask']"]),
    "nothing": ("text", []),
}


@pytest.mark.parametrize("case", RETURNED)
def test_every_tensor_is_found_with_its_path(case: str) -> None:
    value, paths = RETURNED[case]
    assert [path for path, _ in find_tensors(value)] == paths


def test_a_value_that_holds_itself_ends() -> None:
    ring: list[Any] = [LARGE]
    ring.append(ring)
    assert [path for path, _ in find_tensors(ring)] == ["output[0]"]


@pytest.mark.parametrize(
    ("value", "number", "rule"),
    [
        ({"aux": SMALL, "out": LARGE}, 1, "its key is 'out'"),
        ([SMALL, LARGE], 1, "it is the first of the input's height and width"),
        ({"aux": LARGE, "main": LARGE}, 1, "it is the first of the input's height and width"),
        ((torch.zeros(1, 5), SMALL), 1, "it is the largest"),
        ([{"boxes": torch.zeros(2, 4), "masks": LARGE}], 1, "its key is 'masks'"),
        ([{"boxes": torch.zeros(0, 4), "masks": torch.zeros(0, 1, 16, 16)}, LARGE], 2, "it is the only tensor"),
        ("nothing", None, "it is the only tensor"),
    ],
)
def test_the_picture_is_chosen_by_rule(value: Any, number: int | None, rule: str) -> None:
    assert choose(find_tensors(value), SIZE) == (number, rule)


@pytest.mark.parametrize(
    ("wanted", "number"), [("aux", 0), ("1", 1), ("output[1]", 1), ("1.deep", None), ("output['aux']", 0), ("", None)]
)
def test_a_person_names_the_output(wanted: str, number: int | None) -> None:
    found = [("output['aux']", SMALL), ("output[1]", LARGE)]
    assert choose(found, SIZE, wanted)[0] == number


def test_names_of_nested_outputs() -> None:
    assert is_named("output[0]['masks']", "0.masks")
    assert is_named("output.out.aux", "out.aux")
    assert not is_named("output['out']", "aux")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None: a return statement may be missing"),
        (iter([LARGE]), "a list_iterator, which is not run through: return a list or a tensor"),
        ({"a": torch.zeros(0, 1)}, "1 empty tensor ([0, 1])"),
        ("text", "a str without tensors"),
    ],
)
def test_what_was_returned_instead_is_said(value: Any, words: str) -> None:
    assert described(value) == words


class Two(torch.nn.Module):
    """Features and the logits that are drawn from them, both at the input's size."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Conv2d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> Any:
        features = self.stem(x)
        logits = self.head(features)
        return self.pack(features, logits)

    def pack(self, features: torch.Tensor, logits: torch.Tensor) -> Any:
        return features, logits


class Spread(Two):
    """A distribution whose logits the network draws."""

    def pack(self, features: torch.Tensor, logits: torch.Tensor) -> Any:
        return dist.Independent(dist.Bernoulli(logits=logits), 1)


def seen_of(model: torch.nn.Module) -> Observed:
    """Return the model's pass on noise."""
    setting = Setting(model.eval(), "cpu", 0, "", "")
    return observe(setting, Probe("noise", SIZE, False, False), (torch.rand(SIZE),), {}, verify=True)


def test_features_from_which_the_output_is_drawn_are_not_the_picture() -> None:
    found = seen_of(Two())
    assert found.path == "output[1]"
    assert [path for path, _ in found.others] == ["output[0]"]


def test_a_distribution_is_traced_to_the_layer_that_draws_it() -> None:
    found = seen_of(Spread())
    assert found.path == "output.base_dist.logits"
    assert found.verified
    assert found.drawing is not None
    assert found.tape.entries[found.drawing.drawn_by].layer == "head"
