"""What a Python file defines, and which of it becomes the model."""

import pytest
from torch import nn

from tests.engine.loading.conftest import UNET, Place

HEAD = "import torch\nfrom torch import nn\n"


def net(name: str, body: str = "", base: str = "nn.Module") -> str:
    """Return the source of a small network."""
    return (
        f"\nclass {name}({base}):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.conv = nn.Conv2d(3, 2, 1)\n        {body}\n\n"
        "    def forward(self, x):\n        return self.conv(x)\n"
    )


ONLY = "built {}, the only nn.Module class of model.py"
TOP = "built {}, the only nn.Module class of model.py that no other class there builds"

CHOSEN: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a class": (net("Net"), "Net", (ONLY.format("Net"),)),
    "a class that builds another": (UNET, "UNet", (TOP.format("UNet"),)),
    "a class and its base": (net("Base") + net("Net", base="Base"), "Net", (TOP.format("Net"),)),
    "built through a function": (
        net("Block") + "def block():\n    return Block()\n" + net("Net", "self.block = block()"),
        "Net",
        (TOP.format("Net"),),
    ),
    "passed on as a class": (net("Block") + net("Net", "self.kind = [Block]"), "Net", (TOP.format("Net"),)),
    "a private class": (net("_Part") + net("Net"), "Net", (TOP.format("Net"),)),
    "a private user of the network": (net("Net") + net("_Wrap", "self.net = Net()"), "Net", (TOP.format("Net"),)),
    "a trainer that is no module": (
        net("Net") + "class Trainer:\n    def __init__(self):\n        self.net = Net()\n",
        "Net",
        (ONLY.format("Net"),),
    ),
    "a loss beside it": (
        net("Net") + net("DiceLoss"),
        "Net",
        (TOP.format("Net") + " (losses left out: DiceLoss)",),
    ),
    "no forward of its own": (
        "class Mixin(nn.Module):\n    pass\n" + net("Net"),
        "Net",
        (ONLY.format("Net"),),
    ),
    "an imported class beside it": ("from torch.nn import Conv2d\n" + net("Net"), "Net", (ONLY.format("Net"),)),
    "an instance": (
        net("Net") + net("Other") + "model = Net()\n",
        "Net",
        ("used model, the network that model.py makes at module level",),
    ),
    "an instance of torch's own class": (
        "net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Tanh())\n",
        "net",
        ("used net, the network that model.py makes at module level",),
    ),
    "an instance beside a loss and an activation": (
        net("Net") + "criterion = nn.L1Loss()\nact = nn.ReLU()\nnetwork = Net()\n",
        "Net",
        ("used network, the network that model.py makes at module level",),
    ),
    "an instance inside another": (
        net("Net", "self.inner = kwargs").replace("(self)", "(self, kwargs=None)")
        + "inner = Net()\nouter = Net(inner)\n",
        "Net",
        ("used outer, the network that model.py makes at module level",),
    ),
    "two names of one instance": (
        net("Net") + "a = b = Net()\n",
        "Net",
        ("used a, the network that model.py makes at module level",),
    ),
    "a factory": (
        net("Net") + net("Other") + "def build_model():\n    return Net()\n",
        "Net",
        ("called build_model(), the factory that model.py defines",),
    ),
    "a factory that needs arguments, and a class": (
        net("Net") + "def get_model(config):\n    return Net()\n",
        "Net",
        (ONLY.format("Net"),),
    ),
    "inside if and try": (
        "try:\n    import nothing_of_the_kind\nexcept ImportError:\n    if True:\n"
        + net("Net").replace("\n", "\n        "),
        "Net",
        (ONLY.format("Net"),),
    ),
    "a main block that must not run": (
        net("Net") + "if __name__ == '__main__':\n    raise SystemExit(3)\n",
        "Net",
        (ONLY.format("Net"),),
    ),
    "annotations build nothing": (
        net("Net") + "class Critic(Net):\n    def score(self, net: Net) -> 'Net':\n        return net\n",
        "Critic",
        (TOP.format("Critic"),),
    ),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_chooses(place: Place, case: str) -> None:
    text, name, how = CHOSEN[case]
    loaded = place.write({"model.py": HEAD + text}).load("model.py")
    assert (loaded.name, loaded.how) == (name, how)
    assert (loaded.kind, loaded.target_kind, loaded.weights_given, loaded.weights) == (
        "eager",
        "python file",
        False,
        "",
    )
    assert loaded.source_root == place.directory
    assert not loaded.model.training
    assert isinstance(loaded.model, nn.Module)


NAMED: dict[str, tuple[str, str, str]] = {
    "a class": (UNET, "UNet", "UNet"),
    "a part": (UNET, "Block(3, 4)", "Block"),
    "a private class": (net("_Net"), "_Net", "_Net"),
    "a function": (net("Net") + "def small(x):\n    return Net()\n", "small(1)", "Net"),
    "an instance": (net("Net") + "best = Net()\n", "best", "Net"),
    "an imported class": ("from torch.nn import Tanh\n", "Tanh", "Tanh"),
    "an inner class": ("class Zoo:\n" + net("Net").replace("\n", "\n    "), "Zoo.Net", "Net"),
    "a partial": ("import functools\n" + net("Net") + "make = functools.partial(Net)\n", "make", "Net"),
    "a lambda": (net("Net") + "make = lambda: Net()\n", "make", "Net"),
    "a class method": (
        net("Net") + "    @classmethod\n    def tiny(cls):\n        return cls()\n",
        "Net.tiny",
        "Net",
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_takes_what_is_named(place: Place, case: str) -> None:
    text, target, name = NAMED[case]
    loaded = place.write({"model.py": HEAD + text}).load(f"model.py:{target}")
    assert (loaded.name.removeprefix("Tanh") or "Tanh", loaded.how) == (name, ())


REFUSED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "two classes": (
        net("UNet") + net("Critic"),
        "",
        "model.py defines 2 modules: UNet, Critic. Choose one: unetdoctor inspect model.py:UNet",
        ("unetdoctor inspect model.py:UNet", "unetdoctor inspect model.py:Critic"),
    ),
    "two instances": (
        net("Net") + "a = Net()\nb = Net()\n",
        "",
        "model.py makes 2 networks: a, b. Choose one: unetdoctor inspect model.py:a",
        ("unetdoctor inspect model.py:a", "unetdoctor inspect model.py:b"),
    ),
    "two factories": (
        net("Net") + "def get_model():\n    return Net()\ndef build_model():\n    return Net()\n",
        "",
        "model.py defines 2 factories: build_model, get_model. Choose one: unetdoctor inspect model.py:build_model",
        ("unetdoctor inspect model.py:build_model", "unetdoctor inspect model.py:get_model"),
    ),
    "classes in a circle": (
        net("A", "self.kind = [B]") + net("B", "self.kind = [A]"),
        "",
        "model.py defines 2 modules: A, B. Choose one: unetdoctor inspect model.py:A",
        ("unetdoctor inspect model.py:A", "unetdoctor inspect model.py:B"),
    ),
    "nothing": (
        "",
        "",
        "model.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
        "it defines no class and no function.",
        (),
    ),
    "only functions": (
        "def segment(image):\n    return image\n",
        "",
        "model.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
        "it has segment. A function that returns a network can be named.",
        ("unetdoctor inspect model.py:segment",),
    ),
    "only a private class": (
        net("_Net"),
        "",
        "model.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
        "only private ones: _Net. Name one to take it.",
        ("unetdoctor inspect model.py:_Net",),
    ),
    "only a loss": (
        net("DiceLoss"),
        "",
        "model.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
        "only losses: DiceLoss.",
        (),
    ),
    "only a class without forward": (
        "class Net(nn.Module):\n    def foward(self, x):\n        return x\n",
        "",
        "model.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
        "Net has no forward().",
        (),
    ),
    "only an imported class": (
        "from unetdoctor_elsewhere import UNet\n",
        "",
        "model.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
        "it imports UNet. Name one to take it.",
        ("unetdoctor inspect model.py:UNet",),
    ),
    "only a factory with arguments": (
        "def get_model(config, size):\n    return None\n",
        "",
        "model.py has no class or instance to take, and get_model() needs config, size. Call it with literals: "
        "unetdoctor inspect 'model.py:get_model(config=..., size=...)'",
        ("unetdoctor inspect 'model.py:get_model(config=..., size=...)'",),
    ),
    "a misspelt name": (
        UNET,
        ":Unet",
        "model.py has no Unet; did you mean UNet? It has: UNet, Block.",
        ("unetdoctor inspect model.py:UNet",),
    ),
    "a wrong name": (
        UNET,
        ":Generator",
        "model.py has no Generator. It has: UNet, Block.",
        ("unetdoctor inspect model.py:UNet", "unetdoctor inspect model.py:Block"),
    ),
    "a number": (
        UNET + "SIZE = 3\n",
        ":SIZE",
        "model.py:SIZE is an int; expected an nn.Module, a class or a function that makes one. It has: UNet, Block.",
        ("unetdoctor inspect model.py:UNet", "unetdoctor inspect model.py:Block"),
    ),
    "a class that is no module": (
        UNET + "class Trainer:\n    pass\n",
        ":Trainer",
        "model.py:Trainer is a class that is no nn.Module; expected one that is.",
        (),
    ),
    "a function that returns two": (
        UNET + "def both():\n    return UNet(), UNet(), 3\n",
        ":both",
        "model.py:both returned a tuple of UNet, UNet, int; expected one nn.Module: "
        "name the class that is meant, or a function that returns it alone.",
        ("unetdoctor inspect model.py:UNet",),
    ),
    "a function that returns nothing": (
        UNET + "def nothing():\n    pass\n",
        ":nothing",
        "model.py:nothing returned None; expected an nn.Module: let it return the network.",
        (),
    ),
    "an instance that is called": (
        UNET + "model = UNet()\n",
        ":model(3)",
        "model.py:model is a network already, not a class or function to call; leave the brackets out.",
        ("unetdoctor inspect model.py:model",),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(place: Place, case: str) -> None:
    text, suffix, sentence, commands = REFUSED[case]
    place.write({"model.py": HEAD + text, "unetdoctor_elsewhere.py": UNET})
    refusal = place.refusal(f"model.py{suffix}")
    assert refusal.sentence == sentence
    assert refusal.commands == commands


def test_an_instance_takes_no_arguments(place: Place) -> None:
    refusal = place.write({"model.py": UNET + "model = UNet()\n"}).refusal("model.py", kwargs={"n_classes": 3})
    assert refusal.sentence == (
        "model.py:model is a network already, so -k n_classes cannot change it; name its class or a function instead."
    )
    assert refusal.commands == ("unetdoctor inspect model.py:UNet -k n_classes=...",)
