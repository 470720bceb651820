"""Constructor arguments: given, checked and guessed."""

import inspect
from typing import Any

import pytest

from tests.engine.loading.conftest import UNET, Place
from unetdoctor.engine.loading import RequestError
from unetdoctor.engine.loading.guesses import guess

SOURCE = """
from torch import nn


class Net(nn.Module):
    def __init__(self, {}):
        super().__init__()
        self.got = {{k: v for k, v in locals().items() if k != "self" and k[0] != "_"}}

    def forward(self, x):
        return x


def make({}):
    net = Net.__new__(Net)
    nn.Module.__init__(net)
    net.got = dict(locals())
    return net
"""


def said(name: str, value: Any, kind: str = "constructor argument") -> str:
    """Return the sentence of one guess."""
    return f"guessed {name}={value!r} ({kind} without a default; set it with -k {name}=...)"


ARRANGED: dict[str, tuple[str, str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "defaults": ("n=1", "Net", {}, {"n": 1}, ()),
    "given": ("n, m=2", "Net", {"n": 5}, {"n": 5, "m": 2}, ()),
    "given in the target": ("n, m=2", "Net(5, m=[1])", {}, {"n": 5, "m": [1]}, ()),
    "given in both": ("n, m", "Net(5)", {"m": 3}, {"n": 5, "m": 3}, ()),
    "keyword only": ("*, n, m=2", "Net", {"n": 5}, {"n": 5, "m": 2}, ()),
    "positional only": ("n, /, m=2", "make", {"n": 5}, {"n": 5, "m": 2}, ()),
    "open keywords": ("n=1, **more", "make", {"x": 5}, {"n": 1, "more": {"x": 5}}, ()),
    "open positions": ("n=1, *more", "make(1, 2, 3)", {}, {"n": 1, "more": (2, 3)}, ()),
    "guessed": (
        "in_channels, n_classes",
        "Net",
        {},
        {"in_channels": 3, "n_classes": 2},
        (said("in_channels", 3), said("n_classes", 2)),
    ),
    "one given, one guessed": (
        "in_channels, n_classes",
        "Net",
        {"n_classes": 21},
        {"n_classes": 21, "in_channels": 3},
        (said("in_channels", 3),),
    ),
    "guessed for a function": ("n_classes", "make", {}, {"n_classes": 2}, (said("n_classes", 2, "argument"),)),
    "a generator": (
        "latent_dim, ngf, out_channels",
        "Net",
        {},
        {"latent_dim": 100, "ngf": 32, "out_channels": 3},
        (said("latent_dim", 100), said("ngf", 32), said("out_channels", 3)),
    ),
}


@pytest.mark.parametrize("case", ARRANGED)
def test_arranges(place: Place, case: str) -> None:
    parameters, target, kwargs, got, how = ARRANGED[case]
    loaded = place.write({"model.py": SOURCE.format(parameters, parameters)}).load(f"model.py:{target}", kwargs=kwargs)
    found = {key: value for key, value in loaded.model.got.items() if key != "net"}
    assert found == got
    assert loaded.how == how


REFUSED: dict[str, tuple[str, str, dict[str, Any], str, tuple[str, ...]]] = {
    "cannot be guessed": (
        "config, n_classes, n=3",
        "Net",
        {},
        "Net(config, n_classes, n=3) cannot be built: no value for config can be guessed. Give it with -k, "
        "or add a function build_model() to the file that returns the network.",
        ("unetdoctor inspect model.py:Net -k config=...",),
    ),
    "two cannot be guessed": (
        "config, mode",
        "make",
        {},
        "make(config, mode) cannot be built: no value for config, mode can be guessed. Give them with -k, "
        "or add a function build_model() to the file that returns the network.",
        ("unetdoctor inspect model.py:make -k config=... -k mode=...",),
    ),
    "misspelt": (
        "n_classes=2, base=8",
        "Net",
        {"n_clases": 3},
        "Net has no argument n_clases; did you mean n_classes? It takes: n_classes, base.",
        ("unetdoctor inspect model.py:Net -k n_classes=...",),
    ),
    "unknown": (
        "n_classes=2",
        "Net",
        {"bilinear": True},
        "Net has no argument bilinear. It takes: n_classes.",
        (),
    ),
    "too many": ("n=2", "make(1, 2)", {}, "make takes 1 positional argument (n), 2 were given.", ()),
    "twice, by target and option": (
        "n=2",
        "Net(n=1)",
        {"n": 2},
        "Net gets n twice: in the target and with -k n; leave one out.",
        (),
    ),
    "twice, by position": ("n=2", "Net(1)", {"n": 2}, "Net gets n twice: by position and by name; leave one out.", ()),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(place: Place, case: str) -> None:
    parameters, target, kwargs, sentence, commands = REFUSED[case]
    place.write({"model.py": SOURCE.format(parameters, parameters)})
    refusal = place.refusal(f"model.py:{target}", kwargs=kwargs)
    assert refusal.sentence == sentence
    assert refusal.commands == commands
    assert place.stages == ["import"]


GUESSES: dict[str, tuple[str, Any]] = {
    "in_ch": ("in_ch", 3),
    "input_nc": ("input_nc", 3),
    "output_nc": ("output_nc", 3),
    "img_channels": ("img_channels: int", 3),
    "inChannels": ("inChannels", 3),
    "channels": ("channels", 3),
    "classes": ("classes", 2),
    "out_ch": ("out_ch", 2),
    "out_ch beside a latent": ("out_ch, z_dim", 3),
    "nz": ("nz", 100),
    "features": ("features", 32),
    "features as a list": ("features: list[int]", [32, 64, 128, 256]),
    "features as a typing list": ("features: 'Sequence[int]'", [32, 64, 128, 256]),
    "channels as a tuple": ("channels: tuple[int, ...]", [32, 64, 128, 256]),
    "image_size": ("image_size: int | tuple[int, int]", 64),
    "width": ("width", 32),
    "width beside height": ("width, height", 64),
    "depth": ("depth: int = 4", 4),
    "dropout": ("dropout: float", 0.0),
    "bilinear": ("bilinear: bool", False),
    "bilinear without annotation": ("bilinear", False),
    "use_bn": ("use_bn", True),
    "optional": ("base: 'Optional[int]'", 32),
    "an int that is a float": ("scale_factor: float", 2.0),
    "any": ("dim: Any", 32),
}


@pytest.mark.parametrize("case", GUESSES)
def test_guesses(case: str) -> None:
    parameters, value = GUESSES[case]
    space: dict[str, Any] = {"Any": Any}
    exec(f"def function({parameters}): ...", space)
    found = inspect.signature(space["function"]).parameters
    known, guessed = guess(next(iter(found.values())), frozenset(found))
    assert known
    assert guessed == value
    assert type(guessed) is type(value)


@pytest.mark.parametrize(
    "parameters",
    ["config", "args", "x", "n_classes: str", "bilinear: int", "dropout: bool", "depth: list[int]", "image"],
)
def test_does_not_guess(parameters: str) -> None:
    space: dict[str, Any] = {}
    exec(f"def function({parameters}): ...", space)
    found = inspect.signature(space["function"]).parameters
    assert guess(next(iter(found.values())), frozenset(found)) == (False, None)


def test_a_constructor_that_stumbles_over_a_guess_names_it(place: Place) -> None:
    source = SOURCE.format("n_classes", "n_classes").replace("super()", "1 / (n_classes - 2); super()")
    with pytest.raises(ZeroDivisionError) as caught:
        place.write({"model.py": source}).load("model.py:Net")
    assert caught.value.__notes__ == [said("n_classes", 2)]
    assert place.stages == ["import", "construct"]


SHAPED: dict[str, tuple[str, Any]] = {
    "spatial_dims: int": ("spatial_dims", 2),
    "strides: collections.abc.Sequence[int]": ("strides", [2, 2, 2]),
    "channels: list[int]": ("channels", [32, 64, 128, 256]),
    "img_size: Sequence[int] | int": ("img_size", 64),
    "img_size: Union[Sequence[int], int]": ("img_size", 64),
    "img_size: tuple[int, int]": ("img_size", [64, 64]),
    "patch_size: Sequence[int]": ("patch_size", [8, 8]),
    "in_shape: Sequence[int]": ("in_shape", [3, 64, 64]),
    "backbone: str": ("backbone", "resnet18"),
    "encoder_name: Optional[str]": ("encoder_name", "resnet18"),
    "kernel_size: Sequence[Sequence[int] | int]": ("kernel_size", [3, 3, 3, 3]),
    "kernel_size: int": ("kernel_size", 3),
}
"""An argument with its annotation -> its name and what is guessed."""


def _parameter(written: str) -> inspect.Parameter:
    name, _, annotation = written.partition(": ")
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, annotation=annotation or inspect.Parameter.empty)


@pytest.mark.parametrize("written", SHAPED)
def test_a_guess_has_the_form_that_the_annotation_asks_for(written: str) -> None:
    name, value = SHAPED[written]
    assert guess(_parameter(written), frozenset((name,))) == (True, value)


@pytest.mark.parametrize("written", ["backbone", "backbone: nn.Module", "scale: tuple[int, int]", "model_name: str"])
def test_what_is_not_guessed(written: str) -> None:
    assert guess(_parameter(written), frozenset()) == (False, None)


def test_strides_follow_what_stands_beside_them() -> None:
    kernels = frozenset(("kernel_size", "strides", "upsample_kernel_size"))
    assert guess(_parameter("strides: Sequence[int]"), kernels) == (True, [1, 2, 2, 2])
    assert guess(_parameter("strides: Sequence[int]"), kernels | {"channels"}) == (True, [2, 2, 2])


@pytest.mark.parametrize(
    ("value", "words", "command"),
    [
        ("three", "UNet does not take n_classes='three', of type str: its default 2 is of type int (", "n_classes=2"),
        ((3, 4), "UNet does not take n_classes=(3, 4), of type tuple: its default 2 is of type int (", "n_classes=2"),
    ],
)
def test_a_value_of_another_type_is_named(place: Place, value: object, words: str, command: str) -> None:
    place.write({"model.py": UNET})
    with pytest.raises(RequestError) as caught:
        place.load("model.py:UNet", kwargs={"n_classes": value})
    assert caught.value.sentence.startswith(words)
    assert caught.value.commands == (f"unetdoctor inspect model.py:UNet -k {command}",)


def test_an_error_of_the_network_s_own_is_no_matter_of_types(place: Place) -> None:
    place.write({"model.py": UNET.replace("self.head =", "raise TypeError('own'); self.head =")})
    with pytest.raises(TypeError, match="own"):
        place.load("model.py:UNet", kwargs={"n_classes": 3})
