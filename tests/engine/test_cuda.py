"""The same evidence on a GPU as on the CPU; runs where there is one."""

from pathlib import Path

import pytest

from unetdoctor.facts import Request
from unetdoctor.pipeline import examine_in_process

SAMPLES = Path(__file__).parents[2] / "sample_models"


@pytest.mark.gpu
@pytest.mark.parametrize(
    "target", ["generator_grey.py", "generator_identical_filters.py", "unet_multiclass.py", "trained_unet/scripted.pt"]
)
def test_the_same_findings_on_both_devices(target):
    reports = [
        examine_in_process(Request(target=target, directory=str(SAMPLES), device=device)) for device in ("cpu", "cuda")
    ]
    first, second = reports
    assert first.state is second.state
    assert [(f.code, f.severity, f.place.layer) for f in first.findings] == [
        (f.code, f.severity, f.place.layer) for f in second.findings
    ]
    assert [d.code for d in first.diagnoses] == [d.code for d in second.diagnoses]
    assert second.untouched
