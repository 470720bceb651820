"""Faults of the decoder: skips and deep branches cut, bypassed or crossed, up-sampling that leaves a pattern."""

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tests.faults.fault import Fault, NotApplicableError, Operator, Proof, Strength, Subject
from tests.faults.networks import Network
from tests.faults.symptoms import Seen, phases_part, picture_changes, score_drops


class Cut(nn.Module):
    """A layer whose input is cut: some channels are overwritten with zeros."""

    def __init__(self, layer: nn.Module, cut: slice) -> None:
        super().__init__()
        self.layer, self.cut = layer, cut

    def forward(self, x: Tensor) -> Tensor:
        """Overwrite, then take the layer."""
        before, after = x[:, : self.cut.start], x[:, self.cut.stop :]
        gone = torch.zeros_like(x[:, self.cut.start : self.cut.stop])
        return self.layer(torch.cat([before, gone, after], 1))


def _branch(subject: Subject, which: str) -> tuple[str, str, slice]:
    skip = subject.network.skip
    if skip is None:
        raise NotApplicableError("the table names no concatenation")
    return skip.consumer, skip.joined, skip.skip if which == "skip" else skip.deep


def weights_zeroed(which: str, subject: Subject) -> Fault:
    """Set the weights to zero by which the consumer reads one branch."""
    consumer, joined, channels = _branch(subject, which)
    layer = subject.module.get_submodule(consumer)
    with torch.no_grad():
        if isinstance(layer, nn.ConvTranspose2d):
            layer.weight[channels] = 0
        else:
            layer.weight[:, channels] = 0
    return Fault(subject.module, frozenset({consumer, joined}))


def overwritten(which: str, subject: Subject) -> Fault:
    """Overwrite one branch with zeros before the consumer."""
    consumer, joined, channels = _branch(subject, which)
    subject.replace(consumer, Cut(subject.module.get_submodule(consumer), channels))
    return Fault(subject.module, frozenset({consumer, joined, f"{consumer}.layer"}))


def up_zeroed(subject: Subject) -> Fault:
    """Set a transposed convolution to zero."""
    up = subject.layer(subject.network.up, "transposed convolution in its decoder")
    if subject.network.skip is None or subject.network.up == subject.network.head:
        raise NotApplicableError("the transposed convolution is the only way")
    with torch.no_grad():
        for parameter in up.parameters():
            parameter.zero_()
    skip = subject.network.skip
    return Fault(subject.module, frozenset({subject.network.up, skip.consumer, skip.joined}))


class Crossed(nn.Module):
    """An encoder of which two features come out at each other's place, resized to fit."""

    def __init__(self, encoder: nn.Module, first: int, second: int) -> None:
        super().__init__()
        self.encoder, self.first, self.second = encoder, first, second

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("encoder"), name)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features with two of them exchanged."""
        features = list(self.encoder(x))
        a, b = features[self.first], features[self.second]
        features[self.first] = nn.functional.interpolate(b, size=a.shape[2:])
        features[self.second] = nn.functional.interpolate(a, size=b.shape[2:])
        return features


def crossed(subject: Subject) -> Fault:
    """Exchange two skips of an encoder with as many channels."""
    if subject.network.equal_skips is None:
        raise NotApplicableError("no two skips have as many channels")
    if not subject.trained:
        raise NotApplicableError("in a fresh network either skip is as good")
    subject.module.encoder = Crossed(subject.module.encoder, *subject.network.equal_skips)
    return Fault(subject.module, frozenset({"encoder", "decoder.blocks.2", "decoder.blocks.3", "decoder"}))


def branch_goes_dark(network: Network, before: Seen, after: Seen) -> Proof:
    """The branch's influence on the output falls to nothing; where the skips are crossed, the score falls."""
    if isinstance(getattr(after.module, "encoder", None), Crossed):
        return score_drops(network, before, after)
    assert network.skip is not None
    branches = (network.skip.skip, network.skip.deep)
    had, has = ([_influence(network, seen, channels) for channels in branches] for seen in (before, after))
    lost = min(zip(had, has, strict=True), key=lambda pair: pair[1] / max(pair[0], 1e-12))
    proof = Proof("influence of the branch", lost[0], lost[1], lost[1] < 0.02 * lost[0] and lost[0] > 0.01)
    return proof if proof.changed else picture_changes(network, before, after)


def _influence(network: Network, seen: Seen, channels: slice) -> float:
    """Return by how much the output moves, over its deviation, where a branch is replaced by its mean."""
    from tests.faults.building import called

    assert network.skip is not None
    layer = seen.module.get_submodule(network.skip.consumer)

    def flatten(_: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        x = args[0].clone()
        x[:, channels] = x[:, channels].mean((0, 2, 3), keepdim=True)
        return (x, *args[1:])

    hook = layer.register_forward_pre_hook(flatten)
    try:
        out = called(seen.module, seen.given)
    finally:
        hook.remove()
    assert seen.out is not None
    return float((out - seen.out).abs().mean() / seen.out.std().clamp_min(1e-12))


def _last(subject: Subject) -> nn.Conv2d:
    head = subject.layer(subject.network.head, "single last layer")
    if not isinstance(head, nn.Conv2d) or head.stride != (1, 1) or head.groups != 1:
        raise NotApplicableError("the last layer is no convolution of stride 1")
    return head


def uneven(random: bool, subject: Subject) -> Fault:
    """Draw with a transposed convolution of kernel 3 and stride 2, which touches pixels one, two or four times."""
    head = _last(subject)
    up = nn.ConvTranspose2d(head.in_channels, head.out_channels, 3, 2, 1, output_padding=1, bias=head.bias is not None)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        middle = head.weight.sum((2, 3), keepdim=True).transpose(0, 1)
        bound = 1 / math.sqrt(head.in_channels * 9)
        fresh = torch.empty(up.weight.shape).uniform_(-bound, bound)
        up.weight.copy_(fresh + middle / 2.25 if random else middle.expand_as(up.weight) / 2.25)
        if up.bias is not None and head.bias is not None:
            up.bias.copy_(head.bias)
    name = subject.network.head
    subject.replace(name, nn.Sequential(nn.AvgPool2d(2), up))
    return Fault(subject.module, frozenset({f"{name}.1", name}))


def blocky(subject: Subject) -> Fault:
    """Draw at a quarter of the size and repeat the pixels, without a convolution behind."""
    head, name = _last(subject), subject.network.head
    subject.replace(name, nn.Sequential(nn.AvgPool2d(4), head, nn.Upsample(scale_factor=4, mode="nearest")))
    return Fault(subject.module, frozenset({f"{name}.2", name}))


OPERATORS = (
    Operator("M17", "decoder's branches cut", frozenset({"UD406"}),
             (Strength("skip's weights zero", partial(weights_zeroed, "skip")),
              Strength("skip overwritten", partial(overwritten, "skip")),
              Strength("deep weights zero", partial(weights_zeroed, "deep"), frozenset({"UD407"})),
              Strength("deep branch overwritten", partial(overwritten, "deep"), frozenset({"UD407"})),
              Strength("up-convolution zero", up_zeroed, frozenset({"UD407", "UD305", "UD310"})),
              Strength("skips crossed", crossed, frozenset({"UD408"}))), branch_goes_dark),
    Operator("M21", "up-sampling leaves a pattern", frozenset({"UD211"}),
             (Strength("k3s2, even taps", partial(uneven, False)), Strength("k3s2, random taps", partial(uneven, True)),
              Strength("nearest without convolution", blocky)), phases_part),
)  # fmt: skip
