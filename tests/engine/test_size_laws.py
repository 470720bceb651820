"""The output's size as a function of the input's: every law is found again from what it answers."""

from collections.abc import Callable

import pytest

from unetdoctor.engine.size_laws import law_along, output_size
from unetdoctor.facts import SizeLaw


@pytest.mark.parametrize(
    ("function", "start", "multiple", "text"),
    [
        (lambda n: n, 64, 1, "same as the input"),
        (lambda n: n, 64, 16, "same as the input"),
        (lambda n: n - 8, 64, 1, "in - 8"),
        (lambda n: n - 184, 572, 16, "in - 184"),
        (lambda n: 2 * n, 64, 1, "2*in"),
        (lambda n: 4 * n - 8, 64, 1, "4*in - 8"),
        (lambda n: n // 4, 64, 4, "in/4"),
        (lambda n: n // 4, 64, 1, "floor(in/4)"),
        (lambda n: -(-n // 4), 64, 1, "ceil(in/4)"),
        (lambda n: (n - 7) // 4 + 1, 64, 1, "floor((in + 1)/4) - 1"),
        (lambda n: 32 * (n // 32), 64, 1, "32*floor(in/32)"),
        (lambda n: 8 * -(-n // 8), 64, 1, "8*ceil(in/8)"),
        (lambda n: 3 * n // 4, 64, 4, "3*in/4"),
        (lambda n: 7, 64, 1, "always 7"),
    ],
)
def test_a_law_is_found_and_said(function: Callable[[int], int], start: int, multiple: int, text: str) -> None:
    asked: list[int] = []

    def ask(n: int) -> int | None:
        asked.append(n)
        return function(n) if (n - start) % multiple == 0 else None

    law = law_along(ask, start, multiple)
    assert law is not None
    assert law.text == text
    assert len(asked) <= 14
    for n in range(start, start + 200 * multiple, multiple):
        assert output_size(law, n) == function(n)


def test_sizes_of_two_remainders_part_the_same_from_the_rounded() -> None:
    law = law_along(lambda n: 2 * -(-n // 2) if n % 8 in (0, 7) else None, 64, 8, (0, 7))
    assert law is not None
    assert law.text == "2*ceil(in/2)"


@pytest.mark.parametrize("function", [lambda n: n * n // 64, lambda n: n if n < 80 else 80, lambda n: None])
def test_where_no_simple_law_holds_none_is_said(function: Callable[[int], int | None]) -> None:
    assert law_along(function, 64, 1) is None


def test_a_shift_of_an_exact_division() -> None:
    assert SizeLaw(1, 4, 3).text == "(in + 3)/4"
