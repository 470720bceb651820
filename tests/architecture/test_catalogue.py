"""The catalogue is whole: every check has its place in the tuple, its page, its sample pair and its tests."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

CHECKS = ROOT / "unetdoctor" / "checks"
SAMPLES = ROOT / "sample_models"
TESTS = ROOT / "tests" / "checks"

FILE = re.compile(r"ud(\d{3})_([a-z0-9_]+)\.py")
SECTIONS = ("Symptom", "Cause", "Remedy", "Source")


def check_files() -> list[Path]:
    """Every file that holds a check."""
    return sorted(CHECKS.glob("ud[0-9]*.py"))


def check_class(tree: ast.Module) -> ast.ClassDef | None:
    """Return the one public class of a check's file."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    return classes[0] if len(classes) == 1 else None


def constants(node: ast.ClassDef) -> dict[str, str]:
    """Return the string constants in a class body by name."""
    found = {}
    for item in node.body:
        target = (
            item.target
            if isinstance(item, ast.AnnAssign)
            else item.targets[0]
            if isinstance(item, ast.Assign)
            else None
        )
        value = item.value if isinstance(item, ast.AnnAssign | ast.Assign) else None
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            found[target.id] = value.value
    return found


def identity_faults(file_name: str, text: str) -> list[str]:
    """Say where a check's code and name differ from those of its file, or where it isn't one class."""
    match = FILE.fullmatch(file_name)
    node = check_class(ast.parse(text))
    if match is None or node is None:
        return [f"{file_name}: one public class in a file named udNNN_its_name.py"]
    said = constants(node)
    wanted = {"code": f"UD{match[1]}", "name": match[2].replace("_", "-")}
    return [
        f"{file_name}: {key} is {said.get(key)!r}, its file says {value!r}"
        for key, value in wanted.items()
        if said.get(key) != value
    ]


def page_faults(file_name: str, text: str) -> list[str]:
    """Say which sections a check's page lacks, or has in another order."""
    node = check_class(ast.parse(text))
    page = (ast.get_docstring(node) or "") if node is not None else ""
    found = [line.strip().rstrip(":") for line in page.splitlines() if line.strip().rstrip(":") in SECTIONS]
    return [] if found == list(SECTIONS) else [f"{file_name}: the page has {found}, wanted {list(SECTIONS)}"]


def reads_data(text: str) -> bool:
    """Return whether a check reads pictures and masks as files, and not a model."""
    return "    reads_data = True\n" in text


def sample_faults(file_name: str, text: str, *, data: bool = False) -> list[str]:
    """Say what a sample file lacks: an ill and a healthy half, and the arguments they are examined with.

    A check of models has the classes Ill and Healthy; one of data the functions ill_pairs and healthy_pairs, which
    write a small data set into a folder.
    """
    tree = ast.parse(text)
    kind = ast.FunctionDef if data else ast.ClassDef
    names = {node.name for node in tree.body if isinstance(node, kind)}
    names |= {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    halves = {"ill_pairs", "healthy_pairs"} if data else {"Ill", "Healthy"}
    wanted = {*halves, "ILL_ARGUMENTS", "HEALTHY_ARGUMENTS"}
    return [f"{file_name}: no {name}" for name in sorted(wanted - names)]


def test_there_are_checks() -> None:
    assert check_files()


@pytest.mark.parametrize("file", check_files(), ids=lambda file: file.stem)
class TestCheck:
    """Of each check."""

    def test_is_named_as_its_file(self, file: Path) -> None:
        assert not identity_faults(file.name, file.read_text("utf-8"))

    def test_has_its_page(self, file: Path) -> None:
        assert not page_faults(file.name, file.read_text("utf-8"))

    def test_has_its_sample_pair(self, file: Path) -> None:
        sample = SAMPLES / file.name
        assert sample.is_file(), f"the pair of {file.stem} belongs in sample_models/{file.name}"
        data = reads_data(file.read_text("utf-8"))
        assert not sample_faults(sample.name, sample.read_text("utf-8"), data=data)

    def test_has_its_place_in_the_tests(self, file: Path) -> None:
        node = check_class(ast.parse(file.read_text("utf-8")))
        assert node is not None
        code = constants(node)["code"]
        tests = [test.read_text("utf-8") for test in TESTS.rglob("*.py")]
        assert any(re.search(rf"\b({code}|{node.name}|{file.stem})\b", test) for test in tests), f"no test of {code}"


def test_the_tuple_holds_every_check_once() -> None:
    from unetdoctor.checks import CHECKS as CATALOGUE

    kinds = [check if isinstance(check, type) else type(check) for check in CATALOGUE]
    codes = [kind.code for kind in kinds]
    assert codes == sorted(set(codes)), "each code once, in order"
    assert {kind.__module__.rpartition(".")[2] for kind in kinds} == {file.stem for file in check_files()}


def test_every_sample_pair_belongs_to_a_check() -> None:
    assert {file.stem for file in SAMPLES.glob("ud*.py")} <= {file.stem for file in check_files()}


GOOD = '''
class FlatPicture(Check):
    """Says it.

    Symptom:
        Grey.

    Cause:
        Weights.

    Remedy:
        Other weights.

    Source:
        A paper.
    """

    code = "UD203"
    name = "flat-picture"
'''


def test_a_sound_check_has_no_faults() -> None:
    assert not identity_faults("ud203_flat_picture.py", GOOD)
    assert not page_faults("ud203_flat_picture.py", GOOD)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ud204_flat_picture.py", GOOD),
        ("ud203_grey_picture.py", GOOD),
        ("flat_picture.py", GOOD),
        ("ud203_flat_picture.py", GOOD + "\nclass Another: ...\n"),
        ("ud203_flat_picture.py", "x = 1"),
    ],
)
def test_a_misnamed_check_is_found(file: str, text: str) -> None:
    assert identity_faults(file, text)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_missing_section_is_found(section: str) -> None:
    assert page_faults("ud203_flat_picture.py", GOOD.replace(f"{section}:", "Other:"))


@pytest.mark.parametrize("name", ["ill_pairs", "healthy_pairs", "ILL_ARGUMENTS", "HEALTHY_ARGUMENTS"])
def test_a_missing_half_of_data_is_found(name: str) -> None:
    pair = "ILL_ARGUMENTS: T = ()\nHEALTHY_ARGUMENTS: T = ()\ndef ill_pairs(): ...\ndef healthy_pairs(): ..."
    assert not sample_faults("ud604_masks.py", pair, data=True)
    assert sample_faults("ud604_masks.py", re.sub(rf"\b{name}\b", "other", pair), data=True)
    assert sample_faults("ud604_masks.py", pair)


@pytest.mark.parametrize("name", ["Ill", "Healthy", "ILL_ARGUMENTS", "HEALTHY_ARGUMENTS"])
def test_a_missing_half_of_a_pair_is_found(name: str) -> None:
    pair = "ILL_ARGUMENTS: T = ()\nHEALTHY_ARGUMENTS: T = ()\nclass Ill: ...\nclass Healthy: ..."
    assert not sample_faults("ud203_flat_picture.py", pair)
    assert sample_faults("ud203_flat_picture.py", re.sub(rf"\b{name}\b", "Other", pair))
