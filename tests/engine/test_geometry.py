"""Remedies of shape against really changing the input or the network."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.feeding import FEEDING
from unetdoctor.engine.geometry import recover
from unetdoctor.engine.reshaping import reshaped
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Place, Probe, Remedy, Request


def examined(model: nn.Module, *args: Any) -> Examination:
    """Return an examination with one pass."""
    setting = Setting(model, "cpu", 0, "", "")
    subject = Subject(model, "", "eager", False, False, False, lambda layer: Place(layer))
    examination = Examination(setting, subject, Request(target=""))
    examination.observe(Probe("noise", tuple(args[0].shape), False, False), args, {}, None)
    return examination


def recovered(model: nn.Module, remedy: Remedy, *args: Any) -> Tensor:
    """Return the output of a pass that crashed, under a remedy; the model is left as it was."""
    before = model_digest(model)
    examination = examined(model, *args)
    assert examination.main.crash is not None
    tensor = recover(examination.setting, examination.main, (remedy,))
    evidence = examination.counterfactual((remedy,))
    assert evidence.crashed is None
    assert evidence.runs[0].output is not None
    assert evidence.runs[0].output.shape == tuple(tensor.shape)
    assert model_digest(model) == before
    return tensor


def convolution(channels: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return nn.Conv2d(channels, 2, 3, padding=1).eval()


@pytest.mark.parametrize(
    ("action", "parameters", "shape", "expected"),
    [
        ("repeat_channels", {"channels": 3}, (2, 1, 8, 6), lambda x: x.repeat(1, 3, 1, 1)),
        ("repeat_channels", {"channels": 3}, (2, 2, 8, 6), lambda x: x[:, [0, 1, 0]]),
        ("drop_channels", {"channels": 3}, (2, 4, 8, 6), lambda x: x[:, :3]),
        ("permute_input", {}, (2, 8, 6, 3), lambda x: x.permute(0, 3, 1, 2)),
    ],
)
@torch.no_grad()
def test_what_is_fed(action: str, parameters: dict[str, Any], shape: tuple[int, ...], expected: Any) -> None:
    x = torch.randn(shape)
    model = convolution()
    got = recovered(model, Remedy(action, parameters=parameters), x)
    torch.testing.assert_close(got, model(expected(x)))


@torch.no_grad()
def test_luminance() -> None:
    x = torch.rand(2, 3, 8, 6)
    model = convolution(1)
    grey = 0.299 * x[:, :1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:]
    torch.testing.assert_close(recovered(model, Remedy("luminance"), x), model(grey))
    two = examined(model, torch.rand(2, 2, 8, 6))
    with pytest.raises(NotApplicableError, match="2 channels hold no red"):
        two.counterfactual((Remedy("luminance"),))


class Normalised(nn.Module):
    """Normalises on the batch whatever eval() says."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm = nn.Conv2d(3, 4, 4, 4), norm

    def forward(self, x: Tensor, *beside: Tensor) -> Tensor:
        self.norm.train()
        out: Tensor = self.norm(self.conv(x))
        return out + sum(b.view(-1, 1, 1, 1) for b in beside)


@pytest.mark.parametrize(
    ("remedy", "shape"),
    [
        (Remedy("stored_statistics"), (1, 4, 1, 1)),
        (Remedy("repeat_batch", parameters={"samples": 2}), (2, 4, 1, 1)),
        (Remedy("enlarge_input", parameters={"size": [8, 12]}), (1, 4, 2, 3)),
    ],
)
def test_one_value_per_channel(remedy: Remedy, shape: tuple[int, ...]) -> None:
    got = recovered(Normalised(nn.BatchNorm2d(4)), remedy, torch.randn(1, 3, 4, 4), torch.ones(1))
    assert tuple(got.shape) == shape


@torch.no_grad()
def test_stored_statistics_are_those_of_eval() -> None:
    model, x = Normalised(nn.BatchNorm2d(4)), torch.randn(1, 3, 4, 4)
    model.norm.running_mean.fill_(0.5)  # type: ignore[union-attr,operator]
    torch.testing.assert_close(recovered(model, Remedy("stored_statistics"), x), model.norm.eval()(model.conv(x)))
    instance = Normalised(nn.InstanceNorm2d(4, track_running_stats=True))
    assert torch.equal(recovered(instance, Remedy("stored_statistics"), x), instance.norm.eval()(instance.conv(x)))
    nothing = examined(Normalised(nn.InstanceNorm2d(4)), x)
    with pytest.raises(NotApplicableError, match="stores no statistics"):
        nothing.counterfactual((Remedy("stored_statistics"),))


def test_a_vector_cannot_be_enlarged() -> None:
    with pytest.raises(NotApplicableError, match="no picture"):
        FEEDING["enlarge_input"](torch.zeros(1, 4), {"size": [8, 8]})


def test_only_changes_of_shape_are_tried_together() -> None:
    examination = examined(convolution(), torch.randn(1, 1, 8, 8))
    with pytest.raises(NotApplicableError, match="tried alone"):
        examination.counterfactual((Remedy("drop_channels", parameters={"channels": 1}), Remedy("zero_bias")))


class Join(nn.Module):
    """Halves, doubles and joins."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([F.interpolate(F.max_pool2d(x, (2, 4)), scale_factor=(2.0, 4.0)), x], 1)


def test_padding_to_two_multiples_crops_back() -> None:
    got = recovered(Join(), Remedy("pad_input", parameters={"multiple": [2, 4]}), torch.randn(1, 3, 7, 10))
    assert tuple(got.shape) == (1, 6, 7, 10)


def floored() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.MaxPool2d(4), nn.Conv2d(3, 2, 3, padding=1), nn.Upsample(scale_factor=4), nn.Tanh()).eval()


@torch.no_grad()
def test_an_output_of_another_size_is_interpolated() -> None:
    x = torch.randn(1, 3, 18, 21)
    model = floored()
    examination = examined(model, x)
    found = examination.counterfactual((Remedy("resize_output"),)).runs[0].output
    assert found is not None
    assert found.shape == (1, 2, 18, 21)
    got, raw = reshaped(examination.setting, examination.main, (Remedy("resize_output"),))
    torch.testing.assert_close(got, F.interpolate(model(x), size=(18, 21), mode="bilinear"))
    assert raw.shape == got.shape


@torch.no_grad()
def test_a_pass_without_a_crash_is_padded_and_cropped() -> None:
    x = torch.randn(1, 3, 18, 21)
    model = floored()
    remedy = Remedy("pad_input", parameters={"multiple": 4})
    got, raw = reshaped((seen := examined(model, x)).setting, seen.main, (remedy,))
    torch.testing.assert_close(got, model(F.pad(x, (0, 3, 0, 2), mode="replicate"))[..., :18, :21])
    torch.testing.assert_close(raw.tanh(), got)


@torch.no_grad()
def test_convolutions_keep_the_border() -> None:
    def network(padding: int) -> nn.Module:
        torch.manual_seed(0)
        first, last = nn.Conv2d(3, 8, 3, padding=padding), nn.Conv2d(8, 2, 3, padding=padding, dilation=1)
        return nn.Sequential(first, nn.ReLU(), nn.Conv2d(8, 8, 2, 2), nn.ConvTranspose2d(8, 8, 2, 2), last).eval()

    x = torch.randn(1, 3, 12, 12)
    seen = examined(network(0), x)
    got, raw = reshaped(seen.setting, seen.main, (Remedy("same_padding"),))
    torch.testing.assert_close(got, network(1)(x))
    assert torch.equal(got, raw)


@torch.no_grad()
def test_convolutions_that_broke_a_sum_keep_the_border() -> None:
    class Block(nn.Module):
        def __init__(self, padding: int) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.look = nn.Conv2d(3, 3, 3, padding=padding)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.look(x)

    x = torch.randn(1, 3, 12, 12)
    torch.testing.assert_close(recovered(Block(0), Remedy("same_padding"), x), Block(1)(x))


def test_what_has_no_other_size() -> None:
    seen = examined(nn.Sequential(nn.Flatten(), nn.Linear(192, 4)), torch.randn(1, 3, 8, 8))
    with pytest.raises(NotApplicableError, match="no map of logits"):
        reshaped(seen.setting, seen.main, (Remedy("resize_output"),))
    with pytest.raises(NotApplicableError, match="tried alone"):
        reshaped(seen.setting, seen.main, (Remedy("resize_output"), Remedy("same_padding")))
