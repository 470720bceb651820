"""The short form: the same few hundred mutants every time, and what hypothesis invents."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.campaign import Outcome, give, run
from tests.fuzz.targets import TARGETS, Target

MUTANTS = 300


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_sound_inputs_and_mutants(target: Target) -> None:
    outcome = run(target, seed=0, count=MUTANTS)
    assert not outcome.crashes
    assert outcome.inputs == MUTANTS
    assert bool(target.refuses) == bool(outcome.refused)
    assert outcome.refused < MUTANTS


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_anything(target: Target) -> None:
    outcome = Outcome()
    anything = st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))

    @settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(anything)
    def offer(data: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            give(target, data, Path(folder), outcome)

    offer()
    assert not outcome.crashes
