"""What half precision makes of a network: rounding every result against really running in it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.engine.test_finiteness import Between, examined
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.precision import half_precision
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Place, Probe, Remedy, Request


def large(x: Tensor) -> Tensor:
    return (x * 1e5) / 1e5


def in_float16(function: Callable[[Tensor], Tensor]) -> tuple[Examination, Tensor]:
    """Examine a network that runs in float16; return what it draws in float32 as well."""
    model = Between(function).eval()
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected: Tensor = model(x)
    model.half()
    subject = Subject(model, "between", "eager", False, False, False, lambda layer: Place(layer))
    examination = Examination(Setting(model, "cpu", 0, "", ""), subject, Request(target="between"))
    examination.observe(Probe("noise", tuple(x.shape), False, False), (x.half(),), {}, None)
    return examination, expected


def test_what_fits_needs_no_pass():
    assert half_precision(examined(torch.relu)) is None
    assert examined(lambda x: x * 1e4).evidence().half is None


def test_rounding_overflows_as_a_run_in_float16_does():
    found = examined(large).evidence().half
    assert found is not None
    drawn = in_float16(large)[0].main.output
    assert drawn is not None
    share = (~torch.isfinite(drawn)).float().mean().item()
    assert share > 0
    assert found.float16 == pytest.approx(share, abs=0.02)
    assert found.bfloat16 == 0


def test_what_is_written_in_place_is_rounded_as_well():
    found = examined(lambda x: x.clone().mul_(1e5).div_(1e5)).evidence().half
    assert found is not None
    assert found.float16 > 0


def test_the_masks_of_attention_are_no_overflow():
    lowest = torch.finfo(torch.float32).min
    assert examined(lambda x: torch.softmax(x.masked_fill(x < 0, lowest), 1)).evidence().half is None


@pytest.mark.parametrize(("kind", "tolerance"), [("float32", 1e-2), ("bfloat16", 5e-2)])
def test_compute_in(kind, tolerance):
    examination, expected = in_float16(large)
    (broken,) = examination.evidence().broken
    assert broken.wider
    assert broken.dtype == "float16"
    found = examination.picture_under((Remedy("compute_in", parameters={"dtype": kind}),))
    assert found is not None
    torch.testing.assert_close(found[0].float(), expected, rtol=tolerance, atol=tolerance)


def test_a_network_in_float32_runs_in_it_already():
    with pytest.raises(NotApplicableError, match="does not run in float16"):
        examined(torch.relu).picture_under((Remedy("compute_in", parameters={"dtype": "bfloat16"}),))
