"""A person's photographs as they are fed: read, resized, and put through the declared preprocessing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from unetdoctor.engine.chains import UNIT, applied, declared_chain, recovered
from unetdoctor.engine.chosen import ChosenInput, Size
from unetdoctor.engine.images import load_image
from unetdoctor.engine.loading import files, importing
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.target import parse_target, quoted
from unetdoctor.engine.postprocessing import attempted
from unetdoctor.facts import Chain, Request

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Photograph:
    """One photograph at one size."""

    name: str
    """Of its probe: `image-1`."""
    file: Path
    pixels: Tensor
    """[1, C, H, W] in 0..1."""
    values: Tensor
    """What is fed."""
    text: str
    """How it was made."""


def photographs(chosen: ChosenInput, request: Request) -> tuple[tuple[Photograph, ...], Chain]:
    """Return the photographs and the preprocessing that they went through.

    All have the size of the first one; where that does not pass, a size that does. Raises ImageError for one that
    cannot be read, RequestError where the person's own function gives no picture.
    """
    if chosen.image is None:
        return (), UNIT
    asked, channels = request.preprocessing, chosen.main.shape[1]
    chain = declared_chain(asked, channels)
    function = None if asked.function is None else load(asked.function, Path(request.directory))
    found: list[Photograph] = []
    for number, name in enumerate(request.images, start=1):
        file = Path(request.directory, name)
        first = chosen.fitted is None or number == 1
        sizes: list[tuple[str, Size]] = [(f"image-{number}", chosen.image)] if first else []
        if chosen.fitted is not None:
            sizes.append((f"image-{number}{'-fitted' if number == 1 else ''}", chosen.fitted))
        for probe, size in sizes:
            pixels, text = load_image(file, size, channels, asked.interpolation)
            photograph = Photograph(probe, file, pixels, pixels, text)
            if function is not None:
                photograph, chain = _through(function, asked.function or "", photograph, chosen, chain, bool(found))
            found.append(photograph)
    return (fed(found, chain) if function is None else tuple(found)), chain


def fed(found: list[Photograph] | tuple[Photograph, ...], chain: Chain) -> tuple[Photograph, ...]:
    """Return photographs fed through a preprocessing."""
    made = chain != UNIT
    return tuple(
        replace(x, values=applied(chain, x.pixels), text=f"{x.text}, fed as {chain.text}" if made else x.text)
        for x in found
    )


def _through(
    function: Function, source: str, given: Photograph, chosen: ChosenInput, chain: Chain, known: bool
) -> tuple[Photograph, Chain]:
    """Put a photograph through the person's function; the first tells which preprocessing it is."""
    whole, _ = load_image(given.file, None, given.pixels.shape[1])
    shown = (whole[0].movedim(0, -1) * 255).round().byte().numpy()
    values = _picture(function, source, shown[..., 0] if shown.shape[2] == 1 else shown)
    if values.shape[1] != given.pixels.shape[1]:
        raise RequestError(
            f"--preprocess {source} gives {values.shape[1]} channels; the network reads {given.pixels.shape[1]}."
        )
    pixels, _ = load_image(given.file, (values.shape[2], values.shape[3]), given.pixels.shape[1])
    chain = chain if known else recovered(pixels, values, source)
    text = f"{given.file.name} through {source}: {values.shape[3]}x{values.shape[2]}, "
    text += f"{str(values.dtype)[6:]} in {float(values.min()):.4g}..{float(values.max()):.4g}"
    if chain.kind == "affine":
        text += f", which is {chain.text}" if chain.name != source else ", a line per channel"
    return replace(given, pixels=pixels, values=values, text=text), chain


def _picture(function: Function, source: str, pixels: Any) -> Tensor:
    """Call the function with a Pillow picture, or with an array where it wants one; return [1, C, H, W]."""
    code = getattr(function, "__code__", None)
    file, what = (code.co_filename if code is not None else ""), f"--preprocess {source}"

    def called() -> Any:
        try:
            return function(Image.fromarray(pixels))
        except (TypeError, AttributeError, ValueError):
            return function(pixels)

    result = attempted(called, what, file)
    if isinstance(result, dict):
        result = next((result[key] for key in ("image", "pixel_values", "input") if key in result), result)
    if isinstance(result, Image.Image):
        result = np.array(result)
    if isinstance(result, np.ndarray) and result.dtype.kind in "biuf":
        result = torch.from_numpy(np.ascontiguousarray(result))
    if not isinstance(result, Tensor) or result.dim() not in (2, 3, 4):
        raise RequestError(
            f"{what} returned {type(result).__name__}; expected a tensor, an array or a Pillow picture of one image."
        )
    x = result.detach().cpu()
    x = x[None] if x.dim() == 2 else x
    x = x[None] if x.dim() == 3 else x[:1]
    few = (1, 3, 4)
    return x.permute(0, 3, 1, 2).contiguous() if x.shape[3] in few and x.shape[1] not in few else x.contiguous()


def load(source: str, directory: Path) -> Function:
    """Return the function of `script.py:fn`; raises RequestError where there is none."""
    parsed = parse_target(source)
    if not parsed.name or parsed.call is not None:
        raise RequestError(
            f"--preprocess {source}: expected a Python file and the name of one of its functions: "
            f"--preprocess {quoted('script.py:prepare')}"
        )
    file = files.find(parsed.location, directory)
    what = f"--preprocess {source}: importing it"
    module = attempted(lambda: importing.import_file(file.path, directory), what, str(file.path))
    function = getattr(module, parsed.name, None)
    if not callable(function):
        names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise RequestError(
            f"--preprocess {source}: {file.shown} has no function {parsed.name}; it has "
            f"{', '.join(names[:6]) or 'none'}.",
            tuple(f"--preprocess {quoted(f'{parsed.location}:{name}')}" for name in names[:3]),
        )
    found: Function = function
    return found
