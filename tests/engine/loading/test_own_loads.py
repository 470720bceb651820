"""What the user's own code loads while it builds the network: every call is written down and behaves as ever."""

import pytest
import torch
from torch import nn

from tests.engine.loading.conftest import Place
from unetdoctor.engine.loading import own_loads

NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
        self.decoder = nn.Sequential(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 2, 1))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def state(prefix=""):
    torch.manual_seed(9)
    return {prefix + key: torch.rand_like(value.float()) for key, value in Net().state_dict().items()}


def build_model():
    net = Net()
"""
KEYS = 8
"""Tensors that need a value: two convolutions, two of the decoder's, four of the normalisation."""


def fact(place: Place, lines: str):
    """Return what is said of the last load in a build_model() of these lines."""
    indented = "".join(f"    {line}\n" for line in lines.splitlines())
    return place.write({"model.py": NET + indented}).load("model.py").loads[-1].fact


def test_a_prefix_drops_everything(place: Place) -> None:
    said = fact(place, "net.load_state_dict(state('module.'), strict=False)\nreturn net")
    assert (said.own, said.strict, said.module) == (True, False, "")
    assert (said.model, said.stored, said.common, len(said.missing)) == (10, 11, 0, 10)
    assert said.readings[0].label == "prefix 'module.' stripped"
    assert said.readings[0].fits == 11
    assert (said.place.file, said.place.line) == ("model.py", NET.count("\n") + 1)
    assert said.source == "load_state_dict(strict=False)"


def test_what_lost_its_first_part_and_stands_for_two_belongs_to_none(place: Place) -> None:
    lost = "lost = {k.partition('.')[2]: v for k, v in state().items()}\n"
    said = fact(place, f"{lost}net.load_state_dict(lost, strict=False)\nreturn net")
    assert said.readings[0].label == "the first part of each key put back"
    assert said.readings[0].fits == 6  # of 7 names the shapes tell where 6 belong; 0.bias stands for two of one shape
    assert said.common == 0


def test_the_better_reading_holds_the_whole_network_s_names(place: Place) -> None:
    lines = "net.encoder.load_state_dict({'x.' + k: v for k, v in state().items()}, strict=False)\nreturn net"
    place.write({"model.py": NET + "".join(f"    {line}\n" for line in lines.splitlines())})
    (load,) = place.load("model.py").loads
    assert load.fact.module == "encoder"
    label = load.fact.readings[0].label
    assert label == "prefix 'x.encoder.' stripped"
    assert set(load.tensors[label]) >= {"encoder.0.weight", "encoder.1.running_mean"}
    assert all(name.startswith("encoder.") for name in load.tensors[label])
    assert not load.under[label].missing


def test_all_of_it(place: Place) -> None:
    said = fact(place, "net.load_state_dict(state())\nreturn net")
    assert (said.common, said.missing, said.unexpected, said.strict) == (11, (), (), True)
    assert said.source == "load_state_dict"


def test_a_backbone(place: Place) -> None:
    lines = (
        "net.encoder.load_state_dict({k[8:]: v for k, v in state().items() if k.startswith('encoder.')})\nreturn net"
    )
    said = fact(place, lines)
    assert (said.module, said.missing, said.unexpected) == ("encoder", (), ())


def test_a_new_head(place: Place) -> None:
    lines = (
        "old = state()\nold['fc.weight'] = old.pop('decoder.1.weight')\nold['fc.bias'] = old.pop('decoder.1.bias')\n"
    )
    said = fact(place, lines + "net.load_state_dict(old, strict=False)\nreturn net")
    assert said.missing == ("decoder.1.weight", "decoder.1.bias")
    assert said.unexpected == ("fc.weight", "fc.bias")
    assert said.tail


def test_what_is_its_own_was_not_loaded(place: Place) -> None:
    lines = "own = net.state_dict()\nown.update({k: v for k, v in state('module.').items() if k in own})\n"
    said = fact(place, lines + "net.load_state_dict(own)\nreturn net")
    assert (said.stored, said.common, said.returned) == (0, 0, 11)
    assert len(said.missing) == 10


def test_a_later_load_stands_for_the_earlier_one(place: Place) -> None:
    lines = "net.load_state_dict(state('module.'), strict=False)\nnet.load_state_dict(state())\nreturn net"
    assert fact(place, lines).common == 11


def test_what_is_no_part_of_the_network_does_not_count(place: Place) -> None:
    lines = "Net().load_state_dict(state('module.'), strict=False)\nreturn net"
    place.write({"model.py": NET + "".join(f"    {line}\n" for line in lines.splitlines())})
    assert place.load("model.py").loads == ()


def test_a_load_into_a_wrapper_is_one_into_the_network(place: Place) -> None:
    lines = "both = nn.DataParallel(net)\nboth.load_state_dict(state(), strict=False)\nreturn both"
    said = fact(place, lines)
    assert (said.module, said.common) == ("", 0)
    assert said.readings[0].label == "prefix 'module.' added"


def test_a_given_file_stands_for_the_user_s_own_load(place: Place) -> None:
    lines = "net.load_state_dict(state('module.'), strict=False)\nreturn net"
    place.write({"model.py": NET + "".join(f"    {line}\n" for line in lines.splitlines())})
    torch.save(place.load("model.py").model.state_dict(), place.directory / "w.pth")
    assert [load.fact.own for load in place.load("model.py", weights="w.pth").loads] == [False]
    torch.save({"decoder.0.bias": torch.zeros(4)}, place.directory / "w.pth")
    assert [load.fact.own for load in place.load("model.py", weights="w.pth").loads] == [False, True]


def test_load_state_dict_behaves_as_ever() -> None:
    before = nn.Module.load_state_dict
    module = nn.Conv2d(1, 1, 1)
    with own_loads.watching() as seen:
        assert nn.Module.load_state_dict.__name__ == "load_state_dict"
        assert nn.Module.load_state_dict.__doc__ == before.__doc__
        result = module.load_state_dict({"weight": torch.ones(1, 1, 1, 1)}, strict=False)
        assert (result.missing_keys, result.unexpected_keys) == (["bias"], [])
        with pytest.raises(RuntimeError, match="Missing key"):
            module.load_state_dict(state_dict={}, strict=True)
        with pytest.raises(TypeError, match="Expected state_dict"):
            module.load_state_dict(3)
    assert nn.Module.load_state_dict is before
    assert [(r.strict, r.stored) for r in seen] == [(False, 1)]
    assert seen[0].file == __file__


def test_what_the_user_puts_in_its_place_stays() -> None:
    before = nn.Module.load_state_dict

    def other(self: nn.Module, state: object) -> str:
        return "mine"

    try:
        with own_loads.watching():
            nn.Module.load_state_dict = other
        assert nn.Module.load_state_dict is other
    finally:
        nn.Module.load_state_dict = before


def test_what_strict_refuses_says_how_it_would_fit(place: Place) -> None:
    place.write({"model.py": NET + "    net.load_state_dict(state('module.'))\n    return net\n"})
    with pytest.raises(RuntimeError, match="Missing key") as caught:
        place.load("model.py")
    assert caught.value.__notes__ == ["11 of 11 keys fit with prefix 'module.' stripped"]
