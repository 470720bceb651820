"""Numbers as a person reads them: three significant digits, more only where two numbers would look equal."""

import math

from unetdoctor.facts import Reading

_DIGITS = 3
_BOUND_DIGITS = 6
_LARGE = 1e6
_SMALL = 1e-4


def number(value: float, digits: int = _DIGITS) -> str:
    """Return 3 significant digits: `0.82`, `71.4`, `1230`, `3.1e-6`, `NaN`, `Inf`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == 0:
        return "0"
    if abs(value) >= _LARGE or abs(value) < _SMALL:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent)}"
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bound_text(value: float) -> str:
    """Return a bound as it was chosen: limits are round numbers, and 0.9999 is not 1."""
    return number(value, _BOUND_DIGITS)


def against(value: float, bound: float) -> str:
    """Return the number with as many digits as it takes to differ from a bound that it does not equal."""
    for digits in range(_DIGITS, 9):
        if value == bound or number(value, digits) != bound_text(bound):
            return number(value, digits)
    return repr(value)


def with_unit(text: str, unit: str) -> str:
    """Return a number with its unit; `%` and `x` stand without a space, one of a thing in the singular."""
    if text == "1" and unit.endswith("s") and len(unit) > 2:
        unit = unit[:-2] if unit.endswith(("sses", "shes", "ches")) else unit[:-1]
    return f"{text}{unit}" if unit in ("%", "x") else f"{text} {unit}".rstrip()


def reading_value(reading: Reading) -> str:
    """Return the value of a reading, told apart from the bound that it breaks."""
    if reading.lower is not None and reading.value < reading.lower:
        return against(reading.value, reading.lower)
    if reading.upper is not None and reading.value > reading.upper:
        return against(reading.value, reading.upper)
    return number(reading.value)


def bounds(reading: Reading) -> str:
    """Return what is sound: `at least 28.6`, `at most 4`, `6 to 57`, `exactly 3`; empty without bounds."""
    low, high = reading.lower, reading.upper
    if low is not None and high is not None:
        return f"exactly {bound_text(low)}" if low == high else f"{bound_text(low)} to {bound_text(high)}"
    if low is not None:
        return f"at least {bound_text(low)}"
    return "" if high is None else f"at most {bound_text(high)}"


def count(number_of: int, singular: str, plural: str = "") -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number_of:,} {singular if number_of == 1 else plural or singular + 's'}"


def large(value: int) -> str:
    """Return a big count: `812`, `54.3 k`, `31 M`, `1.2 G`."""
    for factor, suffix in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if value >= factor:
            return number(value / factor) + suffix
    return str(value)


def interval(low: float, high: float) -> str:
    """Return `-1..1`."""
    return f"{number(low)}..{number(high)}"


def seconds(value: float) -> str:
    """Return `0.12 s`, `6.4 s`, `2 min 5 s`."""
    if value >= 60:
        whole = round(value)
        return f"{whole // 60} min {whole % 60} s"
    return f"{value:.1f} s" if value >= 1 else f"{number(value, 2)} s"
