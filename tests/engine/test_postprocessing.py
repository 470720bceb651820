"""The person's function behind forward(): what it may return, and what is known of it by value."""

import numpy as np
import pytest
import torch
from PIL import Image

from unetdoctor.engine.by_value import cast_of
from unetdoctor.engine.postprocessing import NAME, Postprocess, PostprocessError, picture
from unetdoctor.engine.recorder import Recorder

RAMP = torch.linspace(0, 1, 64).reshape(1, 1, 8, 8)


class TestPicture:
    @pytest.mark.parametrize(
        ("result", "shape"),
        [
            (torch.zeros(6, 7), (1, 1, 6, 7)),
            (torch.zeros(2, 5, 6, 7), (2, 5, 6, 7)),
            (np.zeros((6, 7, 3), np.uint8), (1, 3, 6, 7)),
            (np.zeros((3, 6, 7)), (1, 3, 6, 7)),
            (np.zeros((5, 6, 7)), (5, 1, 6, 7)),
            (np.zeros((2, 6, 7, 4)), (2, 4, 6, 7)),
            (Image.new("L", (7, 6)), (1, 1, 6, 7)),
            (Image.new("P", (7, 6)), (1, 3, 6, 7)),
            ([Image.new("RGB", (7, 6))] * 2, (2, 3, 6, 7)),
        ],
    )
    def test_one_or_several(self, result, shape):
        assert picture(result).shape == shape

    @pytest.mark.parametrize("result", [None, "black", [], np.array(["black"])])
    def test_nothing_else(self, result):
        with pytest.raises(PostprocessError, match="expected a tensor, an array or a Pillow picture"):
            picture(result, "post.py:show")


class TestRecording:
    def recorded(self, function):
        x = RAMP.clone()
        recorder = Recorder(torch.nn.Identity(), (x,))
        with recorder:
            result = Postprocess("post.py:show", function)(x)
        return result, [entry.name for entry in recorder.tape.entries]

    def test_torch_stands_on_the_tape(self):
        result, names = self.recorded(lambda y: (y * 255).to(torch.uint8))
        assert names == ["mul", "_to_copy"]
        assert int(result.max()) == 255

    @pytest.mark.parametrize(
        "function",
        [
            lambda y: (y.numpy() * 255).astype(np.uint8),
            lambda y: torch.from_numpy((y.numpy() * 255).astype(np.uint8)) + 0,
        ],
    )
    def test_numpy_is_one_operation(self, function):
        result, names = self.recorded(function)
        assert names == [NAME]
        assert (result.shape, result.dtype) == ((1, 1, 8, 8), torch.uint8)

    def test_what_it_changes_in_place_is_a_copy(self):
        x = RAMP.clone()
        Postprocess("post.py:show", lambda y: y.clamp_(0, 0.5).numpy())(x.clone())
        assert float(x.max()) == 1


class TestByValue:
    def cast(self, function, x=RAMP, wide=True):
        return cast_of(7, [(lambda given: function(given[0]), [x], function(x))], wide)

    def test_a_truncated_picture(self):
        cast = self.cast(lambda y: (y * 0.9).to(torch.uint8))
        assert cast.largest == 0
        assert cast.fractional > 0.9

    def test_a_mask_of_nothing_is_seen_on_the_ramp(self):
        cast = self.cast(lambda y: (y > 0.5).to(torch.uint8) * 255, RAMP * 0.1)
        assert cast.largest == 255

    def test_a_mask_of_0_and_1_holds_decisions(self):
        assert self.cast(lambda y: (y > 0.5).to(torch.uint8)).fractional == 0

    @pytest.mark.parametrize(("function", "share"), [(lambda y: y * 255, 0), (lambda y: y * 510, 0.5)])
    def test_levels_that_fall_back_have_wrapped(self, function, share):
        assert self.cast(lambda y: function(y).to(torch.int64).to(torch.uint8)).wrapped == pytest.approx(
            share, abs=0.02
        )

    def test_what_follows_from_other_channels_has_not_wrapped(self):
        x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 1.05
        mask = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
        mask[..., 20:40, 20:40] = True
        drawn = [lambda y: y * 255, lambda y: torch.where(mask, y * 127 + 50, y * 255)]
        casts = [self.cast(lambda y, f=f: f(y).to(torch.int64).to(torch.uint8), x) for f in drawn]
        assert casts[0].wrapped > 0
        assert casts[1].wrapped == 0

    def test_red_and_blue_that_change_places_have_not_wrapped(self):
        orange, blue, grey = torch.tensor([[0.9, 0.6, 0.2], [0.1, 0.2, 0.7], [0.5, 0.5, 0.5]])
        rows, columns = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
        areas = grey[:, None, None] + 0.1 * (rows / 64 - 0.5) * torch.ones(3, 1, 1)
        areas = torch.where((rows - 32) ** 2 + (columns - 32) ** 2 < 400, orange[:, None, None], areas)
        areas = torch.where((rows < 30) & (columns > 20) & (columns < 40), blue[:, None, None], areas)
        torch.manual_seed(0)
        x = (areas + 0.02 * torch.randn_like(areas))[None].clamp(0, 1)
        assert self.cast(lambda y: (y * 255).to(torch.uint8).flip(1), x, wide=False).wrapped == 0

    def test_floats_and_ids_are_not_converted(self):
        assert self.cast(lambda y: y) is None
        assert self.cast(lambda y: y.to(torch.uint8), RAMP.long()) is None

    def test_a_function_that_refuses_the_ramp(self):
        calls = []

        def once(y):
            calls.append(y)
            if len(calls) > 1:
                raise PostprocessError("no")
            return y.to(torch.uint8)

        assert self.cast(once).largest == 1
