"""The usual readings of one output, and which of them its display range supports."""

import math

import pytest
import torch

from unetdoctor.engine.decoding import Decoded, decodings
from unetdoctor.engine.outputs import describe
from unetdoctor.facts import DisplayRange, Task


def read(tensor: torch.Tensor, display: DisplayRange, task: Task = Task.RGB) -> dict[str, Decoded]:
    output = describe("output", tensor, tensor, None, display, task)
    return {x.fact.name: x for x in decodings(tensor, output)}


def supported(found: dict[str, Decoded]) -> list[str]:
    return [name for name, x in found.items() if x.fact.supported]


RAMP = torch.linspace(0, 1, 3 * 64).reshape(1, 3, 8, 8)


@pytest.mark.parametrize(
    ("tensor", "display", "name"),
    [
        (RAMP, DisplayRange(0.0, 1.0, "as is", "sigmoid"), "as is"),
        (RAMP * 1.2, DisplayRange(0.0, 1.0, "as is", "values in 0..1"), "clamped"),
        (RAMP * 2 - 1, DisplayRange(-1.0, 1.0, "as is", "tanh"), "-1..1"),
        (RAMP * 255, DisplayRange(0.0, 255.0, "as is", "values in 0..255"), "0..255"),
        (RAMP * 9 - 4, DisplayRange(0.0, 1.0, "sigmoid", "logits"), "sigmoid"),
        (RAMP * 9 - 4, DisplayRange(0.0, 1.0, "softmax", "logits"), "softmax and argmax"),
        (RAMP * 4, DisplayRange(0.0, 4.0, "as is", "declared"), "declared"),
        (RAMP * 8 - 3, DisplayRange(-3.0, 5.0, "as is", "clamp"), "-3..5"),
    ],
)
def test_one_reading_is_supported_and_cuts_nothing_off_but_the_clamp(tensor, display, name):
    found = read(tensor, display)
    assert supported(found) == [name]
    assert found[name].fact.why == display.source
    if name == "clamped":
        assert 10 < found[name].fact.clipped < 25
    else:
        assert found[name].fact.clipped == 0


def test_a_range_below_0_is_written_with_a_plus():
    display = DisplayRange(-3.0, 5.0, "as is", "clamp")
    assert read(RAMP * 8 - 3, display)["-3..5"].fact.formula == "(y + 3) / 8"


def test_class_ids_are_no_values_to_be_read():
    assert not read((RAMP * 2).long()[:, :1], DisplayRange(0.0, 1.0, "as is", "class ids"))


@pytest.mark.parametrize(
    ("scale", "display", "name", "spread"),
    [
        (255, DisplayRange(0.0, 255.0, "as is", "bytes"), "0..255", 200),
        (1.5, DisplayRange(0.0, 1.0, "as is", "0 and 1"), "clamped", 255),
    ],
)
def test_bytes_are_shown_as_they_are_or_as_a_mask(scale, display, name, spread):
    found = read((RAMP * scale).to(torch.uint8), display)
    assert list(found) == ["0..255", "clamped", "min-max"]
    assert supported(found) == [name]
    assert found[name].fact.spread_8bit >= spread


def test_the_pictures_are_what_the_formulas_say():
    found = read(RAMP * 2 - 1, DisplayRange(-1.0, 1.0, "as is", "tanh"))
    pixels, mode = found["-1..1"].pixels
    assert mode == "RGB"
    assert pixels.shape == (8, 8, 3)
    assert torch.equal(pixels, (RAMP[0] * 255).round().to(torch.uint8).permute(1, 2, 0))
    dark, _ = found["clamped"].pixels
    assert (dark == 0).float().mean() > 0.45
    wrapped, _ = found["as is"].pixels
    assert int(wrapped[0, 0, 0]) == 1  # -255 becomes 1 in a cast to 8 bits
    assert found["as is"].fact.clipped == pytest.approx(50, abs=1)
    assert found["0..255"].fact.spread_8bit < 1


def test_classes_are_counted_and_nan_is_magenta():
    logits = torch.zeros(1, 4, 6, 6)
    logits[:, 2, :, :3] = 5.0
    logits[0, :, 0, 0] = math.nan
    classes = read(logits, DisplayRange(0.0, 1.0, "softmax", "logits"), Task.MULTICLASS)["softmax and argmax"]
    assert classes.fact.classes == 2
    assert classes.pixels[0][0, 0].tolist() == [255, 0, 255]


def test_one_channel_has_no_argmax():
    assert "softmax and argmax" not in read(RAMP[:, :1], DisplayRange(0.0, 1.0, "as is", "sigmoid"), Task.BINARY)
