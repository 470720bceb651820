"""Where a layer comes from: the exact line, for every way in which people write networks."""

import re
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.engine.loading.conftest import Place
from unetdoctor.engine.loading import LoadedModel
from unetdoctor.engine.source import layer_place
from unetdoctor.facts import Place as Spot

HEAD = "from collections import OrderedDict\nimport torch\nfrom torch import nn\n\n\n"


def network(body: str, name: str = "Net", forward: str = "return x") -> str:
    """Return a class around the lines of its constructor; `# layer` at the end of a line marks who is made there."""
    lines = "\n".join("        " + line for line in body.strip("\n").splitlines())
    return (
        f"class {name}(nn.Module):\n    def __init__(self):\n        super().__init__()\n{lines}\n\n"
        f"    def forward(self, x):\n        {forward}\n\n\n"
    )


BLOCK = network("self.conv = nn.Conv2d(3, 3, 1)  # *.block.conv", "Block")

LIBRARY = """from torch import nn


class Pair(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 3, 1),
            nn.Tanh(),
        )
"""


@pytest.fixture(autouse=True)
def library(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a library called shelf."""
    place.write({"site-packages/shelf.py": LIBRARY})
    monkeypatch.syspath_prepend(place.directory / "site-packages")


MADE = {
    "attributes": network("self.a = nn.Conv2d(3, 3, 1)  # a\nself.b = nn.Conv2d(3, 3, 1)  # b"),
    "over several lines": network("self.a = nn.Conv2d(  # a\n    3,\n    3,\n    1,\n)\nself.b = nn.Tanh()  # b"),
    "a tuple": network("self.a, self.b = nn.Tanh(), nn.Tanh()  # a b"),
    "annotated": network("self.a: nn.Module = nn.Tanh()  # a"),
    "sequential": network("self.m = nn.Sequential(\n    nn.Conv2d(3, 3, 1),  # m.0\n    nn.Tanh(),  # m.1\n)"),
    "sequential in sequential": network(
        "self.m = nn.Sequential(\n    nn.Sequential(\n        nn.Tanh(),  # m.0.0\n"
        "        nn.Tanh(),  # m.0.1\n    ),\n)"
    ),
    "the container itself": network("self.m = nn.Sequential(  # m\n    nn.Tanh(),\n)"),
    "ordered": network(
        "self.m = nn.Sequential(\n    OrderedDict(\n        [\n            ('one', nn.Tanh()),  # m.one\n"
        "            ('two', nn.Tanh()),  # m.two\n        ]\n    )\n)"
    ),
    "ordered by a dict": network("self.m = nn.Sequential(OrderedDict({\n    'one': nn.Tanh(),  # m.one\n}))"),
    "module list": network("self.m = nn.ModuleList([\n    nn.Tanh(),  # m.0\n    nn.Tanh(),  # m.1\n])"),
    "module list of a comprehension": network(
        "self.m = nn.ModuleList(\n    [\n        nn.Tanh()  # m.0 m.1 m.2\n        for _ in range(3)\n    ]\n)"
    ),
    "module list that grows": network(
        "self.m = nn.ModuleList()\nself.m.append(nn.Tanh())  # m.0\nself.m.append(nn.ReLU())  # m.1"
    ),
    "module list that grows in a loop": network(
        "self.m = nn.ModuleList()\nfor _ in range(2):\n    self.m.append(nn.Tanh())  # m.0 m.2\n"
        "    self.m.append(nn.Conv2d(3, 3, 1))  # m.1 m.3"
    ),
    "module dict": network("self.m = nn.ModuleDict({\n    'one': nn.Tanh(),  # m.one\n})"),
    "a list that grows": network(
        "parts = [nn.Conv2d(3, 3, 1)]  # m.0\nparts += [\n    nn.Tanh(),  # m.1\n]\nparts.append(nn.ReLU())  # m.2\n"
        "parts.extend([nn.Tanh()])  # m.3\nself.m = nn.Sequential(*parts)"
    ),
    "a list with a loop in the middle": network(
        "parts = [nn.Conv2d(3, 3, 1)]  # m.0\nfor _ in range(2):\n    parts += [\n"
        "        nn.Conv2d(3, 3, 1),  # m.1 m.3\n"
        "        nn.Tanh(),  # m.2 m.4\n    ]\nparts += [nn.Conv2d(3, 2, 1)]  # m.5\nself.m = nn.Sequential(*parts)"
    ),
    "a helper within": "def pair():\n    return [nn.Conv2d(3, 3, 1), nn.Tanh()]\n\n\n"
    + network("self.m = nn.Sequential(\n    nn.Tanh(),  # m.0\n    *pair(),  # m.1 m.2\n    nn.ReLU(),  # m.3\n)"),
    "helpers of unknown length within": "def pair():\n    return [nn.Conv2d(3, 3, 1), nn.Tanh()]\n\n\n"
    + network(
        "self.m = nn.Sequential(  # m.1 m.2\n    nn.Tanh(),  # m.0\n    *pair(),\n    *pair(),\n"
        "    nn.ReLU(),  # m.5\n)"
    ),
    "a helper": "def pair():\n    return nn.Sequential(nn.Conv2d(3, 3, 1), nn.Tanh())\n\n\n"
    + network("self.m = pair()  # m m.0 m.1"),
    "a name from an f-string": network("for i in range(2):\n    self.add_module(f'part{i}', nn.Tanh())  # part0 part1"),
    "setattr": network("for i in range(2):\n    setattr(self, f'part{i}', nn.Tanh())  # part0 part1"),
    "add_module": network("self.add_module('part', nn.Tanh())  # part"),
    "one of two branches": network(
        "if self.training:\n    self.up = nn.Tanh()  # up\nelse:\n    self.up = nn.Conv2d(3, 3, 1)"
    ),
    "a placeholder first": network("self.a = None\nself.a = nn.Tanh()  # a"),
    "replaced": network("self.m = nn.Sequential(nn.Tanh(), nn.Tanh())  # m.0\nself.m[1] = nn.ReLU()  # m.1"),
    "wrapped again": network(
        "self.a = nn.Conv2d(3, 3, 1)  # a\nself.a = torch.nn.utils.parametrizations.weight_norm(self.a)"
    ),
    "a class of its own": BLOCK + network("self.block = Block()  # block"),
    "within a class of its own": BLOCK.replace("*.", "") + network("self.block = Block()"),
    "within a class of its own, twice": BLOCK.replace("*.block.conv", "m.0.conv m.1.conv")
    + network("self.m = nn.Sequential(\n    Block(),  # m.0\n    Block(),  # m.1\n)"),
    "a base class": network("self.a = nn.Tanh()  # a", "Base")
    + network("self.b = nn.Tanh()  # b").replace("nn.Module", "Base"),
    "a sequential of its own": "class Pair(nn.Sequential):\n    def __init__(self):\n        super().__init__(\n"
    "            nn.Conv2d(3, 3, 1),  # p.0\n            nn.Tanh(),  # p.1\n        )\n\n\n"
    + network("self.p = Pair()  # p"),
    "another method": network("self.build()").replace(
        "    def forward", "    def build(self):\n        self.a = nn.Tanh()  # a\n\n    def forward"
    ),
    "a class within a function": "def make():\n    "
    + network("self.a = nn.Tanh()  # a").replace("\n", "\n    ").rstrip()
    + "\n    return Net\n\n\nNet = make()\n",
    "a library's class": "import shelf\n\n\n" + network("self.m = shelf.Pair()  # m m.0 m.1"),
}


def marks(text: str) -> dict[str, int]:
    """Return layer -> line of the comments."""
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        comment = re.search(r"#\s*([\w. ]+)$", line)
        found |= dict.fromkeys(comment[1].split() if comment else [], number)
    return found


@pytest.mark.parametrize("case", MADE)
def test_the_line_that_makes_a_layer(place: Place, case: str) -> None:
    text = HEAD + MADE[case]
    loaded = place.write({"nets/model.py": text}).load("nets/model.py:Net")
    expected = marks(text)
    assert expected
    assert {layer: layer_place(loaded, layer) for layer in expected} == {
        layer: Spot(layer=layer, file="nets/model.py", line=line) for layer, line in expected.items()
    }


TOP = {
    "an instance": "net = nn.Sequential(\n    nn.Conv2d(3, 3, 1),  # 0\n    nn.Tanh(),  # 1\n)\n",
    "an instance whose head is replaced": "net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Tanh())  # 0\n"
    "net[1] = nn.ReLU()  # 1\n",
    "a factory": "def build_model():\n    return nn.Sequential(\n"
    "        nn.Conv2d(3, 3, 1),  # 0\n        nn.Tanh(),  # 1\n    )\n",
    "a factory that names its type": "def build_model() -> nn.Module:\n    net: nn.Module = nn.Sequential(\n"
    "        nn.Conv2d(3, 3, 1),  # 0\n        nn.Tanh(),  # 1\n    ).float()\n    return net.to('cpu').eval()\n",
    "a factory with a list": "def build_model():\n    parts = [nn.Tanh()]  # 0\n    parts.append(nn.ReLU())  # 1\n"
    "    return nn.Sequential(*parts)\n",
    "a factory that replaces the head": "import shelf\n\n\ndef build_model():\n"
    "    net = shelf.Pair()  # 0\n    net[1] = nn.ReLU()  # 1\n    return net\n",
}


@pytest.mark.parametrize("case", TOP)
def test_networks_without_a_class_of_their_own(place: Place, case: str) -> None:
    text = HEAD + TOP[case]
    loaded = place.write({"model.py": text}).load("model.py")
    for layer, line in marks(text).items():
        assert layer_place(loaded, layer) == Spot(layer=layer, file="model.py", line=line)


def test_a_library_by_its_import_path(place: Place) -> None:
    loaded = place.load("shelf:Pair")
    assert layer_place(loaded, "1") == Spot(layer="1", file="site-packages/shelf.py", line=8)


def test_the_model_itself_is_its_class(place: Place) -> None:
    loaded = place.write({"model.py": HEAD + network("self.a = nn.Tanh()")}).load("model.py")
    assert layer_place(loaded, "") == Spot(layer="", file="model.py", line=6)


def test_a_file_outside_the_working_directory_has_its_whole_path(place: Place) -> None:
    loaded = place.write({"model.py": HEAD + network("self.a = nn.Tanh()")}).load("model.py")
    found = layer_place(replace(loaded, directory=place.directory / "elsewhere"), "a")
    assert found.file == str(place.directory / "model.py")


UNKNOWN = {
    "a layer that does not exist": ("self.a = nn.Tanh()", "b.c", 6),
    "made by nothing that can be read": ("vars(self)['_modules']['a'] = nn.Tanh()", "a", 6),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_the_class_where_no_statement_is_found(place: Place, case: str) -> None:
    body, layer, line = UNKNOWN[case]
    loaded = place.write({"model.py": HEAD + network(body)}).load("model.py")
    assert layer_place(loaded, layer) == Spot(layer=layer, file="model.py", line=line)


def test_never_raises(place: Place) -> None:
    class Odd(nn.Module):
        @property
        def _modules(self) -> None:  # type: ignore[override]
            raise ValueError

    odd = LoadedModel(Odd.__new__(Odd), "Odd", "eager", "python file", (), False, "", None, place.directory)
    assert layer_place(odd, "a.b") == Spot(layer="a.b")
    assert layer_place(replace(odd, kind="torchscript"), "a.b") == Spot(layer="a.b")
    assert layer_place(replace(odd, model=nn.Conv2d(3, 3, 1)), "a") == Spot(layer="a")


SCRIPT = (
    HEAD
    + """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        x = self.conv(x)  # block.conv list.0.conv
        return x * self.weight  # block list.0


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1)
        self.block = Block()
        self.m = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Tanh())
        self.list = nn.ModuleList([Block(), nn.Conv2d(3, 3, 1)])
        self.last = nn.Conv2d(3, 2, 1)

    def forward(self, x):
        x = self.encode(x)
        x = self.m(  # m.0
            x
        )
        for layer in self.list:
            x = layer(x)  # list.1
        if x.shape[0] > 0:
            x = self.last(x)  # last
        return x

    def encode(self, x):
        x = torch.relu(self.first(x))  # first
        return self.block(x)
"""
)


@pytest.mark.parametrize("how", ["scripted", "traced", "scripted, from memory", "traced, from memory"])
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_torchscript_says_where_a_layer_is_called(place: Place, torchscript: None, how: str) -> None:
    loaded = place.write({"nets/model.py": SCRIPT}).load("nets/model.py")
    if "scripted" in how:
        program = torch.jit.script(loaded.model)
    else:  # checking a trace imports half of torch, which takes many seconds
        program = torch.jit.trace(loaded.model, torch.rand(1, 3, 4, 4), check_trace=False)
    if "memory" in how:
        loaded = replace(loaded, model=program, kind="torchscript")
    else:
        program.save(str(place.directory / "net.ts"))
        loaded = place.load("net.ts")
    for layer, line in marks(SCRIPT).items():
        if layer not in ("block", "list.0") or "traced" not in how:
            assert layer_place(loaded, layer) == Spot(layer=layer, file="nets/model.py", line=line)
    assert layer_place(loaded, "") == Spot(layer="")
    assert layer_place(loaded, "none") == Spot(layer="none")


def test_a_frozen_program_has_no_layers(place: Place, torchscript: None) -> None:
    loaded = place.write({"model.py": SCRIPT}).load("model.py")
    torch.jit.freeze(torch.jit.script(loaded.model)).save(str(place.directory / "net.ts"))
    assert layer_place(place.load("net.ts"), "last") == Spot(layer="last")
