"""Pictures of an output: neither greyness nor clipping nor NaN may hide."""

import hashlib
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from unetdoctor.engine import outputs
from unetdoctor.engine.palette import OKABE_ITO, palette, rgb
from unetdoctor.engine.pixels import LONGEST
from unetdoctor.engine.previews import MOST_CHANNELS, _between, draw
from unetdoctor.facts import DisplayRange, Preview, Task

LOGITS = DisplayRange(0.0, 1.0, "sigmoid", "logits")
CLASSES = DisplayRange(0.0, 1.0, "softmax", "logits")
TANH = DisplayRange(-1.0, 1.0, "as is", "tanh")
UNIT = DisplayRange(0.0, 1.0, "as is", "sigmoid")


class Scratch:
    """Keeps what was written."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def __call__(self, name: str, data: bytes) -> dict[str, object]:
        assert name not in self.files
        self.files[name] = data
        return {"file": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def pixels(self, preview: Preview) -> np.ndarray:
        data = self.files[preview.file]
        depth = {"L": 1, "RGB": 3}[preview.mode]
        assert len(data) == preview.size == preview.width * preview.height * depth
        assert hashlib.sha256(data).hexdigest() == preview.sha256
        shape = (preview.height, preview.width) if depth == 1 else (preview.height, preview.width, 3)
        return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def drawn(tensor: Tensor, display: DisplayRange, task: Task, source: Tensor | None = None, declared: bool = True):
    scratch = Scratch()
    output = outputs.describe("output", tensor, tensor, None, display, task)
    previews = draw(tensor, output, "noise", scratch, task=task if declared else Task.AUTO, source=source)
    assert len({p.name for p in previews}) == len(previews)
    return {p.name: p for p in previews}, scratch


def ramp(low: float, high: float, channels: int = 1, height: int = 8, width: int = 16) -> Tensor:
    one = torch.linspace(low, high, height * width).reshape(1, 1, height, width)
    return torch.cat([one.roll(c, 3) for c in range(channels)], dim=1)


def test_a_grey_output_stays_grey_as_displayed_and_is_stretched_beside_it():
    previews, scratch = drawn(ramp(-0.01, 0.01, 3), TANH, Task.GENERATOR)
    shown, stretched = previews["noise-channel-0"], previews["noise-channel-0-stretched"]
    assert (shown.role, stretched.role) == ("displayed", "stretched")
    assert set(scratch.pixels(shown).ravel()) <= {126, 127, 128, 129}
    pixels = scratch.pixels(stretched)
    assert pixels.min() == 0
    assert pixels.max() == 255
    assert shown.caption == "-1..1 as black..white (tanh)"
    assert stretched.caption.startswith("-0.0098")
    assert "p1..p99" in stretched.caption
    assert set(scratch.pixels(previews["noise-picture"]).ravel()) <= {126, 127, 128, 129}


def test_class_ids_have_their_colours():
    ids = torch.zeros(1, 8, 8, dtype=torch.int64)
    ids[:, :2], ids[:, 4:] = 1, 2
    previews, scratch = drawn(ids, LOGITS, Task.BINARY, torch.rand(1, 3, 8, 8))
    shown = previews["noise-classes"]
    assert shown.caption == "class ids as they are; class 0 is black"
    assert [label for _, label in shown.legend] == ["class 2: 50.0 %", "class 0: 25.0 %", "class 1: 25.0 %"]
    assert {tuple(x) for x in scratch.pixels(shown).reshape(-1, 3)} == {rgb(c) for c in palette(3)}
    assert "noise-overlay" in previews


def test_negatives_are_shown_by_their_range_and_not_clipped():
    previews, scratch = drawn(ramp(-1, 1, 3), TANH, Task.RGB)
    pixels = scratch.pixels(previews["noise-channel-0"])
    assert pixels[0, 0] == 0
    assert pixels[-1, -1] == 255
    assert abs(int(pixels[4, 0]) - 128) <= 2


def test_a_constant_output_is_said_to_be_constant():
    previews, scratch = drawn(torch.full((1, 3, 4, 4), 0.25), UNIT, Task.RGB)
    stretched = previews["noise-channel-1-stretched"]
    assert stretched.caption == "constant at 0.25: nothing to stretch"
    assert set(scratch.pixels(stretched).ravel()) == {64}


def test_a_few_bright_places_are_stretched_by_their_extremes():
    x = torch.zeros(1, 3, 32, 32)
    x[..., 0, 0] = 1e-3
    previews, scratch = drawn(x, UNIT, Task.RGB)
    assert "min..max" in previews["noise-channel-0-stretched"].caption
    assert scratch.pixels(previews["noise-channel-0-stretched"]).max() == 255


def test_the_colours_of_a_picture_keep_their_order():
    x = torch.zeros(1, 3, 4, 4)
    x[:, 0], x[:, 1], x[:, 2] = 1.0, 0.5, 0.0
    previews, scratch = drawn(x, UNIT, Task.RGB)
    picture = previews["noise-picture"]
    assert (picture.mode, picture.role) == ("RGB", "picture")
    assert scratch.pixels(picture)[0, 0].tolist() == [255, 128, 0]
    assert "noise-classes" not in previews


@pytest.mark.parametrize(("samples", "columns", "rows"), [(16, 4, 4), (5, 3, 2), (40, 4, 4)])
def test_many_samples_make_a_grid(samples, columns, rows):
    x = torch.linspace(-1, 1, samples)[:, None, None, None].expand(samples, 3, 8, 8)
    previews, scratch = drawn(x, TANH, Task.GENERATOR)
    picture = previews["noise-picture"]
    assert (picture.width, picture.height) == (columns * 10 - 2, rows * 10 - 2)
    assert picture.title == f"{min(samples, 16)} samples as displayed"
    assert scratch.pixels(picture)[0, 0].tolist() == [0, 0, 0]
    assert (previews["noise-channel-0"].width, previews["noise-channel-0"].height) == (8, 8)


def test_not_a_number_is_magenta_and_counted():
    x = ramp(-1, 1, 3)
    x[0, 1, 0, 0], x[0, 2, 3, 3] = math.nan, math.inf
    previews, scratch = drawn(x, TANH, Task.RGB)
    picture = previews["noise-picture"]
    assert "1 NaN and 1 infinite values of 384 in magenta" in picture.caption
    pixels = scratch.pixels(picture)
    assert pixels[0, 0].tolist() == pixels[3, 3].tolist() == [255, 0, 255]
    assert (pixels == [255, 0, 255]).all(axis=2).sum() == 2
    assert previews["noise-channel-0"].mode == "L"
    broken = previews["noise-channel-1"]
    assert broken.mode == "RGB"
    assert scratch.pixels(broken)[0, 0].tolist() == [255, 0, 255]
    assert scratch.pixels(previews["noise-channel-1-stretched"])[0, 0].tolist() == [255, 0, 255]


def test_nothing_but_nan():
    previews, scratch = drawn(torch.full((1, 3, 4, 4), math.nan), TANH, Task.RGB)
    for preview in previews.values():
        assert (scratch.pixels(preview) == [255, 0, 255]).all()


def test_nan_survives_being_made_smaller():
    x = torch.zeros(1, 1, 2048, 2048)
    x[0, 0, 1000, 1000] = math.nan
    previews, scratch = drawn(x, TANH, Task.GENERATOR)
    assert (scratch.pixels(previews["noise-channel-0"]) == [255, 0, 255]).all(axis=2).sum() == 1


def test_large_pictures_are_averaged_down():
    x = torch.tensor([0.0, 1.0]).repeat(600)[None, None, None, :].expand(1, 3, 900, 1200)
    previews, scratch = drawn(x, UNIT, Task.RGB)
    picture = previews["noise-picture"]
    assert (picture.width, picture.height) == (LONGEST, 384)
    assert abs(scratch.pixels(picture).mean() - 127.5) < 2


def test_classes_with_their_shares():
    x = torch.zeros(1, 4, 10, 10)
    x[0, 0] = 1.0
    x[0, 2, :2] = 2.0
    previews, scratch = drawn(x, CLASSES, Task.MULTICLASS)
    classes = previews["noise-classes"]
    assert classes.legend == (("#000000", "class 0: 80.0 %"), (OKABE_ITO[1], "class 2: 20.0 %"))
    pixels = scratch.pixels(classes)
    assert pixels[0, 0].tolist() == list(rgb(OKABE_ITO[1]))
    assert pixels[5, 5].tolist() == [0, 0, 0]
    assert "class 0 is black" in classes.caption
    assert previews["noise-channel-0"].caption == "softmax of the output, 0..1 as black..white"
    assert "noise-picture" not in previews


def test_a_mask_at_its_threshold():
    previews, scratch = drawn(ramp(-3, 1), LOGITS, Task.BINARY)
    mask = previews["noise-classes"]
    assert mask.caption == "white where the output is above 0 (sigmoid 0.5)"
    assert (scratch.pixels(mask)[..., 0] == 255).mean() == pytest.approx(0.25, abs=0.01)
    assert mask.legend[0] == ("#000000", "below the threshold: 75.0 %")
    probability, _ = drawn(ramp(0, 1), UNIT, Task.BINARY)
    assert probability["noise-classes"].caption == "white where the output is above 0.5"


def test_the_overlay_lies_on_the_input():
    fed = torch.full((1, 3, 20, 20), 0.5)
    x = torch.full((1, 1, 10, 10), -1.0)
    x[..., :5] = 1.0
    previews, scratch = drawn(x, LOGITS, Task.BINARY, fed)
    pixels = scratch.pixels(previews["noise-overlay"])
    assert pixels.shape == (20, 20, 3)
    assert pixels[0, 19].tolist() == [128, 128, 128]
    colour = rgb(OKABE_ITO[0])
    assert np.allclose(pixels[0, 0], [0.5 * 127.5 + 0.5 * c for c in colour], atol=1)
    assert previews["noise-overlay"].legend[1][0] == OKABE_ITO[0]
    assert previews["noise-input"].caption == "0..1 as black..white"
    assert scratch.pixels(previews["noise-input"])[0, 0].tolist() == [128, 128, 128]


def test_the_overlay_of_classes_on_a_grey_input():
    previews, _ = drawn(ramp(-1, 1, 5), CLASSES, Task.MULTICLASS, ramp(-2, 2))
    assert previews["noise-input"].mode == "L"
    assert previews["noise-input"].caption == "-2..2 as black..white"
    assert previews["noise-overlay"].mode == "RGB"


def test_a_latent_vector_has_no_picture_of_its_own():
    for source in (torch.randn(4, 100), torch.randn(4, 100, 1, 1), torch.zeros(1, 3, 8, 8, dtype=torch.long)):
        previews, _ = drawn(ramp(-1, 1, 3), TANH, Task.GENERATOR, source)
        assert "noise-input" not in previews


@pytest.mark.parametrize(
    ("channels", "display", "task", "expected"),
    [
        (1, LOGITS, Task.BINARY, "classes"),
        (1, UNIT, Task.BINARY, "classes"),
        (1, TANH, Task.GENERATOR, "picture"),
        (3, TANH, Task.RGB, "picture"),
        (3, CLASSES, Task.MULTICLASS, "classes"),
        (5, CLASSES, Task.MULTICLASS, "classes"),
        (5, LOGITS, Task.MULTILABEL, ""),
    ],
)
def test_what_is_drawn_without_a_declared_task(channels, display, task, expected):
    previews, _ = drawn(ramp(-1, 1, channels), display, task, declared=False)
    if channels == 1 and display is UNIT:  # a grey picture and a mask look alike without a task
        expected = "picture"
    roles = {p.role for p in previews.values()} - {"displayed", "stretched"}
    assert roles == ({expected} if expected else set())


def test_many_channels_are_cut_and_said_so():
    previews, _ = drawn(torch.randn(1, 40, 4, 4), CLASSES, Task.MULTICLASS)
    assert sum(p.role == "displayed" for p in previews.values()) == MOST_CHANNELS
    assert previews["noise-channel-3"].title == "Channel 3 (of 40, 24 are shown)"


@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 64), (1, 2, 4, 8, 8), (2, 8, 8), (1, 1, 1, 1)])
def test_any_shape_can_be_drawn(shape):
    previews, scratch = drawn(torch.randn(shape), TANH, Task.REGRESSION)
    sizes = {name: scratch.pixels(preview).shape[:2] for name, preview in previews.items()}
    assert sizes
    assert sizes == {name: (preview.height, preview.width) for name, preview in previews.items()}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.uint8, torch.int64, torch.bool])
def test_any_type_can_be_drawn(dtype):
    previews, scratch = drawn((ramp(0, 1, 3) > 0.5).to(dtype), UNIT, Task.RGB)
    assert set(scratch.pixels(previews["noise-channel-0"]).ravel()) == {0, 255}


def test_the_palette_has_distinct_colours():
    colours = palette(40)
    assert colours[0] == "#000000"
    assert colours[1:8] == OKABE_ITO
    values = np.array([rgb(c) for c in colours], dtype=float)
    distances = np.linalg.norm(values[:, None] - values[None], axis=2) + 1e9 * np.eye(40)
    assert distances.min() > 12
    assert "#ff00ff" not in colours
    assert palette(2) == ("#000000", "#e69f00")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-0.0107543, 0.0111324, "-0.0108..0.0111"),
        (0.500112, 0.500151, "0.500112..0.500151"),
        (0.0, 1.0, "0..1"),
        (99.871, 100.129, "99.871..100.129"),
        (1e-30, 1.0, "1e-30..1"),
    ],
)
def test_ends_have_as_many_digits_as_tell_them_apart(low: float, high: float, text: str) -> None:
    assert _between(low, high) == text
