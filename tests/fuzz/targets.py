"""What is fuzzed: a reader, sound inputs to begin with, and the only exceptions that it may raise."""

import io
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bad_files import forged
from tests.reporters.build import ill
from unetdoctor.cli import audit_state, inputs, policy, saved, settings
from unetdoctor.cli import errors as cli_errors
from unetdoctor.cli import files as cli_files
from unetdoctor.data import decoding, palettes, tables
from unetdoctor.data.files import SourceError
from unetdoctor.data.pair import audit_pair
from unetdoctor.engine.loading import bare, files, parse_target, sniff
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.facts import Declared
from unetdoctor.reporters.json_report import to_json
from unetdoctor.worker.frames import FrameReader, ProtocolError, encode

TOKEN, LIMIT = "token", 4096


@dataclass(frozen=True)
class Target:
    """One reader."""

    name: str
    """What it reads."""
    seeds: Callable[[], Sequence[bytes]]
    """Sound inputs."""
    read: Callable[[bytes, Path], object]
    """Reads bytes; the folder is for those that read files."""
    refuses: tuple[type[Exception], ...]
    """What it may raise: everything else is a crash."""


def text(data: bytes) -> str:
    """Return bytes as a person's shell would hand them over."""
    return data.decode("utf-8", "surrogateescape")


def _written(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    def write_and_read(data: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(data)
        return read(path)

    return write_and_read


def _frames(data: bytes, _folder: Path) -> None:
    reader = FrameReader(TOKEN, LIMIT)
    for start in range(0, len(data), 97):
        list(reader.feed(data[start : start + 97]))


def _sniff(data: bytes, _folder: Path) -> None:
    head = data[: sniff.HEAD_BYTES]
    assert sniff.describe(sniff.content_of(head, len(data)), head)


def _model_file(path: Path) -> None:
    file = files.find(path.name, path.parent)
    assert file.words
    bare.read(file)


def _settings(path: Path) -> None:
    found = settings.load(path.parent, {})
    for target, own in found.targets:
        found.options(target, own, {})


def _environment(data: bytes, folder: Path) -> None:
    name, _, value = text(data).partition("=")
    settings.load(folder, {name: value})


def _target(data: bytes, _folder: Path) -> None:
    written = text(data)
    cli_files.target_file(written)
    parse_target(written)
    cli_files.check_target(written)


def _picture(data: bytes, _folder: Path) -> None:
    audit_pair(data, data, Declared(), image_name="a.png", mask_name="b.png")
    decoding.read_picture(data, "a.png")


def _state(path: Path) -> None:
    with audit_state.opened(str(path), {"files": "f1"})[0] as state:
        list(state.answers())


@cache
def _pictures() -> tuple[bytes, ...]:
    array = np.arange(12 * 10 * 3, dtype=np.uint8).reshape(12, 10, 3)
    found = []
    for form, mode in (
        *(
            ("PNG", "RGB"),
            ("PNG", "P"),
            ("PNG", "I;16"),
            ("PNG", "LA"),
            ("PNG", "1"),
            ("JPEG", "RGB"),
            ("JPEG", "CMYK"),
        ),
        *(
            ("GIF", "P"),
            ("TIFF", "RGB"),
            ("TIFF", "F"),
            ("BMP", "RGB"),
            ("WEBP", "RGB"),
            ("PPM", "RGB"),
            ("TGA", "RGB"),
        ),
        *(("ICO", "RGB"), ("JPEG2000", "RGB")),
    ):
        image = Image.fromarray(array)
        image = image.convert("L").convert(mode) if mode in ("I;16", "F", "1") else image.convert(mode)
        stream = io.BytesIO()
        image.save(stream, form)
        found.append(stream.getvalue())
    for array_ in (array, array[..., 0].astype(np.float32), np.zeros((3, 4, 5), np.int64)):
        stream = io.BytesIO()
        np.save(stream, array_)
        found.append(stream.getvalue())
    stream = io.BytesIO()
    np.savez_compressed(stream, array)
    return (*found, stream.getvalue())


@cache
def _model_files() -> tuple[bytes, ...]:
    import torch

    weights = {"body.weight": torch.ones(4, 3, 3, 3), "body.bias": torch.zeros(4)}
    from safetensors.torch import save

    return (
        forged.plain(weights),
        forged.plain({"state_dict": weights, "epoch": 3}, legacy=True),
        forged.saved({"a": forged.Tensor(forged.Storage(16), (4, 4), (4, 1))}),
        forged.pickled({"a": [1, 2.0, "x", (None, True)]}),
        save(weights),
        forged.tar({"a": 1}),
    )


def _frame_seeds() -> tuple[bytes, ...]:
    frames = [encode(n, TOKEN, "note", {"n": n, "text": "é" * 20, "list": [1, 2.5, None]}, LIMIT) for n in range(3)]
    return (b"".join(frames), frames[0], encode(0, TOKEN, "result", {}, LIMIT))


_TOML = (
    b'[tool.unetdoctor]\nselect = ["UD2", "UD301"]\nfail-on = "warning"\ntimeout = 20.5\nbaseline = "b.json"\n',
    b'[tool.unetdoctor]\nseed = 3\nkwarg = {a = 1, b = "x"}\n[[tool.unetdoctor.targets]]\ntarget = "m.py"\n'
    b'mean = "1,2,3"\nresize = "3x4"\n',
)
_VARIABLES = (b"UNETDOCTOR_SELECT=UD2,UD3", b"UNETDOCTOR_TIMEOUT=30", b"UNETDOCTOR_SEED=1", b"UNETDOCTOR_DEVICE=cpu")
_TARGETS = (
    *(b"model.py", b"model.py:UNet", b'model.py:make("x", n=3)', b"package.module:Net", b"C:\\net\\m.py:Net"),
    *(b"torchvision:deeplabv3_resnet50", b"smp:Unet(classes=[1, {'a': (2,)}])", b"hf:folder", b"a:b (1)/m.pt"),
)
_INPUTS = (b"1,3,64,64", b"x:1,3,64,64:float32:-1..1", b"batch.image:2x3x8x8:int64:0..10", b"images.*:3,4,4")
_PALETTES = (
    b"0 0 0\n255,0,0\n#00ff00\n",
    b"GIMP Palette\nName: a\n#\n0 0 0 black\n1 2 3 x\n",
    b"{}\n[[0,0,0],[1,2,3]]",
)
_TABLES = (
    b"image,mask\na.png,a_mask.png\nb.png,\n",
    b"a.png\tb.png\nc.png\td.png\n",
    b'"image";"x";"mask"\n"a;b.png";1;"c.png"\n',
    b"\xef\xbb\xbfpath\nhttp://x/a.png\n",
)


def _reports() -> tuple[bytes, ...]:
    one = to_json(ill())
    return (one.encode("utf-8", "surrogateescape"), f"[{one},{one}]".encode("utf-8", "surrogateescape"))


def _baselines() -> tuple[bytes, ...]:
    rows = [{"target": "m.py", "code": "UD203", "layer": "head"}, {"target": "n.py", "code": "UD1", "layer": ""}]
    return (json.dumps({"unetdoctor_baseline": 1, "findings": rows}).encode(),)


def _states() -> tuple[bytes, ...]:
    def line(data: bytes) -> bytes:
        return b"%08x " % zlib.crc32(data) + data + b"\n"

    head = line(json.dumps({"unetdoctor_audit": audit_state.VERSION, "files": "f1"}, sort_keys=True).encode())
    return (head + line(b'0 {"a": 1}') + line(b'3 {"b": 2}'), head, head + line(b"x y"), head + line(b"-1"))


TARGETS = (
    Target("frames of the worker", _frame_seeds, _frames, (ProtocolError,)),
    Target("first bytes of a file", lambda: (*_model_files(), *_pictures()), _sniff, ()),
    Target("model files", _model_files, _written("w.pth", _model_file), (RequestError,)),
    Target("pyproject.toml", lambda: _TOML, _written("pyproject.toml", _settings), (cli_errors.RequestError,)),
    Target("environment", lambda: _VARIABLES, _environment, (cli_errors.RequestError,)),
    Target("targets", lambda: _TARGETS, _target, (RequestError, cli_errors.RequestError)),
    Target("--input", lambda: _INPUTS, lambda data, _: inputs.parse_input(text(data)), (cli_errors.RequestError,)),
    Target("pictures", _pictures, _picture, (decoding.UnreadableError,)),
    Target(
        "palettes",
        lambda: _PALETTES,
        _written("palette.txt", lambda path: palettes.named(str(path))),
        (ValueError, decoding.UnreadableError),
    ),
    Target(
        "tables of pairs",
        lambda: _TABLES,
        _written("pairs.csv", lambda path: list(tables.rows(str(path)))),
        (SourceError,),
    ),
    Target(
        "saved reports",
        _reports,
        _written("run.json", lambda path: saved.saved(str(path))),
        (cli_errors.RequestError,),
    ),
    Target(
        "baselines",
        _baselines,
        _written("b.json", lambda path: policy.read_baseline(str(path))),
        (cli_errors.RequestError,),
    ),
    Target("states of an audit", _states, _written("audit.state", _state), (cli_errors.RequestError,)),
)
