"""`--input [NAME:]N,C,H,W[:DTYPE][:LOW..HIGH]` and `LOW..HIGH`."""

import math
import re

from unetdoctor.cli.errors import RequestError, did_you_mean
from unetdoctor.facts import InputSpec

GRAMMAR = "[NAME:]N,C,H,W[:DTYPE][:LOW..HIGH]"
EXAMPLE = "1,3,256,256:float32:0..1"
DTYPES = ("float32", "float16", "bfloat16", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")
_ALIASES = {
    "float": "float32",
    "half": "float16",
    "double": "float64",
    "int": "int32",
    "long": "int64",
    "byte": "uint8",
}
_SHAPE = re.compile(r"\d+(,\d+)*|\d+(x\d+)+")
_NAME = re.compile(r"[^\W\d]\w*(\.([\w-]+|\*))*")
_SHAPE_LIKE = re.compile(r"[\s\[\](),x*\d.+-]*\d[\s\[\](),x*\d.+-]*")
MOST_DIMENSIONS = 8


def parse_input(text: str) -> InputSpec:
    """Return one `--input`; raises RequestError with what was expected, what was found, and an example.

    NAME is an argument of forward(); `batch.image` an entry of a dict, `noises.0` an element of a list, `images.*` a
    list with one element for each sample.
    """
    parts = [part.strip() for part in text.split(":")]
    name = ""
    if len(parts) > 1 and not _SHAPE_LIKE.fullmatch(parts[0]) and not _is_dtype(parts[0]):
        name = parts.pop(0)
        if not _NAME.fullmatch(name):
            raise _wrong(text, f"a parameter name of forward() or an entry of one (batch.image), and {name!r} is none")
    shape = _shape(parts.pop(0), text)
    dtype, low, high = "", None, None
    for part in parts:
        if ".." in part and low is None:
            low, high = _range(part, text)
        elif _is_dtype(part) and not dtype:
            dtype = _ALIASES.get(_bare(part), _bare(part))
        else:
            raise _wrong(text, _rest(part, dtype, low))
    return InputSpec(shape, name, dtype or "float32", low, high)


def parse_range(text: str, option: str = "--range") -> tuple[float, float]:
    """Return `LOW..HIGH` as two numbers; raises RequestError."""
    example = f"for example {option} -1..1"
    low_text, dots, high_text = text.partition("..")
    try:
        low, high = float(low_text), float(high_text)
    except ValueError:
        raise RequestError(f"{option} expects LOW..HIGH, two numbers, not {text!r}; {example}") from None
    if not dots or not (math.isfinite(low) and math.isfinite(high)):
        raise RequestError(f"{option} expects two finite numbers LOW..HIGH, not {text!r}; {example}")
    if low >= high:
        raise RequestError(f"{option} expects LOW below HIGH, and {low:g} is not below {high:g}; {example}")
    return low, high


def _shape(text: str, whole: str) -> tuple[int, ...]:
    if not _SHAPE.fullmatch(text):
        raise _wrong(whole, f"the shape as whole numbers with commas (or x) between, not {text!r}")
    try:
        shape = tuple(int(size) for size in text.replace("x", ",").split(","))
    except ValueError:
        raise _wrong(whole, "sizes that a tensor can have") from None
    if 0 in shape:
        raise _wrong(whole, f"sizes of at least 1, and {text} holds a 0")
    if len(shape) > MOST_DIMENSIONS or math.prod(shape) >= 2**62:
        raise _wrong(whole, f"at most {MOST_DIMENSIONS} sizes that fit a tensor")
    return shape


def _range(text: str, whole: str) -> tuple[float, float]:
    try:
        return parse_range(text, "--input")
    except RequestError:
        raise _wrong(whole, f"a range LOW..HIGH with LOW below HIGH, not {text!r}") from None


def _bare(text: str) -> str:
    return text.lower().removeprefix("torch.")


def _is_dtype(text: str) -> bool:
    return _bare(text) in DTYPES or _bare(text) in _ALIASES


def _rest(part: str, dtype: str, low: float | None) -> str:
    if dtype and low is not None:
        return f"nothing after dtype and range, and found {part!r}"
    if ".." in part:
        return f"one range, and found {part!r} as well"
    if _is_dtype(part):
        return f"one dtype, and found {part!r} as well"
    wanted = "LOW..HIGH" if dtype else f"a dtype ({', '.join(DTYPES[:5])}, ...) or LOW..HIGH"
    return f"{wanted}, not {part!r}{did_you_mean(part, DTYPES).rstrip('?').replace(' Did you mean', ', did you mean')}"


def _wrong(whole: str, expected: str) -> RequestError:
    return RequestError(f"--input {whole}: expected {expected}; the form is {GRAMMAR}, for example --input {EXAMPLE}")
