"""The output's size as a function of the input's: candidates that explain every point, and sizes that part them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from unetdoctor.facts import SizeLaw

STEPS = (*range(1, 65), 96, 128, 256)
"""Steps of the input that are tried; 1 to 64 are every stride in use."""
_QUESTIONS = 8
"""Further sizes that are asked to part candidates and to verify the one that is left."""
_HORIZON = 300
"""Pixels beyond the first size within which candidates are told apart."""


def output_size(law: SizeLaw, size: int) -> int:
    """Return the output's size along one axis for an input's."""
    return law.factor * ((size + law.shift) // law.step) + law.offset


def law_along(
    ask: Callable[[int], int | None], start: int, multiple: int, remainders: tuple[int, ...] = ()
) -> SizeLaw | None:
    """Return the law of one axis; None where no simple one fits.

    `ask` returns the output's size, None where the size is refused; `start` passes, and so does what lies a multiple
    beyond it; `remainders` are those of all sizes that pass, where there are several. Every law that explains the
    sizes asked so far is a candidate; sizes at which the candidates differ are asked until one is left, and two more
    must agree with it.
    """
    far = max(8 * multiple, -(-64 // multiple) * multiple)
    points: dict[int, int] = {}
    left = remainders or (start % multiple,)
    valid = [n for n in range(start, start + _HORIZON + 3 * multiple) if n % multiple in left]
    for size in (start, *(start + n * multiple for n in (1, 2, 3, 5)), start + far):
        out = ask(size)
        if out is not None:
            points[size] = out
    found = list(_candidates(points, start % multiple, multiple if len(remainders) < 2 else 1))
    checked = 0
    for _ in range(_QUESTIONS):
        if not found:
            return None
        parting = _parting(found, points, valid)
        if parting is None and checked == 2:
            break
        further = (*valid[7 + 10 * checked :], *(valid[-1] + n * multiple for n in range(1, _QUESTIONS + 1)))
        size = parting or next(n for n in further if n not in points)
        checked += parting is None
        out = ask(size)
        if out is None:
            continue
        points[size] = out
        found = [law for law in found if output_size(law, size) == out]
    return found[0] if found else None


def _candidates(points: dict[int, int], remainder: int, multiple: int) -> Iterator[SizeLaw]:
    """Yield every law that explains the points, the smallest step first."""
    if len(points) < 3:
        return
    low, high = min(points), max(points)
    slope = (points[high] - points[low]) / (high - low)
    for step in STEPS:
        exact = multiple % step == 0
        shifts = (-remainder % step,) if exact else range(step)
        for factor in sorted({int(slope * step), round(slope * step), -int(-slope * step // 1)}):
            for shift in shifts:
                law = SizeLaw(factor, step, shift, points[low] - factor * ((low + shift) // step), exact)
                if all(output_size(law, n) == out for n, out in points.items()):
                    yield law


def _parting(found: list[SizeLaw], points: dict[int, int], valid: list[int]) -> int | None:
    """Return the nearest size at which the most candidates differ from the first one; None where they all agree."""
    best, most = None, 0
    for size in valid:
        if size in points:
            continue
        expected = output_size(found[0], size)
        differing = sum(output_size(law, size) != expected for law in found)
        if differing > most:
            best, most = size, differing
    return best
