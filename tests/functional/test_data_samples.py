"""Every pair of small data sets: the ill one is found ill by its own check first, the healthy one by none."""

import runpy
from pathlib import Path

import pytest

from tests.functional.run import SAMPLES
from unetdoctor.checks import CHECKS
from unetdoctor.data.pair import audit_pair
from unetdoctor.data.totals import totals_of
from unetdoctor.facts import Declared, Report, Severity, Task
from unetdoctor.pipeline.audit import audited

CODES = [check.code for check in CHECKS if check.reads_data]
PAIRS = sorted(file for file in SAMPLES.glob("ud*.py") if file.stem[:5].upper() in CODES)


def declared(arguments: tuple[str, ...]) -> Declared:
    """Return what a person types behind `unetdoctor audit images masks`."""
    said = dict(zip(arguments[::2], arguments[1::2], strict=True))
    numbers = {
        name: tuple(map(float, said.get(name, "").split(","))) if name in said else () for name in ("--mean", "--std")
    }
    return Declared(
        task=Task(said.get("--task", "auto")),
        classes=int(said["--classes"]) if "--classes" in said else None,
        mean=numbers["--mean"],
        std=numbers["--std"],
    )


def audit(file: Path, half: str, folder: Path) -> Report:
    """Write one half of a pair and audit it."""
    sample = runpy.run_path(str(file))
    sample[f"{half}_pairs"](folder)
    what = declared(sample[f"{half.upper()}_ARGUMENTS"])
    has_masks = (folder / "masks").is_dir()
    records = []
    for image in sorted((folder / "images").rglob("*.png")):
        mask = folder / "masks" / image.relative_to(folder / "images")
        records.append(
            audit_pair(
                image.read_bytes(),
                mask.read_bytes() if mask.is_file() else None,
                what,
                image_name=image.relative_to(folder).as_posix(),
                mask_name=mask.relative_to(folder).as_posix(),
                wants_mask=has_masks,
            )
        )
    return audited(totals_of(records, what), what, "images")


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_the_ill_one_is_found_by_its_own_check_first(file: Path, tmp_path: Path) -> None:
    report = audit(file, "ill", tmp_path)
    assert report.diagnoses, report.verdict
    first = report.diagnoses[0]
    assert first.code == file.stem[:5].upper(), [d.message for d in report.diagnoses]
    assert first.remedy is not None
    assert first.remedy.patch
    assert report.exit_code == (first.severity is Severity.ERROR)


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_the_healthy_one_has_nothing(file: Path, tmp_path: Path) -> None:
    report = audit(file, "healthy", tmp_path)
    assert not [f.message for f in report.findings if f.ill]
    assert report.state == "healthy"
    assert report.exit_code == 0


def test_every_check_of_data_has_a_pair() -> None:
    assert [file.stem[:5].upper() for file in PAIRS] == CODES
