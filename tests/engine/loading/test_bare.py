"""A checkpoint without a network: what is read of it, and what is left to the other kinds of target."""

import pytest
import torch
from safetensors.torch import save_file

from tests.engine.loading.conftest import UNET, Place
from unetdoctor.engine.loading import Bare, bare_checkpoint
from unetdoctor.facts import Request

STATE = {"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2)}


def read(place: Place, name: str, **fields: object) -> Bare | None:
    """Return what a target is, where it is weights alone."""
    return bare_checkpoint(Request(target=name, directory=str(place.directory), **fields))


def test_of_several_entries_the_largest_is_looked_at_and_the_average_last(place: Place) -> None:
    state = {"ema": STATE, "model": dict(STATE), "critic": {"c": torch.ones(1)}, "epoch": 3}
    torch.save(state, place.directory / "w.pt")
    found = read(place, "w.pt")
    assert found is not None
    assert found.entries == ((("model",), 2), (("ema",), 2), (("critic",), 1))
    assert (found.form, found.ordered, found.shown) == ("a zip file of torch.save", True, "w.pt")
    assert found.tensors.keys() == STATE.keys()


def test_safetensors_sort_their_keys(place: Place) -> None:
    save_file(STATE, place.directory / "w.pt")
    found = read(place, "w.pt")
    assert found is not None
    assert (found.form, found.ordered) == ("a safetensors file", False)


def test_tensors_that_are_not_in_the_file_are_left_out(place: Place) -> None:
    endless = torch.zeros(1).expand(10**3, 10**3)
    torch.save(STATE | {"b": endless, "c": torch.eye(3).to_sparse()}, place.directory / "w.pt")
    found = read(place, "w.pt")
    assert found is not None
    assert found.tensors.keys() == STATE.keys()
    assert found.remarks == ("left out 2 tensors that are no plain arrays of numbers",)


@pytest.mark.parametrize("name", ["model.py", "nothing.pt", "model.py:UNet", "package.module:Net", "net.ts"])
def test_other_targets_are_none(place: Place, name: str, torchscript: None) -> None:
    place.write({"model.py": UNET})
    torch.jit.script(torch.nn.Conv2d(3, 2, 1)).save(str(place.directory / "net.ts"))
    assert read(place, name) is None


def test_with_its_network_it_is_none(place: Place) -> None:
    torch.save(STATE, place.directory / "w.pt")
    assert read(place, "w.pt", arch="model.py") is None


def test_a_pickled_module_is_left_to_those_who_trust_it(place: Place) -> None:
    torch.save(torch.nn.Conv2d(3, 2, 1), place.directory / "w.pt")
    assert read(place, "w.pt", trust=True) is None
