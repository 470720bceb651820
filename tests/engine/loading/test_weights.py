"""Weights: all of them into the right place, or one sentence that says what does not fit."""

import zipfile
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.engine.loading.conftest import UNET, Place

State = dict[str, torch.Tensor]


@pytest.fixture
def state(place: Place) -> State:
    """Weights of the network in model.py, all different from fresh ones."""
    place.write({"model.py": UNET})
    fresh = place.load("model.py").model.state_dict()
    place.stages.clear()
    return {key: torch.full_like(value, 0.5 + index) for index, (key, value) in enumerate(fresh.items())}


def prefixed(state: State, prefix: str) -> State:
    """Return the weights with a prefix before every key."""
    return {prefix + key: value for key, value in state.items()}


LOADED: dict[str, tuple[Callable[[State], Any], tuple[str, ...]]] = {
    "plain": (lambda s: s, ("loaded 4 tensors from w.pth",)),
    "ordered": (lambda s: OrderedDict(s), ("loaded 4 tensors from w.pth",)),
    "nested": (lambda s: {"state_dict": s, "epoch": 3}, ("loaded 4 tensors from w.pth, entry state_dict",)),
    "nested twice": (
        lambda s: {"model": {"state_dict": prefixed(s, "module.")}},
        ("loaded 4 tensors from w.pth, entry model.state_dict, prefix 'module.' stripped (4 keys match instead of 0)",),
    ),
    "beside an optimiser": (
        lambda s: {"net": s, "optimizer": {"state": {"exp_avg": dict(s)}}, "loss": torch.tensor(1.0)},
        ("loaded 4 tensors from w.pth, entry net",),
    ),
    "compiled": (
        lambda s: prefixed(s, "_orig_mod."),
        ("loaded 4 tensors from w.pth, _orig_mod. removed (4 keys match instead of 0)",),
    ),
    "compiled within": (
        lambda s: {key.replace("block.", "block._orig_mod."): value for key, value in s.items()},
        ("loaded 4 tensors from w.pth, _orig_mod. removed (4 keys match instead of 2)",),
    ),
    "parallel and compiled": (
        lambda s: prefixed(s, "module._orig_mod."),
        ("loaded 4 tensors from w.pth, prefix 'module.' stripped and _orig_mod. removed (4 keys match instead of 0)",),
    ),
    "a generator beside its critic": (
        lambda s: prefixed(s, "generator.") | {"critic.conv.weight": torch.zeros(3)},
        (
            "loaded 4 tensors from w.pth, prefix 'generator.' stripped (4 keys match instead of 0)",
            "left out 1 of the file's 5 tensors, which have no prefix 'generator.'",
        ),
    ),
    "without their first parts": (
        lambda s: {key.partition(".")[2]: value for key, value in s.items()},
        ("loaded 4 tensors from w.pth, the first part of each key put back (4 keys match instead of 0)",),
    ),
    "with other first parts": (
        lambda s: {f"{'ab'[index % 2]}.{key}": value for index, (key, value) in enumerate(s.items())},
        ("loaded 4 tensors from w.pth, the first part of each key left out (4 keys match instead of 0)",),
    ),
    "half precision": (
        lambda s: {key: value.half() for key, value in s.items()},
        ("loaded 4 tensors from w.pth", "converted weights from float16 to float32"),
    ),
    "with a version": (lambda s: s | {"version": 3}, ("loaded 4 tensors from w.pth",)),
    "the better of two entries": (
        lambda s: {"critic": {"conv.weight": torch.zeros(3)}, "ema": s},
        ("loaded 4 tensors from w.pth, entry ema",),
    ),
}


@pytest.mark.parametrize("case", LOADED)
def test_loads(place: Place, state: State, case: str) -> None:
    make, how = LOADED[case]
    torch.save(make(state), place.directory / "w.pth")
    loaded = place.load("model.py:UNet", weights="w.pth")
    assert loaded.how == how
    assert (loaded.weights_given, loaded.weights) == (True, "w.pth")
    assert all(value.equal(state[key]) for key, value in loaded.model.state_dict().items())
    assert all(not value.is_inference() and value.dtype is torch.float32 for value in loaded.model.parameters())
    assert place.stages == ["import", "construct", "load", "load"]


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_the_form_of_the_file_does_not_matter(place: Place, state: State, form: str) -> None:
    path = place.directory / "any.bin"
    if form == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "zip")
    before = path.read_bytes()
    loaded = place.load("model.py:UNet", weights="any.bin")
    with torch.no_grad():
        loaded.model.head.weight.fill_(7.0)
    assert path.read_bytes() == before
    assert loaded.how == ("loaded 4 tensors from any.bin",)


def test_batch_counters_may_be_missing(place: Place) -> None:
    place.write({"model.py": UNET.replace("nn.Conv2d(4, n_classes, 1)", "nn.BatchNorm2d(4)")})
    state = place.load("model.py").model.state_dict()
    torch.save({k: v for k, v in state.items() if "num_batches" not in k}, place.directory / "w.pth")
    assert place.load("model.py:UNet", weights="w.pth").how == (
        "loaded 6 tensors from w.pth",
        "num_batches_tracked of 1 layer is not in the file and keeps the model's own value",
    )


def without(state: State, *keys: str) -> State:
    """Return the weights without some keys."""
    return {key: value for key, value in state.items() if key not in keys}


PART: dict[str, tuple[Callable[[State], Any], dict[str, Any]]] = {
    "missing": (lambda s: without(s, "head.bias"), {"common": 3, "missing": ("head.bias",), "tail": True}),
    "missing from the front": (
        lambda s: without(s, "block.conv.weight"),
        {"common": 3, "missing": ("block.conv.weight",), "tail": False},
    ),
    "unexpected": (
        lambda s: s | {"tail.weight": torch.zeros(1)},
        {"common": 4, "unexpected": ("tail.weight",), "foreign": True},
    ),
    "unexpected in a block": (
        lambda s: s | {"block.bn.weight": torch.zeros(1)},
        {"common": 4, "unexpected": ("block.bn.weight",), "foreign": False},
    ),
    "another shape": (
        lambda s: s | {"head.weight": torch.zeros(21, 4, 1, 1), "head.bias": torch.zeros(21)},
        {
            "common": 2,
            "reshaped": (("head.weight", (21, 4, 1, 1), (2, 4, 1, 1)), ("head.bias", (21,), (2,))),
            "better": ("n_classes=21",),
        },
    ),
    "another network": (
        lambda s: {f"features.{index}.weight": torch.zeros(1) for index in range(12)},
        {"common": 0, "missing": ("block.conv.weight", "block.conv.bias", "head.weight", "head.bias"), "stored": 12},
    ),
    "everything at once": (
        lambda s: without(s, "head.bias") | {"head.weight": torch.zeros(3), "tail": torch.zeros(())},
        {
            "common": 2,
            "missing": ("head.bias",),
            "unexpected": ("tail",),
            "reshaped": (("head.weight", (3,), (2, 4, 1, 1)),),
        },
    ),
    "a part": (
        lambda s: {key.removeprefix("block."): value for key, value in s.items() if key.startswith("block.")},
        {"common": 2, "as_saved": 0, "missing": ("head.weight", "head.bias")},
    ),
}


@pytest.mark.parametrize("case", PART)
def test_what_fits_is_loaded_and_the_rest_is_told(place: Place, state: State, case: str) -> None:
    make, said = PART[case]
    torch.save(make(state), place.directory / "w.pth")
    loaded = place.load("model.py:UNet", weights="w.pth")
    (load,) = loaded.loads
    assert {name: getattr(load.fact, name) for name in said} == said
    assert loaded.weights_given == (not load.fact.unfilled)
    unfilled = {*load.fact.missing, *(name for name, _, _ in load.fact.reshaped)}
    found = {key for key, value in loaded.model.state_dict().items() if value.equal(state[key])}
    assert found == (state.keys() - unfilled if load.fact.common else set())


EQUAL: dict[str, tuple[Callable[[State], Any], str, str]] = {
    "entries": (lambda s: {"params_ema": s, "params": s | {}}, "entry params", "entry params_ema"),
    "prefixes": (
        lambda s: prefixed(s, "g_ema.") | prefixed(s, "g."),
        "prefix 'g.' stripped",
        "prefix 'g_ema.' stripped",
    ),
    "a wrapper and another": (lambda s: {"best": s, "model": s | {}}, "entry model", "entry best"),
    "a prefix and an average": (
        lambda s: {"ema": s, "model": prefixed(s, "module.")},
        "entry model, prefix 'module.' stripped",
        "entry ema",
    ),
}


@pytest.mark.parametrize("case", EQUAL)
def test_of_two_that_fit_one_is_taken_by_rule_and_the_other_named(place: Place, state: State, case: str) -> None:
    make, taken, other = EQUAL[case]
    made = make(state)
    copies = {k: {n: t.clone() for n, t in v.items()} if isinstance(v, dict) else v.clone() for k, v in made.items()}
    torch.save(copies, place.directory / "w.pth")
    loaded = place.load("model.py:UNet", weights="w.pth")
    assert loaded.loads[0].fact.taken.label == taken
    assert f"took {taken}; as many keys fit under {other}" in loaded.how
    assert other in loaded.loads[0].tensors


UNFIT: dict[str, tuple[Callable[[State], Any], str]] = {
    "a list": (
        lambda s: list(s.values()),
        "no state_dict found in w.pth: it holds a list, whose tensors have no names.",
    ),
    "a tensor": (lambda s: torch.zeros(2, 3), "no state_dict found in w.pth: it holds one tensor of shape (2, 3)."),
    "a string": (lambda s: "hello", "no state_dict found in w.pth: it holds a str."),
    "nothing": (lambda s: None, "no state_dict found in w.pth: it holds None."),
    "an empty dict": (lambda s: {}, "no state_dict found in w.pth: it holds an empty dict."),
    "int keys": (
        lambda s: dict(enumerate(s.values())),
        "no state_dict found in w.pth: it holds a dict with keys of type int.",
    ),
    "a dict without tensors": (
        lambda s: {"epoch": 3, "lr": 0.1},
        "no state_dict found in w.pth: it holds a dict without tensors (keys: epoch, lr).",
    ),
    "a namespace": (
        lambda s: {"state_dict": s, "args": Namespace(n=1)},
        "w.pth wants argparse.Namespace besides tensors, and reading those would run code. In the program that made it "
        'write torch.save(model.state_dict(), "weights.pth"), then give that file with -w.',
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_does_not_load(place: Place, state: State, case: str) -> None:
    make, sentence = UNFIT[case]
    torch.save(make(state), place.directory / "w.pth")
    assert place.refusal("model.py:UNet", weights="w.pth").sentence == sentence


def test_guessed_arguments_are_taken_from_the_shapes(place: Place, state: State) -> None:
    place.write({"model.py": UNET.replace("=3, n_classes=2", ", n_classes")})
    wide = {
        "block.conv.weight": torch.ones(4, 1, 3, 3),
        "head.weight": torch.ones(21, 4, 1, 1),
        "head.bias": torch.ones(21),
    }
    torch.save(state | wide, place.directory / "w.pth")
    loaded = place.load("model.py:UNet", weights="w.pth")
    assert loaded.weights_given
    assert "took in_channels=1 from the shape of block.conv.weight" in loaded.how
    assert "took n_classes=21 from the shape of head.weight" in loaded.how
    assert not any(sentence.startswith("guessed") for sentence in loaded.how)
    assert loaded.model.head.bias.shape == (21,)
    assert place.stages.count("construct") == 2  # as guessed, and better


def test_a_guess_that_nothing_contradicts_stays(place: Place, state: State) -> None:
    place.write({"model.py": UNET.replace("=3, n_classes=2", ", n_classes")})
    torch.save(state | {"head.bias": torch.zeros(3, 3)}, place.directory / "w.pth")
    how = place.load("model.py:UNet", weights="w.pth").how
    assert [sentence.split(" ")[1] for sentence in how if sentence.startswith("guessed")] == [
        "in_channels=3",
        "n_classes=2",
    ]


def test_weights_are_looked_at_before_code_runs(place: Place) -> None:
    place.write({"model.py": "raise SystemExit"})
    (place.directory / "w.pth").write_bytes(b"")
    place.refusal("model.py", weights="w.pth")
    place.refusal("model.py", weights="none.pth")
    torch.save({"args": Namespace()}, place.directory / "w.pth")
    place.refusal("model.py", weights="w.pth")
    torch.save({}, place.directory / "w.pth")
    place.refusal("model.py", weights="w.pth")
    assert place.stages == []


def test_storages_of_another_device_come_to_the_cpu(place: Place, state: State) -> None:
    path = place.directory / "w.pth"
    torch.save(state, path)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(place.directory / "g.pth", "w") as new:
        for record in old.infolist():
            content = old.read(record)
            if record.filename.endswith("data.pkl"):
                content = content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:7")
            new.writestr(record.filename, content)
    assert data
    assert place.load("model.py:UNet", weights="g.pth").how == ("loaded 4 tensors from g.pth",)


def test_a_program_as_weights(place: Place, torchscript: None) -> None:
    torch.jit.script(torch.nn.Conv2d(3, 2, 1)).save(str(place.directory / "net.ts"))
    refusal = place.write({"model.py": UNET}).refusal("model.py", weights="net.ts")
    assert (
        refusal.sentence
        == "net.ts is a TorchScript program, a whole network and no weights file; name it as the target."
    )
    assert refusal.commands == ("unetdoctor inspect net.ts",)


def test_a_network_without_parameters(place: Place, state: State) -> None:
    torch.save(state, place.directory / "w.pth")
    place.write(
        {"bare.py": "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n"}
    )
    assert place.refusal("bare.py", weights="w.pth").sentence.startswith(
        "Net has no parameters or buffers that w.pth could fill: "
    )


def test_a_tied_weight_needs_one_name_only(place: Place) -> None:
    tied = UNET.replace("self.head =", "self.twin = self.block\n        self.head =")
    full = place.write({"model.py": tied}).load("model.py:UNet").model.state_dict()
    torch.save({k: v + 1 for k, v in full.items() if not k.startswith("twin.")}, place.directory / "w.pth")
    loaded = place.load("model.py:UNet", weights="w.pth")
    assert loaded.weights_given
    assert not loaded.loads[0].fact.missing
    assert loaded.model.twin.conv.weight.equal(full["twin.conv.weight"] + 1)
