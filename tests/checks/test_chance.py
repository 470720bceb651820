"""UD004, UD410, UD804: what runs as in training, and what chance changes."""

from dataclasses import replace

import pytest

from tests.checks.build import MASK, evidence, examine, model, norm, only, op, ops, pristine, run
from unetdoctor.facts import Chance, Evidence, Intent, Isolation, Op, Severity, Task

MIXED = Isolation(4, 0.3, 1.2e-7, origin=6)
TRAINING = op(
    6,
    "native_batch_norm",
    "deep",
    (1,),
    training=True,
    parameters=("deep.weight", "deep.running_mean", "deep.running_var"),
)
DROPPING = op(7, "bernoulli_", "drop", (1,))
FILLED = model(norms=(norm("deep", used_stored=False),))


def ran(*more: Op, **fields: object) -> Evidence:
    """A trained network that ran these operations as well."""
    return evidence(runs=(run(ops=(*ops(), *more)),), **{"model": FILLED, **fields})


class TestLeftInTrainMode:
    """UD004."""

    def test_filled_statistics_that_are_not_used(self) -> None:
        finding = only("UD004", ran(TRAINING, isolation=MIXED))
        assert finding.severity is Severity.ERROR
        assert finding.op == 6
        assert "1 normalisation layer runs in eval() as in training, first at deep" in finding.message
        assert "difference of a sample alone and in its batch 0.3 (at most 0.0001)" in finding.message
        assert [r.action for r in finding.remedies] == ["as_in_eval"]
        assert "training=self.training" in finding.remedies[0].patch

    def test_a_small_difference_is_a_warning(self) -> None:
        finding = only("UD004", ran(TRAINING, isolation=replace(MIXED, relative=0.01)))
        assert finding.severity is Severity.WARNING

    def test_statistics_that_were_never_filled_are_a_warning(self) -> None:
        empty = model(norms=(pristine("deep", used_stored=False),))
        assert only("UD004", ran(TRAINING, isolation=MIXED, model=empty)).severity is Severity.WARNING

    def test_fresh_weights(self) -> None:
        fresh = replace(FILLED, trained=False)
        assert only("UD004", ran(TRAINING, isolation=MIXED, model=fresh)).severity is Severity.WARNING
        little = replace(MIXED, relative=0.01)
        assert only("UD004", ran(TRAINING, isolation=little, model=fresh)).severity is Severity.NOTE

    @pytest.mark.parametrize(("task", "severity"), [("rgb", Severity.NOTE), ("multiclass", Severity.WARNING)])
    def test_dropout_with_fresh_weights(self, task: str, severity: Severity) -> None:
        drawn = {"model": replace(FILLED, trained=False), "chance": Chance((7,), 0.8, 0.0)}
        assert only("UD004", ran(DROPPING, intent=Intent(Task(task)), **drawn)).severity is severity

    def test_dropout(self) -> None:
        finding = only("UD004", ran(DROPPING, DROPPING, chance=Chance((7,), 0.8, 0.0)))
        assert finding.severity is Severity.WARNING
        assert "2 dropouts run in eval() as in training" in finding.message
        assert finding.readings[0].value == 0.8
        assert "F.dropout" in finding.remedies[0].patch

    def test_dropout_with_a_flag(self) -> None:
        on, off = (op(7, "native_dropout", "drop", (1,), training=flag) for flag in (True, False))
        assert only("UD004", ran(on)).ill
        assert not only("UD004", ran(off)).ill

    def test_an_exported_program_is_exported_again(self) -> None:
        finding = only("UD004", ran(TRAINING, isolation=MIXED, model=replace(FILLED, kind="torchscript")))
        assert "before torch.jit.trace" in finding.remedies[0].patch

    def test_an_effect_that_was_not_measured(self) -> None:
        finding = only("UD004", ran(TRAINING, DROPPING))
        assert finding.severity is Severity.WARNING
        assert finding.readings[0].value == 2

    def test_experiments_read_the_difference_again(self) -> None:
        under = ran(TRAINING, DROPPING, isolation=replace(MIXED, relative=1e-7), chance=Chance((7,), 0.0, 0.0))
        assert not only("UD004", under).ill

    def test_batch_statistics_by_design(self) -> None:
        instance = replace(TRAINING, parameters=("deep.weight",))
        assert not only("UD004", ran(instance, isolation=MIXED)).ill

    def test_nothing_ran(self) -> None:
        assert not examine("UD004", evidence(runs=()))

    def test_samples_mixed_by_it_are_no_second_fault(self) -> None:
        assert only("UD107", ran(TRAINING, isolation=MIXED)).severity is Severity.NOTE


class TestRandomInEval:
    """UD410."""

    NOISE = op(6, "randn_like", "noise", (1,))

    def test_noise_is_a_note(self) -> None:
        finding = only("UD410", ran(self.NOISE, chance=Chance((6,), 0.5, 0.0)))
        assert finding.severity is Severity.NOTE
        assert finding.place.layer == "noise"
        assert "0.5 of the output's spread away (at most 0.0001): `randn_like` at noise" in finding.message
        assert [r.action for r in finding.remedies] == ["without_chance"]

    def test_a_random_mask_is_a_warning(self) -> None:
        assert only("UD410", ran(self.NOISE, chance=Chance((6,), 0.5, 0.0), intent=MASK)).severity is Severity.WARNING
        assert only("UD410", ran(self.NOISE, chance=Chance((6,), 0.05, 0.0), intent=MASK)).severity is Severity.NOTE

    def test_dropout_is_said_by_its_own_check(self) -> None:
        assert only("UD410", ran(DROPPING, chance=Chance((7,), 0.5, 0.0), intent=MASK)).severity is Severity.NOTE

    def test_random_numbers_of_python(self) -> None:
        finding = only("UD410", ran(chance=Chance((), 0.5, 0.0)))
        assert finding.ill
        assert not finding.remedies
        assert "outside torch" in finding.message

    def test_what_is_drawn_and_not_used(self) -> None:
        assert not only("UD410", ran(self.NOISE, chance=Chance((6,), 0.0, 0.0))).ill

    def test_nothing_is_drawn(self) -> None:
        assert not only("UD410", evidence()).ill

    def test_what_no_seed_reaches_is_another_check_s(self) -> None:
        assert not examine("UD410", ran(chance=Chance((), 0.5, 0.5)))

    def test_nothing_ran(self) -> None:
        assert not examine("UD410", evidence(runs=()))


class TestNotDeterministic:
    """UD804."""

    @pytest.mark.parametrize(("apart", "ill"), [(0.0, False), (1e-9, True)])
    def test_two_equal_runs(self, apart: float, ill: bool) -> None:
        finding = only("UD804", ran(chance=Chance((), 0.5, apart)))
        assert finding.ill is ill
        assert finding.severity in (Severity.NOTE, Severity.OK)

    def test_where_it_was_not_looked_at(self) -> None:
        assert not examine("UD804", evidence())
