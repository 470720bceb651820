"""UD312, and what UD403 leaves to it."""

from dataclasses import replace
from typing import Any

from tests.checks.build import NAN, evidence, examine, op, output, run, statistics
from unetdoctor.facts import Evidence, PlaceNorm, Severity


def given(skip: bool = False, name: str = "native_group_norm", **fields: Any) -> Evidence:
    """A network with a normalisation behind its first layer that takes everything away."""
    norm = PlaceNorm(op=1, values=1, epsilon=1e-5, flat=1.0, signal_in=0.5, signal_out=1e-5)
    ops = (
        op(0, "convolution", "stem", (-1,), statistics=statistics(0.5)),
        op(1, name, "norm", (0,), shape=(4, 16, 1, 1), statistics=statistics(1e-5)),
        op(2, "convolution", "deep", (1,), statistics=statistics(1e-5)),
        op(3, "convolution", "draw", (2, 0) if skip else (2,)),
    )
    drawn = run(ops=ops, drawn=output(drawn_by=3))
    return replace(evidence(runs=(drawn,)), place_norms=(replace(norm, **fields),))


class TestNormOnFlatFeatures:
    """UD312."""

    def test_everything_is_taken_away(self) -> None:
        (finding,) = examine("UD312", given())
        assert finding.severity is Severity.WARNING
        assert (finding.op, finding.place.layer) == (1, "norm")
        assert [r.holds for r in finding.readings] == [False, False]
        assert [(r.action, r.parameters["op"]) for r in finding.remedies] == [("one_group", 1), ("skip_operation", 1)]
        assert finding.remedies[0].patch == "model.norm = nn.GroupNorm(1, 16)"

    def test_instance_normalisation_has_no_groups(self) -> None:
        (finding,) = examine("UD312", given(name="native_batch_norm"))
        assert [r.action for r in finding.remedies] == ["skip_operation"]

    def test_a_branch_that_a_skip_connection_bypasses(self) -> None:
        assert examine("UD312", given(skip=True))[0].severity is Severity.NOTE

    def test_features_that_vary(self) -> None:
        (finding,) = examine("UD312", given(flat=0.0, signal_out=1.0))
        assert not finding.ill

    def test_a_weight_of_zero_behind_features_that_vary(self) -> None:
        assert not examine("UD312", given(flat=0.0, signal_out=0.0))[0].ill

    def test_a_signal_that_a_layer_in_front_lost(self) -> None:
        assert not examine("UD312", given(signal_in=1e-6, signal_out=3e-4))[0].ill
        assert not examine("UD312", given(signal_in=0.0, signal_out=0.0))[0].ill

    def test_unknown(self) -> None:
        assert not examine("UD312", given(flat=NAN))
        assert not examine("UD312", given(signal_in=NAN))[0].ill
        assert not examine("UD312", evidence(runs=()))
        assert not examine("UD312", evidence())

    def test_the_lost_signal_behind_it_is_its_own(self) -> None:
        """UD403."""
        assert not examine("UD403", given())
        (finding,) = examine("UD403", given(flat=0.0))
        assert finding.ill
