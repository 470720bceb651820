"""What foreign code puts in place of functions holds for foreign code alone."""

import builtins
import copy
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import unetdoctor.pipeline.course  # noqa: F401 - what is looked after is what the modules of ours hold
from unetdoctor.engine import replaced
from unetdoctor.engine.mode import Mode

ISNAN, INTERPOLATE = torch.isnan, F.interpolate


@pytest.fixture(autouse=True)
def _looked_after() -> Iterator[None]:
    replaced.begin()
    yield
    replaced.end()


def test_replaced_functions_hold_for_foreign_code_alone() -> None:
    def lies(x: Tensor) -> Tensor:
        return torch.zeros_like(x, dtype=torch.bool)

    def first() -> None:
        torch.isnan, torch.isfinite, F.interpolate = lies, None, lies  # type: ignore[assignment]
        math.isnan = copy.copy = None  # type: ignore[assignment]
        del torch.isinf

    def second() -> tuple[Any, ...]:
        return torch.isnan, torch.isfinite, F.interpolate, math.isnan, copy.copy, hasattr(torch, "isinf")

    replaced.foreign(first)
    assert (torch.isnan, F.interpolate) == (ISNAN, INTERPOLATE)
    assert (torch.isfinite(torch.ones(1)).item(), torch.isinf(torch.ones(1)).item()) == (True, False)
    assert (math.isnan(math.nan), copy.copy([])) == (True, [])
    assert replaced.foreign(second) == (lies, None, lies, None, None, False)
    assert torch.isnan is ISNAN


def test_methods_of_tensors_are_ours_again_even_inherited_ones() -> None:
    def spoil() -> None:
        torch.Tensor.isnan = torch.Tensor.item = torch.Tensor.norm = None  # type: ignore[assignment, method-assign]

    replaced.foreign(spoil)
    assert torch.ones(1).isnan().item() is False
    assert torch.ones(1).norm().item() == 1
    assert "isnan" not in vars(Tensor)
    assert replaced.foreign(lambda: Tensor.item) is None


def test_builtins_that_are_gone_hinder_nobody() -> None:
    names = ("len", "setattr", "isinstance", "dict", "vars", "callable", "getattr", "list", "any", "delattr", "type")
    was = {name: getattr(builtins, name) for name in names}

    def spoil() -> None:
        for name in names:
            vars(builtins)[name] = None

    try:
        with pytest.raises(TypeError):
            replaced.foreign(lambda: (spoil(), len([])))
        assert {name: getattr(builtins, name) for name in names} == was
    finally:
        vars(builtins).update(was)


def test_a_mode_of_ours_beneath_foreign_code_finds_what_was_there() -> None:
    class Watching(Mode):
        seen: list[bool]

        @replaced.ours
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            self.seen.append(torch.isnan is ISNAN and Tensor.item is not None)
            return out

    def spoil() -> None:
        torch.isnan = torch.Tensor.item = None  # type: ignore[assignment, method-assign]

    def run() -> bool:
        torch.ones(1) + 1
        return torch.isnan is None and Tensor.item is None

    replaced.foreign(spoil)
    mode = Watching()
    mode.seen = []
    with mode:
        assert replaced.foreign(run)
    assert mode.seen == [True, True]


def test_what_is_added_or_put_back_stays_and_calls_within_calls_are_one() -> None:
    def inner() -> None:
        torch.isnan = ISNAN

    def outer() -> bool:
        torch.isnan = torch.isinf
        torch.our_own_name = 1  # type: ignore[attr-defined]
        replaced.foreign(inner)
        return torch.isnan is ISNAN

    try:
        assert replaced.foreign(outer)
        assert torch.our_own_name == 1  # type: ignore[attr-defined]
        assert replaced.foreign(lambda: torch.isnan) is ISNAN
    finally:
        del torch.our_own_name  # type: ignore[attr-defined]


def test_what_was_replaced_is_ours_again_after_an_exception_too() -> None:
    def spoil() -> None:
        torch.isnan = None  # type: ignore[assignment]
        raise SystemExit

    with pytest.raises(SystemExit):
        replaced.foreign(spoil)
    assert torch.isnan is ISNAN


def test_nothing_is_looked_after_in_a_process_that_is_a_callers() -> None:
    replaced.end()
    try:
        replaced.foreign(lambda: setattr(torch, "isnan", None))
        assert torch.isnan is None
    finally:
        torch.isnan = ISNAN
