"""UD508, UD509, UD510: conversions to whole numbers, and class ids that become a picture."""

from typing import Any

import pytest

from tests.checks.build import evidence, examine, only, op, ops, run
from unetdoctor.facts import Cast, Painting, Severity


def cast(**fields: Any) -> Cast:
    """A sound one: 0..255 to bytes."""
    sound = {"low": 0.0, "high": 255.0, "minimum": 3.0, "maximum": 250.0, "fractional": 1.0, "wrapped": 0.0}
    given = {"op": 6, "dtype": "uint8", "non_finite": 0.0, "kept": True, **sound, **fields}
    return Cast(**{"largest": given["maximum"], **given})


def painting(*colours: tuple[float, ...], **fields: Any) -> Painting:
    """Colours of the classes, painted by a table."""
    channels = max(len(colour) for colour in colours)
    given = {"decision": 5, "op": 6, "table": channels > 1, "dtype": "uint8", "one_hot": False, **fields}
    return Painting(colours=colours, channels=channels, **given)


def drawn(**fields: Any):
    ending = (*ops(), op(6, "_to_copy", "head", (5,)))
    return evidence(runs=(run(ops=ending),), **fields)


def levels(*values: float) -> tuple[tuple[float, ...], ...]:
    return tuple((value,) for value in values)


class TestCastWithoutScaling:
    """UD508."""

    def test_probabilities(self) -> None:
        finding = only("UD508", drawn(casts=(cast(minimum=0.1, maximum=0.9),)))
        assert finding.severity is Severity.ERROR
        assert finding.place.layer == "head"
        assert finding.readings[0].value == 0.9
        assert finding.remedies[0].parameters == {"op": 6, "from": "unit"}
        assert finding.remedies[0].patch == "y = (y * 255).round().clamp(0, 255).to(torch.uint8)"

    @pytest.mark.parametrize(
        ("low", "high", "scale"), [(-0.9, 0.9, "signed"), (-6.0, 5.0, "logits"), (-255.0, 255.0, "as is")]
    )
    def test_negative_values_wrap(self, low: float, high: float, scale: str) -> None:
        finding = only("UD508", drawn(casts=(cast(minimum=low, maximum=high, wrapped=0.4),)))
        assert finding.severity is Severity.ERROR
        assert "40 % of them wrap around" in finding.message
        assert finding.remedies[0].parameters["from"] == scale

    @pytest.mark.parametrize(("ends", "scale"), [((-0.45, 1.54), "unit"), ((-6.0, 5.0), "logits")])
    def test_a_function_makes_the_values_of_a_picture(self, ends: tuple[float, float], scale: str) -> None:
        made = cast(minimum=ends[0], maximum=ends[1], largest=255.0, wrapped=0.13)
        finding = only("UD508", drawn(casts=(made,)))
        assert "is made of values in" in finding.message
        assert finding.remedies[0].parameters["from"] == scale

    def test_few_that_wrap_are_a_warning(self) -> None:
        assert only("UD508", drawn(casts=(cast(maximum=256.0, wrapped=0.01),))).severity is Severity.WARNING

    def test_nan(self) -> None:
        finding = only("UD508", drawn(casts=(cast(non_finite=0.02),)))
        assert finding.severity is Severity.WARNING
        assert "2 % are NaN or infinite" in finding.message

    @pytest.mark.parametrize(
        "sound",
        [cast(), cast(minimum=0.0, maximum=1.0, fractional=0.0), cast(minimum=0, maximum=20, fractional=0.0)],
        ids=["scaled", "a mask", "ids"],
    )
    def test_sound(self, sound: Cast) -> None:
        finding = only("UD508", drawn(casts=(sound,)))
        assert not finding.ill
        assert not finding.remedies

    def test_a_probability_plus_a_half_is_rounded(self) -> None:
        assert not only("UD508", drawn(casts=(cast(minimum=0.52, maximum=1.45),))).ill
        assert only("UD508", drawn(casts=(cast(minimum=0.3, maximum=1.45),))).ill
        assert only("UD508", drawn(casts=(cast(minimum=0.52, maximum=1.6),))).ill

    def test_an_index_is_no_picture(self) -> None:
        assert not examine("UD508", drawn(casts=(cast(maximum=0.9, kept=False),)))


class TestIdsShownAsGrey:
    """UD509."""

    def test_wrapped(self) -> None:
        finding = only("UD509", drawn(painting=painting(*levels(0, 255, 254, 253))))
        assert finding.severity is Severity.ERROR
        assert [x.value for x in finding.readings] == [1, 3]
        assert "0 is 0, 1 is 255, 2 is 254, 3 is 253; 3 of 4 classes look like another" in finding.message
        assert finding.remedies[0].action == "repaint"

    @pytest.mark.parametrize(
        "values", [(0, 1, 2, 3), (0, 255), (0, 85, 170, 255), (255, 170, 85, 0), (0, 100, 200, 44)]
    )
    def test_sound_in_grey(self, values: tuple[float, ...]) -> None:
        assert not only("UD509", drawn(painting=painting(*levels(*values)))).ill

    def test_ids_in_three_channels(self) -> None:
        colours = [(k, k, k) for k in range(21)]
        finding = only("UD509", drawn(painting=painting(*colours, table=False)))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].value == 20

    def test_a_choice_among_256_levels_in_three_channels(self) -> None:
        finding = only("UD509", drawn(painting=painting(*[(k, k, k) for k in range(256)], table=False)))
        assert not finding.ill
        assert "25 % look different (in a gradient)" in finding.message
        wrapped = [(k, k, k) for k in (*range(0, 256, 2), *range(0, 256, 2))]
        assert only("UD509", drawn(painting=painting(*wrapped, table=False))).ill

    @pytest.mark.parametrize("fields", [{"dtype": "int64"}, {"table": True}, {"one_hot": True}])
    def test_what_is_no_picture(self, fields: dict[str, Any]) -> None:
        assert not examine("UD509", drawn(painting=painting(*levels(0, 255, 254), **fields)))
        assert not examine("UD509", drawn())


VOC = ((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0))


class TestPaletteBroken:
    """UD510."""

    def test_one_colour(self) -> None:
        finding = only("UD510", drawn(painting=painting(*[(200, 60, 60)] * 3)))
        assert finding.severity is Severity.ERROR
        assert "tells 1 of 3 classes apart" in finding.message

    def test_all_dark(self) -> None:
        finding = only("UD510", drawn(painting=painting((0, 0, 0), (9, 0, 0), (0, 9, 0))))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].value == 9

    @pytest.mark.parametrize(("lacking", "words"), [(1, "class 4 has no entry"), (3, "3 classes lack one")])
    def test_no_entry(self, lacking: int, words: str) -> None:
        finding = only("UD510", drawn(painting=painting(*VOC, *[()] * lacking)))
        assert finding.severity is Severity.ERROR
        assert words in finding.message

    def test_most_classes_alike_are_a_warning(self) -> None:
        finding = only("UD510", drawn(painting=painting(*VOC[:2], *[VOC[1]] * 3)))
        assert finding.severity is Severity.WARNING

    def test_several_backgrounds_are_a_note(self) -> None:
        finding = only("UD510", drawn(painting=painting(VOC[0], *VOC)))
        assert finding.severity is Severity.NOTE
        assert finding.message.endswith("; 0 and 1 look alike.")

    def test_two_classes_of_one_colour_are_a_warning(self) -> None:
        finding = only("UD510", drawn(painting=painting(*VOC, VOC[1])))
        assert finding.severity is Severity.WARNING
        assert finding.message.endswith("; 1 and 4 look alike.")

    @pytest.mark.parametrize("background", [0, 1])
    def test_bins_in_a_colour_map_look_like_their_neighbours(self, background: int) -> None:
        bins = [(0, 0, 0)] * background + [(k, min(2 * k, 510 - 2 * k), 255 - k) for k in range(256)]
        finding = only("UD510", drawn(painting=painting(*bins)))
        assert not finding.ill
        assert "a gradient" in finding.message
        assert finding.readings[1].upper is finding.readings[1].lower is None

    @pytest.mark.parametrize(
        "colours",
        [
            [(0, 0, 0), *[(200, 60, 60)] * 40],
            [*VOC, *[(200, 60, 60 + k // 20) for k in range(40)]],
            [(k, k, k) for k in range(100)],
        ],
        ids=["one colour", "nearly one colour", "a dim gradient"],
    )
    def test_what_is_no_gradient_of_most_levels(self, colours: list[tuple[float, ...]]) -> None:
        assert only("UD510", drawn(painting=painting(*colours))).ill

    @pytest.mark.parametrize("colours", [VOC, VOC[:2]])
    def test_sound(self, colours: tuple[tuple[float, ...], ...]) -> None:
        assert not only("UD510", drawn(painting=painting(*colours))).ill

    def test_other_numbers_for_ids_are_no_palette(self) -> None:
        assert not examine("UD510", drawn(painting=painting(*levels(0, 7, 7), table=True)))


class TestPaintedClasses:
    """UD201, UD202, UD212, UD501: colours are not what a layer draws."""

    @pytest.mark.parametrize("code", ["UD202", "UD212"])
    def test_are_not_judged_as_channels(self, code: str) -> None:
        assert examine(code, drawn())
        assert not examine(code, drawn(painting=painting(*VOC)))
