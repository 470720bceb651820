"""What holds of every check, and how checks are found."""

import inspect
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.build import (
    MASK,
    NAN,
    OTHER,
    PICTURE,
    comparison,
    crashed,
    evidence,
    flat,
    last,
    layer,
    logits,
    model,
    norm,
    output,
    place,
    pristine,
    scaled,
)
from tests.checks.test_loads import dropped, load
from unetdoctor.checks import CHECKS, Check, by_code, cards, selected
from unetdoctor.checks.check import either, shown
from unetdoctor.facts import Evidence, Intent, Kind, Latent, Reading, Remedy, Selection, Severity, ShapeSweep, Task

ACTIONS = {
    "batch_statistics": set(),
    "recalibrate": set(),
    "initialise": {"scheme", "layers"},
    "spectral_norm": {"layers"},
    "final_activation": {"kind"},
    "rescale": {"layers"},
    "rescale_input_of_activation": set(),
    "normalise_behind": {"op"},
    "exchange_colours": set(),
    "subtract_offsets": {"offsets"},
    "one_group": {"op"},
    "refill_filters": {"layers"},
    "zero_bias": {"layers"},
    "replace_non_finite": {"layers"},
    "latent": {"distribution"},
    "load_weights": {"load", "reading"},
    "pad_input": {"multiple"},
    "resize_branch": set(),
    "crop_skip": set(),
    "repeat_channels": {"channels"},
    "drop_channels": {"channels"},
    "luminance": set(),
    "permute_input": set(),
    "permute_view": {"op"},
    "keep_finite": {"name"},
    "as_in_eval": set(),
    "without_chance": set(),
    "compute_in": {"dtype"},
    "leaky_slope": {"op"},
    "centre_input": {"op"},
    "compute_wider": {"name"},
    "guard_operand": {"name"},
    "repeat_batch": {"samples"},
    "enlarge_input": {"size"},
    "stored_statistics": set(),
    "resize_output": set(),
    "same_padding": set(),
    "draw_channels": {"channels"},
    "structural": set(),
    "decide_at": {"scale", "used", "threshold"},
    "permute_classes": {"classes"},
    "shift_output": {"down", "right"},
    "flip_align_corners": {"which"},
    "smooth_scores": set(),
}
"""What the engine can do, and the names of the parameters of each."""

SWEEP = ShapeSweep(
    ((96, 96),), ((100, 100),), 16, 16, (100, 100), (112, 112), (96, 96), (("pool", "m:3", "max_pool2d", 25, 12),)
)
SICK_LAYERS = (
    scaled(layer("stem"), 0.001),
    layer("deep", std=0.0, zero=0.0),
    scaled(last(row_difference=0.0, row_cosine=1.0), 0.001),
)
EVERYTHING = [
    evidence(),
    evidence(trained=False),
    evidence(logits(), intent=MASK),
    evidence(logits(), intent=OTHER),
    evidence(output([flat(index) for index in range(3)], at_low=1.0)),
    evidence(output([flat(spread=NAN, raw_spread=NAN, std_8bit=NAN)] * 3, nan=12288, at_low=NAN, outside=NAN)),
    evidence(model=model(*SICK_LAYERS, norms=(pristine(),), non_finite=(("stem.weight", 3),))),
    evidence(model=model(norms=(norm(),)), intent=Intent(Task.RGB, classes=4)),
    evidence(output([flat()]), intent=Intent(Task.RGB)),
    evidence(comparisons=(comparison(0.0), comparison(NAN, "latents"))),
    evidence(latent=Latent((4, 12), 0.01, -0.02, 0.02, declared=True)),
    crashed(shapes=SWEEP),
    crashed(),
    evidence(runs=()),
    evidence(loads=(load(),)),
    evidence(loads=(dropped(),), model=model(layer("stem", state="fresh", scheme="default"))),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
class TestEveryCheck:
    """Of each check, on sound, sick and empty evidence."""

    @pytest.mark.parametrize("index", range(len(EVERYTHING)))
    def test_findings_are_its_own_and_say_what_they_mean(self, check: type[Check], index: int) -> None:
        for finding in check.examine(EVERYTHING[index]):
            assert (finding.code, finding.name, finding.kind) == (check.code, check.name, check.kind)
            assert finding.readings
            assert finding.ill == (not all(reading.holds for reading in finding.readings))
            assert finding.message.endswith((".", "!"))
            assert finding.message[0].isupper() or finding.message[0].isdigit() or finding.place.layer
            assert not re.search(r"\b(may|might|could|nan)\b", finding.message)
            assert re.search(r"\d|finite", finding.message)
            if not finding.ill:
                assert not finding.remedies
                assert not finding.patch

    @pytest.mark.parametrize("index", range(len(EVERYTHING)))
    def test_is_a_pure_function(self, check: type[Check], index: int) -> None:
        first, second = (list(check.examine(EVERYTHING[index])) for _ in range(2))
        assert repr(first) == repr(second)

    def test_has_a_page_with_its_four_sections_and_numbers(self, check: type[Check]) -> None:
        card = check.card()
        lines = card.page.splitlines()
        assert [line for line in lines if line in ("Symptom", "Cause", "Remedy", "Source")] == [
            "Symptom",
            "Cause",
            "Remedy",
            "Source",
        ]
        assert card.summary.endswith(".")
        assert card.page.startswith(card.summary)
        assert (card.code, card.name, card.kind) == (check.code, check.name, check.kind)
        assert re.search(r"\d", card.page.partition("Source")[2])

    def test_only_symptoms_have_counterfactuals(self, check: type[Check]) -> None:
        assert check.kind is Kind.SYMPTOM or not check.counterfactuals
        keys = [remedy.key for remedy in check.counterfactuals]
        assert len(keys) == len(set(keys))

    def test_remedies_are_in_the_engine_s_table(self, check: type[Check]) -> None:
        found = [r for given in EVERYTHING for f in check.examine(given) for r in f.remedies]
        for remedy in (*found, *check.counterfactuals):
            assert_is_known(remedy)

    def test_limits_say_what_their_ends_mean(self, check: type[Check]) -> None:
        module = inspect.getmodule(check)
        assert module is not None
        source = inspect.getsource(module)
        for name, value in re.findall(r"^([A-Z][A-Z_]+) = (.+)$", source, flags=re.MULTILINE):
            assert re.search(rf'^{name} = .+\n"""', source, flags=re.MULTILINE), f"{name} = {value}"


def assert_is_known(remedy: Remedy) -> None:
    """Fail where the engine's table has no such action, or the patch is no Python."""
    assert set(remedy.parameters) == ACTIONS[remedy.action]
    assert remedy.title
    assert remedy.scope in range(4)
    if remedy.patch:
        compile(remedy.patch, remedy.title, "exec")


def test_the_sound_network_is_well_everywhere() -> None:
    for check in CHECKS:
        for finding in check.examine(evidence()):
            assert finding.severity is Severity.OK, finding


def test_a_dull_fresh_network_has_no_error() -> None:
    dull = output(
        [flat(index) for index in range(3)], channel_difference_8bit=0.5, channel_correlation=1.0, outside=1.0
    )
    given = evidence(
        dull,
        model=model(norms=(pristine(),), trained=False),
        comparisons=(comparison(0.0), comparison(0.0, "latents")),
    )
    ill = [f for check in CHECKS for f in check.examine(given) if f.ill]
    assert {f.code for f in ill} >= {"UD202", "UD203", "UD209", "UD210", "UD308"}
    assert {f.severity for f in ill} == {Severity.NOTE}


@given(
    st.builds(
        evidence,
        st.builds(
            output,
            at_low=st.floats(0, 1) | st.just(NAN),
            outside=st.floats(0, 1) | st.just(NAN),
            channel_difference_8bit=st.floats(0, 255) | st.just(NAN),
            channel_correlation=st.floats(-1, 1) | st.just(NAN),
            raw_spread=st.floats(0, 100) | st.just(NAN),
        ),
        trained=st.booleans(),
        intent=st.sampled_from([PICTURE, MASK, OTHER, Intent()]),
    )
)
def test_severity_follows_from_the_readings(given_evidence: Evidence) -> None:
    for check in CHECKS:
        for finding in check.examine(given_evidence):
            assert finding.ill == (not all(reading.holds for reading in finding.readings))
            if not given_evidence.model.trained and finding.code.startswith("UD2"):
                assert finding.severity in (Severity.OK, Severity.NOTE)


class TestFinding:
    """How a finding is made."""

    def test_without_a_number_it_is_a_note(self) -> None:
        check = by_code("UD203")
        finding = check.finding("Any.", [Reading("spread", NAN, lower=1)], place=place())
        assert finding.severity is Severity.NOTE
        assert finding.message == "Not judged: at draw (model.py:30) the spread is not a finite number."

    def test_it_is_well_where_all_readings_hold(self) -> None:
        check = by_code("UD203")
        remedy = Remedy("zero_bias")
        finding = check.finding("Any.", [Reading("spread", 2, lower=1)], remedies=[remedy], patch="x")
        assert (finding.severity, finding.remedies, finding.patch) == (Severity.OK, (), "")
        assert finding.place.text == "the model"

    def test_either_leaves_out_the_bounds_that_do_not_count(self) -> None:
        low, high = Reading("a", 0, lower=1), Reading("b", 5, lower=1)
        assert either(low, high) == (replace(low, lower=None), high)
        assert either(low, low) == (low, low)
        assert either(high, high) == (high, high)

    @pytest.mark.parametrize(
        ("value", "text"), [(0.01234, "0.0123"), (99.96, "100"), (1234.5, "1234"), (3e7, "3e+07"), (math.inf, "inf")]
    )
    def test_numbers_are_shown_with_three_digits(self, value: float, text: str) -> None:
        assert shown(value) == text


class TestCatalogue:
    """Codes, names, prefixes."""

    def test_codes_are_in_order(self) -> None:
        codes = [check.code for check in CHECKS]
        assert codes == sorted(set(codes))
        assert [card.code for card in cards()] == codes

    @pytest.mark.parametrize("text", ["UD203", "ud203", "flat-picture", " Flat-Picture "])
    def test_a_check_is_found_by_code_and_name(self, text: str) -> None:
        assert by_code(text).code == "UD203"

    def test_close_matches_are_named(self) -> None:
        with pytest.raises(ValueError, match=r"'flat-pictures'.* Close: flat-picture"):
            by_code("flat-pictures")
        with pytest.raises(ValueError, match=r"Close: .*UD203"):
            by_code("UD2O3")
        with pytest.raises(ValueError, match=r"'§'\. `unetdoctor rules`"):
            by_code("§")

    def test_a_selection_is_by_code_prefix_or_name(self) -> None:
        assert selected(Selection()) == CHECKS
        assert [c.code for c in selected(Selection(select=("UD20", "batchnorm-never-updated"), ignore=("UD203",)))] == [
            "UD201",
            "UD202",
            "UD204",
            "UD205",
            "UD206",
            "UD207",
            "UD208",
            "UD209",
            "UD308",
        ]
        assert len(selected(Selection(ignore=("ud2",)))) == len([c for c in CHECKS if not c.code.startswith("UD2")])

    @pytest.mark.parametrize("text", ["UD7", "", "flat"])
    @pytest.mark.parametrize("field", ["select", "ignore"])
    def test_what_matches_nothing_is_refused(self, text: str, field: str) -> None:
        with pytest.raises(ValueError, match="No check has"):
            selected(Selection(**{field: (text,)}))
