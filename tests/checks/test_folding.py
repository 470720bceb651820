"""UD110, and what it leaves of UD106."""

from dataclasses import replace

import pytest

from tests.checks.build import evidence, examine, only, op, ops, run
from unetdoctor.facts import Evidence, Folding, Place, Severity

SIZES = {"n": 2, "c": 3, "h": 8, "w": 6, "p": 4, "q": 4}
FOUND = Folding(6, 7, Place("out"), (2, 48, 48), (2, 3, 32, 24), "nhwpqc", SIZES, 2.1)


def laid(trained: bool = True, **fields: object) -> Evidence:
    """A network whose last layer's values are laid out as pixels."""
    plain = evidence()
    return replace(plain, folding=replace(FOUND, **fields), model=replace(plain.model, trained=trained))  # type: ignore[arg-type]


class TestPixelsInWrongOrder:
    """UD110."""

    def test_a_smoother_order_is_named_with_its_line(self) -> None:
        finding = only("UD110", laid())
        assert finding.severity is Severity.WARNING
        assert "differ 2.1 times as much" in finding.message
        assert "row of cells, column of cells, row, column, channel" in finding.message
        assert finding.remedies[0].parameters == {"order": "nhwpqc"}
        patch = "x = x.reshape(-1, 8, 6, 4, 4, 3).permute(0, 5, 1, 3, 2, 4).reshape(-1, 3, 32, 24)"
        assert finding.remedies[0].patch == patch

    def test_what_pixel_shuffle_does_is_called_so(self) -> None:
        assert only("UD110", laid(order="ncpqhw")).remedies[0].patch == "x = F.pixel_shuffle(x, 4)"

    def test_cells_of_one_pixel(self) -> None:
        finding = only("UD110", laid(sizes={**SIZES, "h": 32, "w": 24, "p": 1, "q": 1}))
        assert "read as row, column, channel (" in finding.message
        assert finding.remedies[0].patch == "x = x.reshape(-1, 32, 24, 3).permute(0, 3, 1, 2).reshape(-1, 3, 32, 24)"

    @pytest.mark.parametrize("rougher", [1.0, 1.5])
    def test_as_smooth_as_any_other(self, rougher: float) -> None:
        assert not only("UD110", laid(rougher=rougher)).ill

    def test_fresh_weights_tell_little(self) -> None:
        assert only("UD110", laid(trained=False)).severity is Severity.NOTE

    def test_nothing_is_laid_out(self) -> None:
        assert not examine("UD110", evidence())


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("index", [6, 8])
def test_a_view_that_was_measured_is_not_guessed_at(trained: bool, index: int) -> None:
    view = op(index, "view", "out", (1,), input_shapes=((2, 12, 32, 24),), shape=(2, 3, 64, 48), is_view=True)
    found = replace(laid(trained), runs=(run(ops=(*ops(), view)),))
    assert only("UD106", found).ill == (not trained or index == 8)
