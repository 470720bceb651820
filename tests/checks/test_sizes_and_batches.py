"""UD103, UD104, UD105, UD106, UD107, and UD102 where height and width differ."""

from dataclasses import replace

import pytest

from tests.checks.build import (
    NAN,
    crash,
    crashed,
    evidence,
    examine,
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
)
from unetdoctor.facts import (
    Evidence,
    Finding,
    InputSpec,
    Intent,
    Isolation,
    Latent,
    Op,
    Operand,
    Place,
    Probe,
    Request,
    Run,
    Severity,
    ShapeSweep,
    SizeLaw,
    Task,
)

SWEEP = ShapeSweep(((64, 64),), ((65, 65),), 1, 4)
VALID = SizeLaw(1, 1, 0, -8)
FLOOR = SizeLaw(4, 4, 0, 0, exact=False)
QUARTER = SizeLaw(1, 4)
SAME = SizeLaw(1, 1)


def drawn(sides: tuple[int, int], fed: tuple[int, ...] = (4, 3, 32, 32)) -> Run:
    """A pass that drew an output of these sides."""
    probe = Probe("noise", fed, real=False, constant=False)
    return run(drawn=logits(shape=(4, 4, *sides)), probe=probe)


def sized(sides: tuple[int, int], law: SizeLaw | None = None, **fields: object) -> Finding:
    """What UD103 says of an output of these sides."""
    sweep = replace(SWEEP, laws=(law, law)) if law is not None else None
    return only("UD103", evidence(runs=(drawn(sides),), shapes=sweep, **fields))  # type: ignore[arg-type]


def losing(
    *layers: str,
    sides: tuple[int, int] = (24, 24),
    law: SizeLaw = VALID,
    before: tuple[Op, ...] = (),
    **fields: object,
) -> Finding:
    """What UD103 says where these convolutions do not pad and `stem` and `deep` are all that there are."""
    smaller = (4, 16, 30, 30)
    recorded = [replace(x, shape=smaller) if x.place.layer in layers else x for x in ops()[:4]]
    if before:
        recorded = [*before, *(replace(x, inputs=(before[0].index,)) for x in recorded)]
    passed = replace(drawn(sides), ops=tuple(recorded))
    sweep = replace(SWEEP, laws=(law, law))
    network = model(layer("stem"), layer("deep"))
    return only("UD103", evidence(runs=(passed,), shapes=sweep, model=network, **fields))  # type: ignore[arg-type]


class TestOutputSizeDiffers:
    """UD103."""

    def test_what_a_law_of_the_network_does_not_explain_is_not_told_by_it(self) -> None:
        finding = sized((192, 3), SAME)
        assert "160 pixels off" in finding.message
        assert "same as the input" not in finding.message

    def test_the_same_size_is_well(self) -> None:
        finding = sized((32, 32))
        assert not finding.ill
        assert finding.readings[0].value == 0

    def test_super_resolution_is_well(self) -> None:
        finding = sized((64, 64))
        assert not finding.ill
        assert "super-resolution by 2" in finding.message

    def test_logits_of_a_quarter_are_a_note(self) -> None:
        finding = sized((8, 8), QUARTER)
        assert finding.severity is Severity.NOTE
        assert "logits at 1/4 of the size" in finding.message
        assert [x.action for x in finding.remedies] == ["resize_output"]

    def test_logits_of_a_size_that_is_no_multiple(self) -> None:
        law = SizeLaw(1, 4, 3, exact=False)
        passed = drawn((9, 9), (4, 3, 34, 34))
        finding = only("UD103", evidence(runs=(passed,), shapes=replace(SWEEP, laws=(law, law))))
        assert "logits at 1/4 of the size, rounded; height is ceil(in/4)" in finding.message

    def test_they_are_a_note_where_a_mask_was_declared_as_well(self) -> None:
        declared = Intent(task=Task.MULTICLASS)
        assert sized((8, 8), QUARTER, intent=declared).severity is Severity.NOTE

    def test_a_third_and_a_rounded_quarter_are_a_warning_where_a_mask_was_declared(self) -> None:
        declared = Intent(task=Task.MULTICLASS)
        assert sized((9, 9), SizeLaw(1, 4, 3, exact=False), intent=declared).severity is Severity.WARNING
        thirds = evidence(runs=(drawn((10, 10), (4, 3, 30, 30)),), intent=declared)
        assert only("UD103", thirds).severity is Severity.WARNING

    def test_convolutions_without_padding_are_a_note(self) -> None:
        finding = losing("stem", "deep")
        assert finding.severity is Severity.NOTE
        assert "height is in - 8, width is" not in finding.message
        assert finding.message.endswith("height is in - 8, width in - 8: convolutions without padding.")
        assert [x.action for x in finding.remedies] == ["same_padding", "resize_output"]
        assert losing("stem", "deep", intent=Intent(task=Task.MULTICLASS)).severity is Severity.WARNING

    def test_one_that_loses_the_border_that_others_pad_is_an_error_where_a_task_was_declared(self) -> None:
        finding = losing("deep", intent=Intent(task=Task.MULTICLASS))
        assert finding.severity is Severity.ERROR
        assert finding.place.layer == "deep"
        assert finding.message.endswith("convolutions without padding at deep (model.py:42), where 1 others pad.")
        assert finding.remedies[0].title == "pad deep by half its kernel"
        assert finding.remedies[0].patch == "model.deep.padding = (1, 1)"
        assert losing("deep").severity is Severity.WARNING

    def test_what_was_padded_before_loses_nothing(self) -> None:
        padded = (op(9, "reflection_pad2d", "", (-1,)),)
        assert losing("stem", "deep", before=padded).message.endswith("a constant difference.")

    def test_a_picture_twice_as_large_loses_a_border(self) -> None:
        finding = losing("deep", sides=(60, 60), law=SizeLaw(2, 1, 0, -4))
        assert finding.readings[0].value == 4
        assert "is 60x60 for an input of 32x32, 4 pixels off 2 times that" in finding.message
        assert [x.action for x in finding.remedies] == ["same_padding"]

    def test_no_convolution_loses_the_border(self) -> None:
        finding = sized((24, 24), VALID)
        assert finding.message.endswith("height is in - 8, width in - 8: a constant difference.")
        assert [x.action for x in finding.remedies] == ["resize_output"]

    def test_an_exact_size_leaves_no_remainder(self) -> None:
        law = SizeLaw(2, 2, offset=-10, exact=False)
        finding = sized((22, 22), law)
        assert finding.message.endswith(
            "height is 2*floor(in/2) - 10, width 2*floor(in/2) - 10: a constant difference."
        )
        assert "remainder" not in sized((36, 36), SizeLaw(2, 2, offset=4, exact=False)).message

    def test_a_remainder_of_the_asked_size_is_a_warning(self) -> None:
        asked = Request(target="model.py", inputs=(InputSpec((1, 3, 35, 34)),))
        probe = Probe("noise", (1, 3, 35, 34), real=False, constant=False)
        passed = run(drawn=logits(shape=(1, 4, 32, 32)), probe=probe)
        sweep = replace(SWEEP, laws=(FLOOR, FLOOR))
        finding = only("UD103", evidence(runs=(passed,), shapes=sweep, request=asked))
        assert finding.severity is Severity.WARNING
        assert finding.readings[0].value == 3
        assert [x.action for x in finding.remedies] == ["pad_input", "resize_output"]
        assert "# 35x34 becomes 36x36" in finding.remedies[0].patch
        unasked = only("UD103", evidence(runs=(passed,), shapes=sweep))
        assert unasked.severity is Severity.NOTE

    def test_one_axis_alone_leaves_a_remainder(self) -> None:
        sweep = replace(SWEEP, laws=(SAME, FLOOR))
        finding = only("UD103", evidence(runs=(drawn((32, 28), (4, 3, 32, 30)),), shapes=sweep))
        assert finding.remedies[0].parameters == {"multiple": [1, 4]}
        assert "multiples of 1 (height) and 4 (width)" in finding.remedies[0].title

    def test_no_law(self) -> None:
        finding = sized((20, 27))
        assert finding.severity is Severity.NOTE
        assert finding.message == "The output is 20x27 for an input of 32x32, 12 pixels off (limit 0)."

    @pytest.mark.parametrize(
        "given",
        [
            evidence(latent=Latent((4, 8), 1.0, -2.0, 2.0, declared=False)),
            evidence(runs=()),
            evidence(runs=(run(output=None),)),
            evidence(runs=(run(drawn=output(shape=(4, 10))),)),
            evidence(runs=(drawn((8, 8), (4, 3, 16, 32, 32)),)),
            evidence(runs=(drawn((32, 2), (4, 4, 32, 3)),)),
        ],
        ids=["latents", "no run", "no output", "a vector", "a volume", "channels last"],
    )
    def test_what_is_no_picture_has_no_size(self, given: Evidence) -> None:
        assert not examine("UD103", given)


def stem(shape: tuple[int, ...], wanted: int = 3, read: tuple[int, ...] | None = None, groups: int = 1) -> Evidence:
    """A pass that its first convolution refused."""
    weight = Operand((16, wanted // groups, 3, 3), None, Place("stem"), "stem.weight")
    failure = crash(
        "convolution", operands=(Operand(read or shape, -1, Place()), weight), input_shape=shape, place=place("stem")
    )
    return crashed(failure, model=model(layer("stem", groups=groups)), runs=(run(output=None, crash=failure, ops=()),))


class TestInputChannelsMismatch:
    """UD104."""

    @pytest.mark.parametrize(
        ("given", "wanted", "actions", "titles"),
        [
            (1, 3, ["repeat_channels"], "repeat the grey channel to make 3"),
            (2, 3, ["repeat_channels"], "repeat the channels to make 3"),
            (4, 3, ["drop_channels"], "drop alpha"),
            (2, 1, ["drop_channels"], "drop alpha"),
            (5, 3, ["drop_channels"], "drop the channels from 3 on"),
            (3, 1, ["luminance", "drop_channels"], "feed the luminance + drop the channels from 1 on"),
        ],
    )
    def test_the_first_layer_refuses(self, given: int, wanted: int, actions: list[str], titles: str) -> None:
        finding = only("UD104", stem((2, given, 64, 48), wanted))
        assert finding.severity is Severity.ERROR
        assert [x.action for x in finding.remedies] == actions
        assert " + ".join(x.title for x in finding.remedies) == titles
        assert f"--input 2,{wanted},64,48" in finding.message
        assert finding.place == place("stem")

    def test_a_refused_type_is_no_matter_of_channels(self) -> None:
        given = stem((2, 1, 64, 64))
        assert given.crashed is not None
        assert given.crashed.crash is not None
        failure = replace(given.crashed.crash, message="Input type (float) and bias type (c10::Half) should be one")
        assert not examine("UD104", replace(given, runs=(replace(given.runs[0], crash=failure),)))

    def test_what_the_network_puts_beside_its_input_is_taken_off(self) -> None:
        finding = only("UD104", stem((2, 1, 64, 64), wanted=5, read=(2, 3, 64, 64)))
        assert "reads 3 channels" in finding.message

    def test_groups_and_transposed_convolutions(self) -> None:
        assert "reads 4 channels" in only("UD104", stem((2, 1, 64, 64), wanted=4, groups=2)).message
        weight = Operand((100, 16, 4, 4), None, Place("stem"), "stem.weight")
        failure = crash(
            "convolution", operands=(Operand((2, 64, 1, 1), -1, Place()), weight), input_shape=(2, 64, 1, 1)
        )
        given = crashed(
            failure, model=model(layer("stem", transposed=True)), runs=(run(output=None, crash=failure, ops=()),)
        )
        assert "reads 100 channels" in only("UD104", given).message

    @pytest.mark.parametrize(
        "given",
        [
            crashed(crash("convolution"), runs=(run(output=None, crash=crash("convolution"), ops=ops()),)),
            crashed(crash("cat")),
            crashed(crash("convolution"), runs=(run(output=None, crash=crash("convolution"), ops=()),)),
            stem((2, 3, 64, 64)),
            stem((2, 64, 64, 3)),
            evidence(runs=()),
            evidence(),
        ],
        ids=["deeper", "another op", "no weight", "kernel too large", "channels last", "no run", "sound"],
    )
    def test_other_crashes_are_not_its_own(self, given: Evidence) -> None:
        assert not examine("UD104", given)

    def test_a_photograph_says_how_it_was_fed(self) -> None:
        def photo(mode: str, channels: int) -> Evidence:
            probe = Probe("image-1", (1, channels, 8, 8), True, False, "cat.png 8x8 RGBA, / 255", mode)
            return evidence(runs=(run(probe=probe),))

        finding = only("UD104", photo("RGBA", 3))
        assert finding.severity is Severity.NOTE
        assert finding.message == (
            "The picture has 4 bands (RGBA), and the network reads 3: it was fed as cat.png 8x8 RGBA, / 255."
        )
        assert not only("UD104", photo("RGB", 3)).ill
        assert only("UD104", photo("L", 3)).ill
        assert not examine("UD104", photo("odd", 3))
        broken = replace(photo("L", 3).runs[0], output=None, crash=crash("add"))
        assert not examine("UD104", evidence(runs=(broken,)))


class TestOneValuePerChannel:
    """UD105."""

    MESSAGE = "Expected more than 1 value per channel when training, got input size torch.Size([1, 8, 1, 1])"

    def test_a_batch_of_one(self) -> None:
        failure = crash("", (), message=self.MESSAGE, input_shape=(1, 3, 32, 32))
        finding = only("UD105", crashed(failure))
        assert finding.severity is Severity.ERROR
        assert "sees 1 value per channel (at least 2), a tensor of [1, 8, 1, 1]" in finding.message
        assert [x.action for x in finding.remedies] == ["stored_statistics", "repeat_batch", "enlarge_input"]
        assert finding.remedies[2].parameters == {"size": [64, 64]}

    def test_instance_normalisation_and_the_next_valid_size(self) -> None:
        failure = crash("", (), message="Expected more than 1 spatial element when training", input_shape=(2, 3, 8, 8))
        finding = only("UD105", crashed(failure, shapes=replace(SWEEP, asked=(8, 8), next_valid=(16, 16))))
        assert "1 spatial element (at least 2), with an input" in finding.message
        assert [x.action for x in finding.remedies] == ["stored_statistics", "enlarge_input"]
        assert finding.remedies[1].parameters == {"size": [16, 16]}

    def test_group_normalisation_is_not_helped_by_samples(self) -> None:
        """What it takes together lies within one sample; torch counts another, and two of one value pass in silence."""
        message = self.MESSAGE.replace("torch.Size([1, 8, 1, 1])", "[1, 8, 1, 1]")
        finding = only("UD105", crashed(crash("", (), message=message, input_shape=(1, 3, 32, 32))))
        assert "takes 1 value of each sample together (at least 2)" in finding.message
        assert [x.action for x in finding.remedies] == ["enlarge_input", "structural"]
        assert finding.remedies[1].patch == "nn.GroupNorm(num_groups=4, num_channels=8)  # a divisor of the channels"

    def test_the_smallest_size_where_no_valid_one_is_near(self) -> None:
        failure = crash("", (), message="Expected more than 1 spatial element when training", input_shape=(2, 3, 8, 8))
        finding = only("UD105", crashed(failure, shapes=replace(SWEEP, asked=(8, 8), next_valid=None, smallest=33)))
        assert finding.remedies[1].parameters == {"size": [33, 33]}

    def test_a_vector_cannot_be_enlarged(self) -> None:
        finding = only("UD105", crashed(crash("", (), message=self.MESSAGE, input_shape=(1, 8))))
        assert [x.action for x in finding.remedies] == ["stored_statistics", "repeat_batch"]

    def test_the_fewest_values_that_a_layer_took(self) -> None:
        taken = (op(6, "native_batch_norm", "deep", (1,), training=True, shape=(4, 16, 2, 2)), *ops())
        finding = only("UD105", evidence(runs=(run(ops=taken),)))
        assert not finding.ill
        assert finding.readings[0].value == 16

    def test_stored_statistics_need_no_values(self) -> None:
        stored = (op(6, "native_batch_norm", "deep", (1,), training=False), *ops())
        assert not examine("UD105", evidence(runs=(run(ops=stored),)))
        assert not examine("UD105", evidence(runs=()))
        assert not examine("UD105", crashed())


def viewed(before: tuple[int, ...], after: tuple[int, ...], name: str = "view") -> Evidence:
    """A pass with one view."""
    found = op(6, name, "deep", (1,), input_shapes=(before,), shape=after, is_view=True)
    return evidence(runs=(run(ops=(*ops(), found)),))


class TestChannelsLastConfusion:
    """UD106."""

    def test_channels_in_the_last_place(self) -> None:
        finding = only("UD106", stem((1, 64, 48, 3)))
        assert finding.severity is Severity.ERROR
        assert "--input 1,3,64,48" in finding.message
        assert finding.remedies[0].patch == "x = x.permute(0, 3, 1, 2)"

    @pytest.mark.parametrize(
        ("before", "after", "patch"),
        [
            ((2, 32, 24, 3), (2, 3, 32, 24), "x.permute(0, 3, 1, 2)"),
            ((2, 64, 16), (2, 16, 8, 8), "x.transpose(1, 2).reshape(x.shape[0], -1, 8, 8)"),
            ((2, 3, 32, 24), (2, 32, 24, 3), "x.permute(0, 2, 3, 1)"),
            ((2, 12, 32, 24), (2, 3, 64, 48), "F.pixel_shuffle(x, 2)"),
            ((1, 4, 128, 128), (1, 1, 256, 256), "F.pixel_shuffle(x, 2)"),
        ],
    )
    def test_axes_are_renamed(self, before: tuple[int, ...], after: tuple[int, ...], patch: str) -> None:
        finding = only("UD106", viewed(before, after))
        assert finding.severity is Severity.WARNING
        assert finding.remedies[0].patch == patch
        assert finding.remedies[0].parameters == {"op": 6}
        assert f"makes {list(before)} {list(after)}" in finding.message

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ((2, 16, 64), (2, 16, 8, 8)),
            ((2, 16, 16), (2, 16, 4, 4)),
            ((2, 64, 8), (2, 8, 8, 8)),
            ((2, 8, 8, 8), (2, 8, 8, 8)),
            ((2, 64, 16), (2, 8, 8, 16)),
            ((2, 1, 16), (2, 16, 1, 1)),
            ((2, 16, 8, 8), (2, 16, 64)),
            ((2, 32, 24, 3), (2, 3, 24, 32)),
            ((2, 1, 32, 24), (2, 32, 24, 1)),
            ((2, 64, 1, 1), (2, 4, 4, 4)),
            ((2, 12, 32, 24), (2, 12, 32, 24)),
            ((2, 24, 16, 24), (2, 12, 32, 24)),
        ],
    )
    def test_views_that_prove_nothing(self, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        assert not only("UD106", viewed(before, after)).ill

    def test_a_layer_may_read_channels_in_any_order(self) -> None:
        inner = replace(viewed((2, 12, 32, 24), (2, 3, 64, 48)))
        later = op(7, "convolution", "late", (6,), weighted=True)
        runs = tuple(replace(x, ops=(*x.ops, later)) for x in inner.runs)
        assert not only("UD106", replace(inner, runs=runs)).ill

    def test_without_views_there_is_nothing_to_say(self) -> None:
        assert not examine("UD106", evidence())
        assert not examine("UD106", evidence(runs=()))


def mixed(relative: float, found: object = None, **fields: object) -> Evidence:
    """A network whose first sample was fed alone as well."""
    alone = Isolation(4, relative, 1.2e-7, origin=None if found is None else 6)
    return evidence(runs=(run(ops=(*ops(), *((found,) if found else ()))),), isolation=alone, **fields)  # type: ignore[arg-type]


class TestSamplesMixedAcrossBatch:
    """UD107."""

    def test_samples_that_keep_to_themselves(self) -> None:
        finding = only("UD107", mixed(4.5e-6))
        assert not finding.ill
        assert finding.readings[0].upper == pytest.approx(1e-4)

    def test_a_softmax_over_the_samples(self) -> None:
        finding = only("UD107", mixed(0.3, op(6, "_softmax", "deep", (1,))))
        assert finding.severity is Severity.WARNING
        assert "first behind `_softmax` at deep (model.py:46)." in finding.message
        assert "dim=1" in finding.patch

    def test_batch_statistics(self) -> None:
        taken = op(6, "native_batch_norm", "deep", (1,), training=True)
        finding = only("UD107", mixed(0.3, taken, model=model(norms=(norm("deep"),))))
        assert finding.severity is Severity.NOTE  # UD004 says why
        assert "which takes the statistics of the batch" in finding.message
        assert finding.patch.startswith("model.eval()")

    @pytest.mark.parametrize("name", ["native_batch_norm", "var"])
    def test_looking_at_the_whole_batch_by_design_is_a_note(self, name: str) -> None:
        finding = only("UD107", mixed(0.3, op(6, name, "deep", (1,), training=True)))
        assert finding.severity is Severity.NOTE

    def test_an_origin_that_was_not_found(self) -> None:
        finding = only("UD107", mixed(0.3))
        assert finding.severity is Severity.WARNING
        assert not finding.patch
        assert not only("UD107", mixed(0.3, op(6, "roll", "deep", (1,)))).patch

    def test_half_precision_rounds_more(self) -> None:
        coarse = replace(evidence(), isolation=Isolation(2, 0.01, 9.8e-4))
        assert not only("UD107", coarse).ill

    def test_without_a_number_there_is_nothing_to_be_sure_of(self) -> None:
        assert only("UD107", mixed(NAN)).severity is Severity.NOTE
        assert not examine("UD107", evidence())


def test_height_and_width_differ_in_their_multiple() -> None:
    sweep = ShapeSweep(((64, 64),), ((64, 60),), 8, 8, asked=(64, 60), multiples=(2, 8), next_valid=(64, 64))
    finding = only("UD102", crashed(shapes=sweep))
    assert finding.message.startswith(
        "The height of the model's input must be divisible by 2 and its width by 8 (limit 1: any size), and 64x60 is "
        "not"
    )
    assert finding.remedies[0].parameters == {"multiple": [2, 8]}
    assert "-width % 8, 0, -height % 2" in finding.remedies[0].patch


def test_a_network_of_one_size_refuses_every_other_and_the_remedy_is_to_resize():
    failing = ((29, 27), *((n, n) for n in (33, 34, 36, 40, 48, 64)))
    swept = ShapeSweep(((32, 32),), failing, None, None, asked=(29, 27))
    (finding,) = examine("UD102", evidence(shapes=swept))
    assert finding.severity is Severity.ERROR
    assert "Of 8 sizes of the model's input only 32x32 passes, and 29x27 is not it." in finding.message
    assert finding.remedies[0].parameters == {"size": [32, 32]}
    (note,) = examine("UD102", evidence(shapes=replace(swept, asked=(32, 32))))
    assert note.severity is Severity.NOTE
    assert examine("UD102", evidence(shapes=replace(swept, failing=failing[:3]))) == []
