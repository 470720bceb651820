"""Running the user's file: what it may import, what it must not shadow, what it raises."""

import os
import sys
from pathlib import Path

import pytest

from tests.engine.loading.conftest import UNET, Place

NET = "from torch import nn\n\n\nclass Net(nn.Module):\n    {}\n\n    def forward(self, x):\n        return x\n"

IMPORTS: dict[str, tuple[dict[str, str], str]] = {
    "a sibling": (
        {"model.py": "from parts_a import value\n" + NET.format("got = value"), "parts_a.py": "value = 1"},
        "model.py",
    ),
    "a sibling of a file in a directory": (
        {"src/model.py": "from parts_b import value\n" + NET.format("got = value"), "src/parts_b.py": "value = 1"},
        "src/model.py",
    ),
    "from the working directory": (
        {
            "src_c/model.py": "from src_c.parts import value\n" + NET.format("got = value"),
            "src_c/parts.py": "value = 1",
        },
        "src_c/model.py",
    ),
    "relative, without a package": (
        {"src/model.py": "from .parts import value\n" + NET.format("got = value"), "src/parts.py": "value = 1"},
        "src/model.py",
    ),
    "relative, in a package": (
        {
            "pack_d/__init__.py": "",
            "pack_d/model.py": "from .parts import value\n" + NET.format("got = value"),
            "pack_d/parts.py": "value = 1",
        },
        "pack_d/model.py",
    ),
    "relative, two levels up": (
        {
            "up/pack_e/__init__.py": "",
            "up/pack_e/nets/__init__.py": "from .model import Net",
            "up/pack_e/nets/model.py": "from ..parts import value\n" + NET.format("got = value"),
            "up/pack_e/parts.py": "value = 1",
        },
        "up/pack_e/nets/model.py",
    ),
    "absolute, in a package": (
        {
            "up/pack_f/__init__.py": "",
            "up/pack_f/model.py": "from pack_f.parts import value\n" + NET.format("got = value"),
            "up/pack_f/parts.py": "value = 1",
        },
        "up/pack_f/model.py",
    ),
    "a package with the name of a library": (
        {
            "torch/__init__.py": "",
            "torch/model.py": "from .parts import value\n" + NET.format("got = value"),
            "torch/parts.py": "value = 1",
        },
        "torch/model.py",
    ),
    "a package with the name of a standard module": (
        {
            "code/__init__.py": "",
            "code/model.py": "from .parts import value\n" + NET.format("got = value"),
            "code/parts.py": "value = 1",
        },
        "code/model.py",
    ),
    "the __init__ of a package": ({"pack_g/__init__.py": NET.format("got = 1")}, "pack_g/__init__.py"),
    "siblings named as libraries": (
        {
            "model.py": "import types, rich, torch\nfrom torch import nn\n"
            + NET.format("got = 1 if hasattr(types, 'SimpleNamespace') and hasattr(torch, 'nn') else 0"),
            "types.py": "raise SystemExit(3)",
            "rich.py": "raise SystemExit(3)",
            "torch.py": "raise SystemExit(3)",
            "numpy.py": "raise SystemExit(3)",
        },
        "model.py",
    ),
    "a sibling before an installed library": (
        {"model.py": "from torchinfo import value\n" + NET.format("got = value"), "torchinfo.py": "value = 1"},
        "model.py",
    ),
    "a file called types.py": ({"types.py": NET.format("got = 1")}, "types.py"),
    "a file called torch.py": ({"torch.py": NET.format("got = 1")}, "torch.py"),
    "a dataclass with future annotations": (
        {
            "model.py": "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n"
            "    n: int = 1\n" + NET.format("got = C().n")
        },
        "model.py",
    ),
    "its own command line": (
        {
            "model.py": "import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', type=int, default=1)\n"
            "args = p.parse_args()\n" + NET.format("got = args.n")
        },
        "model.py",
    ),
    "no suffix": ({"model": NET.format("got = 1")}, "model"),
    "a name with spaces and brackets": ({"my net (v2) [a].py": NET.format("got = 1")}, "my net (v2) [a].py"),
    "a name with quotes": ({'it\'s "it".py': NET.format("got = 1")}, 'it\'s "it".py'),
    "a name with a colon": ({"a:b.py": NET.format("got = 1")}, "a:b.py"),
    "a name with a colon, and a class": ({"a:b.py": NET.format("got = 1")}, "a:b.py:Net"),
    "a name with a line break": ({"a\nb.py": NET.format("got = 1")}, "a\nb.py"),
    "a name with dots in a package": (
        {
            "pack_h/__init__.py": "",
            "pack_h/p.py": "v = 1",
            "pack_h/net.v2.py": "from .p import v\n" + NET.format("got = v"),
        },
        "pack_h/net.v2.py",
    ),
    "an import path": ({"pack_i/__init__.py": "", "pack_i/nets.py": NET.format("got = 1")}, "pack_i.nets:Net"),
    "an import path, called": ({"nets_j.py": NET.format("got = 1")}, "nets_j:Net()"),
    "a package as an import path": (
        {"pack_k/__init__.py": "from .nets import Net", "pack_k/nets.py": NET.format("got = 1")},
        "pack_k:Net",
    ),
}


@pytest.mark.parametrize("case", IMPORTS)
def test_imports(place: Place, case: str) -> None:
    files, target = IMPORTS[case]
    loaded = place.write(files).load(target)
    assert loaded.model.got == 1
    assert loaded.name == "Net"
    assert loaded.target_kind == ("import path" if "import path" in case else "python file")
    assert Path(loaded.source_root or "").is_relative_to(place.directory)


def test_a_name_that_is_not_utf8(place: Place) -> None:
    name = os.fsdecode(b"net\xff.py")
    (place.directory / name).write_text(NET.format("got = 1"), encoding="utf-8")
    assert place.load(name).model.got == 1


def test_a_file_in_another_encoding(place: Place) -> None:
    text = "# -*- coding: latin-1 -*-\n# größe\n" + NET.format("got = 1")
    (place.directory / "model.py").write_bytes(text.encode("latin-1"))
    assert place.load("model.py").model.got == 1


def test_two_files_of_one_name_do_not_meet(place: Place) -> None:
    place.write({"a/model.py": NET.format("got = 1"), "b/model.py": NET.format("got = 2")})
    assert [place.load(f"{folder}/model.py").model.got for folder in "ab"] == [1, 2]


def test_an_import_path_is_imported_under_its_own_name(place: Place) -> None:
    loaded = place.write({"pack_l/__init__.py": "", "pack_l/nets.py": UNET}).load("pack_l.nets:UNet")
    assert type(loaded.model).__module__ == "pack_l.nets"
    assert loaded.source_file == place.directory / "pack_l" / "nets.py"


def test_an_installed_import_path(place: Place) -> None:
    loaded = place.load("torch.nn:Conv2d(3, 2, 1)")
    assert (loaded.name, loaded.target_kind) == ("Conv2d", "import path")


def test_nothing_is_left_behind(place: Place) -> None:
    arguments, finders = list(sys.argv), len(sys.meta_path)
    place.write({"model.py": UNET})
    for _ in range(3):
        place.load("model.py")
    assert sys.argv == arguments
    assert len(sys.meta_path) <= finders + 1
    assert sys.path.count(str(place.directory)) == 1


RAISED: dict[str, tuple[dict[str, str], str, type[BaseException], str]] = {
    "a syntax error": ({"model.py": "class Net(\n"}, "model.py", SyntaxError, "'(' was never closed"),
    "a missing import": (
        {"model.py": "import nothing_of_the_kind\n"},
        "model.py",
        ModuleNotFoundError,
        "No module named 'nothing_of_the_kind'",
    ),
    "a missing import behind an import path": (
        {"nets_m.py": "import nothing_of_the_kind\n"},
        "nets_m:Net",
        ModuleNotFoundError,
        "No module named 'nothing_of_the_kind'",
    ),
    "an exit": ({"model.py": "import sys\nsys.exit(3)\n"}, "model.py", SystemExit, "3"),
    "an error in a package around it": (
        {"pack_n/__init__.py": "1 / 0", "pack_n/model.py": UNET},
        "pack_n/model.py",
        ZeroDivisionError,
        "division by zero",
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_what_the_file_raises_is_the_guards(place: Place, case: str) -> None:
    files, target, kind, text = RAISED[case]
    with pytest.raises(kind, match=None) as caught:
        place.write(files).load(target)
    assert text in str(caught.value)
    assert place.stages == ["import"]


def test_a_failed_import_can_be_repeated(place: Place) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            place.write({"model.py": "1 / 0"}).load("model.py")
    assert place.write({"model.py": UNET}).load("model.py").name == "UNet"


@pytest.mark.parametrize("moment", ["import", "construct"])
def test_a_relative_path_is_explained(place: Place, moment: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    opened = "open('config.yaml')"
    text = f"{opened}\n{UNET}" if moment == "import" else UNET.replace("super()", f"{opened}; super()")
    place.write({"model.py": text, "config.yaml": "n: 1"})
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("scratch"))
    try:
        with pytest.raises(FileNotFoundError) as caught:
            place.load("model.py:UNet")
    finally:
        os.chdir(before)
    assert str(caught.value) == (
        f"[Errno 2] No such file (the model's code runs in an empty directory, not in {place.directory}, "
        f"where it exists: build the path from __file__): 'config.yaml'"
    )
    assert place.stages[-1] == moment


REFUSED = {
    "no_such_module_here:Net": "no_such_module_here is neither a file in {}, nor an installed module, nor one of "
    "torchvision, smp, timm, monai, diffusers, transformers.",
    "torch.nothing:Net": "torch.nothing cannot be imported: torch has no module torch.nothing.",
    "torch.nn:Nothing2d": "torch.nn has no Nothing2d.",
}


@pytest.mark.parametrize("target", REFUSED)
def test_refuses_import_paths(place: Place, target: str) -> None:
    assert place.refusal(target).sentence.startswith(REFUSED[target].format(place.directory))
