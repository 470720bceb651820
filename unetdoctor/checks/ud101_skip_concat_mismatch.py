"""UD101: two branches of different height or width meet."""

from collections.abc import Iterator
from itertools import combinations

from unetdoctor.checks.borders import Borders, before_one_alone, borders, same_padding
from unetdoctor.checks.check import Check
from unetdoctor.checks.remedies import pad_input
from unetdoctor.facts import Crash, Evidence, Finding, Kind, Operand, Reading, Remedy, Run, ShapeSweep

JOINS = ("cat", "concat", "stack", "add", "add_", "sub", "sub_", "mul", "mul_", "div", "maximum", "minimum")
"""Operations that need operands of one size."""
SIZE_LIMIT = 0
"""Difference in height or width between the branches, in pixels. 0: they fit. 1: the usual result of a halving that
rounded, of 25 to 12 and back to 24."""
_RANK = 4


class SkipConcatMismatch(Check):
    """A skip connection and the decoder's branch differ in height or width where they are joined.

    Symptom
        RuntimeError in torch.cat or in a sum: sizes of tensors must match.
    Cause
        A pool or stride halved an odd size and rounded it down; the decoder doubles what is left and falls short of
        the skip connection. A network of depth 3, 4 or 5 takes only sizes divisible by 8, 16 or 32 (measured). Or
        convolutions without padding take a border from one branch alone.
    Remedy
        Pad the input to the multiple and crop the output back; or bring the decoder's branch to the skip connection's
        size before the join; or crop the skip connection in its centre, which loses a border. Pad the convolutions that
        take one.
    Source
        An introduction to the U-Net (shape check of the skip path); 19 of 303 public threads; the U-Net paper (2015)
        crops.
    """

    code = "UD101"
    name = "skip-concat-mismatch"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for the join that failed, or one for all that passed."""
        run = evidence.crashed
        pair = _unequal(run.crash) if run is not None and run.crash is not None else None
        if run is not None and run.crash is not None and pair is not None:
            yield cls._ill(evidence, run, run.crash, pair)
            return
        tokens = _tokens(run.crash) if run is not None and run.crash is not None else None
        if run is not None and run.crash is not None and tokens is not None:
            yield from cls._tokens(evidence, run, run.crash, tokens)
            return
        passed = evidence.main
        joins = sum(op.name in JOINS and len(op.input_shapes) > 1 for op in passed.ops) if passed is not None else 0
        if joins:
            yield cls.finding(
                f"{joins} concatenations and sums of the model join branches of one height and width.",
                [Reading("difference in size", 0, "pixels", upper=SIZE_LIMIT)],
            )

    @classmethod
    def _ill(cls, evidence: Evidence, run: Run, crash: Crash, pair: tuple[Operand, Operand]) -> Finding:
        skip, branch = pair
        sweep = evidence.shapes
        difference = max(abs(a - b) for a, b in zip(skip.shape[2:], branch.shape[2:], strict=True))
        known = _apart(evidence, run, pair)
        why = _unpadded(known) if known.losing else _rounding(skip, sweep)
        return cls.finding(
            f"`{crash.op}` at {crash.place.text} joins {_size(skip)} from {skip.place.text} and {_size(branch)} from "
            f"{branch.place.text}, which differ by {difference} pixel{'s' * (difference != 1)} (limit "
            f"{SIZE_LIMIT}){why}{_sizes(sweep)}.",
            [Reading("difference in size", difference, "pixels", upper=SIZE_LIMIT)],
            place=crash.place,
            remedies=[
                *([same_padding(known.losing, evidence, cls.code)] if known.losing else []),
                *_remedies(crash, skip, branch, sweep),
            ],
            op=len(run.ops),
        )

    @classmethod
    def _tokens(cls, evidence: Evidence, run: Run, crash: Crash, pair: tuple[Operand, Operand]) -> Iterator[Finding]:
        """Yield a finding where convolutions took a border from the map that one of two rows of tokens was made of."""
        first, second = pair
        known = _apart(evidence, run, pair)
        if known.losing:
            difference = abs(first.shape[1] - second.shape[1])
            yield cls.finding(
                f"`{crash.op}` at {crash.place.text} joins {first.shape[1]} tokens from {first.place.text} and "
                f"{second.shape[1]} from {second.place.text}, which differ by {difference} (limit {SIZE_LIMIT})"
                f"{_unpadded(known)}.",
                [Reading("difference in size", difference, "tokens", upper=SIZE_LIMIT)],
                place=crash.place,
                remedies=[same_padding(known.losing, evidence, cls.code)],
                op=len(run.ops),
            )


def _apart(evidence: Evidence, run: Run, pair: tuple[Operand, Operand]) -> Borders:
    """Return the convolutions that stand in front of one of two operands alone."""
    first, second = (-1 if x.drawn_by is None else x.drawn_by for x in pair)
    return borders(evidence, run, before_one_alone(run, first, second))


def _tokens(crash: Crash) -> tuple[Operand, Operand] | None:
    """Return the operands of a join whose numbers of tokens differ: [N, tokens, channels]."""
    tensors = [x for x in crash.operands if len(x.shape) == _RANK - 1 and not x.parameter]
    if crash.op not in JOINS or len(tensors) != 2:
        return None
    first, second = tensors
    differ = first.shape[1] != second.shape[1] and 1 not in (first.shape[1], second.shape[1])
    return (first, second) if differ and first.shape[2] == second.shape[2] else None


def _unpadded(known: Borders) -> str:
    """Name the convolutions of one branch that take a border."""
    one = len(known.losing) == 1
    what = "a convolution" if one else f"{len(known.losing)} convolutions"
    return f": {what} without padding take{'s' * one} {known.lost} pixels from one of them, at {known.named}"


def _unequal(crash: Crash) -> tuple[Operand, Operand] | None:
    """Return (skip connection, later branch) of a join whose operands differ in height or width."""
    if crash.op not in JOINS:
        return None
    tensors = [x for x in crash.operands if len(x.shape) >= _RANK and not x.parameter]
    for first, second in combinations(tensors, 2):
        if len(first.shape) != len(second.shape):
            continue
        joined = None if crash.dimension is None else crash.dimension % len(first.shape)
        unequal = [
            a != b and (crash.op in ("cat", "concat", "stack") or 1 not in (a, b))
            for axis, (a, b) in enumerate(zip(first.shape, second.shape, strict=True))
            if axis >= 2 and (axis != joined or crash.op == "stack")
        ]
        if any(unequal):
            later = (first.drawn_by or 0) > (second.drawn_by or 0)
            return (second, first) if later else (first, second)
    return None


def _size(operand: Operand) -> str:
    return "x".join(map(str, operand.shape[2:]))


def _rounding(skip: Operand, sweep: ShapeSweep | None) -> str:
    """Name the pool or stride that rounded the skip connection's size, else the first that rounded."""
    if sweep is None or not sweep.rounding:
        return ""
    rounded = next((x for x in sweep.rounding if x[3] in skip.shape[2:]), sweep.rounding[0])
    layer, where, name, size_in, size_out = rounded
    at = f"{layer} ({where})" if layer and where else layer or where or "the model"
    return f": `{name}` at {at} rounded {size_in} to {size_out}"


def _sizes(sweep: ShapeSweep | None) -> str:
    if sweep is None or sweep.multiple is None or sweep.multiple < 2:
        return ""
    valid = [f"{h}x{w}" for h, w in filter(None, (sweep.previous_valid, sweep.next_valid))]
    nearest = f", the nearest being {' and '.join(valid)}" if valid else ""
    return f"; valid sizes are divisible by {sweep.multiple}{nearest}"


def _remedies(crash: Crash, skip: Operand, branch: Operand, sweep: ShapeSweep | None) -> Iterator[Remedy]:
    if sweep is not None and sweep.multiple is not None and sweep.multiple > 1:
        fed = (crash.input_shape[-2], crash.input_shape[-1]) if len(crash.input_shape) >= _RANK else None
        yield pad_input(sweep.multiples or sweep.multiple, "UD101", sweep.asked or fed)
    note = f"  # {_size(branch)} becomes {_size(skip)}, before `{crash.op}` at {crash.place.text}"
    yield Remedy(
        action="resize_branch",
        place=branch.place,
        title=f"interpolate the branch of {branch.place.layer or 'the decoder'} to the skip connection's size",
        patch=f'branch = F.interpolate(branch, size=skip.shape[2:], mode="nearest"){note}',
        cause="UD101",
        scope=1,
    )
    if all(a >= b for a, b in zip(skip.shape[2:], branch.shape[2:], strict=True)):
        yield Remedy(
            action="crop_skip",
            place=skip.place,
            title=f"crop the skip connection of {skip.place.layer or 'the encoder'} in its centre",
            patch=(
                "top, left = ((a - b) // 2 for a, b in zip(skip.shape[-2:], branch.shape[-2:]))\n"
                "skip = skip[..., top : top + branch.shape[-2], left : left + branch.shape[-1]]"
                f"  # {_size(skip)} becomes {_size(branch)}"
            ),
            cause="UD101",
            scope=1,
        )
