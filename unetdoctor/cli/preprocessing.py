"""What becomes of photographs before they are fed: `--scale --mean --std --channels --resize`, or `--preprocess`."""

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from unetdoctor.cli.errors import RequestError, choice

if TYPE_CHECKING:
    from unetdoctor.facts import Preprocessing

INTERPOLATIONS = ("bilinear", "bicubic", "nearest")
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")

Scale = Annotated[
    float | None, typer.Option("--scale", metavar="N", help="What pixels 0..255 are divided by: 255, 1, 127.5.")
]
Mean = Annotated[
    str | None, typer.Option("--mean", metavar="R,G,B", help="Subtracted after --scale, channel by channel.")
]
Std = Annotated[str | None, typer.Option("--std", metavar="R,G,B", help="Divided by after --mean.")]
Channels = Annotated[
    str | None, typer.Option("--channels", metavar="ORDER", help="rgb or bgr: which channel is fed first.")
]
Resize = Annotated[
    str | None,
    typer.Option("--resize", metavar="HxW[:HOW]", help="Size of photographs; or :bicubic, :nearest."),
]
Preprocess = Annotated[
    str | None,
    typer.Option("--preprocess", metavar="SCRIPT:FN", help="Your function from a photograph to what is fed."),
]


_OPTIONS = {
    "scale": "--scale",
    "mean": "--mean",
    "std": "--std",
    "channels": "--channels",
    "resize": "--resize",
    "function": "--preprocess",
}
"""Field of Typed -> its option."""


@dataclass(frozen=True)
class Typed:
    """These options as typed."""

    scale: float | None = None
    mean: str | None = None
    std: str | None = None
    channels: str | None = None
    resize: str | None = None
    function: str | None = None


def preprocessing(typed: Typed, *, photographs: bool = True) -> "Preprocessing":
    """Return what these options declare; raises RequestError with one sentence for the first that is wrong.

    Without photographs there is nothing that they could be of use to.
    """
    scale, mean, std, channels = typed.scale, typed.mean, typed.std, typed.channels
    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise RequestError(f"--scale must be a finite number above 0, not {scale:g}; for example --scale 255")
    means, stds = _numbers("--mean", mean), _numbers("--std", std)
    if any(s <= 0 for s in stds):
        raise RequestError(f"--std must be above 0, not {std}; for example --std 0.229,0.224,0.225")
    if len(means) > 1 and len(stds) > 1 and len(means) != len(stds):
        raise RequestError(f"--mean has {len(means)} numbers and --std {len(stds)}; give one for each channel.")
    if scale is None and any(abs(m) > 1 for m in means):
        raise RequestError(
            f"--mean {mean} is on the scale of 0..255, and pixels are divided by 255 before it. Say --scale 1 as well, "
            "or give the mean on 0..1."
        )
    if typed.function is not None and (scale or means or stds or channels):
        raise RequestError("--preprocess makes what is fed, so --scale, --mean, --std and --channels are left out.")
    order = "" if channels is None else choice("--channels", channels.lower(), ("rgb", "bgr"))
    size, how = _size(typed.resize)
    if not photographs and typed != Typed():
        option = next(option for name, option in _OPTIONS.items() if getattr(typed, name) is not None)
        raise RequestError(f"{option} says how photographs are fed, and none is given: --image PHOTO.")
    from unetdoctor.facts import Preprocessing

    return Preprocessing(scale, means, stds, order, size, how, typed.function)


def _numbers(option: str, text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        found = tuple(float(part) for part in re.split(r"[,\s]+", text.strip().strip("[]()")) if part)
    except ValueError:
        found = ()
    if not found or not all(map(math.isfinite, found)):
        raise RequestError(
            f"{option} expects one number, or one for each channel, not {text!r}; for example {option} "
            + ("0.485,0.456,0.406" if option == "--mean" else "0.229,0.224,0.225")
        )
    return found


def _size(text: str | None) -> tuple[tuple[int, int] | None, str]:
    if text is None:
        return None, INTERPOLATIONS[0]
    size, _, how = text.partition(":")
    found = _SIZE.fullmatch(size.strip().lower())
    if found is None or "0" in (found[1].strip("0") or "0", found[2].strip("0") or "0"):
        raise RequestError(f"--resize expects HEIGHTxWIDTH, not {text!r}; for example --resize 256x256")
    return (int(found[1]), int(found[2])), choice("--resize", how or INTERPOLATIONS[0], INTERPOLATIONS)
