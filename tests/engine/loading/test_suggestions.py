"""Constructor arguments out of a checkpoint: settings saved beside the weights, and shapes."""

import sys
from collections import defaultdict
from types import ModuleType
from typing import Any

import pytest
import torch

from tests.engine.loading.conftest import UNET, Place
from unetdoctor.engine.loading import matching, suggestions

NEEDY = UNET.replace("=3, n_classes=2", ", n_classes, wide=1")


def class_of(monkeypatch: pytest.MonkeyPatch, full_name: str, base: type = object) -> type:
    """Return a class that pickles under this name, as that of a library would."""
    module, _, name = full_name.rpartition(".")
    made = type(name, (base,), {"__module__": module})
    parts = module.split(".")
    for front in (".".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
        monkeypatch.setitem(sys.modules, front, sys.modules.get(front) or ModuleType(front))
    monkeypatch.setattr(sys.modules[module], name, made, raising=False)
    return made


def save(place: Place, settings: Any, name: str = "hyper_parameters") -> None:
    """Write a checkpoint with settings beside the weights of a network of 1 and 5 channels."""
    shapes = {
        "block.conv.weight": (4, 1, 3, 3),
        "block.conv.bias": (4,),
        "head.weight": (5, 4, 1, 1),
        "head.bias": (5,),
    }
    state = {key: torch.ones(shape) for key, shape in shapes.items()}
    torch.save({"state_dict": state, name: settings}, place.write({"model.py": NEEDY}).directory / "w.ckpt")


@pytest.mark.parametrize("name", suggestions.SETTINGS)
def test_settings_build_the_network(place: Place, name: str) -> None:
    save(place, {"in_channels": 1, "n_classes": 5, "lr": 0.1, 3: 4}, name)
    loaded = place.load("w.ckpt", arch="model.py:UNet")
    assert loaded.how == (
        f"took in_channels=1 from the {name} of w.ckpt",
        f"took n_classes=5 from the {name} of w.ckpt",
        "loaded 4 tensors from w.ckpt, entry state_dict",
    )
    assert loaded.weights_given


def test_what_is_given_stands_before_settings(place: Place) -> None:
    save(place, {"in_channels": 3, "n_classes": 7})
    loaded = place.load("w.ckpt", arch="model.py:UNet(1)", kwargs={"n_classes": 5})
    assert loaded.how == ("loaded 4 tensors from w.ckpt, entry state_dict",)


def test_a_default_gives_way_to_settings(place: Place) -> None:
    save(place, {"in_channels": 1, "n_classes": 5, "wide": 2})
    assert "took wide=2 from the hyper_parameters of w.ckpt" in place.load("w.ckpt", arch="model.py:UNet").how


@pytest.mark.parametrize(
    "name",
    [
        "lightning.fabric.utilities.data.AttributeDict",
        "lightning_fabric.utilities.data.AttributeDict",
        "pytorch_lightning.utilities.parsing.AttributeDict",
    ],
)
def test_settings_of_lightning(place: Place, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    save(place, class_of(monkeypatch, name, dict)(in_channels=1, n_classes=5))
    assert "took n_classes=5 from the hyper_parameters of w.ckpt" in place.load("w.ckpt", arch="model.py:UNet").how


def test_settings_of_omegaconf(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    config, node = (class_of(monkeypatch, f"omegaconf.{name}") for name in ("dictconfig.DictConfig", "nodes.AnyNode"))
    metadata = class_of(monkeypatch, "omegaconf.base.ContainerMetadata")()
    vars(metadata).update(resolver_cache=defaultdict(dict), object_type=dict, key_type=Any)
    made = config()
    vars(made).update(_metadata=metadata, _parent=None, _content={})
    for key, value in {"in_channels": 1, "n_classes": 5}.items():
        made._content[key] = node()
        vars(made._content[key]).update(_val=value, _parent=made)
    save(place, made)
    assert "took in_channels=1 from the hyper_parameters of w.ckpt" in place.load("w.ckpt", arch="model.py:UNet").how


@pytest.mark.parametrize("settings", [None, 3, {}, [1], {"in_channels": object}])
def test_settings_that_are_none(place: Place, settings: Any) -> None:
    assert suggestions.settings({"hyper_parameters": settings}, "w") in (
        None,
        suggestions.Offered({}, "the hyper_parameters of w"),
    )
    assert suggestions.settings([settings], "w") is None


def test_settings_that_would_run_code_are_refused_by_name(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    save(place, class_of(monkeypatch, "mine.Config")())
    assert place.refusal("w.ckpt", arch="model.py:UNet").sentence == (
        "w.ckpt wants mine.Config besides tensors, and reading those would run code. In the program that made it "
        'write torch.save(model.state_dict(), "weights.pth"), then give that file with -w.'
    )


SHAPES: dict[str, tuple[dict[str, Any], dict[str, tuple[int, ...]], dict[str, tuple[int, ...]], dict[str, Any]]] = {
    "classes": (
        {"n_classes": 2},
        {"a": (8, 3, 3, 3), "b": (2, 8, 1, 1)},
        {"a": (8, 3, 3, 3), "b": (21, 8, 1, 1)},
        {"n_classes": 21},
    ),
    "width": ({"base": 32}, {"a": (32, 3), "b": (64, 32)}, {"a": (64, 3), "b": (128, 64)}, {"base": 64}),
    "widths": (
        {"features": [32, 64]},
        {"a": (32, 3), "b": (64, 32)},
        {"a": (16, 3), "b": (48, 16)},
        {"features": [16, 48]},
    ),
    "input and output alike": (
        {"in_channels": 3, "out_channels": 3},
        {"a": (8, 3, 3, 3), "b": (3, 8, 1, 1)},
        {"a": (8, 1, 3, 3), "b": (3, 8, 1, 1)},
        {"in_channels": 1},
    ),
    "a kernel is no channel": (
        {"in_channels": 3, "kernel_size": 3},
        {"a": (8, 3, 3, 3)},
        {"a": (8, 3, 5, 5)},
        {"kernel_size": 5},
    ),
    "contradicting widths": ({"base": 32}, {"a": (32, 3), "b": (32, 32)}, {"a": (64, 3), "b": (32, 64)}, {}),
    "a flag is no number": ({"norm": True}, {"a": (1, 3)}, {"a": (4, 3)}, {}),
    "other dimensions": ({"base": 32}, {"a": (32, 3)}, {"a": (64, 3, 1)}, {}),
    "nothing differs": ({"base": 32}, {"a": (32, 3)}, {"a": (32, 3)}, {}),
}


@pytest.mark.parametrize("case", SHAPES)
def test_shapes(case: str) -> None:
    arguments, wanted, stored, better = SHAPES[case]
    expected, given = ({key: torch.zeros(shape) for key, shape in x.items()} for x in (wanted, stored))
    fit = matching.find(given, expected)[0]
    found = suggestions.from_shapes(expected, fit, arguments)
    assert {name: value for name, (value, _) in found.items()} == better


def test_the_checkpoint_and_w_are_one_too_many(place: Place) -> None:
    refusal = place.refusal("w.ckpt", arch="model.py", weights="other.pth")
    assert refusal.sentence == (
        "w.ckpt is the checkpoint that --arch model.py belongs to, so -w other.pth is one too many; leave one out."
    )
    assert refusal.commands == ("unetdoctor inspect model.py -w other.pth",)


def test_a_network_where_the_checkpoint_should_be(place: Place) -> None:
    place.write({"model.py": UNET})
    assert place.refusal("model.py", arch="model.py").sentence == (
        "model.py is a text file; expected a state_dict (.pt, .pth, .ckpt) or a safetensors file."
    )
