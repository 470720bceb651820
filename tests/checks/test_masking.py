"""UD403: masks behind the last layer that let nothing through, and what UD406 leaves to it."""

from dataclasses import replace

import pytest

from tests.checks.build import evidence, examine, only, op, ops, run, statistics
from unetdoctor.facts import Evidence, Op, Severity

ZERO = statistics(signal=0.0)


def masked(*behind: Op, **fields: object) -> Evidence:
    """A trained network with these operations behind its last layer."""
    return evidence(runs=(run(ops=(*ops(), *behind)),), **fields)


def product(index: int, *inputs: int, name: str = "mul", **fields: object) -> Op:
    """A product that nothing is left of."""
    return op(index, name, "", inputs, **{"statistics": ZERO, **fields})


class TestMasks:
    """UD403."""

    @pytest.mark.parametrize("name", ["mul", "mul_", "where", "masked_fill"])
    def test_one_mask(self, name: str) -> None:
        finding = only("UD403", masked(product(7, 5, 6, name=name)))
        assert finding.severity is Severity.WARNING
        assert finding.op == 7
        assert "leaves nothing of what it reads" in finding.message
        assert finding.remedies[0].parameters == {"ops": [7]}

    def test_each_branch_has_its_own(self) -> None:
        other = op(8, "mul", "", (-1,))
        added = product(10, 7, 9, name="add")
        finding = only("UD403", masked(product(7, 5), other, product(9, 8), added))
        assert finding.remedies[0].parameters == {"ops": [7, 9]}

    def test_what_a_view_shows(self) -> None:
        view = op(7, "view", "", (5,), statistics=None, is_view=True)
        assert only("UD403", masked(view, product(8, 7))).ill

    def test_a_constant_of_another_kind_is_no_mask(self) -> None:
        assert not only("UD403", masked(product(7, 5, name="clamp"))).ill
        assert not only("UD403", masked(product(7, 5, parameters=("gamma",)))).ill

    def test_something_else_is_handed_out_as_well(self) -> None:
        assert not only("UD403", masked(product(7, 5), op(8, "add", "", (7, 5)))).ill

    def test_an_even_input_says_nothing(self) -> None:
        given = masked(product(7, 5))
        runs = tuple(replace(x, probe=replace(x.probe, constant=True)) for x in given.runs)
        assert not [x for x in examine("UD403", replace(given, runs=runs)) if x.ill]
