"""What a person can get wrong in naming a target: each ends in an exit code and a text that says what to type."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.functional.awkward import GAN, HEAD, UNET, compressed, configuration, network, saved, scripted, whole, zipped
from tests.functional.refusals import answer, answer_of_the_worker


@dataclass(frozen=True)
class Case:
    """A target, the files around it, and what is answered."""

    files: dict[str, str | bytes]
    """Name -> content."""
    arguments: tuple[str, ...]
    """What is typed behind `unetdoctor inspect`."""
    code: int
    """Exit code; 0 where the target is loaded after all."""
    lines: tuple[str, ...]
    """The sentence and the commands to paste; with 0, what was chosen on the way."""


CASES = {
    "two classes": Case(
        {"gan.py": GAN},
        ("gan.py",),
        2,
        (
            "gan.py defines 2 modules: Generator, Discriminator. Choose one: unetdoctor inspect gan.py:Generator",
            "unetdoctor inspect gan.py:Generator",
            "unetdoctor inspect gan.py:Discriminator",
        ),
    ),
    "two classes, one of them called below main": Case(
        {"gan.py": GAN + "\nif __name__ == '__main__':\n    net = Generator()\n"},
        ("gan.py",),
        2,
        (
            "gan.py defines 2 modules: Generator, Discriminator. Choose one: unetdoctor inspect gan.py:Generator",
            "unetdoctor inspect gan.py:Generator",
            "unetdoctor inspect gan.py:Discriminator",
        ),
    ),
    "two classes, one a critic that returns a score": Case(
        {
            "gan.py": HEAD
            + network("Painter")
            + network("Critic").replace("self.head(x)", "self.head(x).mean((1, 2, 3))")
        },
        ("gan.py",),
        2,
        (
            "gan.py defines 2 modules: Painter, Critic. Choose one: unetdoctor inspect gan.py:Painter",
            "unetdoctor inspect gan.py:Painter",
            "unetdoctor inspect gan.py:Critic",
        ),
    ),
    "two networks at module level": Case(
        {"m.py": UNET + "\na = UNet()\nb = UNet()\n"},
        ("m.py",),
        2,
        (
            "m.py makes 2 networks: a, b. Choose one: unetdoctor inspect m.py:a",
            "unetdoctor inspect m.py:a",
            "unetdoctor inspect m.py:b",
        ),
    ),
    "syntax error": Case(
        {"m.py": "def f(:\n"},
        ("m.py",),
        3,
        ("Stage import raised SyntaxError at m.py:1 (def f(:): invalid syntax (m.py, line 1).",),
    ),
    "tabs and spaces": Case(
        {"m.py": "if 1:\n\tx = 1\n        y = 2\n"},
        ("m.py",),
        3,
        (
            "Stage import raised TabError at m.py:3 (y = 2): inconsistent use of tabs and spaces in "
            "indentation (m.py, line 3).",
        ),
    ),
    "missing library": Case(
        {"m.py": "import not_there\n" + UNET},
        ("m.py",),
        3,
        (
            "Stage import raised ModuleNotFoundError at m.py:1 (import not_there): No module named "
            "'not_there'; if it is a library: PYTHON -m pip install not_there.",
        ),
    ),
    "own module of a folder above": Case(
        {
            "repo/models/m.py": "from layers_of_mine.blocks import Block\n" + UNET,
            "repo/layers_of_mine/blocks.py": "Block = 1\n",
        },
        ("repo/models/m.py",),
        3,
        (
            "Stage import raised ModuleNotFoundError at repo/models/m.py:1 (from layers_of_mine.blocks "
            "import Block): No module named 'layers_of_mine'; layers_of_mine lies in DIR/repo: run "
            "unetdoctor there.",
        ),
    ),
    "relative import without the sibling": Case(
        {"m.py": "from .parts import Block\n" + UNET},
        ("m.py",),
        3,
        (
            "Stage import raised ModuleNotFoundError at m.py:1 (from .parts import Block): there is no "
            "parts.py beside m.py.",
        ),
    ),
    "relative import beyond the package": Case(
        {"m.py": "from ..parts import Block\n" + UNET},
        ("m.py",),
        3,
        (
            "Stage import raised ImportError at m.py:1 (from ..parts import Block): attempted relative "
            "import beyond top-level package: DIR has no __init__.py, so m.py is no part of a package.",
        ),
    ),
    "circular import": Case(
        {
            "a.py": "from b_of_a import B\n" + HEAD + network("A"),
            "b_of_a.py": "from a_of_b import A\n",
            "a_of_b.py": "from b_of_a import B\n",
        },
        ("a.py",),
        3,
        (
            "Stage import raised ImportError at a_of_b.py:1 (from b_of_a import B): cannot import name 'B' "
            "from partially initialized module 'b_of_a' (most likely due to a circular import) "
            "(DIR/b_of_a.py).",
        ),
    ),
    "package": Case(
        {"models/__init__.py": "from .unet import UNet\n", "models/unet.py": UNET},
        ("models",),
        2,
        (
            "TARGET: models is a folder; name a file in it. There are: unet.py, __init__.py.",
            "unetdoctor inspect models/unet.py",
            "unetdoctor inspect models/__init__.py",
        ),
    ),
    "package with a name of other case": Case(
        {"models_here/__init__.py": "from .unet import UNet\n", "models_here/unet.py": UNET},
        ("models_here:Unet",),
        2,
        (
            "models_here has no Unet; did you mean UNet? It has: UNet.",
            "unetdoctor inspect models_here:UNet",
        ),
    ),
    "package file that only imports": Case(
        {"models/__init__.py": "from .unet import UNet\n", "models/unet.py": UNET},
        ("models/__init__.py",),
        2,
        (
            "models/__init__.py defines no network (an nn.Module class, an instance of one, or a function "
            "build_model()); it imports UNet. Name one to take it.",
            "unetdoctor inspect models/__init__.py:UNet",
        ),
    ),
    "file name with spaces and brackets": Case(
        {"my model (1).py": UNET},
        ("my model (1).py:Unet",),
        2,
        (
            "my model (1).py has no Unet; did you mean UNet? It has: UNet.",
            "unetdoctor inspect 'my model (1).py:UNet'",
        ),
    ),
    "file name with square brackets": Case(
        {"m[1].py": GAN},
        ("m[1].py",),
        2,
        (
            "m[1].py defines 2 modules: Generator, Discriminator. Choose one: unetdoctor inspect 'm[1].py:Generator'",
            "unetdoctor inspect 'm[1].py:Generator'",
            "unetdoctor inspect 'm[1].py:Discriminator'",
        ),
    ),
    "file name that is not ASCII": Case(
        {"модель.py": UNET},
        ("модель.py:UNt",),
        2,
        (
            "модель.py has no UNt; did you mean UNet? It has: UNet.",
            "unetdoctor inspect 'модель.py:UNet'",
        ),
    ),
    "file name with a colon": Case(
        {"a:b.py": GAN},
        ("a:b.py",),
        2,
        (
            "a:b.py defines 2 modules: Generator, Discriminator. Choose one: unetdoctor inspect a:b.py:Generator",
            "unetdoctor inspect a:b.py:Generator",
            "unetdoctor inspect a:b.py:Discriminator",
        ),
    ),
    "empty file": Case(
        {"m.py": ""},
        ("m.py",),
        2,
        ("TARGET: m.py is an empty file (0 bytes); download or save it again.",),
    ),
    "folder of several files": Case(
        {"src/a.py": UNET, "src/train.py": "x = 1\n", "src/z.py": UNET},
        ("src/",),
        2,
        (
            "TARGET: src is a folder; name a file in it. There are: a.py, z.py, train.py.",
            "unetdoctor inspect src/a.py",
            "unetdoctor inspect src/z.py",
            "unetdoctor inspect src/train.py",
        ),
    ),
    "folder without a model": Case(
        {"src/readme.md": "x"},
        ("src",),
        2,
        ("TARGET: src is a folder; name a file in it. It holds none that could be a model.",),
    ),
    "picture": Case(
        {"m.png": b"\x89PNG\r\n\x1a\n123456"},
        ("m.png",),
        2,
        (
            "m.png is a PNG picture, not a model; expected a Python file, a TorchScript file, a .pt2 file or "
            "weights, and pictures behind --image.",
            "unetdoctor inspect model.py --image m.png",
        ),
    ),
    "ONNX": Case(
        {"m.onnx": b"\x08\x07\x12\x07pytorch\x1a\x052.0.0"},
        ("m.onnx",),
        2,
        ("m.onnx is an ONNX model, which holds no PyTorch module; name the Python file that it was made from.",),
    ),
    "HDF5": Case(
        {"m.h5": b"\x89HDF\r\n\x1a\n0000"},
        ("m.h5",),
        2,
        ("m.h5 is an HDF5 file (Keras keeps weights in these); PyTorch weights are .pt, .pth or .safetensors files.",),
    ),
    "NumPy archive": Case(
        {"m.npz": zipped({"a.npy": b"\x93NUMPY"})},
        ("m.npz",),
        2,
        ("m.npz is a NumPy .npz archive; PyTorch weights are .pt, .pth or .safetensors files.",),
    ),
    "web page": Case(
        {"m.pt": "<!DOCTYPE html><html></html>"},
        ("m.pt",),
        2,
        ("m.pt is a downloaded web page (HTML), not the file that was behind the link; download the file itself.",),
    ),
    "Git LFS pointer": Case(
        {"m.pt": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n"},
        ("m.pt",),
        2,
        ("m.pt is a Git LFS pointer, not the file itself; fetch it with git lfs pull.",),
    ),
    "gzip": Case(
        {"m.pt": compressed()},
        ("m.pt",),
        2,
        ("m.pt is a gzip file; unpack it and name the file inside.",),
    ),
    "notebook": Case(
        {"m.ipynb": '{"cells": [], "nbformat": 4}'},
        ("m.ipynb",),
        2,
        (
            "m.ipynb is a Jupyter notebook; expected a Python file, a TorchScript file, a .pt2 file or weights.",
            "jupyter nbconvert --to script m.ipynb",
        ),
    ),
    "JSON": Case(
        {"m.json": '{"a": 1}'},
        ("m.json",),
        2,
        ("m.json is a text file, but no Python; expected a Python file, a TorchScript file, a .pt2 file or weights.",),
    ),
    "config.json of a model": Case(
        {"d/config.json": configuration(architectures=["UNet"])},
        ("d/config.json",),
        2,
        (
            "d/config.json describes the model of its directory; name the directory.",
            "unetdoctor inspect hf:d",
        ),
    ),
    "program": Case(
        {"m.so": b"\x7fELF\x02\x01\x01\0\0\0"},
        ("m.so",),
        2,
        ("m.so is a Linux program or library; expected a Python file, a TorchScript file, a .pt2 file or weights.",),
    ),
    "zip of something": Case(
        {"m.zip": zipped({"a.txt": b"x"})},
        ("m.zip",),
        2,
        (
            "m.zip is a zip archive that torch did not write (it has no data.pkl); expected a Python file, a "
            "TorchScript file, a .pt2 file or weights.",
        ),
    ),
    "truncated zip": Case(
        {"m.pt": saved(nn.Conv2d(3, 2, 1).state_dict())[:700]},
        ("m.pt",),
        2,
        ("m.pt is truncated at byte 700: the directory at the end of the zip is missing; copy or download it again.",),
    ),
    "truncated file of old torch": Case(
        {"m.pt": saved(nn.Conv2d(3, 2, 1).state_dict(), _use_new_zipfile_serialization=False)[:300]},
        ("m.pt",),
        2,
        ("m.pt is damaged and cannot be read: it ends too early.",),
    ),
    "text": Case(
        {"notes.txt": "hello world\n"},
        ("notes.txt",),
        2,
        (
            "notes.txt is a text file, but no Python; expected a Python file, a TorchScript file, a .pt2 "
            "file or weights.",
        ),
    ),
    "not UTF-8": Case(
        {"m.py": b"# caf\xe9\nimport torch\n"},
        ("m.py",),
        2,
        ("m.py is not UTF-8 text, and its first two lines declare no other encoding.",),
    ),
    "TorchScript with a name": Case(
        {"m.ts": scripted()},
        ("m.ts:UNet",),
        2,
        (
            "m.ts is a TorchScript program: it holds one network, so :UNet names nothing in it.",
            "unetdoctor inspect m.ts",
        ),
    ),
    "TorchScript with a constructor argument": Case(
        {"m.ts": scripted()},
        (
            "m.ts",
            "-k",
            "classes=3",
        ),
        2,
        (
            "m.ts is a TorchScript program: it is built already, so -k classes cannot change it.",
            "unetdoctor inspect m.ts",
        ),
    ),
    "class misspelt": Case(
        {"m.py": UNET},
        ("m.py:Unett",),
        2,
        (
            "m.py has no Unett; did you mean UNet? It has: UNet.",
            "unetdoctor inspect m.py:UNet",
        ),
    ),
    "class of another file": Case(
        {"m.py": UNET},
        ("m.py:Transformer",),
        2,
        (
            "m.py has no Transformer. It has: UNet.",
            "unetdoctor inspect m.py:UNet",
        ),
    ),
    "arguments that nobody can guess": Case(
        {"m.py": HEAD + network("UNet", "in_channels, backbone_cfg, vocabulary, classes=2")},
        ("m.py",),
        2,
        (
            "UNet(in_channels, backbone_cfg, vocabulary, classes=2) cannot be built: no value for "
            "backbone_cfg, vocabulary can be guessed. Give them with -k, or add a function build_model() to "
            "the file that returns the network.",
            "unetdoctor inspect m.py:UNet -k backbone_cfg=... -k vocabulary=...",
        ),
    ),
    "-k misspelt": Case(
        {"m.py": UNET},
        (
            "m.py",
            "-k",
            "clases=3",
        ),
        2,
        (
            "UNet has no argument clases; did you mean classes? It takes: in_channels, classes.",
            "unetdoctor inspect m.py:UNet -k classes=...",
        ),
    ),
    "-k without a value": Case(
        {"m.py": UNET},
        (
            "m.py",
            "-k",
            "classes",
        ),
        2,
        ("-k expects NAME=VALUE, not 'classes'; for example -k base_channels=32",),
    ),
    "-k and a call": Case(
        {"m.py": UNET},
        (
            "m.py:UNet(classes=3)",
            "-k",
            "classes=4",
        ),
        2,
        ("UNet gets classes twice: in the target and with -k classes; leave one out.",),
    ),
    "call with an argument misspelt": Case(
        {"m.py": UNET},
        ("m.py:UNet(clases=3)",),
        2,
        (
            "UNet has no argument clases; did you mean classes? It takes: in_channels, classes.",
            "unetdoctor inspect m.py:UNet -k classes=...",
        ),
    ),
    "call with a name instead of a literal": Case(
        {"m.py": UNET},
        ("m.py:UNet(classes=N)",),
        2,
        (
            "m.py:UNet(classes=N): argument 'N' is no literal; these are numbers, strings, True, False, "
            "None, and lists, tuples and dicts of them.",
        ),
    ),
    "call that is not closed": Case(
        {"m.py": UNET},
        ("m.py:UNet(classes=3",),
        2,
        (
            "m.py:UNet(classes=3: the bracket of the call is not closed.",
            "unetdoctor inspect 'm.py:UNet(classes=3)'",
        ),
    ),
    "call with too many arguments": Case(
        {"m.py": UNET},
        ("m.py:UNet(1, 2, 3)",),
        2,
        ("UNet takes 2 positional arguments (in_channels, classes), 3 were given.",),
    ),
    "argument that ** swallows and the library refuses": Case(
        {"m.py": UNET.replace("classes=2", "classes=2, **more").replace("__init__()", "__init__(**more)")},
        ("m.py:UNet(depth=3)",),
        2,
        ("UNet has no argument depth. It takes: in_channels, classes and what it passes on.",),
    ),
    "instance that is called": Case(
        {"m.py": UNET + "\nmodel = UNet()\n"},
        ("m.py:model()",),
        2,
        (
            "m.py:model is a network already, not a class or function to call; leave the brackets out.",
            "unetdoctor inspect m.py:model",
        ),
    ),
    "instance with a constructor argument": Case(
        {"m.py": UNET + "\nmodel = UNet()\n"},
        (
            "m.py",
            "-k",
            "classes=3",
        ),
        2,
        (
            "m.py:model is a network already, so -k classes cannot change it; name its class or a function instead.",
            "unetdoctor inspect m.py:UNet -k classes=...",
        ),
    ),
    "factory that returns nothing": Case(
        {"m.py": UNET + "\n\ndef build_model():\n    UNet()\n"},
        ("m.py",),
        2,
        ("m.py:build_model returned None; expected an nn.Module: let it return the network.",),
    ),
    "factory that returns two networks": Case(
        {"m.py": GAN + "\n\ndef build_model():\n    return Generator(), Discriminator()\n"},
        ("m.py",),
        2,
        (
            "m.py:build_model returned a tuple of Generator, Discriminator; expected one nn.Module: name the "
            "class that is meant, or a function that returns it alone.",
            "unetdoctor inspect m.py:Generator",
            "unetdoctor inspect m.py:Discriminator",
        ),
    ),
    "factory that returns a dict of networks": Case(
        {"m.py": GAN + "\n\ndef build_model():\n    return {1: Generator(), 2: Discriminator()}\n"},
        ("m.py",),
        2,
        (
            "m.py:build_model returned a dict of Generator, Discriminator; expected one nn.Module: name the "
            "class that is meant, or a function that returns it alone.",
            "unetdoctor inspect m.py:Generator",
            "unetdoctor inspect m.py:Discriminator",
        ),
    ),
    "factory that returns a network and its rate": Case(
        {"m.py": UNET + "\n\ndef build_model():\n    net = UNet()\n    return net, 0.1\n"},
        ("m.py",),
        0,
        (
            "called build_model(), the factory that m.py defines",
            "took UNet, the only network in the tuple that build_model() returned",
        ),
    ),
    "factory that returns the class": Case(
        {"m.py": UNET + "\n\ndef build_model():\n    return UNet\n"},
        ("m.py",),
        2,
        ("m.py:build_model returned the class UNet; expected an nn.Module: return UNet().",),
    ),
    "factory that needs an argument": Case(
        {"m.py": HEAD + "\n\ndef build_model(plan):\n    return nn.Conv2d(3, plan, 1)\n"},
        ("m.py",),
        2,
        (
            "m.py has no class or instance to take, and build_model() needs plan. Call it with literals: "
            "unetdoctor inspect 'm.py:build_model(plan=...)'",
            "unetdoctor inspect 'm.py:build_model(plan=...)'",
        ),
    ),
    "private class only": Case(
        {"m.py": HEAD + network("_UNet")},
        ("m.py",),
        2,
        (
            "m.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
            "only private ones: _UNet. Name one to take it.",
            "unetdoctor inspect m.py:_UNet",
        ),
    ),
    "loss only": Case(
        {"m.py": HEAD + network("DiceLoss")},
        ("m.py",),
        2,
        (
            "m.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
            "only losses: DiceLoss.",
        ),
    ),
    "class without forward only": Case(
        {"m.py": HEAD + "\n\nclass Base(nn.Module):\n    pass\n"},
        ("m.py",),
        2,
        (
            "m.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
            "Base has no forward().",
        ),
    ),
    "class that is no module": Case(
        {"m.py": UNET + "\n\nclass Config:\n    pass\n"},
        ("m.py:Config",),
        2,
        ("m.py:Config is a class that is no nn.Module; expected one that is.",),
    ),
    "value": Case(
        {"m.py": UNET + "\nSIZE = 3\n"},
        ("m.py:SIZE",),
        2,
        (
            "m.py:SIZE is an int; expected an nn.Module, a class or a function that makes one. It has: UNet.",
            "unetdoctor inspect m.py:UNet",
        ),
    ),
    "argparse at import": Case(
        {
            "m.py": "import argparse\n\np = argparse.ArgumentParser()\n"
            "p.add_argument('--data', required=True)\np.parse_args()\n" + UNET
        },
        ("m.py",),
        3,
        (
            "Stage import raised SystemExit at m.py:5 (p.parse_args()): 2; what a script does belongs "
            "below if __name__ == '__main__'.",
        ),
    ),
    "sys.exit at import": Case(
        {"m.py": UNET + "\nraise SystemExit(0)\n"},
        ("m.py",),
        3,
        (
            "Stage import raised SystemExit at m.py:13 (raise SystemExit(0)): 0; what a script does belongs "
            "below if __name__ == '__main__'.",
        ),
    ),
    "training below main": Case(
        {"m.py": UNET + "\nif __name__ == '__main__':\n    raise SystemExit('trained')\n"},
        ("m.py",),
        0,
        ("built UNet, the only nn.Module class of m.py",),
    ),
    "data file at import that is not there": Case(
        {"m.py": UNET + "\nlabels = open('labels-of-nobody.txt').read()\n"},
        ("m.py",),
        3,
        (
            "Stage import raised FileNotFoundError at m.py:13 (labels = "
            "open('labels-of-nobody.txt').read()): [Errno 2] No such file (the model's code runs in an empty "
            "directory, not in DIR: build the path from __file__): 'labels-of-nobody.txt'.",
        ),
    ),
    "constructor that raises": Case(
        {"m.py": UNET.replace("self.head = nn.Conv2d(3, 2, 1)", "raise ValueError('bad size')")},
        ("m.py",),
        3,
        ("Stage construct raised ValueError at m.py:8 (raise ValueError('bad size')): bad size.",),
    ),
    "script without a network": Case(
        {"m.py": "x = 3\n\n\ndef main():\n    pass\n"},
        ("m.py",),
        2,
        (
            "m.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
            "it has main. A function that returns a network can be named.",
            "unetdoctor inspect m.py:main",
        ),
    ),
    "script that imports its network": Case(
        {"m.py": "from unet_of_mine import UNet\n\n\ndef train():\n    pass\n", "unet_of_mine.py": UNET},
        ("m.py",),
        2,
        (
            "m.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
            "it imports UNet. Name one to take it.",
            "unetdoctor inspect m.py:UNet",
        ),
    ),
    "comment only": Case(
        {"m.py": "# nothing\n"},
        ("m.py",),
        2,
        (
            "m.py defines no network (an nn.Module class, an instance of one, or a function build_model()); "
            "it defines no class and no function.",
        ),
    ),
    "space at the end": Case(
        {"m.py": UNET},
        ("m.py ",),
        2,
        (
            "TARGET: there is no file 'm.py '. Did you mean m.py?",
            "unetdoctor inspect m.py",
        ),
    ),
    "no suffix": Case(
        {"model.py": UNET},
        ("model",),
        2,
        (
            "TARGET: there is no file model. Did you mean model.py?",
            "unetdoctor inspect model.py",
        ),
    ),
    "module without a class": Case(
        {"models/unet.py": UNET},
        ("models.unet",),
        2,
        (
            "TARGET: there is no file models.unet. Did you mean models/unet.py?",
            "unetdoctor inspect models/unet.py",
        ),
    ),
    "module misspelt": Case(
        {"models_of_mine/unet.py": UNET},
        ("models_of_mine.unt:UNet",),
        2,
        ("models_of_mine.unt cannot be imported: models_of_mine has no module models_of_mine.unt.",),
    ),
    "file misspelt": Case(
        {"models/unet.py": UNET},
        ("models/unt.py",),
        2,
        (
            "TARGET: there is no file models/unt.py. Did you mean models/unet.py?",
            "unetdoctor inspect models/unet.py",
        ),
    ),
    "folder misspelt": Case(
        {"models/unet.py": UNET},
        ("modls/unet.py",),
        2,
        (
            "TARGET: there is no file modls/unet.py. Did you mean models/unet.py?",
            "unetdoctor inspect models/unet.py",
        ),
    ),
    "file misspelt as a module": Case(
        {"model.py": UNET},
        ("modle:UNet",),
        2,
        (
            "modle is neither a file in DIR, nor an installed module, nor one of torchvision, smp, timm, "
            "monai, diffusers, transformers; did you mean model.py?",
            "unetdoctor inspect model.py:UNet",
        ),
    ),
    "network of torchvision misspelt": Case(
        {},
        ("torchvision:deeplabv3_resnet51",),
        2,
        (
            "torchvision VERSION has no network deeplabv3_resnet51; did you mean deeplabv3_resnet50 or "
            "deeplabv3_resnet101?",
            "unetdoctor inspect torchvision:deeplabv3_resnet50",
            "unetdoctor inspect torchvision:deeplabv3_resnet101",
        ),
    ),
    "network of a library in other case": Case(
        {},
        ("smp:unet",),
        2,
        (
            "segmentation-models-pytorch VERSION has no network unet; did you mean Unet?",
            "unetdoctor inspect smp:Unet",
        ),
    ),
    "library misspelt": Case(
        {},
        ("torchvison:deeplabv3_resnet50",),
        2,
        (
            "torchvison is neither a file in DIR, nor an installed module, nor one of torchvision, smp, "
            "timm, monai, diffusers, transformers; did you mean torchvision?",
            "unetdoctor inspect torchvision:deeplabv3_resnet50",
        ),
    ),
    "library alone": Case(
        {},
        ("torchvision",),
        2,
        (
            "TARGET: torchvision is a library; name one of its networks.",
            "unetdoctor inspect torchvision:deeplabv3_resnet50",
        ),
    ),
    "library with a download": Case(
        {},
        (
            "torchvision:fcn_resnet50",
            "-k",
            "weights=DEFAULT",
        ),
        2,
        (
            "torchvision:fcn_resnet50 would download weights because of weights='DEFAULT', and nothing is "
            "ever downloaded: leave weights out and give a weights file with -w.",
            "unetdoctor inspect torchvision:fcn_resnet50 -w weights.pth",
        ),
    ),
    "unknown before the colon": Case(
        {},
        ("foo:bar",),
        2,
        (
            "foo is neither a file in DIR, nor an installed module, nor one of torchvision, smp, timm, "
            "monai, diffusers, transformers.",
        ),
    ),
    "nothing before the colon": Case(
        {},
        (":UNet",),
        2,
        (
            "TARGET: :UNet has no file or module before its colon.",
            "unetdoctor inspect model.py:UNet",
        ),
    ),
    "Windows separators": Case(
        {"models/unet.py": UNET},
        ("models\\unet.py",),
        2,
        (
            "TARGET: there is no file models\\unet.py. Did you mean models/unet.py?",
            "unetdoctor inspect models/unet.py",
        ),
    ),
    "Windows drive": Case(
        {},
        ("C:\\models\\unet.py:UNet",),
        2,
        (
            "TARGET: C:\\models\\unet.py is a Windows path, and this is not Windows; under WSL it is "
            "/mnt/c/models/unet.py.",
        ),
    ),
    "pattern": Case(
        {"a.py": UNET, "b.py": UNET},
        ("*.py",),
        2,
        (
            "TARGET: *.py matches a.py, b.py; name one file at a time.",
            "unetdoctor inspect a.py",
            "unetdoctor inspect b.py",
        ),
    ),
    "pattern without a match": Case(
        {},
        ("x*.py",),
        2,
        ("TARGET: no file matches x*.py.",),
    ),
    "two targets": Case(
        {"a.py": UNET, "b.py": UNET},
        (
            "a.py",
            "b.py",
        ),
        2,
        ("One TARGET at a time; found also: b.py. A target with spaces goes in quotes.",),
    ),
    "address": Case(
        {},
        ("https://example.org/x/blob/main/unet.py",),
        2,
        (
            "TARGET: https://example.org/x/blob/main/unet.py is an address, and nothing is downloaded; "
            "download the file and name it.",
            "curl -L -o unet.py 'https://example.org/x/blob/main/unet.py?raw=true'",
            "unetdoctor inspect unet.py",
        ),
    ),
    "model of the hub": Case(
        {},
        ("hf:nvidia/segformer-b0",),
        2,
        (
            "TARGET: there is no folder nvidia/segformer-b0, and nothing is downloaded from the hub; "
            "download the model first.",
            "hf download nvidia/segformer-b0 --local-dir segformer-b0",
            "unetdoctor inspect hf:segformer-b0",
        ),
    ),
    "directory without a config": Case(
        {"d/a.txt": "x"},
        ("hf:d",),
        2,
        ("d is no Hugging Face model: it has no config.json.",),
    ),
    "config that is no JSON": Case(
        {"d/config.json": "{"},
        ("hf:d",),
        2,
        ("d/config.json cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",),
    ),
    "config without a network": Case(
        {"d/config.json": configuration()},
        ("d",),
        2,
        ("d/config.json names no network: it has neither architectures (transformers) nor _class_name (diffusers).",),
    ),
    "config with code of its own": Case(
        {"d/config.json": configuration(auto_map={"AutoModel": "modeling_x.X"})},
        ("d",),
        2,
        (
            "d brings its own code (modeling_x.py), which runs only if you trust it; give --trust.",
            "unetdoctor inspect hf:d --trust",
        ),
    ),
    "pipeline": Case(
        {
            "p/model_index.json": configuration(_class_name="DDPMPipeline", unet=["diffusers", "UNet2DModel"]),
            "p/unet/config.json": configuration(),
            "p/unet/a.safetensors": "x",
        },
        ("p",),
        2,
        (
            "p is a diffusers pipeline (DDPMPipeline), and its networks are unet; name one.",
            "unetdoctor inspect hf:p/unet",
        ),
    ),
    "hub repository": Case(
        {"h/hubconf.py": "dependencies = ['torch']\n\n\ndef unet():\n    pass\n\n\ndef unet_big():\n    pass\n"},
        ("h",),
        2,
        (
            "h/hubconf.py has 2 entry points: unet, unet_big. Name one.",
            "unetdoctor inspect h:unet",
            "unetdoctor inspect h:unet_big",
        ),
    ),
    "hub repository with an entry misspelt": Case(
        {"h/hubconf.py": "def unet():\n    pass\n"},
        ("h:unett",),
        2,
        (
            "h has no unett; did you mean unet? It has: unet.",
            "unetdoctor inspect h:unet",
        ),
    ),
    "hub repository with a library that is missing": Case(
        {"h/hubconf.py": "dependencies = ['torch', 'not_there']\n\n\ndef unet():\n    pass\n"},
        ("h:unet",),
        2,
        (
            "h/hubconf.py depends on not_there, not installed for this Python.",
            "PYTHON -m pip install not_there",
        ),
    ),
    "pickled module": Case(
        {"m.pt": whole("nets_of_nobody")},
        ("m.pt",),
        2,
        (
            "m.pt is a pickled Python object, and reading it would run the code that it names: "
            "nets_of_nobody.UNet, torch.nn.modules.conv.Conv2d. If you trust the file, give --trust; "
            'otherwise save the weights alone with torch.save(model.state_dict(), "weights.pth") and name '
            "the Python file of the model.",
            "unetdoctor inspect m.pt --trust",
            "unetdoctor inspect model.py -w weights.pth",
        ),
    ),
    "pickled module of old torch": Case(
        {"m.pt": whole("nets_of_nobody", _use_new_zipfile_serialization=False)},
        ("m.pt",),
        2,
        (
            "m.pt is a pickled Python object, and reading it would run the code that it names: "
            "nets_of_nobody.UNet, torch.nn.modules.conv.Conv2d. If you trust the file, give --trust; "
            'otherwise save the weights alone with torch.save(model.state_dict(), "weights.pth") and name '
            "the Python file of the model.",
            "unetdoctor inspect m.pt --trust",
            "unetdoctor inspect model.py -w weights.pth",
        ),
    ),
    "pickled module without its class": Case(
        {"m.pt": whole("nets_of_nobody")},
        (
            "m.pt",
            "--trust",
        ),
        2,
        (
            "m.pt needs nets_of_nobody.UNet, and there is no module nets_of_nobody; run unetdoctor in the "
            "directory from which nets_of_nobody.py can be imported, or install the library.",
        ),
    ),
    "pickled module of a script that is gone": Case(
        {"m.pt": whole("__main__")},
        (
            "m.pt",
            "--trust",
        ),
        2,
        ("m.pt needs the class UNet of the script that saved it; copy the Python file that defines UNet into DIR.",),
    ),
    "pickled modules in a dict": Case(
        {"m.pt": whole("__main__", ("model", "ema")), "train.py": UNET},
        (
            "m.pt",
            "--trust",
        ),
        2,
        (
            "m.pt holds several networks; name one of: model, ema.",
            "unetdoctor inspect m.pt:model --trust",
            "unetdoctor inspect m.pt:ema --trust",
        ),
    ),
    "list of tensors": Case(
        {"m.pt": saved([torch.zeros(3)])},
        ("m.pt",),
        2,
        ("no state_dict found in m.pt: it holds a list, whose tensors have no names.",),
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_the_whole_answer(title: str, tmp_path: Path) -> None:
    case = CASES[title]
    assert answer(tmp_path, case.files, case.arguments) == (case.code, "\n".join(case.lines))


WITH_A_WORKER = ("sys.exit at import", "pickled module")


@pytest.mark.parametrize("title", WITH_A_WORKER)
def test_the_command_line_says_the_same(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[title]
    monkeypatch.chdir(tmp_path)
    code, text = answer_of_the_worker(tmp_path, case.files, case.arguments, capsys)
    assert code == case.code
    for line in case.lines:
        assert line in text
