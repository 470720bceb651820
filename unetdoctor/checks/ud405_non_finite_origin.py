"""UD405: the operation at which values stop being finite."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import non_finite_origin, non_finite_severity, overflow_in_half
from unetdoctor.checks.pictures import non_finite_share, worst
from unetdoctor.facts import BrokenOp, Evidence, Finding, Kind, Op, Place, Reading, Remedy

COUNT_LIMIT = 0
"""Non-finite values that an operation makes of finite operands, on the way to the output. 0: every sound network. 1:
one value is enough for black or for a whole NaN picture, since each later convolution spreads it."""
_LEAST = "1e-6"
_GUARDS = {
    "sqrt": ("below 0", f"torch.sqrt(x.clamp_min({_LEAST}))"),
    "log": ("at 0 or below", f"torch.log(x.clamp_min({_LEAST}))"),
    "log2": ("at 0 or below", f"torch.log2(x.clamp_min({_LEAST}))"),
    "log10": ("at 0 or below", f"torch.log10(x.clamp_min({_LEAST}))"),
    "log1p": ("at -1 or below", f"torch.log1p(x.clamp_min(-1 + {_LEAST}))"),
    "rsqrt": ("at 0 or below", f"torch.rsqrt(x + {_LEAST})"),
    "reciprocal": ("at 0", f"1 / x.clamp_min({_LEAST})  # for a divisor that is never negative"),
    "div": ("divided by 0", f"a / b.clamp_min({_LEAST})  # for a divisor that is never negative"),
    "pow": ("below 0 under a fractional power", "x.clamp_min(0) ** p"),
    "exp": ("too large", "torch.exp(x.clamp_max(40))  # scores of an attention: torch.softmax(x, dim=1)"),
    "exp2": ("too large", "torch.exp2(x.clamp_max(40))"),
    "expm1": ("too large", "torch.expm1(x.clamp_max(40))"),
    "sinh": ("too large", "torch.sinh(x.clamp(-40, 40))"),
    "cosh": ("too large", "torch.cosh(x.clamp(-40, 40))"),
    "asin": ("outside -1..1", "torch.asin(x.clamp(-1, 1))"),
    "acos": ("outside -1..1", "torch.acos(x.clamp(-1, 1))"),
    "acosh": ("below 1", "torch.acosh(x.clamp_min(1))"),
    "atanh": ("at -1 or 1", f"torch.atanh(x.clamp(-1 + {_LEAST}, 1 - {_LEAST}))"),
    "var": ("a single value", "x.var(dim, correction=0)"),
    "std": ("a single value", "x.std(dim, correction=0)"),
    "var_mean": ("a single value", "torch.var_mean(x, dim, correction=0)"),
    "std_mean": ("a single value", "torch.std_mean(x, dim, correction=0)"),
    "native_batch_norm": ("of a variance that is 0 or negative", "nn.BatchNorm2d(channels, eps=1e-5)"),
    "_native_batch_norm_legit_no_training": (
        "of a variance that is 0 or negative",
        "nn.BatchNorm2d(channels, eps=1e-5)",
    ),
    "native_layer_norm": ("of a variance of 0", "nn.LayerNorm(features, eps=1e-5)"),
    "native_group_norm": ("of a variance of 0", "nn.GroupNorm(groups, channels, eps=1e-5)"),
}
"""Operation -> (what its operand must not be, the lines to paste)."""


class NonFiniteOrigin(Check):
    """One operation makes NaN or infinity out of finite numbers, and everything behind it reads them.

    Symptom
        Black pictures, black holes, NaN everywhere; a loss of NaN.
    Cause
        A root or power of a negative number, a logarithm of 0, a division by 0, a variance of 0 or of a single value
        without eps, exp of a large number, a product that is beyond the number type.
    Remedy
        Keep the operand of the named operation where its result is finite, or compute it in a wider type. Each is
        tried at that operation alone.
    Source
        28 of 303 public threads end in NaN. Where the first non-finite values stand in a parameter, UD307 says so,
        where float16 overflows, UD801: this check then says nothing.
    """

    code = "UD405"
    name = "non-finite-origin"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the pass with the most non-finite values, of constant inputs where no other has any."""
        chosen = worst(evidence)
        if chosen is None:
            return
        run, output = chosen
        if not non_finite_share(evidence, output):
            reading = Reading("non-finite values made of finite ones", 0, "values", upper=COUNT_LIMIT)
            yield cls.finding("Every value of every output is finite.", [reading])
            return
        origin = non_finite_origin(run)
        broken = next((x for x in evidence.broken if origin is not None and x.op == origin.index), None)
        if origin is None or broken is None or {name for name, _ in evidence.model.non_finite} & set(origin.parameters):
            return
        if overflow_in_half(evidence, origin):
            return
        yield cls.finding(
            f"`{origin.name}` at {origin.place.text} makes {broken.count} of {broken.size} values NaN or infinite (at "
            f"most {COUNT_LIMIT}), although all that it reads is finite{_operands(broken)}{_why(origin, broken)}.",
            [Reading("non-finite values made of finite ones", broken.count, "values", upper=COUNT_LIMIT)],
            place=origin.place,
            severity=non_finite_severity(run, origin),
            remedies=_remedies(origin, broken),
            op=origin.index,
        )


def _plain(name: str) -> str:
    return name.removesuffix("_")


def _operands(broken: BrokenOp) -> str:
    shown_ones = [f"{name} {shown(low)}..{shown(high)}" for name, low, high in broken.operands[:3]]
    return f" ({', '.join(shown_ones)})" if shown_ones else ""


def _why(origin: Op, broken: BrokenOp) -> str:
    if broken.wider:
        return f"; the result is finite in float64, but beyond {broken.dtype}"
    guard = _GUARDS.get(_plain(origin.name))
    return (
        f"; its operand must not be {guard[0]}" if guard and guard[0].startswith(("at", "below", "out", "too")) else ""
    )


def _remedies(origin: Op, broken: BrokenOp) -> Iterator[Remedy]:
    name, place = _plain(origin.name), Place(layer=origin.place.layer)
    guard = _GUARDS.get(name)
    if guard is not None:
        yield Remedy(
            "guard_operand",
            place,
            {"name": name},
            f"keep the operand of `{name}` from being {guard[0]}"
            if guard[0][0] != "d"
            else "divide by no less than eps",
            guard[1],
            "UD405",
            1,
        )
    if broken.wider:
        yield Remedy(
            "compute_wider",
            place,
            {"name": name},
            f"compute `{name}` in a wider type and bound it",
            f"x = x.clamp(torch.finfo(x.dtype).min, torch.finfo(x.dtype).max)  # in front of `{name}`: smaller values",
            "UD405",
            1,
        )
    yield Remedy(
        "keep_finite",
        place,
        {"name": name},
        f"replace what is not finite behind `{name}`",
        f"x = torch.nan_to_num(x)  # behind `{name}`; it hides the values, the cause stays",
        "UD405",
        1,
    )
