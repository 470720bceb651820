"""Files that are no model, or not the one that was named, as people have them."""

import gzip
import io
import json
import pickle
import sys
import types
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

HEAD = "import torch\nfrom torch import nn\n"


def network(name: str = "UNet", arguments: str = "in_channels=3, classes=2") -> str:
    """Return the class of a network with one layer."""
    return f"""

class {name}(nn.Module):
    def __init__(self, {arguments}):
        super().__init__()
        self.head = nn.Conv2d(3, 2, 1)

    def forward(self, x):
        return self.head(x)
"""


UNET = HEAD + network()
GAN = HEAD + network("Generator") + network("Discriminator")


class Payload:
    """A pickle of it makes a file when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        """Return what reading the pickle calls."""
        return Path.touch, (self.marker,)


class Shell:
    """A pickle of it runs a command when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        """Return what reading the pickle calls."""
        import os

        return os.system, (f"touch '{self.marker}'",)


def zipped(records: dict[str, bytes]) -> bytes:
    """Return a zip of records."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in records.items():
            archive.writestr(name, data)
    return stream.getvalue()


def saved(value: Any, **options: Any) -> bytes:
    """Return what torch.save writes."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the source of a made class is not to be had
        torch.save(value, stream, **options)
    return stream.getvalue()


def scripted() -> bytes:
    """Return a traced layer."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that torch.jit is deprecated
        torch.jit.save(torch.jit.trace(nn.Conv2d(3, 2, 1), torch.zeros(1, 3, 8, 8)), stream)  # type: ignore[no-untyped-call]
    return stream.getvalue()


def instance(module: str, source: str = UNET, name: str = "UNet") -> Any:
    """Return a network of a class that pretends to come from a module."""
    made = types.ModuleType(module)
    exec(source, made.__dict__)
    cls = made.__dict__[name]
    cls.__module__ = module
    return cls()


def whole(module: str, value: Any = None, *, raw: bool = False, **options: Any) -> bytes:
    """Return a pickled network whose class lies in a module that is gone afterwards."""
    network = instance(module)
    content = network if value is None else dict.fromkeys(value, network)
    before = sys.modules.get(module)
    made = types.ModuleType(module) if before is None else before
    held = getattr(made, "UNet", None)
    sys.modules[module] = made
    made.UNet = type(network)  # type: ignore[attr-defined]
    try:
        return pickle.dumps(content) if raw else saved(content, **options)
    finally:
        if before is None:
            del sys.modules[module]
        elif held is None:
            del made.UNet  # type: ignore[attr-defined]


def compressed() -> bytes:
    """Return a gzip file."""
    return gzip.compress(b"weights", mtime=0)


def configuration(**values: Any) -> bytes:
    """Return a JSON object."""
    return json.dumps(values).encode()
