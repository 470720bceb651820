"""What must be seen on the models that the questions were about: states, codes, places, trials and exit codes."""

from pathlib import Path

import pytest
import torch

from tests.functional.run import SAMPLES, build, causes, errors, examine, export, first, ill, task, tried
from unetdoctor.facts import InputSpec, Kind, Outcome, Report, Severity, State

GREY = SAMPLES / "generator_grey.py"
IDENTICAL = SAMPLES / "generator_identical_filters.py"
FOUR_LEVELS = SAMPLES / "unet_four_levels.py"
ONE_CHANNEL = SAMPLES / "unet_single_channel.py"
TRAINED = SAMPLES / "trained_unet"
PHOTOGRAPH = TRAINED / "unseen.png"


def save_torchscript(source: Path, folder: Path, how: str) -> Path:
    """Write the generator that a sample file builds as TorchScript and return the file."""
    file = folder / f"{source.stem}_{how}.pt"
    return export(build(source).eval(), file, torch.randn(2, 100) if how == "traced" else None)


def assert_grey_for_want_of_statistics(report: Report) -> None:
    """The grey generator: fresh, flat in eval, and proved to be so for its never filled statistics."""
    assert report.state is State.UNTRAINED
    assert report.exit_code == 0
    assert not errors(report)
    flat = ill(report, "UD203")
    assert flat
    assert any("8-bit" in reading.unit or "8-bit" in reading.name for reading in flat[0].readings)
    diagnosis = first(report)
    assert diagnosis.code == "UD308"
    assert diagnosis.confirmed
    assert "UD203" in diagnosis.explains
    assert diagnosis.trial is not None
    assert diagnosis.trial.outcome is Outcome.CURED
    assert diagnosis.trial.after > diagnosis.trial.before
    assert tried(report, "batch", symptom="UD203")[0].outcome is Outcome.CURED
    for advice in (("sigmoid",), ("xavier", "last"), ("kaiming_fan_out",), ("latent", "uniform")):
        trials = tried(report, *advice, symptom="UD203")
        assert trials, advice
        assert not [t.title for t in trials if t.outcome is Outcome.CURED], advice
    for listed in ("spectral", "latents by 10"):
        assert tried(report, listed, symptom="UD203"), listed
    assert report.untouched


def test_the_grey_generator() -> None:
    assert_grey_for_want_of_statistics(examine(GREY))


@pytest.mark.usefixtures("torchscript")
def test_the_grey_generator_as_torchscript(tmp_path: Path) -> None:
    file = save_torchscript(GREY, tmp_path, "scripted")
    assert_grey_for_want_of_statistics(examine(file))


def assert_identical_filters(report: Report) -> None:
    """The generator with equal filters: ill, one channel three times, cured by another initialisation."""
    assert report.state is State.ILL
    assert report.exit_code == 1
    assert ill(report, "UD202")
    diagnosis = first(report)
    assert diagnosis.code == "UD301"
    assert diagnosis.confirmed
    assert "UD202" in diagnosis.explains
    assert diagnosis.place.layer
    assert diagnosis.remedy is not None
    assert diagnosis.remedy.patch
    assert diagnosis.trial is not None
    assert diagnosis.trial.outcome is Outcome.CURED
    assert report.untouched


def test_identical_filters() -> None:
    report = examine(IDENTICAL)
    assert_identical_filters(report)
    place = first(report).place
    assert Path(place.file).name == IDENTICAL.name
    assert place.line is not None
    assert "nn.Conv" in IDENTICAL.read_text("utf-8").splitlines()[place.line - 1]


@pytest.mark.usefixtures("torchscript")
@pytest.mark.parametrize("how", ["scripted", "traced"])
def test_identical_filters_as_torchscript(how: str, tmp_path: Path) -> None:
    assert_identical_filters(examine(save_torchscript(IDENTICAL, tmp_path, how)))


def test_a_size_that_the_skips_do_not_fit() -> None:
    report = examine(FOUR_LEVELS, inputs=(InputSpec((1, 3, 100, 100)),))
    assert report.exit_code == 1
    assert report.state is State.ILL
    finding = ill(report, "UD101")[0]
    assert "16" in finding.message
    assert "112" in finding.message
    assert finding.place.line is not None
    assert Path(finding.place.file).name == FOUR_LEVELS.name
    assert "cat" in FOUR_LEVELS.read_text("utf-8").splitlines()[finding.place.line - 1]
    assert report.crash is not None
    assert len({operand.shape[2:] for operand in report.crash.operands}) == 2
    for operand in report.crash.operands:
        assert "x".join(map(str, operand.shape[2:])) in finding.message
    assert first(report).code == "UD101"
    assert first(report).confirmed
    assert tried(report, "pad")[0].outcome is Outcome.CURED


def test_one_channel_where_colour_was_asked_for() -> None:
    report = examine(ONE_CHANNEL, intent=task("rgb"))
    assert report.exit_code == 1
    assert ill(report, "UD201")
    diagnosis = next(d for d in report.diagnoses if d.code == "UD501")
    assert "UD201" in diagnosis.explains
    patches = [diagnosis.remedy.patch if diagnosis.remedy else "", *(f.patch for f in ill(report, "UD501"))]
    assert any("3" in patch for patch in patches)


def test_one_channel_without_an_intent_is_no_accusation() -> None:
    report = examine(ONE_CHANNEL)
    assert report.exit_code == 0
    assert not errors(report)
    assert "UD501" not in causes(report)
    assert not ill(report, "UD201")


@pytest.mark.parametrize(("name", "weights"), [("model.py", "weights.pt"), ("scripted.pt", None)])
def test_the_trained_network_on_a_photograph_it_has_not_seen(name: str, weights: str | None) -> None:
    report = examine(TRAINED / name, weights=weights and str(TRAINED / weights), images=(str(PHOTOGRAPH),))
    assert report.state is State.HEALTHY, report.verdict
    assert report.exit_code == 0
    loud = [f for f in report.findings if f.severity.rank >= Severity.WARNING.rank and f.kind is not Kind.NOTE]
    assert not [f"{f.code} {f.message}" for f in loud]
    assert not report.diagnoses
    shares = [output.class_shares for name, output in report.outputs if name.startswith("image")]
    assert shares
    assert 0.02 < max(shares[0]) < 0.98
    assert report.untouched
