"""UD003, UD005, UD006, UD007, UD101, UD102."""

from dataclasses import replace

import pytest

from tests.checks.build import crash, crashed, evidence, examine, last, layer, model, only, op, output, place, run
from unetdoctor.facts import Crash, Operand, Place, Precision, Severity, ShapeSweep, Unregistered

SWEEP = ShapeSweep(
    passing=((96, 96), (112, 112)),
    failing=((100, 100),),
    multiple=16,
    smallest=16,
    asked=(100, 100),
    next_valid=(112, 112),
    previous_valid=(96, 96),
    rounding=(("pool3", "model.py:14", "max_pool2d", 25, 12), ("pool4", "model.py:15", "max_pool2d", 13, 6)),
)


class TestModelIsUntrained:
    """UD003."""

    def test_fresh(self) -> None:
        fresh = model(layer("stem", state="fresh"), last(state="fresh"), trained=False)
        finding = only("UD003", evidence(model=fresh))
        assert finding.severity is Severity.NOTE
        assert finding.readings[0].value == 100
        assert finding.message.startswith("The network is untrained: 100 % of its 2")

    def test_trained(self) -> None:
        assert not only("UD003", evidence()).ill

    def test_given_weights_that_look_fresh_are_not_called_untrained(self) -> None:
        fresh = model(last(state="fresh"), weights_given=True)
        finding = only("UD003", evidence(model=fresh))
        assert not finding.ill
        assert "a weights file was given" in finding.message

    def test_without_layers_there_is_nothing_to_say(self) -> None:
        assert not examine("UD003", evidence(model=replace(model(), layers=())))


class TestForwardCrashed:
    """UD005."""

    def test_crashed(self) -> None:
        finding = only("UD005", crashed())
        assert finding.severity is Severity.ERROR
        assert finding.place == place("dec3", 55)
        assert finding.message == (
            "forward() raised RuntimeError in `cat` at dec3 (model.py:55) on [2, 16, 25, 25] (from enc3) and [2, 16, "
            "24, 24] (from up3), with an input of [2, 3, 100, 100]: Sizes of tensors must match except in dimension "
            "1."
        )

    def test_names_the_layer_of_another_precision(self) -> None:
        two = (Precision("float32", 80, Place("stem")), Precision("float16", 2, Place("dec1", "model.py", 9)))
        raised = crash("convolution", message="Input type (c10::Half) and bias type (float) should be the same")
        finding = only("UD005", crashed(raised, model=model(precisions=two)))
        assert finding.place.layer == "dec1"
        assert finding.message.startswith("2 parameters from dec1 (model.py:9) on are float16 and 80 are float32")
        assert finding.patch.startswith("model.float()")
        assert only("UD005", crashed(crash("cat"), model=model(precisions=two))).place.layer == "dec3"

    def test_passed(self) -> None:
        assert only("UD005", evidence()).readings[0].value == 0

    def test_untrained_is_no_excuse(self) -> None:
        assert only("UD005", crashed(model=model(trained=False))).severity is Severity.ERROR

    def test_one_crash_among_passes(self) -> None:
        given = evidence(runs=(run(), run("second-noise", output=None, crash=crash())))
        assert only("UD005", given).severity is Severity.ERROR

    def test_a_crash_on_zeros_of_ours_alone_is_no_fault(self) -> None:
        given = evidence(runs=(run(), run("zeros", output=None, crash=crash())))
        finding = only("UD005", given)
        assert finding.severity is Severity.OK
        assert finding.message == "1 of 2 forward passes of the model ran through."

    def test_plain_python_and_parameters(self) -> None:
        operands = (Operand((2, 4), -1, Place()), Operand((3, 3), None, Place("stem"), "stem.weight"))
        in_python = crash(op="", operands=(), message="", type="KeyError")
        assert "raised KeyError in dec3 (model.py:55), with" in only("UD005", crashed(in_python)).message
        assert only("UD005", crashed(in_python)).message.endswith(": no message.")
        message = only("UD005", crashed(crash("convolution", operands=operands))).message
        assert "[2, 4] (the network's input) and [3, 3] (stem.weight)" in message

    def test_no_run(self) -> None:
        assert not examine("UD005", evidence(runs=()))


class TestMapBelowItsKernel:
    """UD102."""

    MESSAGE = "Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). Kernel size can't be greater"

    def _small(self, message: str) -> Crash:
        read = Operand((2, 16, 2, 2), 3, Place(layer="enc3"))
        weight = Operand((16, 16, 3, 3), None, Place(layer="up3"), "up3.weight")
        return crash("convolution", operands=(read, weight), message=message)

    def test_it_is_an_error_with_the_next_size_that_passes(self) -> None:
        finding = examine("UD102", crashed(self._small(self.MESSAGE), shapes=replace(SWEEP, passing=((128, 128),))))[0]
        assert finding.severity is Severity.ERROR
        assert "reads a map of 2x2 with a kernel of 3x3, of an input of 100x100." in finding.message
        assert [x.parameters for x in finding.remedies] == [{"size": [128, 128]}]

    @pytest.mark.parametrize(
        ("passing", "size"),
        [
            (((80, 80), (48, 640), (80, 400), (96, 512)), [48, 640]),
            (((80, 80), (80, 400), (96, 512)), [80, 400]),
            (((80, 80), (128, 128), (512, 512)), [512, 512]),
            (((80, 80), (128, 128)), [128, 128]),
        ],
        ids=["the smallest area", "both sides", "squares", "none is large enough"],
    )
    def test_no_side_of_the_size_is_smaller(self, passing: tuple[tuple[int, int], ...], size: list[int]) -> None:
        small = replace(self._small(self.MESSAGE), input_shape=(1, 3, 48, 400))
        finding = examine("UD102", crashed(small, shapes=replace(SWEEP, passing=passing)))[0]
        assert [x.parameters for x in finding.remedies] == [{"size": size}]

    def test_another_refusal_is_none(self) -> None:
        assert not examine("UD102", crashed(self._small("expected 3 channels")))


class TestSkipConcatMismatch:
    """UD101."""

    def test_mismatch(self) -> None:
        finding = only("UD101", crashed(shapes=SWEEP))
        assert finding.severity is Severity.ERROR
        assert finding.place == place("dec3", 55)
        assert finding.message == (
            "`cat` at dec3 (model.py:55) joins 25x25 from enc3 and 24x24 from up3, which differ by 1 pixel (limit 0): "
            "`max_pool2d` at pool3 (model.py:14) rounded 25 to 12; valid sizes are divisible by 16, the nearest being "
            "96x96 and 112x112."
        )
        pad, resize, crop = finding.remedies
        assert (pad.action, pad.parameters, pad.scope) == ("pad_input", {"multiple": 16}, 0)
        assert "# 100x100 becomes 112x112" in pad.patch
        assert "size=skip.shape[2:]" in resize.patch
        assert resize.place.layer == "up3"
        assert crop.place.layer == "enc3"

    def test_the_skip_is_what_was_drawn_first(self) -> None:
        first, second = crash().operands
        finding = only("UD101", crashed(crash(operands=(second, first))))
        assert "joins 25x25 from enc3 and 24x24 from up3" in finding.message
        assert [x.action for x in finding.remedies] == ["resize_branch", "crop_skip"]

    def test_convolutions_without_padding_in_one_branch(self) -> None:
        smaller = {"shape": (2, 16, 23, 23), "input_shapes": ((2, 16, 25, 25),)}
        recorded = (op(3, "convolution", "enc3", (-1,)), op(9, "convolution", "up3", (3,), **smaller))
        joined = crash("add", ((2, 16, 25, 25), (2, 16, 23, 23)))
        given = crashed(joined, runs=(run(output=None, crash=joined, ops=recorded),), model=model(layer("up3")))
        finding = only("UD101", given)
        assert "differ by 2 pixels (limit 0): a convolution without padding takes 2 pixels" in finding.message
        assert [x.action for x in finding.remedies] == ["same_padding", "resize_branch", "crop_skip"]
        assert finding.remedies[0].title == "pad every convolution by half its kernel"

    def test_tokens_of_a_map_that_lost_its_border(self) -> None:
        smaller = {"shape": (2, 16, 14, 14), "input_shapes": ((2, 16, 16, 16),)}
        recorded = (op(3, "linear", "enc3", (-1,)), op(9, "convolution", "mix", (3,), **smaller))
        joined = crash("add", ((2, 256, 16), (2, 196, 16)))
        runs = (run(output=None, crash=joined, ops=recorded),)
        finding = only("UD101", crashed(joined, runs=runs, model=model(layer("mix"))))
        assert "joins 256 tokens from enc3 and 196 from up3, which differ by 60 (limit 0): a conv" in finding.message
        assert [x.action for x in finding.remedies] == ["same_padding"]
        assert not examine("UD101", crashed(joined))

    def test_a_larger_branch_crops_nothing(self) -> None:
        finding = only("UD101", crashed(crash("add", ((2, 16, 24, 24), (2, 16, 25, 25)))))
        assert [x.action for x in finding.remedies] == ["resize_branch"]

    def test_the_fed_size_is_named_where_none_was_asked(self) -> None:
        unasked = replace(SWEEP, asked=None, next_valid=None, previous_valid=None)
        finding = only("UD101", crashed(shapes=unasked))
        assert "# 100x100 becomes 112x112" in finding.remedies[0].patch
        assert finding.message.endswith("valid sizes are divisible by 16.")
        latents = only("UD101", crashed(crash(input_shape=(2, 8)), shapes=unasked))
        assert "becomes" not in latents.remedies[0].patch

    @pytest.mark.parametrize(
        ("layer_name", "where", "text"), [("", "m:4", "m:4"), ("pool", "", "pool"), ("", "", "the model")]
    )
    def test_a_rounding_is_placed_as_far_as_it_is_known(self, layer_name: str, where: str, text: str) -> None:
        rounded = replace(SWEEP, rounding=((layer_name, where, "convolution", 99, 49),), multiple=1)
        message = only("UD101", crashed(shapes=rounded)).message
        assert message.endswith(f"(limit 0): `convolution` at {text} rounded 99 to 49.")

    def test_passing_joins_are_one_finding(self) -> None:
        joined = (*run().ops, op(6, "cat", "", (1, 3)), op(7, "add", "", (1, 3)))
        finding = only("UD101", evidence(runs=(run(ops=joined),)))
        assert not finding.ill
        assert finding.message.startswith("2 concatenations")

    @pytest.mark.parametrize(
        "failure",
        [
            crash("convolution"),
            crash("cat", ((2, 16, 24, 24), (2, 8, 24, 24))),
            crash("cat", ((2, 16, 24, 24), (2, 16, 8, 24, 24))),
            crash("cat", ((2, 16, 24, 25), (2, 16, 24, 24)), dimension=-1),
            crash("mul", ((2, 16, 1, 1), (2, 8, 24, 24))),
            crash("add", ((2, 50, 16), (2, 65, 16))),
            crash(operands=(Operand((1, 16, 14, 14), None, Place("pos"), "pos"), crash().operands[0])),
        ],
        ids=["another op", "channels", "rank", "joined along the width", "broadcast", "tokens", "a parameter"],
    )
    def test_other_crashes_are_not_its_own(self, failure: object) -> None:
        assert not examine("UD101", crashed(failure))  # type: ignore[arg-type]

    def test_a_network_without_joins(self) -> None:
        assert not examine("UD101", evidence())


class TestSizeMustBeMultiple:
    """UD102."""

    def test_the_asked_size_is_refused(self) -> None:
        finding = only("UD102", crashed(shapes=SWEEP))
        assert finding.severity is Severity.ERROR
        assert finding.message.endswith(
            "divisible by 16 (limit 1: any size), and 100x100 is not; the next valid size is 112x112."
        )
        assert finding.remedies[0].parameters == {"multiple": 16}

    @pytest.mark.parametrize(
        "sweep",
        [
            replace(SWEEP, asked=None),
            replace(SWEEP, asked=(96, 96)),
            replace(SWEEP, asked=(16, 16), failing=((16, 16),)),
        ],
        ids=["none asked", "it passes", "it fails for another reason"],
    )
    def test_else_it_is_a_note(self, sweep: ShapeSweep) -> None:
        finding = only("UD102", evidence(shapes=sweep))
        assert finding.severity is Severity.NOTE
        assert not finding.remedies

    def test_any_size_is_well(self) -> None:
        assert not only("UD102", evidence(shapes=replace(SWEEP, multiple=1, failing=()))).ill

    def test_unknown(self) -> None:
        assert not examine("UD102", evidence())
        assert not examine("UD102", evidence(output(), shapes=replace(SWEEP, multiple=None)))


class TestParametersOutsideTheModule:
    """UD006."""

    HIDDEN = tuple(
        Unregistered(f"blocks[0].{name}", "blocks", "list", shape, place("blocks", 12), 4)
        for name, shape in (("weight", (16, 16, 3, 3)), ("bias", (16,)))
    )

    def test_layers_in_a_list(self) -> None:
        finding = only("UD006", evidence(model=model(unregistered=self.HIDDEN)))
        assert finding.severity is Severity.ERROR
        assert (finding.place, finding.op) == (place("blocks", 12), 4)
        assert finding.readings[0].value == 2
        assert "2 parameters (2,320 values)" in finding.message
        assert "the plain list `blocks` holds them (blocks[0].weight, blocks[0].bias)" in finding.message
        assert finding.patch == "self.blocks = nn.ModuleList(...)  # instead of the plain list"

    def test_each_container_is_a_finding_of_its_own(self) -> None:
        other = replace(self.HIDDEN[0], holder="decoder.heads", kind="dict", name="")
        found = examine("UD006", evidence(model=model(unregistered=(*self.HIDDEN, other))))
        assert [f.ill for f in found] == [True, True]
        assert found[1].patch == "self.heads = nn.ModuleDict(...)  # instead of the plain dict of decoder"

    def test_a_parameter_that_forward_makes(self) -> None:
        made = Unregistered("", "", "", (1,), Place("", "model.py", 9), None)
        finding = only("UD006", evidence(model=model(unregistered=(made,))))
        assert "no attribute of the model holds them" in finding.message
        assert not finding.patch

    def test_registered_ones_that_never_ran_are_a_note(self) -> None:
        well, note = examine("UD006", evidence(model=model(idle=(("aux.weight", 50),), parameters=1000)))
        assert not well.ill
        assert note.severity is Severity.NOTE
        assert note.readings[0].value == 5

    def test_all_registered(self) -> None:
        assert not only("UD006", evidence()).ill


class TestAmbiguousOutput:
    """UD007."""

    def test_several_tensors(self) -> None:
        several = run(others=(("output['aux']", (2, 3, 32, 32)),), chosen="its key is 'out'")
        finding = only("UD007", evidence(runs=(several,)))
        assert finding.severity is Severity.NOTE
        assert "since its key is 'out'" in finding.message
        assert "output['aux'] [2, 3, 32, 32]" in finding.message
        assert "--output aux)" in finding.message

    def test_nested_names_are_written_as_typed(self) -> None:
        several = run(others=tuple((f"output[{i}]['masks']", (1, 1, 8, 8)) for i in range(9)))
        message = only("UD007", evidence(runs=(several,))).message
        assert "--output 0.masks)" in message
        assert "and 3 more" in message

    def test_one_tensor(self) -> None:
        assert not only("UD007", evidence()).ill

    def test_without_an_output_there_is_nothing_to_say(self) -> None:
        assert not examine("UD007", crashed())
