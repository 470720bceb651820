"""What drew the output, and what its final activation can reach: read from the graph, eager and traced alike."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unetdoctor.engine.displays import display_range
from unetdoctor.engine.drawing import embeds_time
from unetdoctor.engine.observation import observe
from unetdoctor.engine.outputs import as_row, describe, infer_task, is_photograph, repeats
from unetdoctor.engine.setting import Setting
from unetdoctor.facts import Intent, Probe, Task

X = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Ends(nn.Module):
    """A convolution with any ending."""

    def __init__(self, end, channels=3):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(3, 8, 3, padding=1)
        self.head = nn.Conv2d(8, channels, 1)
        self.end = end

    def forward(self, x):
        return self.end(self.head(torch.relu(self.body(x))), x)


def seen(model, x=X):
    return observe(
        Setting(model.eval(), "cpu", 0, "", ""), Probe("noise", tuple(x.shape), False, False), (x,), {}, True
    )


CASES = {
    "none": (lambda y, x: y, "", -math.inf, math.inf, False),
    "tanh": (lambda y, x: torch.tanh(y), "tanh", -1, 1, False),
    "unit tanh": (lambda y, x: (torch.tanh(y) + 1) / 2, "tanh", 0, 1, False),
    "scaled sigmoid": (lambda y, x: torch.sigmoid(y) * 255, "sigmoid", 0, 255, False),
    "turned": (lambda y, x: 1 - torch.sigmoid(y), "sigmoid", 0, 1, False),
    "softmax": (lambda y, x: torch.softmax(y, 1), "softmax", 0, 1, False),
    "clamp": (lambda y, x: y.clamp(0, 1), "clamp", 0, 1, False),
    "hardtanh": (lambda y, x: F.hardtanh(y, -2, 2), "hardtanh", -2, 2, False),
    "relu": (lambda y, x: torch.relu(y), "relu", 0, math.inf, False),
    "relu6": (lambda y, x: F.relu6(y), "hardtanh", 0, 6, False),
    "upsampled tanh": (lambda y, x: F.interpolate(torch.tanh(y), scale_factor=2), "tanh", -1, 1, False),
    "gated": (lambda y, x: torch.sigmoid(y) * y, "", -math.inf, math.inf, False),
    "residual": (lambda y, x: x + y, "", -math.inf, math.inf, True),
    "residual tanh": (lambda y, x: torch.tanh(x + y), "tanh", -1, 1, True),
}


@pytest.mark.parametrize("name", CASES)
def test_the_end_of_a_network(name):
    end, activation, low, high, residual = CASES[name]
    found = seen(Ends(end))
    drawing = found.drawing
    assert found.tape.entries[drawing.drawn_by].layer == "head"
    assert (drawing.activation, drawing.low, drawing.high) == (activation, low, high)
    assert drawing.residual is residual
    assert found.verified


def test_what_the_activation_reads_is_kept():
    found = seen(Ends(CASES["unit tanh"][0]))
    torch.testing.assert_close((torch.tanh(found.raw) + 1) / 2, found.output)


def test_a_sum_of_two_heads_is_no_residual():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.low, self.high = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x):
            return self.low(x) + self.high(x)

    assert not seen(Two()).drawing.residual


@pytest.mark.parametrize(
    ("channels", "end", "latent", "task"),
    [
        (1, "none", False, Task.BINARY),
        (4, "none", False, Task.MULTICLASS),
        (3, "tanh", False, Task.RGB),
        (3, "scaled sigmoid", False, Task.RGB),
        (5, "scaled sigmoid", False, Task.MULTILABEL),
        (3, "softmax", False, Task.MULTICLASS),
        (3, "residual", False, Task.RGB),
        (3, "tanh", True, Task.GENERATOR),
    ],
)
def test_the_task_is_inferred(channels, end, latent, task):
    found = seen(Ends(CASES[end][0], channels))
    assert infer_task(latent, (2, 3, 16, 16), tuple(found.output.shape), found.drawing)[0] is task


@pytest.mark.parametrize("channels", [1, 3])
def test_the_input_s_channels_on_a_larger_picture_are_super_resolution(channels):
    assert infer_task(False, (2, channels, 16, 16), (2, channels, 64, 64), None)[0] is Task.RGB
    assert infer_task(False, (2, channels, 16, 16), (2, channels, 16, 16), None)[0] is not Task.RGB


def test_bytes_in_many_colours_are_a_photograph():
    many = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    table = torch.randint(0, 256, (256, 3), dtype=torch.uint8)
    assert is_photograph(many)
    assert not is_photograph(many.float())
    assert not is_photograph(many[:, :1])
    assert not is_photograph(table[torch.randint(0, 256, (2, 64, 64))].permute(0, 3, 1, 2))


def test_a_picture_that_is_drawn_again_is_no_scores():
    fed = torch.rand(1, 3, 32, 32)
    assert repeats(fed + 0.1 * torch.randn_like(fed), fed)
    assert not repeats(3 * fed, fed)
    assert not repeats(fed.flip(1), fed)
    assert not repeats(fed[..., :16], fed)
    assert not repeats(torch.full_like(fed, torch.nan), fed)


def test_channels_in_the_last_place_are_read_as_channels():
    fed, drawn = (2, 16, 16, 3), torch.zeros(2, 16, 16, 1)
    assert infer_task(False, fed, tuple(drawn.shape), None)[0] is Task.BINARY
    assert as_row(drawn, fed).shape == (2, 1, 16, 16)
    assert as_row(drawn, (2, 16, 16, 16)).shape == drawn.shape
    assert as_row(torch.zeros(2, 16, 16, 3), (2, 5, 16, 16)).shape == (2, 3, 16, 16)


def test_an_output_is_described_in_display_units():
    found = seen(Ends(CASES["tanh"][0]))
    intent = Intent(inferred_task=Task.RGB)
    display = display_range(found.output, found.drawing, intent)
    assert (display.low, display.high, display.source) == (-1, 1, "tanh")
    output = describe(found.path, found.output, found.raw, found.drawing, display, Task.RGB)
    eight_bit = (found.output + 1) * 127.5
    assert output.std_8bit == pytest.approx(eight_bit.std(correction=0).item(), rel=1e-4)
    channel = eight_bit[:, 1].flatten()
    assert output.channels[1].p99_8bit == pytest.approx(channel.quantile(0.99).item(), abs=0.5)
    assert output.channels[1].p1_8bit == pytest.approx(channel.quantile(0.01).item(), abs=0.5)
    assert sum(output.channels[1].histogram) == channel.numel()
    assert output.nan == output.infinite == 0


def test_non_finite_values_are_counted_and_left_out():
    x = torch.rand(1, 1, 8, 8)
    x[0, 0, 0, 0], x[0, 0, 0, 1], x[0, 0, 0, 2] = float("nan"), float("inf"), float("-inf")
    display = display_range(x, None, Intent(inferred_task=Task.RGB))
    output = describe("output", x, x, None, display, Task.RGB)
    assert (output.nan, output.infinite) == (1, 2)
    assert 0 <= output.minimum <= output.maximum <= 1


def test_no_hook_and_no_mode_is_left_behind():
    from torch.nn.modules import module as hooks
    from torch.utils._python_dispatch import _get_current_dispatch_mode

    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    assert seen(Broken()).crash.type == "ValueError"
    assert not hooks._global_forward_pre_hooks
    assert not hooks._global_forward_hooks
    assert _get_current_dispatch_mode() is None


@pytest.mark.parametrize(("times", "embeds"), [(1, True), (2, True), (64, False)])
def test_a_time_that_the_network_chooses_is_embedded(times, embeds):
    class Timed(nn.Module):
        def __init__(self):
            super().__init__()
            self.draw = nn.Conv2d(3, 3, 3, padding=1)
            self.embed = nn.Linear(8, 3)

        def forward(self, x):
            angles = torch.full((times, 1), 10.0) * torch.arange(4.0).exp()
            embedded = self.embed(torch.cat([angles.sin(), angles.cos()], dim=1)).mean(dim=0)
            return self.draw(x) + embedded.reshape(1, 3, 1, 1)

    assert embeds_time(seen(Timed(), torch.randn(2, 3, 8, 8)).tape, (2, 3, 8, 8)) is embeds


def test_a_function_of_one_number_moves_the_ends():
    cases = {
        "exp of a clamp": (lambda y, x: y.clamp(-3, 5).exp(), math.exp(-3), math.exp(5), "exp"),
        "depth of a disparity": (lambda y, x: 1 / (0.01 + 9.99 * torch.sigmoid(y)), 0.1, 100, "reciprocal"),
        "gamma": (lambda y, x: torch.sigmoid(y) ** 0.5, 0, 1, "pow"),
        "square": (lambda y, x: torch.tanh(y).square() * 4, 0, 4, "pow"),
        "size": (lambda y, x: 2 - torch.tanh(y).abs(), 1, 2, "abs"),
        "root": (lambda y, x: torch.relu(y).sqrt(), 0, math.inf, "sqrt"),
        "pole": (lambda y, x: 1 / torch.tanh(y), -math.inf, math.inf, "reciprocal"),
        "turned": (lambda y, x: -torch.sigmoid(y), -1, 0, ""),
    }
    for name, (end, low, high, curve) in cases.items():
        drawing = seen(Ends(end)).drawing
        assert (drawing.low, drawing.high) == pytest.approx((low, high)), name
        assert drawing.curve == curve, name


@pytest.mark.parametrize(
    ("task", "ends", "decode"),
    [
        (Task.BINARY, (-10, 10), "sigmoid"),
        (Task.MULTICLASS, (-30, 30), "softmax"),
        (Task.RGB, (-10, 10), "as is"),
        (Task.BINARY, (-1, 1), "as is"),
        (Task.BINARY, (0, 10), "as is"),
    ],
)
def test_logits_that_are_kept_finite_are_logits(task, ends, decode):
    found = seen(Ends(lambda y, x: y.clamp(*ends)))
    assert display_range(found.output, found.drawing, Intent(task)).decode == decode


def test_class_ids_are_shown_as_ids():
    found = seen(Ends(lambda y, x: y.argmax(1)))
    display = display_range(found.output, found.drawing, Intent(Task.BINARY))
    assert (display.low, display.high, display.decode, display.source) == (0, 1, "as is", "class ids")


def test_a_quantity_is_shown_between_its_own_values():
    depth = seen(Ends(lambda y, x: 50 * y.exp(), channels=1))
    display = display_range(depth.output, depth.drawing, Intent(Task.REGRESSION))
    assert display.source == "the values themselves"
    assert float(depth.output.min()) <= display.low < display.high <= float(depth.output.max())
    even = seen(Ends(lambda y, x: 50 + (1e-4 * y).exp(), channels=1))
    assert display_range(even.output, even.drawing, Intent(Task.REGRESSION)).source == "values in 0..255"
