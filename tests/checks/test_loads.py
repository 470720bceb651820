"""UD001, UD002: weights that were loaded, in whole, in part or not at all."""

from dataclasses import replace
from typing import Any

import pytest

from tests.checks.build import evidence, examine, last, layer, model, only, pristine
from unetdoctor.facts import Place, Severity, WeightsLoad, WeightsReading

WHOLE = WeightsReading("as saved", fits=6)
STRIPPED = WeightsReading("prefix 'module.' stripped", fits=6, stripped="module.")
KEYS = ("stem.weight", "stem.bias", "deep.weight", "deep.bias", "draw.weight", "draw.bias")


def load(**fields: Any) -> WeightsLoad:
    """A file that fills all six keys."""
    base = WeightsLoad(
        source="w.pth",
        place=Place(),
        own=False,
        module="",
        strict=False,
        model=6,
        stored=6,
        common=6,
        as_saved=6,
        missing=(),
        unexpected=(),
        reshaped=(),
        tail=True,
        foreign=True,
        taken=WHOLE,
        readings=(WHOLE,),
    )
    return replace(base, **fields)


def dropped(**fields: Any) -> WeightsLoad:
    """A call of the user's own that drops all keys for their prefix."""
    return load(
        **{
            "source": "load_state_dict(strict=False)",
            "own": True,
            "place": Place(file="model.py", line=12),
            "common": 0,
            "as_saved": 0,
            "missing": KEYS,
            "unexpected": tuple(f"module.{key}" for key in KEYS),
            "taken": WeightsReading("as saved", fits=0),
            "readings": (STRIPPED, WeightsReading("as saved", fits=0)),
            **fields,
        }
    )


class TestBatchNormOfLayersWithoutWeights:
    """UD308 behind UD002."""

    def test_statistics_that_got_no_value_are_left_to_the_load(self) -> None:
        network = model(layer("main.0"), layer("main.3"), norms=(pristine("main.4"),))
        missing = ("main.3.weight", "main.4.weight", "main.4.running_mean", "main.4.running_var")
        given = dropped(common=1, stored=1, missing=missing, unexpected=(), readings=())
        finding = only("UD308", evidence(model=network, loads=(given,)))
        assert not finding.ill
        assert "UD001 and UD002 name the blocks" in finding.message
        assert only("UD308", evidence(model=network)).severity is Severity.ERROR

    def test_a_file_without_buffers_is_a_matter_of_the_statistics(self) -> None:
        network = model(layer("main.0"), norms=(pristine("main.1"),))
        given = load(common=4, missing=("main.1.running_mean", "main.1.running_var"))
        assert only("UD308", evidence(model=network, loads=(given,))).severity is Severity.ERROR


class TestCheckpointKeysMismatch:
    """UD001."""

    def test_each_key_gets_back_a_first_part_of_its_own(self) -> None:
        reading = WeightsReading("the first part of each key put back", fits=5, parts=1)
        finding = only("UD001", evidence(loads=(dropped(readings=(reading,)),)))
        assert finding.message.endswith("; 5 tensors fit with the first part of each key put back.")
        assert finding.remedies[0].title == "load the weights with the first part put back before the keys"
        assert finding.remedies[0].patch == (
            'whole = {name.partition(".")[2]: name for name in model.state_dict()}\n'
            "model.load_state_dict({whole[key]: value for key, value in state.items() if key in whole})"
        )
        taken = WeightsReading("the first part of each key left out", fits=6, parts=-1)
        patch = only("UD001", evidence(loads=(dropped(readings=(taken,)),))).remedies[0].patch
        assert patch == 'model.load_state_dict({key.partition(".")[2]: value for key, value in state.items()})'

    def test_without_weights_there_is_nothing_to_say(self) -> None:
        assert not examine("UD001", evidence())

    def test_everything_fits(self) -> None:
        finding = only("UD001", evidence(loads=(load(),)))
        assert finding.severity is Severity.OK
        assert finding.message == "All 6 keys of the network got a value from w.pth (as saved)."

    def test_a_usual_entry_is_well(self) -> None:
        taken = WeightsReading("entry state_dict", 6, entry=("state_dict",))
        assert not only("UD001", evidence(loads=(load(taken=taken, readings=(taken,)),))).ill

    def test_a_prefix_that_was_stripped(self) -> None:
        finding = only("UD001", evidence(loads=(load(as_saved=0, taken=STRIPPED, readings=(STRIPPED,)),)))
        assert finding.severity is Severity.WARNING
        assert finding.message == (
            "All 6 keys of the network got a value from w.pth, but only with prefix 'module.' stripped; with "
            "strict=False 0 of 6 would have been loaded."
        )
        assert finding.remedies[0].patch == (
            "state = torch.load('w.pth', map_location=\"cpu\")\n"
            "model.load_state_dict({key.removeprefix('module.'): value for key, value in state.items()})"
        )

    @pytest.mark.parametrize(
        ("taken", "line"),
        [
            (
                WeightsReading("entry ema", 6, entry=("ema",), averaged=True),
                "state = torch.load('w.pth', map_location=\"cpu\")['ema']\nmodel.load_state_dict(state)",
            ),
            (
                WeightsReading("entry best", 6, entry=("best",), usual=False),
                "state = torch.load('w.pth', map_location=\"cpu\")['best']\nmodel.load_state_dict(state)",
            ),
            (
                WeightsReading("", 6, compiled=True, stripped="g.", left_out=3),
                'state = torch.load(\'w.pth\', map_location="cpu")\nmodel.load_state_dict({key.replace("_orig_mod.", '
                "\"\").removeprefix('g.'): value for key, value in state.items() "
                "if key.replace('_orig_mod.', '').startswith('g.')})",
            ),
            (
                WeightsReading("", 6, added="net."),
                "state = torch.load('w.pth', map_location=\"cpu\")\n"
                "model.load_state_dict({'net.' + key: value for key, value in state.items()})",
            ),
        ],
    )
    def test_lines_to_paste(self, taken: WeightsReading, line: str) -> None:
        finding = only("UD001", evidence(loads=(load(as_saved=0, taken=taken, readings=(taken,)),)))
        assert finding.severity is (Severity.WARNING if taken.renames else Severity.NOTE)
        assert finding.remedies[0].patch == line
        compile(line, "patch", "exec")

    def test_safetensors_are_read_by_their_own_library(self) -> None:
        given = load(source="w.safetensors", as_saved=0, taken=STRIPPED, readings=(STRIPPED,))
        patch = only("UD001", evidence(loads=(given,))).remedies[0].patch
        assert patch.startswith("state = safetensors.torch.load_file('w.safetensors')\n")

    def test_a_part(self) -> None:
        given = load(
            common=3,
            missing=("deep.weight", "deep.bias", "draw.weight"),
            unexpected=("x",),
            reshaped=(("draw.bias", (21,), (2,)),),
            better=("n_classes=21",),
        )
        finding = only("UD001", evidence(loads=(given,)))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].value == 4
        assert finding.message == (
            "3 of the 6 keys of the network got a value from w.pth: 3 are missing (deep.weight, deep.bias and 1 more), "
            "1 of the 6 stored is unknown (x), 1 has another shape (draw.bias 21 for 2); those of the file are built "
            "with -k n_classes=21."
        )

    def test_dropped_in_silence(self) -> None:
        finding = only("UD001", evidence(loads=(dropped(),)))
        assert finding.severity is Severity.ERROR
        assert finding.message == (
            "0 of the 6 keys of the network got a value from load_state_dict(strict=False) at model.py:12: it asks for "
            "stem.weight, stem.bias and 4 more and was handed module.stem.weight, module.stem.bias and 4 more; all of "
            "them fit with prefix 'module.' stripped."
        )
        remedy = finding.remedies[0]
        assert (remedy.action, remedy.parameters) == ("load_weights", {"load": 0, "reading": STRIPPED.label})
        assert remedy.patch == (
            "model.load_state_dict({key.removeprefix('module.'): value for key, value in state.items()})"
        )

    def test_its_own_tensors_handed_back(self) -> None:
        nothing = dropped(stored=0, unexpected=(), readings=(), returned=6)
        finding = only("UD001", evidence(loads=(nothing,), model=model(trained=False)))
        assert finding.message.endswith(": it was handed its own 6 tensors back and nothing else.")
        assert finding.severity is Severity.ERROR
        empty = only("UD001", evidence(loads=(replace(nothing, returned=0),)))
        assert empty.message.endswith(": it was handed no tensor and nothing else.")

    def test_its_own_tensors_handed_back_after_training_lose_nothing(self) -> None:
        nothing = dropped(stored=0, unexpected=(), readings=(), returned=6)
        assert only("UD001", evidence(loads=(nothing,), model=model(trained=True))).severity is Severity.WARNING

    def test_a_new_head_is_what_fine_tuning_does(self) -> None:
        given = dropped(common=4, missing=KEYS[4:], unexpected=("fc.weight", "fc.bias"), tail=True)
        assert only("UD001", evidence(loads=(given,))).severity is Severity.NOTE

    def test_a_backbone_is_fine(self) -> None:
        assert not only("UD001", evidence(loads=(dropped(common=6, missing=(), unexpected=(), module="stem"),))).ill

    def test_what_was_handed_over_was_taken(self) -> None:
        given = dropped(common=2, stored=2, missing=KEYS[2:], unexpected=(), tail=False)
        assert only("UD001", evidence(loads=(given,))).severity is Severity.NOTE

    def test_nearly_everything_is_a_warning_with_names(self) -> None:
        given = dropped(common=5, missing=("deep.bias",), unexpected=("deep.b",), tail=False, readings=())
        finding = only("UD001", evidence(loads=(given,)))
        assert finding.severity is Severity.WARNING
        assert "1 is missing (deep.bias)" in finding.message

    def test_few_are_an_error(self) -> None:
        given = dropped(common=1, missing=KEYS[1:], unexpected=("a", "b"), tail=False)
        assert only("UD001", evidence(loads=(given,))).severity is Severity.ERROR

    def test_more_than_the_network_takes(self) -> None:
        aux = only("UD001", evidence(loads=(load(unexpected=("aux.weight",)),)))
        assert aux.severity is Severity.NOTE
        within = only("UD001", evidence(loads=(load(unexpected=("stem.attention.weight",), foreign=False),)))
        assert within.severity is Severity.WARNING
        assert within.message == (
            "All 6 keys of the network got a value from w.pth, which has 1 more that no layer takes: "
            "stem.attention.weight."
        )

    def test_a_moving_average_beside_is_a_note_and_is_tried(self) -> None:
        raw = WeightsReading("entry params", 6, entry=("params",))
        ema = WeightsReading("entry params_ema", 6, entry=("params_ema",), averaged=True, usual=False)
        finding = only("UD001", evidence(loads=(load(taken=raw, readings=(raw, ema)),)))
        assert finding.severity is Severity.NOTE
        assert finding.message.endswith("(entry params); as many fit under entry params_ema.")
        assert finding.remedies[0].parameters["reading"] == "entry params_ema"
        assert finding.remedies[0].title == "load the weights of entry params_ema"

    def test_a_network_without_keys_is_a_note(self) -> None:
        assert only("UD001", evidence(loads=(load(model=0, common=0),))).severity is Severity.NOTE


FRESH = {"state": "fresh", "scheme": "default"}


class TestWeightsNeverLoaded:
    """UD002."""

    def test_without_weights_there_is_nothing_to_say(self) -> None:
        assert not examine("UD002", evidence())

    def test_loaded_and_trained(self) -> None:
        assert not only("UD002", evidence(loads=(load(),))).ill

    def test_never_loaded(self) -> None:
        fresh = model(layer("stem", **FRESH), layer("deep", **FRESH), last(**FRESH))
        finding = only("UD002", evidence(model=fresh, loads=(dropped(),)))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].value == 100
        assert finding.remedies[0].parameters["reading"] == STRIPPED.label

    def test_a_block_is_named(self) -> None:
        names = ("encoder.a", "encoder.b", "decoder.up1.a", "decoder.up1.b", "decoder.up2.a")
        layers = [layer(name, **(FRESH if name.startswith("decoder") else {})) for name in names]
        missing = tuple(f"{name}.weight" for name in names if name.startswith("decoder"))
        finding = only("UD002", evidence(model=model(*layers), loads=(load(common=3, missing=missing),)))
        assert finding.severity is Severity.WARNING
        assert finding.message == (
            "60 % of the 5 layers of the network are as initialised after w.pth filled 3 of 6 keys (at most 10 %) "
            "(decoder)."
        )

    def test_what_was_loaded_and_looks_fresh_was_trained_lightly(self) -> None:
        layers = [layer(f"l{index}", **(FRESH if index < 3 else {})) for index in range(10)]
        given = load(common=5, missing=("l9.bias",))
        assert not only("UD002", evidence(model=model(*layers), loads=(given,))).ill
        assert not only("UD002", evidence(model=model(*layers), loads=(load(),))).ill

    def test_a_file_of_fresh_weights(self) -> None:
        fresh = model(layer("stem", **FRESH), last(**FRESH))
        finding = only("UD002", evidence(model=fresh, loads=(load(),)))
        assert finding.severity is Severity.WARNING
        assert "these weights are fresh themselves" in finding.message

    @pytest.mark.parametrize(("moved", "is_ill"), [(0, True), (1, True), (2, False), (6, False)])
    def test_a_file_of_a_short_training(self, moved: int, is_ill: bool) -> None:
        """Few steps leave the weights as drawn and move the shift of the normalisations."""
        shifts = tuple((f"norm{index}", index < moved) for index in range(6))
        fresh = model(layer("stem", **FRESH), last(**FRESH), shifts=shifts)
        finding = only("UD002", evidence(model=fresh, loads=(load(),)))
        assert finding.ill is is_ill
        assert ("trained for few steps" in finding.message) is not is_ill

    def test_what_got_no_value_is_not_excused_by_normalisations(self) -> None:
        fresh = model(layer("stem", **FRESH), layer("deep", **FRESH), last(**FRESH), shifts=(("norm", True),))
        assert only("UD002", evidence(model=fresh, loads=(dropped(),))).severity is Severity.ERROR

    def test_fresh_weights_of_one_part_for_another_are_well(self) -> None:
        fresh = model(layer("target.stem", **FRESH), last(**FRESH))
        given = dropped(common=6, missing=(), unexpected=(), module="target")
        assert not only("UD002", evidence(model=fresh, loads=(given,))).ill

    def test_a_new_decoder_of_the_user_s_own_is_a_note(self) -> None:
        mixed = model(layer("stem"), layer("deep", **FRESH), last(**FRESH))
        given = dropped(common=2, stored=2, missing=KEYS[2:], unexpected=(), readings=())
        assert only("UD002", evidence(model=mixed, loads=(given,))).severity is Severity.NOTE

    @pytest.mark.parametrize(
        ("names", "missing"),
        [
            (("encoder.a", "encoder.b", "decoder.a"), ("encoder.b.weight", "decoder.a.weight")),
            (("main.4", "main.0", "main.2"), ("main.0.weight", "main.2.weight")),
            (("encoder", "neck", "head"), ("neck.bias", "head.weight")),
        ],
        ids=["a block in part", "a sequence in part", "a layer in part"],
    )
    def test_half_a_block_is_no_new_decoder(self, names: tuple[str, ...], missing: tuple[str, ...]) -> None:
        network = model(layer(names[0]), layer(names[1], **FRESH), layer(names[2], **FRESH))
        given = dropped(common=2, stored=2, missing=missing, unexpected=(), readings=())
        assert only("UD002", evidence(model=network, loads=(given,))).severity is Severity.ERROR

    @pytest.mark.parametrize(
        ("filled", "empty"),
        [
            (
                ["stem", *(f"encoder.{n}.conv" for n in range(3)), "head"],
                [f"encoder.{n}.adapter.{m}" for n in range(3) for m in (0, 2)],
            ),
            ([f"blocks.{n}.attn.q" for n in range(3)], [f"blocks.{n}.attn.lora" for n in range(3)]),
            (["0", "3", "6"], ["10", "12"]),
            (["model.encoder.a", "model.encoder.b"], ["model.decoder.a", "head"]),
        ],
        ids=["adapters", "one layer in each block", "the end of a sequence", "a decoder inside a part"],
    )
    def test_what_is_new_as_a_whole_is_a_note(self, filled: list[str], empty: list[str]) -> None:
        network = model(*(layer(x) for x in filled), *(layer(x, **FRESH) for x in empty))
        missing = tuple(f"{x}.{name}" for x in empty for name in ("weight", "bias"))
        given = dropped(common=2, stored=2, missing=missing, unexpected=(), readings=())
        assert only("UD002", evidence(model=network, loads=(given,))).severity is Severity.NOTE

    @pytest.mark.parametrize(
        ("filled", "empty"),
        [
            (["down.0.conv.0", "down.0.conv.3", "down.1.conv.0"], ["down.1.conv.3", "up.0.conv.0", "up.0.conv.3"]),
            (["layers.0.attn.q", "layers.0.mlp.a", "layers.1.attn.q"], ["layers.1.mlp.a", "layers.2.attn.q", "head"]),
            (["main.0", "main.1.a", "main.1.b"], ["main.2.a", "main.2.b", "main.3"]),
            (["layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1"], ["layer2.0.conv2", "layer2.1.conv1"]),
        ],
        ids=[
            "a repeated sequence",
            "a part that was filled elsewhere",
            "a row of equal blocks",
            "layers that were filled elsewhere",
        ],
    )
    def test_a_cut_through_blocks_of_one_kind_is_an_error(self, filled: list[str], empty: list[str]) -> None:
        network = model(*(layer(x) for x in filled), *(layer(x, **FRESH) for x in empty))
        missing = tuple(f"{x}.weight" for x in empty)
        given = dropped(common=2, stored=2, missing=missing, unexpected=(), readings=())
        assert only("UD002", evidence(model=network, loads=(given,))).severity is Severity.ERROR

    def test_layers_elsewhere_and_of_few_weights_do_not_count(self) -> None:
        mixed = model(layer("encoder.a"), layer("tiny", state="fresh", scheme=""), layer("decoder", **FRESH))
        assert not only("UD002", evidence(model=mixed, loads=(dropped(module="encoder", missing=()),))).ill
        assert not examine("UD002", evidence(model=mixed, loads=(dropped(module="tiny"),)))
