"""Faults of the last layer: channels, equal filters, scale, bias."""

from functools import partial

import torch
from torch import nn

from tests.faults.fault import Fault, NotApplicableError, Operator, Strength, Subject
from tests.faults.symptoms import channels_meet, channels_vanish, contrast_falls, end_is_reached, ends_are_hit
from unetdoctor.facts import Task

_Head = nn.Conv2d | nn.ConvTranspose2d


def _head(subject: Subject) -> _Head:
    head = subject.layer(subject.network.head, "single last layer")
    if not isinstance(head, nn.Conv2d | nn.ConvTranspose2d):
        raise NotApplicableError("the last layer is no convolution")
    return head


def _outputs(head: _Head) -> int:
    """Dimension of the weight that counts the outputs."""
    return 1 if isinstance(head, nn.ConvTranspose2d) else 0


def _fault(subject: Subject) -> Fault:
    return Fault(subject.module, frozenset({subject.network.head}))


def one_channel(subject: Subject) -> Fault:
    """Keep the first filter alone, where several classes or colours are wanted."""
    head, task = _head(subject), subject.network.task
    drawn = head.out_channels
    if task not in (Task.MULTICLASS, Task.RGB, Task.GENERATOR) or drawn != (subject.network.classes or 3):
        raise NotApplicableError("the last layer does not draw several classes or colours")
    head.weight = nn.Parameter(head.weight.detach().narrow(_outputs(head), 0, 1).clone())
    if head.bias is not None:
        head.bias = nn.Parameter(head.bias.detach()[:1].clone())
    head.out_channels = 1
    return _fault(subject)


def equal_filters(noise: float, subject: Subject) -> Fault:
    """Copy the first filter over all others, with relative noise."""
    head = _head(subject)
    if head.out_channels < 2:
        raise NotApplicableError("the last layer has one filter")
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        first = head.weight.narrow(_outputs(head), 0, 1).clone()
        head.weight.copy_(first.expand_as(head.weight))
        head.weight.add_(torch.randn_like(head.weight) * first.std() * noise)
        if head.bias is not None:
            head.bias.copy_(head.bias[:1].expand_as(head.bias))
    return _fault(subject)


def scaled(factor: float, subject: Subject) -> Fault:
    """Multiply the last layer's weight and bias."""
    head = _head(subject)
    with torch.no_grad():
        for parameter in head.parameters(recurse=False):
            parameter.mul_(factor)
    return _fault(subject)


def filled(subject: Subject) -> Fault:
    """Fill the last layer's weight with ones."""
    head = _head(subject)
    with torch.no_grad():
        head.weight.fill_(1.0)
    return _fault(subject)


def biased(value: float, subject: Subject) -> Fault:
    """Add to every bias of the last layer."""
    head = _head(subject)
    if head.bias is None:
        raise NotApplicableError("the last layer has no bias")
    if subject.network.task is Task.MULTICLASS:
        raise NotApplicableError("one bias on all classes moves no class: see M10")
    with torch.no_grad():
        head.bias.add_(value)
    return _fault(subject)


def background(value: float, subject: Subject) -> Fault:
    """Add to the bias of class 0."""
    head = _head(subject)
    if subject.network.task is not Task.MULTICLASS or head.bias is None:
        raise NotApplicableError("there are no classes, or the last layer has no bias")
    with torch.no_grad():
        head.bias[0] += value
    return _fault(subject)


OPERATORS = (
    Operator("M01", "last layer with one channel", frozenset({"UD501", "UD201"}),
             (Strength("first filter alone", one_channel),), channels_vanish),
    Operator("M02", "last filters copied", frozenset({"UD301"}),
             (Strength("exact", partial(equal_filters, 0.0)), Strength("noise 1e-4", partial(equal_filters, 1e-4))),
             channels_meet),
    Operator("M03", "last layer far too small", frozenset({"UD302", "UD303"}),
             (Strength("x1e-2", partial(scaled, 1e-2)), Strength("x1e-4", partial(scaled, 1e-4)),
              Strength("zero", partial(scaled, 0.0))), contrast_falls),
    Operator("M04", "last layer far too large", frozenset({"UD302", "UD411"}),
             (Strength("x1e3", partial(scaled, 1e3)), Strength("x1e2", partial(scaled, 1e2)),
              Strength("filled", filled, frozenset({"UD302", "UD411", "UD301", "UD305"}))), ends_are_hit),
    Operator("M07", "last bias far off", frozenset({"UD304", "UD212", "UD207", "UD208"}),
             (Strength("-12", partial(biased, -12.0)), Strength("+12", partial(biased, 12.0))), end_is_reached),
    Operator("M10", "background's logit raised", frozenset({"UD304", "UD212", "UD207"}),
             (Strength("+50", partial(background, 50.0)), Strength("+20", partial(background, 20.0))), end_is_reached),
)  # fmt: skip
