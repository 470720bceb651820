"""The catalogue read from the source of the checks says what the checks themselves say."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.run import SAMPLES
from unetdoctor.checks import CHECKS
from unetdoctor.checks import cards as imported
from unetdoctor.cli import catalogue
from unetdoctor.cli.arguments import request_from_arguments
from unetdoctor.cli.catalogue import card_of, cards, is_known, whole
from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.samples import command_line
from unetdoctor.facts import Card

Command = Callable[..., "object"]


def test_read_pages_are_those_of_the_checks() -> None:
    assert cards() == imported()


def test_a_card_is_found_by_code_and_by_name() -> None:
    assert card_of(" ud203") == card_of("Flat-Picture")
    with pytest.raises(ValueError, match="flat-picture"):
        card_of("flat-pictur")


def test_codes_beginnings_and_names_are_known() -> None:
    assert all(map(is_known, ("UD203", "ud2", "flat-picture")))
    assert not any(map(is_known, ("UD999", "flat", "x")))


def test_a_file_without_a_check_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ud999_nothing.py").write_text("x = 1\n")
    monkeypatch.setattr(catalogue, "_FOLDER", tmp_path)
    with pytest.raises(ValueError, match="holds no check"):
        card_of("UD999")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_illness_has_a_demo_with_its_options(check: type) -> None:
    file = SAMPLES / f"{check.code.lower()}_{check.name.replace('-', '_')}.py"  # type: ignore[attr-defined]
    if "class Ill" not in file.read_text("utf-8"):
        with pytest.raises(RequestError, match="is an illness of a data set"):
            command_line(check.code)  # type: ignore[attr-defined]
        return
    for healthy, name in ((False, "Ill"), (True, "Healthy")):
        words = command_line(check.code, healthy=healthy)  # type: ignore[attr-defined]
        assert words[0].endswith(f":{name}")
        request_from_arguments(["inspect", *words])


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.code)
def test_the_sick_sample_and_its_twin_differ_in_a_few_lines(card: Card) -> None:
    lines = whole(card).difference
    assert 1 <= len(lines) <= 12
    assert {line[0] for line in lines} & {"-", "+"}
    assert not [line for line in lines if line[:2] not in ("- ", "+ ", "  ")]


def test_limits_are_those_that_were_calibrated() -> None:
    card = whole(card_of("UD301"))
    assert [standing.reading for standing in card.standings] == [
        "largest difference between two filters",
        "smallest cosine between two filters",
    ]
    assert all(standing.sound > 40 and standing.sick > 10 for standing in card.standings)
    assert not any(standing.sound_beyond or standing.sick_within for standing in card.standings)


def test_explain_shows_limits_and_code(command: Command) -> None:
    text = command("explain", "UD301").out
    assert "largest difference between two filters: at least 0.1%" in text
    assert "In code  - sick, + healthy" in text
    assert "  -         self.draw.weight[1:] = self.draw.weight[0]" in text
    (found,) = [card for card in json.loads(command("rules", "--format", "json").out) if card["code"] == "UD301"]
    assert found["limits"][0]["upper"] is False
    assert found["difference"][-1].endswith("self.draw.weight[0]")


def test_an_unknown_illness() -> None:
    with pytest.raises(RequestError, match="flat-picture"):
        command_line("flat-pictur")


def test_demo_of_an_illness(command: Command) -> None:
    ran = command("demo", "UD301")
    assert ran.code == 0
    assert "ud301_identical_final_filters.py:Ill" in ran.out
    assert "ud301_identical_final_filters.py:Healthy" in command("demo", "identical-final-filters", "--healthy").out
    assert command("demo", "--healthy").code == 2
    assert "Close: flat-picture" in command("demo", "flat-pictur").err


def test_demo_of_an_illness_of_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    monkeypatch.chdir(tmp_path)
    ran = command("demo", "UD604")
    assert ran.code == 0, ran.err
    assert "mask-values-not-ids" in ran.out
    assert len(list(Path("unetdoctor-out").glob("*/data/masks/*.png"))) == 12
    assert len(list(Path("unetdoctor-out").glob("*/worst.png"))) == 1
    assert "HEALTHY" in command("demo", "mask-values-not-ids", "--healthy", "--out-dir", "here").out
    assert (tmp_path / "here" / "data" / "images").is_dir()


def test_short_and_long_ways_say_the_same(command: Command) -> None:
    assert command("rules").out == command("rules", "--format", "text").out
    assert command("explain", "UD203").out == command("explain", "--", "UD203").out
    assert [card["code"] for card in json.loads(command("rules", "--format", "json").out)] == [c.code for c in CHECKS]
