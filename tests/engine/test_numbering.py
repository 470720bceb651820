"""Painted classes under the numbers of the masks."""

import pytest
import torch
from torch import Tensor

from unetdoctor.engine.numbering import Numbers, numbered, numbers_of
from unetdoctor.engine.reading_masks import Drawn
from unetdoctor.engine.truths import Truth
from unetdoctor.facts import Painting

GREY, ORANGE, BLUE = (120.0,) * 3, (230.0, 126.0, 34.0), (41.0, 128.0, 185.0)
PALETTE = ("#000000", "#787878", "#e67e22", "#2980b9")
IDS = torch.tensor([[0, 0, 1], [0, 2, 2]])


def painted(*colours: tuple[float, ...]) -> Painting:
    return Painting(1, 2, True, colours, len(colours[0]), "uint8", False)


def numbers(painting: Painting, mask: Tensor, palette: tuple[str, ...] = ()) -> Numbers | None:
    drawn = Drawn(IDS, "colours", len(painting.colours), painted=True)
    return numbers_of(painting, [Truth("m.png", mask, palette=palette)], [drawn])


class TestColours:
    def test_those_of_the_masks_say_what_a_class_is(self) -> None:
        found = numbers(painted(GREY, ORANGE, BLUE), IDS + 1, PALETTE)
        assert found is not None
        assert (found.ids, found.free) == ((1, 2, 3), False)

    def test_also_where_they_are_in_another_order(self) -> None:
        found = numbers(painted(GREY, BLUE, ORANGE), IDS + 1, PALETTE)
        assert found is not None
        assert found.ids == (1, 3, 2)

    def test_others_say_nothing(self) -> None:
        assert numbers(painted((0.0,) * 3, (255.0, 0.0, 0.0), (0.0, 0.0, 255.0)), IDS, PALETTE) is None


class TestLevels:
    @pytest.mark.parametrize("levels", [(1, 2, 3), (7, 11, 26), (0, 1, 2)])
    def test_ids_of_the_masks(self, levels: tuple[int, ...]) -> None:
        mask = torch.tensor(levels)[IDS]
        mask[0, 0] = 0 if levels[0] > 1 else levels[0]
        found = numbers(painted(*[(float(level),) for level in levels]), mask)
        assert found is not None
        assert (found.ids, found.free) == (levels, False)

    def test_spread_over_the_levels_they_are_no_ids(self) -> None:
        assert numbers(painted((0.0,), (127.0,), (254.0,)), IDS) is None


class TestWithout:
    @pytest.mark.parametrize("mask", [IDS + 1, torch.where(IDS == 0, -1, IDS + 1), torch.tensor([7, 8, 11])[IDS]])
    def test_masks_that_cannot_have_the_networks_numbers(self, mask: Tensor) -> None:
        found = numbers(painted(GREY, ORANGE, BLUE), mask)
        assert found is not None
        assert found.free
        assert found.ids[1:] == tuple(sorted(set(mask.flatten().tolist()))[-2:])

    def test_masks_from_0_have_the_networks_numbers(self) -> None:
        assert numbers(painted(GREY, ORANGE, BLUE), torch.tensor([0, 2, 1])[IDS]) is None

    def test_ids_become_those_of_the_masks(self) -> None:
        drawn = numbered(Drawn(IDS, "colours", 3, painted=True), Numbers((1, 2, 3), " so"))
        assert drawn.ids.tolist() == (IDS + 1).tolist()
        assert drawn.classes == 4

    def test_levels_that_look_alike_are_told_apart_where_they_are_ids(self) -> None:
        alike = Drawn(torch.zeros_like(IDS), "colours", 3, painted=True, exact=IDS)
        assert numbered(alike, Numbers((1, 2, 3), " so", exact=True)).ids.tolist() == (IDS + 1).tolist()
        assert numbered(alike, Numbers((1, 2, 3), " so")).ids.unique().tolist() == [1]
