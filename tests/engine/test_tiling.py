"""How far the cut of a tile reaches, on networks whose reach is known."""

import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_remedies import SEED
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Place, Probe, Request, TileSeam


class _Averaging(nn.Module):
    """Averages over as many pixels to either side, after a layer that looks at one."""

    def __init__(self, reach: int, *behind: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.look, self.behind = nn.Conv2d(3, 2, 1, bias=False), nn.Sequential(*behind)
        self.average = nn.Conv2d(2, 2, 2 * reach + 1, padding=reach, bias=False)
        nn.init.constant_(self.average.weight, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        drawn: Tensor = self.average(self.behind(self.look(x)))
        return drawn


def seam(model: nn.Module, samples: int = 2, given: bool = True, size: int = 32) -> TileSeam | None:
    """What is measured of a network with weights from a file."""
    model = model.eval()
    subject = Subject(model, "plain", "eager", given, False, False, lambda layer: Place(layer), ())
    examination = Examination(Setting(model, "cpu", SEED, "", ""), subject, Request(target="plain"))
    x = torch.rand(samples, 3, size, size, generator=torch.Generator().manual_seed(4))
    examination.observe(Probe("noise", tuple(x.shape), False, False), (x,), {}, None)
    return examination.evidence().seam


@pytest.mark.parametrize("reach", [0, 1, 5])
@pytest.mark.parametrize("samples", [1, 2, 5])
def test_as_far_as_its_kernel(reach: int, samples: int) -> None:
    found = seam(_Averaging(reach), samples)
    assert found is not None
    assert (found.reach, found.measured, found.stride) == (reach, 64 if samples == 5 else 32, 1)
    assert found.overlap == reach
    assert (found.border > 0.01) == (reach > 0)


@pytest.mark.parametrize("samples", [1, 2])
def test_a_layer_that_looks_at_all_of_it(samples: int) -> None:
    found = seam(_Averaging(1, nn.InstanceNorm2d(2)), samples)
    assert found is not None
    assert found.reach == found.measured


def test_overlaps_are_multiples_of_the_stride() -> None:
    found = seam(_Averaging(3, nn.MaxPool2d(4), nn.Upsample(scale_factor=4)))
    assert found is not None
    assert (found.stride, found.overlap % 4) == (4, 0)
    assert found.overlap >= found.reach > 0


def test_super_resolution_is_measured_in_pixels_of_its_input() -> None:
    found = seam(_Averaging(4, nn.Upsample(scale_factor=2)))
    assert found is not None
    assert (found.reach, found.measured) == (2, 32)


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (_Averaging(1), False),
        (_Averaging(1, nn.MaxPool2d(2)), True),
        (nn.Sequential(nn.Conv2d(3, 2, 1), nn.Flatten(), nn.Linear(2048, 12)), True),
        (nn.Sequential(nn.Conv2d(3, 2, 1), nn.Flatten(2), nn.Linear(1024, 1024), nn.Unflatten(2, (32, 32))), True),
    ],
    ids=["fresh", "smaller", "no picture", "one size only"],
)
def test_where_there_is_nothing_to_measure(model: nn.Module, given: bool) -> None:
    assert seam(model, given=given) is None
