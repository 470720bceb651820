"""Faults of what a person puts behind the network: activations twice, over the wrong axis, casts and palettes."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from tests.faults.building import picture_of
from tests.faults.fault import Fault, NotApplicableError, Operator, Proof, Strength, Subject
from tests.faults.networks import Network
from tests.faults.symptoms import Seen, one_class_wins, probabilities_narrow, score_drops, sums_break
from unetdoctor.facts import Task

Step = Callable[[Tensor], Tensor]


class Behind(nn.Module):
    """The network, and functions behind it, as people write them in a forward() of their own."""

    def __init__(self, net: nn.Module, *steps: Step) -> None:
        super().__init__()
        self.net, self.steps = net, steps

    def forward(self, x: Tensor) -> Tensor:
        """Draw, then take the steps."""
        out = picture_of(self.net(x))
        for step in self.steps:
            out = step(out)
        return out


class Before(nn.Module):
    """The network, and a function before it."""

    def __init__(self, net: nn.Module, step: Step) -> None:
        super().__init__()
        self.net, self.step = net, step

    def forward(self, x: Tensor) -> Tensor:
        """Take the step, then draw."""
        return picture_of(self.net(self.step(x)))


def _channels(subject: Subject, task: Task, what: str) -> None:
    if subject.network.task is not task:
        raise NotApplicableError(what)
    if subject.network.others:
        raise NotApplicableError("the network has further inputs")


def _softmax(x: Tensor) -> Tensor:
    return x.softmax(1)


def twice_in_forward(subject: Subject) -> Fault:
    """Apply sigmoid (or softmax) twice in functions."""
    network = subject.network
    if not network.segments:
        raise NotApplicableError("the network draws no mask")
    step: Step = torch.sigmoid if network.task is Task.BINARY else _softmax
    steps = (step,) if network.activation == "sigmoid" else (step, step)
    return Fault(Behind(subject.module, *steps), frozenset({"", "net"}))


def twice_in_layers(subject: Subject) -> Fault:
    """Apply sigmoid (or softmax) twice in layers."""
    network = subject.network
    if not network.segments:
        raise NotApplicableError("the network draws no mask")
    make = nn.Sigmoid if network.task is Task.BINARY else partial(nn.Softmax, 1)
    if network.activation == "sigmoid":
        return Fault(nn.Sequential(Behind(subject.module), make()), frozenset({"1", "0.net.output.1", "0"}))
    return Fault(nn.Sequential(Behind(subject.module), make(), make()), frozenset({"1", "2"}))


def softmax_of_one(log: bool, subject: Subject) -> Fault:
    """Apply softmax over the channels where there is one."""
    _channels(subject, Task.BINARY, "the network draws more or less than one class")
    step: Step = (lambda x: x.log_softmax(1)) if log else _softmax
    return Fault(Behind(subject.module, step), frozenset({"", "net"}))


def softmax_over(dim: int, subject: Subject) -> Fault:
    """Apply softmax over another dimension than the classes'."""
    _channels(subject, Task.MULTICLASS, "the network draws no classes")
    return Fault(Behind(subject.module, lambda x: x.softmax(dim)), frozenset({"", "net"}))


def fed_with(step: Step, subject: Subject) -> Fault:
    """Spoil the input before a trained network."""
    if not subject.trained or subject.network.latent:
        raise NotApplicableError("only a trained network has an input that it expects")
    if step is _swapped and subject.network.shape[1] != 3:
        raise NotApplicableError("the input is not RGB")
    return Fault(Before(subject.module, step))


def _swapped(x: Tensor) -> Tensor:
    return x.flip(1)


def cast(subject: Subject) -> Fault:
    """Cast probabilities to bytes without scaling them."""
    _channels(subject, Task.BINARY, "the network draws no single mask")
    steps: tuple[Step, ...] = () if subject.network.activation == "sigmoid" else (torch.sigmoid,)
    return Fault(Behind(subject.module, *steps, lambda x: x.to(torch.uint8)), frozenset({"", "net"}))


def wrapped_ids(subject: Subject) -> Fault:
    """Multiply class ids by 255 and cast them to bytes, which wraps around."""
    _channels(subject, Task.MULTICLASS, "the network draws no classes")
    ids: Step = lambda x: (x.argmax(1, keepdim=True) * 255).to(torch.uint8)  # noqa: E731
    return Fault(Behind(subject.module, ids), frozenset({"", "net"}))


def palette(colours: int, subject: Subject) -> Fault:
    """Paint the classes with a palette in which several have one colour, or all are dark."""
    _channels(subject, Task.MULTICLASS, "the network draws no classes")
    count = subject.network.classes or 2
    table = torch.tensor([[200, 60, 60]] * count if colours == 1 else [[i, i, i] for i in range(count)])
    paint: Step = lambda x: table[x.argmax(1)].permute(0, 3, 1, 2).to(torch.uint8)  # noqa: E731
    return Fault(Behind(subject.module, paint), frozenset({"", "net"}))


def full_or_narrow(network: Network, before: Seen, after: Seen) -> Proof:
    """The mask becomes full, or the range of the probabilities shrinks."""
    full = one_class_wins(network, before, after)
    return full if network.task is Task.BINARY and full.changed else probabilities_narrow(network, before, after)


def picture_is_flat(network: Network, before: Seen, after: Seen) -> Proof:
    """The bytes differ by at most three levels where several classes were drawn, or classes from 1 on are all white."""
    assert before.out is not None
    if after.out is None:
        return Proof("range of the bytes", 0.0, 0.0, False)
    drawn = before.out.argmax(1) if network.task is Task.MULTICLASS else (before.out > 0).float()
    span = float((after.out.amax((-1, -2)) - after.out.amin((-1, -2))).max())
    varied = float(drawn.max() - drawn.min())
    lost = network.task is Task.MULTICLASS and span >= 254 and (network.classes or 0) > 2
    return Proof("range of the bytes", varied, span, varied > 0 and (span <= 3 or lost))


_TWICE = (Strength("functions", twice_in_forward), Strength("layers", twice_in_layers))
_WRONG = tuple(Strength(name, partial(softmax_over, dim)) for name, dim in (("batch", 0), ("height", 2), ("width", 3)))

OPERATORS = (
    Operator("M06", "activation twice", frozenset({"UD502"}), _TWICE, full_or_narrow),
    Operator("M08", "softmax on one channel", frozenset({"UD503"}),
             (Strength("softmax", partial(softmax_of_one, False)),
              Strength("log_softmax", partial(softmax_of_one, True))),
             probabilities_narrow),
    Operator("M09", "softmax over the wrong dimension", frozenset({"UD504"}), _WRONG, sums_break),
    Operator("M13", "input not as in training", frozenset({"UD601", "UD602", "UD603"}),
             (Strength("0-255", partial(fed_with, lambda x: x * 255)),
              Strength("mean and std", partial(fed_with, lambda x: (x - 0.45) / 0.225)),
              Strength("BGR", partial(fed_with, _swapped))), score_drops, in_goal=False),
    Operator("M14", "cast to bytes", frozenset({"UD508", "UD509"}),
             (Strength("probabilities", cast), Strength("ids x255", wrapped_ids)), picture_is_flat),
    Operator("M15", "palette broken", frozenset({"UD509", "UD510"}),
             (Strength("one colour", partial(palette, 1)), Strength("all dark", partial(palette, 0))),
             picture_is_flat),
)  # fmt: skip
