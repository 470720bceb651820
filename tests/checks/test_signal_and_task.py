"""UD403, UD409, UD411, UD501, and the questions to the graph behind them."""

import math
from dataclasses import replace

import pytest

from tests.checks.build import (
    MASK,
    NAN,
    channel,
    comparison,
    evidence,
    examine,
    flat,
    last,
    layer,
    logits,
    model,
    norm,
    only,
    op,
    ops,
    output,
    place,
    run,
    statistics,
)
from unetdoctor.checks.graph import bottlenecks, joins_a_sum, normalised_by
from unetdoctor.checks.layers import written
from unetdoctor.facts import Evidence, Intent, Latent, LayerWeights, Op, Run, Severity, Task


def with_signals(*signals: float, skip: bool = False, name: str = "convolution") -> Run:
    """A chain of layers with these signals and a last one; with a skip connection from the first to the last."""
    chain = [
        op(index, name if index else "convolution", f"layer{index}", (index - 1,), statistics=statistics(signal))
        for index, signal in enumerate(signals)
    ]
    end = len(chain)
    inputs = (end - 1, 0) if skip else (end - 1,)
    chain.append(op(end, "convolution", "draw", inputs, statistics=statistics(0.0)))
    return run(drawn=output(drawn_by=end), ops=tuple(chain))


class TestSignalVanishes:
    """UD403."""

    def test_little_by_little(self) -> None:
        given = evidence(runs=(with_signals(0.5, 0.1, 0.03, 0.004, 0.001),))
        finding = only("UD403", given)
        assert finding.severity is Severity.WARNING
        assert (finding.op, finding.place.layer) == (3, "layer3")
        assert finding.readings[0].value == pytest.approx(0.008)
        assert [x.parameters["layers"] for x in finding.remedies] == ["all", "layer3"]

    def test_untrained_is_a_note(self) -> None:
        given = evidence(runs=(with_signals(0.5, 1e-4),), trained=False)
        assert only("UD403", given).severity is Severity.NOTE

    def test_batch_statistics_are_a_remedy_where_there_are_stored_ones(self) -> None:
        lost = with_signals(0.5, 0.0, name="native_batch_norm")
        finding = only("UD403", evidence(runs=(lost,), model=model(norms=(norm(),))))
        assert [x.action for x in finding.remedies] == ["initialise", "batch_statistics", "recalibrate"]

    def test_sound(self) -> None:
        finding = only("UD403", evidence())
        assert not finding.ill
        assert finding.place.layer == "deep"

    def test_a_skip_connection_passes_it_by(self) -> None:
        assert not examine("UD403", evidence(runs=(with_signals(0.5, 0.0, 0.0, skip=True),)))

    def test_a_vector_of_one_picture_has_no_spread(self) -> None:
        drawn = with_signals(0.5, 0.0, 0.4)
        vector = replace(drawn.ops[1], name="addmm", shape=(1, 64))
        assert not only("UD403", evidence(runs=(replace(drawn, ops=(drawn.ops[0], vector, *drawn.ops[2:])),))).ill

    def test_the_last_layer_is_not_its_own(self) -> None:
        assert not only("UD403", evidence(runs=(with_signals(0.5, 0.4),))).ill

    def test_a_normalised_input_of_bytes(self) -> None:
        assert not only("UD403", evidence(runs=(with_signals(100.0, 1.0, name="native_batch_norm"),))).ill

    @pytest.mark.parametrize(
        "given",
        [
            evidence(runs=()),
            evidence(output(drawn_by=None)),
            evidence(runs=(with_signals(0.5),)),
            evidence(runs=(with_signals(0.5, NAN),)),
        ],
        ids=["no run", "no last op", "one layer", "unknown"],
    )
    def test_nothing_to_follow(self, given: Evidence) -> None:
        assert not examine("UD403", given)


class TestGraph:
    """Bottlenecks, sums and normalisations."""

    def test_bottlenecks_of_a_u(self) -> None:
        """Encoder 0, 1; deep 2 to 4; the skip connection from 1 joins at 5; a constant 6 is nobody's child."""
        shape = (
            op(0, "convolution", "a", (-1,)),
            op(1, "relu", "", (0,)),
            op(2, "max_pool2d", "", (1,)),
            op(3, "convolution", "b", (2,)),
            op(4, "upsample", "", (3,)),
            op(5, "cat", "", (4, 1)),
            op(6, "arange", "", ()),
            op(7, "add", "", (5, 6)),
            op(8, "convolution", "c", (7,)),
            op(9, "tanh", "", (8,)),
        )
        assert [x.index for x in bottlenecks(run(ops=shape), 8)] == [0, 1, 5, 7]
        assert [x.index for x in bottlenecks(run(ops=shape), 3)] == [0, 1, 2]

    def test_an_input_that_is_read_twice_passes_everything_by(self) -> None:
        shape = (op(0, "convolution", "a", (-1,)), op(1, "cat", "", (0, -1)), op(2, "convolution", "b", (1,)))
        assert [x.index for x in bottlenecks(run(ops=shape), 2)] == [1]

    def test_a_result_that_nothing_made(self) -> None:
        assert not bottlenecks(run(ops=(op(0, "arange", "", ()),)), 0)

    def test_a_result_read_by_others_too_is_not_made_up_for(self) -> None:
        shape: tuple[Op, ...] = (*ops(), op(6, "native_group_norm", "", (4,)))
        assert normalised_by(run(ops=shape), 4) is None
        assert normalised_by(run(ops=shape[-1:]), 4) is not None
        assert not joins_a_sum(run(), 5)

    @pytest.mark.parametrize(
        ("name", "text"),
        [("", "model"), ("main.9", "model.main[9]"), ("0", "model[0]"), ("a-b.c", 'model.get_submodule("a-b.c")')],
    )
    def test_how_a_layer_is_written(self, name: str, text: str) -> None:
        assert written(name) == text


class TestLatentTooNarrow:
    """UD409."""

    NARROW = Latent((4, 12), 0.006, -0.01, 0.01, declared=True)

    def test_narrow(self) -> None:
        finding = only("UD409", evidence(latent=self.NARROW, trained=False))
        assert finding.severity is Severity.WARNING
        assert [x.parameters["distribution"] for x in finding.remedies] == ["normal", "uniform", "x10"]
        assert "[4, 12] given to the model have a standard deviation of 0.006 (at least 0.1)" in finding.message

    def test_trained_on_narrow_ones(self) -> None:
        assert only("UD409", evidence(latent=self.NARROW)).severity is Severity.NOTE

    def test_a_trained_one_suffers(self) -> None:
        grey = evidence(output([flat(0), flat(1), flat(2)]), latent=self.NARROW)
        same = evidence(latent=self.NARROW, comparisons=(comparison(0.01, "latents"),))
        assert only("UD409", grey).severity is Severity.WARNING
        assert only("UD409", same).severity is Severity.WARNING

    def test_from_a_file(self) -> None:
        given = evidence(latent=replace(self.NARROW, declared=False), runs=(run("given"),))
        assert only("UD409", given).ill

    def test_ours_are_not_judged(self) -> None:
        assert not examine("UD409", evidence(latent=replace(self.NARROW, declared=False)))
        assert not examine("UD409", evidence())

    def test_uniform(self) -> None:
        assert not only("UD409", evidence(latent=Latent((4, 12), 0.58, -1.0, 1.0, declared=True))).ill

    def test_nan_holds_nothing(self) -> None:
        assert only("UD409", evidence(latent=replace(self.NARROW, std=math.nan))).severity is Severity.NOTE


class TestActivationSqueezes:
    """UD411."""

    FAR = output(raw_spread=45.0, at_low=0.5, at_high=0.4)

    def test_far_beyond_its_ends(self) -> None:
        finding = only("UD411", evidence(self.FAR))
        assert "(y - mean) / std" in finding.remedies[0].patch
        assert finding.severity is Severity.WARNING
        assert (finding.op, finding.place.op) == (5, "tanh")
        actions = [(x.action, x.parameters.get("kind")) for x in finding.remedies]
        assert actions == [
            ("rescale_input_of_activation", None),
            ("final_activation", "identity"),
            ("final_activation", "sigmoid"),
        ]

    def test_untrained_is_a_note(self) -> None:
        assert only("UD411", evidence(self.FAR, trained=False)).severity is Severity.NOTE

    def test_a_drawing_in_pure_black_and_white(self) -> None:
        assert not only("UD411", evidence(output(raw_spread=4.0, at_high=0.9))).ill

    def test_a_wide_input_that_still_has_shades(self) -> None:
        assert not only("UD411", evidence(output(raw_spread=12.0))).ill

    def test_small_values_are_not_squeezed(self) -> None:
        assert not only("UD411", evidence(output(raw_spread=0.01))).ill

    def test_nan_holds_nothing(self) -> None:
        assert only("UD411", evidence(output(raw_spread=NAN, at_low=NAN))).severity is Severity.NOTE
        assert not examine("UD411", evidence(output(nan=12288)))

    def test_masks_and_other_activations_are_not_judged(self) -> None:
        assert not examine("UD411", evidence(self.FAR, intent=MASK))
        assert not examine("UD411", evidence(replace(self.FAR, activation="")))

    def test_an_unknown_op_is_placed_at_the_last_layer(self) -> None:
        assert only("UD411", evidence(replace(self.FAR, activation_op=None))).place == place()


RGB = Intent(Task.RGB)


class TestChannelsDoNotFitTask:
    """UD501."""

    def _patch(self, final: LayerWeights, drawn: int = 1, before: int = 32, after: int = 32) -> str:
        recorded = [replace(x, input_shapes=((4, 16, before, before),), shape=(4, 1, after, after)) for x in ops()]
        picture = output([channel(index) for index in range(drawn)])
        given = evidence(runs=(run(drawn=picture, ops=tuple(recorded)),), model=model(layer("stem"), final), intent=RGB)
        return only("UD501", given).patch

    def test_one_channel_for_colour(self) -> None:
        given = evidence(output([channel()]), model=model(last(shape=(1, 16, 1, 1))), intent=RGB)
        finding = only("UD501", given)
        assert finding.severity is Severity.ERROR
        assert finding.patch == "self.draw = nn.Conv2d(16, 3, kernel_size=1)  # was 1"
        remedy = finding.remedies[0]
        assert (remedy.action, remedy.parameters) == ("draw_channels", {"channels": 3})
        assert remedy.title == "draw 3 channels with the last layer; 2 fresh filters, to be trained"
        assert finding.message == "draw (model.py:30) draws 1 channel, and the declared task needs 3 to 4."

    @pytest.mark.parametrize(
        ("final", "sizes", "patch"),
        [
            (last(shape=(1, 16, 3, 3)), (32, 32), "self.draw = nn.Conv2d(16, 3, kernel_size=3, padding=1)  # was 1"),
            (last(shape=(1, 16, 3, 3)), (32, 30), "self.draw = nn.Conv2d(16, 3, kernel_size=3)  # was 1"),
            (
                last(shape=(1, 16, 3, 3)),
                (32, 16),
                "self.draw = nn.Conv2d(16, 3, kernel_size=3, stride=2, padding=1)  # was 1",
            ),
            (
                last(shape=(1, 16, 1, 3)),
                (32, 32),
                "self.draw = nn.Conv2d(16, 3, kernel_size=(1, 3), padding=(0, 1))  # was 1",
            ),
            (
                last(shape=(16, 1, 4, 4), transposed=True, kind="transposed convolution", bias=(), bias_largest=0.0),
                (16, 32),
                "self.draw = nn.ConvTranspose2d(16, 3, kernel_size=4, stride=2, padding=1, bias=False)  # was 1",
            ),
            (
                last(shape=(16, 1, 3, 3), transposed=True, kind="transposed convolution"),
                (16, 32),
                "self.draw = nn.ConvTranspose2d(16, 3, kernel_size=3, stride=2, padding=1, output_padding=1)  # was 1",
            ),
            (last(shape=(4, 16, 1, 1)), (32, 32), "self.draw = nn.Conv2d(16, 12, kernel_size=1)  # was 4"),
            (last(shape=(1024, 16), kind="linear"), (32, 32), "self.draw = nn.Linear(16, 3072)  # was 1024"),
            (last(shape=(1, 16, 3, 3, 3)), (32, 32), "self.draw = nn.Conv3d(16, 3, kernel_size=3)  # was 1"),
            (last(shape=(1, 16), kind="other"), (32, 32), ""),
        ],
    )
    def test_the_line_to_paste(self, final: LayerWeights, sizes: tuple[int, int], patch: str) -> None:
        assert self._patch(final, 1, *sizes) == patch
        compile(patch, "patch", "exec")

    def test_filters_that_are_no_multiple_of_the_channels(self) -> None:
        assert not self._patch(last(shape=(1, 16, 1, 1)), drawn=2)

    def test_a_layer_in_a_sequence(self) -> None:
        final = replace(last(shape=(1, 16, 1, 1), op=None), layer="main.9")
        given = evidence(output([channel()]), model=model(final, last_layer="main.9"), intent=RGB)
        assert only("UD501", given).patch == "self.main[9] = nn.Conv2d(16, 3, kernel_size=1)  # was 1"

    def test_without_a_known_last_layer_there_is_no_line(self) -> None:
        given = evidence(output([channel()]), model=model(last_layer=""), intent=RGB)
        assert only("UD501", given).ill
        assert not only("UD501", given).patch

    @pytest.mark.parametrize(
        ("intent", "channels", "severity"),
        [
            (Intent(), 1, Severity.OK),
            (MASK, 1, Severity.OK),
            (Intent(Task.GENERATOR), 1, Severity.OK),
            (RGB, 3, Severity.OK),
            (RGB, 4, Severity.OK),
            (RGB, 2, Severity.ERROR),
            (Intent(Task.BINARY), 1, Severity.OK),
            (Intent(Task.BINARY), 2, Severity.NOTE),
            (Intent(classes=5), 5, Severity.OK),
            (Intent(Task.MULTICLASS, classes=5), 4, Severity.ERROR),
            (Intent(Task.MULTILABEL, classes=5), 1, Severity.ERROR),
            (Intent(classes=2), 1, Severity.OK),
            (Intent(Task.MULTICLASS, classes=2), 1, Severity.ERROR),
            (Intent(Task.MULTICLASS, classes=2), 2, Severity.OK),
            (Intent(Task.MULTICLASS), 1, Severity.ERROR),
            (Intent(Task.MULTICLASS), 7, Severity.OK),
        ],
    )
    def test_what_fits(self, intent: Intent, channels: int, severity: Severity) -> None:
        drawn = output([channel(index) for index in range(channels)])
        assert only("UD501", evidence(drawn, intent=intent)).severity is severity

    def test_class_ids_have_one_channel(self) -> None:
        drawn = output([channel()], dtype="int64")
        assert not only("UD501", evidence(drawn, intent=Intent(Task.MULTICLASS, classes=5))).ill

    def test_untrained_is_no_excuse(self) -> None:
        given = evidence(output([channel()]), intent=RGB, trained=False)
        assert only("UD501", given).severity is Severity.ERROR

    def test_logits_of_the_declared_classes(self) -> None:
        assert not only("UD501", evidence(logits(), intent=Intent(Task.MULTICLASS, classes=4))).ill
