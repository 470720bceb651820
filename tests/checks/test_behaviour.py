"""UD405: what further looks at a pass tell."""

from dataclasses import replace

import pytest

from tests.checks.build import NAN, evidence, examine, model, only, op, ops, output, run, statistics
from unetdoctor.facts import BrokenOp, Evidence, Severity

BROKEN_PICTURE = output(nan=40)


def broken(name: str = "log", wider: bool = False, **fields: object) -> Evidence:
    """A network whose third operation makes NaN of what is finite."""
    bad = statistics(minimum=NAN, maximum=NAN)
    recorded = [replace(x, statistics=bad) if x.index > 3 else x for x in ops()]
    recorded[3] = op(3, name, "deep", (2,), statistics=bad)
    found = BrokenOp("noise", 3, 40, 12288, (("self", -1.5, 2.0),), wider, "float32")
    return evidence(runs=(run(drawn=BROKEN_PICTURE, ops=tuple(recorded)),), broken=(found,), **fields)


class TestNonFiniteOrigin:
    """UD405."""

    def test_the_operation_and_its_operand_are_named(self) -> None:
        finding = only("UD405", broken())
        assert finding.severity is Severity.ERROR
        assert finding.op == 3
        assert "`log` at deep (model.py:43) makes 40 of 12288 values" in finding.message
        assert "(self -1.5..2); its operand must not be at 0 or below." in finding.message
        assert [r.action for r in finding.remedies] == ["guard_operand", "keep_finite"]
        assert "clamp_min" in finding.remedies[0].patch

    def test_an_operation_written_in_place(self) -> None:
        assert only("UD405", broken("sqrt_")).remedies[0].parameters == {"name": "sqrt"}

    def test_a_division(self) -> None:
        assert only("UD405", broken("div")).remedies[0].title == "divide by no less than eps"

    def test_what_is_finite_in_a_wider_type(self) -> None:
        finding = only("UD405", broken("convolution", wider=True))
        assert [r.action for r in finding.remedies] == ["compute_wider", "keep_finite"]
        assert "finite in float64, but beyond float32" in finding.message

    def test_a_broken_parameter_is_said_by_its_own_check(self) -> None:
        given = broken("convolution", model=model(non_finite=(("deep.weight", 3),)))
        recorded = tuple(replace(x, parameters=("deep.weight",)) if x.index == 3 else x for x in given.runs[0].ops)
        assert not examine("UD405", replace(given, runs=(replace(given.runs[0], ops=recorded),)))

    def test_finite(self) -> None:
        assert not only("UD405", evidence()).ill

    @pytest.mark.parametrize("given", [evidence(runs=()), replace(broken(), broken=())])
    def test_nothing_that_was_seen(self, given: Evidence) -> None:
        assert not examine("UD405", given)
