"""Conversions and class colours, read on the tape, and the remedies on them."""

import pytest
import torch

from tests.engine.test_head import examined
from unetdoctor.engine.displays import display_range
from unetdoctor.engine.repainting import painted
from unetdoctor.facts import Intent, Remedy, Task

COLOURS = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 1, 0]])


def repaint(count: int) -> Remedy:
    return Remedy("repaint", parameters={"classes": count})


class TestCasts:
    def test_reads_what_is_converted(self):
        (cast,) = examined(lambda y: torch.sigmoid(y).to(torch.uint8), 1).evidence().casts
        assert (cast.dtype, cast.low, cast.high, cast.kept) == ("uint8", 0, 255, True)
        assert 0 < cast.minimum < cast.maximum < 1
        assert (cast.fractional, cast.wrapped, cast.non_finite) == (1, 0, 0)

    def test_counts_what_wraps_and_what_is_not_finite(self):
        def end(y):
            x = torch.zeros_like(y)
            x[0, 0, 0, :4] = torch.tensor([-1.0, 256.0, -0.5, 255.5])
            x[0, 0, 1, :2] = torch.tensor([float("nan"), float("inf")])
            return (x + 0 * y).to(torch.uint8)

        (cast,) = examined(end, 1).evidence().casts
        assert cast.wrapped == pytest.approx(2 / 510)
        assert cast.non_finite == pytest.approx(2 / 512)

    def test_the_widest_type(self):
        (cast,) = examined(lambda y: torch.sigmoid(y).long(), 1).evidence().casts
        assert cast.high == 2.0**63
        assert cast.wrapped == 0

    def test_of_ids_is_none(self):
        assert not examined(lambda y: y.argmax(1).to(torch.uint8)).evidence().casts

    def test_an_index_is_not_kept(self):
        (cast,) = examined(lambda y: COLOURS[y.sigmoid().long()[:, 0]], 1).evidence().casts
        assert not cast.kept

    def test_scaled_under_the_remedy(self):
        examination = examined(lambda y: torch.sigmoid(y).to(torch.uint8), 1)
        op = examination.evidence().casts[0].op
        after = examination.counterfactual((Remedy("scale_before_cast", parameters={"op": op, "from": "unit"}),))
        assert after.casts[0].fractional == 0
        assert after.casts[0].maximum > 127
        assert after.outputs[0][1].display.source == "bytes"
        assert after.outputs[0][1].std_8bit > 1 > examination.evidence().outputs[0][1].std_8bit


class TestPainting:
    def test_every_class_is_drawn(self):
        found = examined(lambda y: (COLOURS * 9)[y.argmax(1)].permute(0, 3, 1, 2)).evidence().painting
        assert found.table
        assert found.colours == ((0, 0, 0), (9, 0, 0), (0, 9, 0))

    def test_arithmetic_wraps(self):
        found = examined(lambda y: (y.argmax(1) * 255).to(torch.uint8)).evidence().painting
        assert (found.table, found.channels, found.dtype) == (False, 1, "uint8")
        assert found.colours == ((0,), (255,), (254,))

    def test_a_table_with_too_few_rows(self):
        def end(y):
            y = torch.cat([y[:, :2], y[:, 2:] - 99], 1)
            return COLOURS[:2][y.argmax(1)].permute(0, 3, 1, 2)

        examination = examined(end)
        assert examination.evidence().painting.colours == ((0, 0, 0), (1, 0, 0), ())
        assert all(examination.counterfactual((repaint(3),)).painting.colours)

    def test_floats_of_0_to_1(self):
        found = examined(lambda y: (COLOURS / 1.0)[y.argmax(1)].permute(0, 3, 1, 2)).evidence().painting
        assert found.colours[1] == (255, 0, 0)

    def test_floats_of_both_signs(self):
        examination = examined(lambda y: (COLOURS * 2.0 - 1)[y.argmax(1)].permute(0, 3, 1, 2))
        assert examination.evidence().painting.colours == ((0, 0, 0), (255, 0, 0), (0, 255, 0))
        after = examination.counterfactual((repaint(3),)).painting.colours
        assert after[0] == (0, 0, 0)
        assert max(after[1]) > 200

    def test_one_hot(self):
        def end(y):
            return torch.nn.functional.one_hot(y.argmax(1), 3).permute(0, 3, 1, 2)

        evidence = examined(end).evidence()
        assert evidence.painting.one_hot
        assert not evidence.painted

    def test_black_everywhere_is_no_channel_per_class(self):
        found = examined(lambda y: (COLOURS * 0)[y.argmax(1)].permute(0, 3, 1, 2)).evidence().painting
        assert not found.one_hot
        assert set(found.colours) == {(0, 0, 0)}

    @pytest.mark.parametrize(
        "end", [lambda y: y, lambda y: y + COLOURS[y.argmax(1)].permute(0, 3, 1, 2), lambda y: y.argmax(0)]
    )
    def test_what_is_no_even_colour(self, end):
        assert examined(end).evidence().painting is None

    def test_repainted(self):
        examination = examined(lambda y: (y.argmax(1) * 255).to(torch.uint8))
        after = examination.counterfactual((repaint(3),)).painting
        assert after.colours == ((0,), (127,), (255,))

    @pytest.mark.parametrize("shape", [(2, 5, 5), (2, 1, 5, 5), (2, 3, 5, 5), (2, 5, 5, 3), (2, 4, 5, 5)])
    def test_in_the_shape_of_the_picture(self, shape):
        ids = torch.arange(50).reshape(2, 5, 5) % 3
        picture = painted(ids, torch.zeros(shape, dtype=torch.uint8), 3)
        assert (picture.shape, picture.dtype) == (shape, torch.uint8)
        assert picture.unique().numel() >= 3

    def test_in_wanted_colours(self):
        ids = torch.arange(25).reshape(1, 5, 5) % 2
        picture = painted(ids, torch.zeros(1, 3, 5, 5, dtype=torch.uint8), 2, ("#010203", "#ff0000"))
        assert picture[0, :, 0, 0].tolist() == [1, 2, 3]
        assert picture[0, :, 0, 1].tolist() == [255, 0, 0]


class TestDisplayOfBytes:
    @pytest.mark.parametrize(
        ("values", "low", "high"), [([0, 1], 0, 1), ([0, 200], 0, 255)], ids=["0 and 1", "a picture"]
    )
    def test_whole_numbers(self, values, low, high):
        tensor = torch.tensor(values, dtype=torch.uint8).reshape(1, 1, 1, 2)
        found = display_range(tensor, None, Intent(task=Task.BINARY))
        assert (found.low, found.high, found.decode) == (low, high, "as is")

    def test_ids_are_no_picture(self):
        examination = examined(lambda y: y.argmax(1).to(torch.uint8))
        assert examination.evidence().outputs[0][1].display.source != "bytes"
