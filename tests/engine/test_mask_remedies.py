"""Each remedy of an output beside its mask, and of what is fed, does to the output what its name says."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.test_remedies import observed, under
from unetdoctor.checks.feeding import feeding
from unetdoctor.engine import chains
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.mask_remedies import ACTIONS as MASKING
from unetdoctor.engine.preprocessing import ACTIONS as FEEDING
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Place, Probe, Remedy, Request


class Head(nn.Module):
    """Two scores from a picture, enlarged; decided where asked."""

    def __init__(self, channels: int = 2, decided: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv, self.decided = nn.Conv2d(3, channels, 3, padding=1, stride=2), decided

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(self.conv(x), size=x.shape[2:], mode="bilinear", align_corners=False)
        return y.argmax(dim=1) if self.decided else y


def drawn(model: nn.Module, remedy: Remedy) -> tuple[Tensor, Tensor]:
    """What a network draws, as it is and under a remedy."""
    examination, x = observed(model.eval())
    with torch.no_grad():
        return model(x), under(examination, remedy)


def test_every_action_is_tested_here():
    assert all(f"test_{action}" in globals() for action in (*MASKING, *FEEDING))


def test_cut_at():
    class Cutting(Head):
        def forward(self, x):
            return (torch.sigmoid(super().forward(x)) > 127).float()

    model = Cutting(1).eval()
    examination, _ = observed(model)
    op = next(i for i, entry in enumerate(examination.main.tape.entries) if entry.name == "gt")
    before, after = drawn(model, Remedy("cut_at", parameters={"op": op, "threshold": 0.5}))
    assert before.max() == 0
    assert 0 < after.mean() < 1


@pytest.mark.parametrize("scale", ["logits", "values"])
def test_decide_at(scale):
    parameters = {"scale": scale, "used": 0.5, "threshold": 0.9}
    before, after = drawn(Head(1), Remedy("decide_at", parameters=parameters))
    wanted = before > torch.logit(torch.tensor(0.9)) if scale == "logits" else before > 0.9
    assert torch.equal(after > (0 if scale == "logits" else 0.5), wanted)
    assert 0 < wanted.float().mean() < 1 or scale == "logits"


def test_decide_at_moves_probabilities_and_refuses_decisions():
    parameters = {"scale": "probabilities", "used": 0.5, "threshold": 0.6}
    before, after = drawn(nn.Sequential(Head(1), nn.Sigmoid()), Remedy("decide_at", parameters=parameters))
    assert torch.equal(after > 0.5, before > 0.6)
    with pytest.raises(NotApplicableError):
        drawn(Head(2, decided=True), Remedy("decide_at", parameters=parameters))


def test_permute_classes():
    before, after = drawn(Head(3), Remedy("permute_classes", parameters={"classes": [1, 2, 0]}))
    assert torch.equal(after.argmax(1), torch.tensor([1, 2, 0])[before.argmax(1)])
    ids, renumbered = drawn(Head(2, decided=True), Remedy("permute_classes", parameters={"classes": [1, 0]}))
    assert torch.equal(renumbered, 1 - ids)
    logits, inverted = drawn(Head(1), Remedy("permute_classes", parameters={"classes": [1, 0]}))
    assert torch.equal(inverted, -logits)


def test_shift_output():
    before, after = drawn(Head(), Remedy("shift_output", parameters={"down": 1 / 12, "right": 0.0}))
    moved = [torch.allclose(after[:, :, 2:-2], torch.roll(before, step, 2)[:, :, 2:-2], atol=1e-5) for step in (1, -1)]
    assert sum(moved) == 1


def test_smooth_scores():
    before, after = drawn(Head(), Remedy("smooth_scores"))
    assert torch.allclose(after[:, :, 1:-1, 1:-1], F.avg_pool2d(before, 3, 1), atol=1e-6)


def test_flip_align_corners():
    model = Head()
    examination, x = observed(model.eval())
    with torch.no_grad():
        wanted = F.interpolate(model.conv(x), size=x.shape[2:], mode="bilinear", align_corners=True)
    assert torch.equal(under(examination, Remedy("flip_align_corners", parameters={"which": "last"})), wanted)
    with pytest.raises(NotApplicableError):
        under(examination, Remedy("flip_align_corners", parameters={"which": "all"}))


def photographed(model: nn.Module, pixels: Tensor, scale: float = 1) -> Examination:
    """An examination whose main pass feeds a photograph."""
    subject = Subject(model, "net", "eager", False, False, False, Place)
    examination = Examination(Setting(model, "cpu", 0, "", "."), subject, Request("net"))
    examination.pixels["image-1"] = pixels
    examination.observe(Probe("image-1", tuple(pixels.shape), True, False), (pixels * scale,), {}, None)
    return examination


def test_preprocess():
    model, pixels = Head().eval(), torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    chain = next(c for c in chains.candidates(3) if c.name == "ImageNet mean and std" and not c.flipped)
    remedy = feeding(chain, "UD601")
    with torch.no_grad():
        assert torch.allclose(under(photographed(model, pixels), remedy), model(chains.applied(chain, pixels)))
    examination, x = observed(model)  # no photograph: it stays as it is
    with torch.no_grad():
        assert torch.equal(under(examination, remedy), model(x))


def test_divide_input():
    model, pixels = Head().eval(), torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    remedy = Remedy("divide_input", parameters={"by": 255})
    with torch.no_grad():
        assert torch.allclose(under(photographed(model, pixels, 255), remedy), model(pixels), atol=1e-6)
