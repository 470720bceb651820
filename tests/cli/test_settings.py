"""[tool.unetdoctor] and UNETDOCTOR_*: what they say, what wins, and one sentence for what is wrong."""

from pathlib import Path

import pytest

from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.settings import load

FULL = """
[project]
name = "x"
[tool.unetdoctor]
targets = [
    "a.py:A",
    { target = "b.py", weights = "b.pt", task = "binary", kwarg = { base = 8, norm = "batch" }, image = ["c.png"] },
]
select = "UD2"
ignore = ["UD203", "UD308"]
fail-on = "warning"
timeout = 60
baseline = "known.json"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    (tmp_path / "pyproject.toml").write_text(FULL)
    return tmp_path


def test_it_is_found_upwards(folder: Path) -> None:
    found = load(environment={})
    assert found.root == folder
    assert found.file == str(folder / "pyproject.toml")
    assert found.baseline == "known.json"
    assert [target for target, _ in found.targets] == ["a.py:A", "b.py"]


def test_a_file_without_the_table_is_passed_over(folder: Path) -> None:
    (folder / "deep" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert load(environment={}).root == folder


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    found = load(tmp_path, {})
    assert (found.root, found.file, found.targets) == (tmp_path, "", ())
    assert found.defaults(("select",)) == {}


def test_a_target_wins_over_all_the_environment_over_it_and_the_command_line_over_that(folder: Path) -> None:
    found = load(environment={"UNETDOCTOR_TIMEOUT": "90", "UNETDOCTOR_SELECT": "UD3, UD4", "UNETDOCTOR_SEED": "7"})
    target, own = found.targets[1]
    options = found.options(target, own, {})
    assert (options.target, options.weights, options.task, options.fail_on) == ("b.py", "b.pt", "binary", "warning")
    assert options.kwarg == ("base=8", "norm='batch'")
    assert options.image == ("c.png",)
    assert (options.timeout, options.select, options.ignore) == (90.0, ("UD3", "UD4"), ("UD203", "UD308"))
    assert options.seed == 7
    assert not options.pictures
    typed = found.options(target, {"fail_on": "note", **own}, {"select": ("UD5",)})
    assert (typed.select, typed.fail_on) == (("UD5",), "note")


def test_preprocessing_and_masks_are_settings_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.unetdoctor]\nscale = 255\nmask = 'm.png'\n"
        "targets = [{ target = 'a.py', mean = '0.5', std = [0.2, 0.3, 0.4], preprocess = 'p.py:f' }]\n"
    )
    found = load(tmp_path, {})
    options = found.options(*found.targets[0], {})
    assert options.chain.std == "0.2,0.3,0.4"
    assert (options.chain.scale, options.chain.mean, options.chain.function) == (255, "0.5", "p.py:f")
    assert options.mask == ("m.png",)


def test_defaults_of_a_command_are_those_it_has(folder: Path) -> None:
    found = load(environment={"UNETDOCTOR_FAIL_ON": "never", "UNETDOCTOR_BASELINE": "/x/other.json"})
    assert found.defaults(("fail_on", "timeout")) == {"fail_on": "never", "timeout": 60}
    assert found.defaults(("baseline",)) == {"baseline": "/x/other.json"}
    assert load(environment={}).defaults(("baseline",)) == {"baseline": str(folder / "known.json")}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fail_on = 'note'", "pyproject.toml: [tool.unetdoctor] has no key 'fail_on'. Did you mean fail-on?"),
        ("timout = 3", "pyproject.toml: [tool.unetdoctor] has no key 'timout'. Did you mean timeout?"),
        ("zzz = 3", "pyproject.toml: [tool.unetdoctor] has no key 'zzz'. Known: select, ignore, fail-on"),
        ("timeout = 'long'", "pyproject.toml: [tool.unetdoctor]: timeout must be seconds, not 'long'."),
        ("timeout = true", "pyproject.toml: [tool.unetdoctor]: timeout must be seconds, not True."),
        ("select = [1]", "pyproject.toml: [tool.unetdoctor]: select must be a list of texts, not [1]."),
        ("kwarg = 'a'", "pyproject.toml: [tool.unetdoctor]: kwarg must be a table of constructor arguments, not 'a'."),
        ("targets = 'a.py'", "pyproject.toml: [tool.unetdoctor]: targets must be a list of texts or tables"),
        ("targets = [3]", "pyproject.toml: [tool.unetdoctor]: an entry of targets must be a text, or a table such as"),
        ("targets = [{ weights = 'a' }]", "pyproject.toml: [tool.unetdoctor]: an entry of targets must be a text"),
        (
            "targets = [{ target = 'a.py', wieghts = 'b' }]",
            "pyproject.toml: [tool.unetdoctor]: target a.py has no key 'wieghts'. Did you mean weights?",
        ),
        ("baseline = 3", "pyproject.toml: [tool.unetdoctor]: baseline must be the path of a file, not 3."),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.unetdoctor]\n{text}\n")
    with pytest.raises(RequestError) as caught:
        load(tmp_path, {})
    assert caught.value.sentence.startswith(sentence)


def test_a_broken_file_and_a_table_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(RequestError, match=r"pyproject\.toml cannot be read"):
        load(tmp_path, {})
    (tmp_path / "pyproject.toml").write_text("[tool]\nunetdoctor = 3\n")
    with pytest.raises(RequestError, match=r"tool\.unetdoctor must be a table, not 3"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("SEED", "x", "UNETDOCTOR_SEED must be a whole number, not 'x'."),
        ("TIMEOUT", "x", "UNETDOCTOR_TIMEOUT must be seconds, not 'x'."),
    ],
)
def test_variables_that_are_no_numbers(tmp_path: Path, variable: str, value: str, sentence: str) -> None:
    with pytest.raises(RequestError) as caught:
        load(tmp_path, {f"UNETDOCTOR_{variable}": value})
    assert caught.value.sentence == sentence
