"""Faults of statistics and numbers: BatchNorm's buffers, dead blocks, undefined functions, half precision."""

import copy
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from tests.faults.building import called, picture_of
from tests.faults.fault import Fault, NotApplicableError, Operator, Strength, Subject
from tests.faults.operators.chains import CONVOLUTIONS, NORMS, RELUS, calls, middle, pairs
from tests.faults.symptoms import not_finite, picture_changes

_BatchNorm = nn.modules.batchnorm._BatchNorm
HALF_MAX = 65504.0


def _batch_norms(subject: Subject) -> dict[str, _BatchNorm]:
    found = {
        name: module
        for name, module in subject.module.named_modules()
        if isinstance(module, _BatchNorm) and module.running_var is not None
    }
    if not found:
        raise NotApplicableError("the network has no BatchNorm")
    return found


def buffers_reset(counter: bool, subject: Subject) -> Fault:
    """Set running means to 0 and variances to 1, the counter too where the whole buffer was lost."""
    found = _batch_norms(subject)
    if not subject.trained:
        raise NotApplicableError("a fresh network has such buffers anyway")
    for norm in found.values():
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.zero_()
        norm.running_var.fill_(1)
        if counter and norm.num_batches_tracked is not None:
            norm.num_batches_tracked.zero_()
    return Fault(subject.module, frozenset(found))


def variance_exploded(everywhere: bool, subject: Subject) -> Fault:
    """Multiply running variances by a million, in every layer or in the last one."""
    found = _batch_norms(subject)
    names = list(found) if everywhere else [_last_that_ran(subject)]
    for name in names:
        variance = found[name].running_var
        assert variance is not None
        variance.mul_(1e6)
    return Fault(subject.module, frozenset(names))


def _last_that_ran(subject: Subject) -> str:
    return [name for name, layer, _, _ in calls(subject) if isinstance(layer, _BatchNorm)][-1]


def dead(position: str, value: float, subject: Subject) -> Fault:
    """Lower the bias before a ReLU so far that nothing passes."""
    found = [p for p in pairs(subject, (*NORMS, *CONVOLUTIONS), RELUS) if getattr(p[1], "bias", None) is not None]
    name, layer, relu, _ = middle(found[-1:] if position == "last" else found, "ReLU behind a layer with a bias")
    with torch.no_grad():
        layer.bias.add_(value)
    return Fault(subject.module, frozenset({name, relu}))


class Undefined(nn.Module):
    """A function that is undefined for some of what it is given."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        """Take a logarithm, a root or a quotient without an epsilon."""
        if self.kind == "log":
            return torch.log(torch.relu(x))
        if self.kind == "sqrt":
            return torch.sqrt(x - x.mean((2, 3), keepdim=True))
        positive = torch.relu(x)
        return x * positive / positive


def undefined(kind: str, subject: Subject) -> Fault:
    """Put an undefined function before the last layer."""
    name = subject.network.head
    head = subject.layer(name, "single last layer")
    if not isinstance(head, nn.Conv2d | nn.ConvTranspose2d):
        raise NotApplicableError("the last layer is no convolution")
    subject.replace(name, nn.Sequential(Undefined(kind), head))
    return Fault(subject.module, frozenset({f"{name}.0"}))


def variance_zero(subject: Subject) -> Fault:
    """Set one channel's running variance to 0 in a BatchNorm without an epsilon."""
    name = _last_that_ran(subject) if _batch_norms(subject) else ""
    norm = _batch_norms(subject)[name]
    assert norm.running_var is not None
    norm.running_var[0] = 0
    norm.eps = 0.0
    return Fault(subject.module, frozenset({name}))


class Half(nn.Module):
    """The network in half precision between casts; its BatchNorm stays in single precision, as is the custom.

    It never leaves it: statistics beyond 65504 would be infinite for good.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        for module in net.modules():
            if not isinstance(module, _BatchNorm):
                for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
                    if tensor.is_floating_point():
                        tensor.data = tensor.data.half()

    def forward(self, x: Tensor) -> Tensor:
        """Draw in half precision."""
        return picture_of(self.net(x.half())).float()


class Gain(nn.Module):
    """A factor that the normalisation behind takes out again: a score without its root, a forgotten 1/255."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return x * self.factor


def overflow(factor: float, in_weights: bool, subject: Subject) -> Fault:
    """Let what a convolution gives to a normalisation exceed half precision's largest number, and run in it.

    In single precision the picture stays as it is, since the normalisation takes the factor out again.
    """
    if subject.network.others:
        raise NotApplicableError("the network has further inputs")
    found = pairs(subject, CONVOLUTIONS, NORMS)
    if not found:
        raise NotApplicableError("the network has no normalisation behind a convolution")
    largest = {name: float(out.abs().max()) for name, _, _, out in calls(subject) if isinstance(out, Tensor)}
    if not bool(torch.isfinite(_in_half(copy.deepcopy(subject.module), subject)[1]).all()):
        raise NotApplicableError("the sound network overflows in half precision itself")
    name, layer, _, norm = max(found, key=lambda pair: largest[pair[0]] / float(pair[1].weight.abs().max()))
    scale = factor * HALF_MAX / largest[name]
    if isinstance(norm, _BatchNorm) and norm.running_var is not None:
        norm.running_mean.mul_(scale)
        norm.running_var.mul_(scale**2)
    if in_weights:
        _scale(layer, scale)
        places = {name}
    else:
        subject.replace(name, nn.Sequential(layer, Gain(scale)))
        places = {f"{name}.1", name}
    sick, _ = _in_half(subject.module, subject)
    return Fault(sick, frozenset(f"net.{place}" for place in places))


def _in_half(module: nn.Module, subject: Subject) -> tuple[Half, Tensor]:
    """Return the network in half precision, and what it draws."""
    half = Half(module)
    given = subject.fed
    try:
        return half, called(half, replace(given, first=given.first[:2]))
    except RuntimeError as error:
        raise NotApplicableError(f"the network does not run in half precision here: {error}") from None


def _scale(layer: nn.Module, scale: float) -> None:
    if scale * float(layer.weight.abs().max()) > HALF_MAX:
        raise NotApplicableError("the weights themselves would overflow")
    with torch.no_grad():
        for parameter in layer.parameters(recurse=False):
            parameter.mul_(scale)


OPERATORS = (
    Operator("M11", "BatchNorm's statistics wrong", frozenset({"UD308", "UD309", "UD002"}),
             (Strength("buffers reset", partial(buffers_reset, True)),
              Strength("EMA without buffers", partial(buffers_reset, False)),
              Strength("variance x1e6, all", partial(variance_exploded, True)),
              Strength("variance x1e6, last", partial(variance_exploded, False))), picture_changes),
    Operator("M18", "undefined numbers", frozenset({"UD405", "UD307"}),
             (Strength("log", partial(undefined, "log")), Strength("sqrt", partial(undefined, "sqrt")),
              Strength("division", partial(undefined, "div")), Strength("variance 0", variance_zero)), not_finite),
    Operator("M19", "half precision overflows", frozenset({"UD801", "UD405"}),
             (Strength("x2", partial(overflow, 2.0, False)), Strength("x50", partial(overflow, 50.0, False)),
              Strength("x2 in the weights", partial(overflow, 2.0, True), frozenset({"UD801", "UD405", "UD306"}))),
             not_finite),
    Operator("M20", "block dead", frozenset({"UD401"}),
             (Strength("last, -100", partial(dead, "last", -100.0)),
              Strength("middle, -100", partial(dead, "middle", -100.0)),
              Strength("last, -20", partial(dead, "last", -20.0))), picture_changes),
)  # fmt: skip
