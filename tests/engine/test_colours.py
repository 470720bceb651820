"""The colours of what is drawn beside those of the photograph that was fed."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.test_remedies import SEED, under
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.colours import colours_of
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Colours, DisplayRange, Place, Probe, Remedy, Request

UNIT = DisplayRange(0.0, 1.0, "as is", "sigmoid")


@pytest.fixture
def photograph() -> Tensor:
    """A smooth picture of many colours, none of them near an end."""
    generator = torch.Generator().manual_seed(0)
    return F.interpolate(0.2 + 0.5 * torch.rand(1, 3, 5, 6, generator=generator), size=(40, 48), mode="bilinear")


def compared(fed: Tensor, drawn: Tensor, real: bool = True, display: DisplayRange = UNIT) -> Colours | None:
    """What is said of a drawn picture."""
    seen: Any = SimpleNamespace(probe=SimpleNamespace(real=real), inputs=(fed,))
    return colours_of(seen, drawn, display)


def test_kept(photograph: Tensor) -> None:
    found = compared(photograph, photograph)
    assert found is not None
    assert found.straight == pytest.approx(1)
    assert found.exchanged < 0
    assert found.brightness == pytest.approx(1)
    assert found.offsets == pytest.approx((0, 0, 0))


def test_exchanged(photograph: Tensor) -> None:
    found = compared(photograph, photograph.flip(1))
    assert found is not None
    assert found.exchanged == pytest.approx(1)
    assert found.straight < 0


def test_shifted(photograph: Tensor) -> None:
    found = compared(photograph, photograph + torch.tensor([0.0, 0.2, 0.0]).reshape(1, 3, 1, 1))
    assert found is not None
    assert found.offsets == pytest.approx((0, 51, 0), abs=0.1)
    assert found.rest < 0.1


def test_on_another_range_and_larger(photograph: Tensor) -> None:
    larger = F.interpolate(photograph, scale_factor=2, mode="bilinear") * 2 - 1
    found = compared(photograph, larger, display=DisplayRange(-1.0, 1.0, "as is", "tanh"))
    assert found is not None
    assert found.straight > 0.99
    assert found.offsets == pytest.approx((0, 0, 0), abs=0.5)


def test_without_any_colour(photograph: Tensor) -> None:
    found = compared(photograph, torch.full_like(photograph, 0.5))
    assert found is not None
    assert (found.straight, found.exchanged, found.brightness) == (0, 0, 0)


def test_where_nothing_is_to_be_compared(photograph: Tensor) -> None:
    assert compared(photograph, photograph, real=False) is None
    assert compared(photograph, photograph[:, :1]) is None
    assert compared(photograph * 255, photograph) is None
    assert compared(photograph, photograph[..., :20]) is None
    assert compared(photograph, photograph / 0) is None
    assert compared(photograph, photograph, display=DisplayRange(0.0, 1.0, "softmax", "logits")) is None


def fed(model: nn.Module, x: Tensor) -> Examination:
    """The examination of a network that was fed a photograph."""
    subject = Subject(model, "plain", "eager", False, False, False, lambda layer: Place(layer), ())
    examination = Examination(Setting(model, "cpu", SEED, "", ""), subject, Request(target="plain"))
    examination.observe(Probe("image-1", tuple(x.shape), True, False), (x,), {}, None)
    return examination


def test_exchange_colours(photograph: Tensor) -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Sigmoid()).eval()
    examination = fed(model, photograph)
    with torch.no_grad():
        assert torch.equal(under(examination, Remedy("exchange_colours")), model(photograph).flip(1))
    assert examination.counterfactual((Remedy("exchange_colours"),)).outputs[0][1].colours is not None


def test_subtract_offsets(photograph: Tensor) -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Sigmoid()).eval()
    got = under(fed(model, photograph), Remedy("subtract_offsets", parameters={"offsets": [0.1, 0.0, -0.2]}))
    with torch.no_grad():
        torch.testing.assert_close(got, model(photograph) - torch.tensor([0.1, 0.0, -0.2]).reshape(1, 3, 1, 1))


def test_what_is_no_colour_picture_has_no_colours_to_exchange(photograph: Tensor) -> None:
    examination = fed(nn.Conv2d(3, 5, 1).eval(), photograph)
    with pytest.raises(NotApplicableError, match="no colour picture"):
        under(examination, Remedy("exchange_colours"))
