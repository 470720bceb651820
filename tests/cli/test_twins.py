"""Which lines of a sick sample and its healthy twin differ: from small made files."""

from pathlib import Path

from unetdoctor.cli.twins import difference

HEAD = """
class _Base:
    \"\"\"Both.\"\"\"

    axis = 1

    def draw(self):
        return self.raw()

"""


def of(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "sample.py"
    path.write_text(text)
    return difference(path)


def test_docstrings_and_names_of_the_halves_are_no_difference(tmp_path: Path) -> None:
    text = HEAD + 'class Ill(_Base):\n    """Sick."""\nclass Healthy(_Base):\n    """Well."""\n'
    assert of(tmp_path, text) == ()


def test_what_one_half_inherits_is_shown_beside_what_the_other_says(tmp_path: Path) -> None:
    text = HEAD + "class Ill(_Base):\n    axis = 0\nclass Healthy(_Base):\n    def draw(self):\n        return 1\n"
    assert of(tmp_path, text) == (
        "- axis = 0",
        "+ axis = 1",
        "  def draw(self):",
        "-     return self.raw()",
        "+     return 1",
    )


def test_what_only_adds_to_the_base_stands_alone(tmp_path: Path) -> None:
    text = (
        HEAD + "class Ill(_Base):\n    def draw(self):\n        return super().draw() * 0\nclass Healthy(_Base): ...\n"
    )
    assert of(tmp_path, text) == ("- def draw(self):", "-     return super().draw() * 0")


def test_functions_and_arguments(tmp_path: Path) -> None:
    text = (
        'def ill_pairs(folder):\n    """Write."""\n    save(255)\n'
        "def healthy_pairs(folder):\n    save(1)\n"
        "ILL_ARGUMENTS: tuple = (*X, '--scale', '1', f'{HERE}:read')\nHEALTHY_ARGUMENTS: tuple = ('--scale', '255')\n"
    )
    assert of(tmp_path, text) == (
        "- save(255)",
        "+ save(1)",
        "- unetdoctor audit ... --scale 1 ...:read",
        "+ unetdoctor audit ... --scale 255",
    )
