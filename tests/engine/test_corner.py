"""A slow network is measured on a corner of its input: what is found is the same."""

import pytest
import torch
from torch import Tensor, nn

from tests.functional.run import SAMPLES, causes, examine_as_typed
from unetdoctor.engine import observation, passes
from unetdoctor.engine.corner import cropped
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Place, Probe, Request

SIZE = (1, 3, 128, 192)


@pytest.fixture
def _slow(monkeypatch):
    for module in (passes, observation):
        monkeypatch.setattr(module, "SLOW_PRODUCTS", -1)


def seen_of(model: nn.Module, x: Tensor) -> Examination:
    subject = Subject(model, "net", "eager", False, False, False, Place)
    examination = Examination(Setting(model, "cpu", 0, "", "."), subject, Request("net"))
    for name in ("noise", "natural"):
        examination.observe(Probe(name, tuple(x.shape), real=False, constant=False), (x,), {}, None)
    return examination


def test_a_quarter_of_each_side_but_no_less_than_64_is_cut_from_every_argument_of_the_size():
    x, step = torch.rand(2, 3, 512, 256), torch.tensor([1.0, 2.0])
    probe, args, named = cropped(Probe("noise", tuple(x.shape), False, False), (x, step), {"mask": x[:, :1]})
    assert probe.shape == (2, 3, 128, 64)
    assert torch.equal(args[0], x[..., :128, :64])
    assert args[1] is step
    assert named["mask"].shape == (2, 1, 128, 64)


@pytest.mark.parametrize("shape", [(1, 3, 64, 256), (16, 100), (1, 8, 40)])
def test_what_is_small_or_no_picture_is_not_cut(shape):
    assert cropped(Probe("noise", shape, False, False), (torch.rand(shape),), {}) is None


@pytest.mark.usefixtures("_slow")
def test_the_main_pass_keeps_what_its_activation_read_and_takes_the_rest_from_the_corner():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1), nn.Sigmoid()).eval()
    x = torch.rand(SIZE)
    examination = seen_of(net, x)
    main, corner = examination.main, examination.corner
    assert corner is not None
    assert corner.verified
    assert corner.probe.shape == (1, 3, 64, 64)
    assert main.verified is None
    with torch.no_grad():
        assert torch.equal(main.raw, net[:3](x))
        assert torch.equal(corner.output, net(x[..., :64, :64]))
    assert main.batch is corner.batch
    assert examination.seen[1].probe.shape == corner.probe.shape
    pairs = {(c.first, c.second) for c in examination.evidence().comparisons}
    assert pairs == {("natural", "noise")}


@pytest.mark.usefixtures("_slow")
def test_a_network_of_one_size_is_verified_as_a_whole():
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 1, 3, padding=1)
            self.bias = nn.Parameter(torch.rand(1, 1, *SIZE[2:]))

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x) + self.bias

    examination = seen_of(Fixed().eval(), torch.rand(SIZE))
    assert examination.corner is None
    assert examination.main.verified
    assert examination.seen[1].probe.shape == SIZE


@pytest.mark.usefixtures("_slow")
def test_a_network_that_runs_another_program_on_small_inputs_is_verified_as_a_whole():
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 1, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x)
            return y if x.shape[-1] > 64 else y * 2

    examination = seen_of(Branching().eval(), torch.rand(SIZE))
    assert examination.corner is None
    assert examination.main.verified


@pytest.mark.usefixtures("_slow")
@pytest.mark.parametrize(
    ("file", "name", "expected"),
    [
        ("ud207_one_class_everywhere", "Ill", ["UD304"]),
        ("ud211_checkerboard", "Ill", ["UD211"]),
        ("ud406_skip_without_effect", "Ill", ["UD406"]),
        ("ud407_decoder_bypassed", "Ill", ["UD407"]),
        ("ud502_activation_twice", "Ill", ["UD502"]),
        ("ud207_one_class_everywhere", "Healthy", []),
        ("ud406_skip_without_effect", "Healthy", []),
        ("ud408_skips_crossed", "Healthy", []),
    ],
)
def test_a_slow_network_gets_the_diagnosis_of_a_fast_one(file, name, expected):
    report = examine_as_typed(SAMPLES / f"{file}.py:{name}", ("--input", "2,3,128,128"))
    assert causes(report) == expected
    assert all(d.confirmed for d in report.diagnoses)
