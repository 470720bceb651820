"""Faults of loading, of the input's size and range, and of precision split over the network."""

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from tests.faults.building import Fed, built, trained
from tests.faults.fault import Fault, NotApplicableError, Operator, Strength, Subject
from tests.faults.symptoms import crashes, samples_meet, score_drops, size_or_crash


def _loaded(subject: Subject, kept: dict[str, Tensor]) -> Fault:
    """Load into a fresh network what is kept, as strict=False does."""
    sick = built(subject.network)
    sick.load_state_dict(kept, strict=False)
    return Fault(sick, own_weights=True)


def _state(subject: Subject) -> dict[str, Tensor]:
    if not subject.trained:
        raise NotApplicableError("there are no trained weights to lose")
    return trained(subject.network).state_dict()


def prefixed(subject: Subject) -> Fault:
    """Load weights whose keys all begin with `student.`."""
    return _loaded(subject, {f"student.{key}": value for key, value in _state(subject).items()})


def prefix_dropped(subject: Subject) -> Fault:
    """Load weights whose keys lost their first part."""
    return _loaded(subject, {key.partition(".")[2]: value for key, value in _state(subject).items()})


def encoder_only(subject: Subject) -> Fault:
    """Load the first half of the weights alone."""
    state = _state(subject)
    half = list(state)[: len(state) // 2]
    return _loaded(subject, {key: state[key] for key in half})


def narrow_latent(factor: float, subject: Subject) -> Fault:
    """Feed latents that hardly vary."""
    if not subject.network.latent:
        raise NotApplicableError("the network has no latent input")

    def shrink(given: Fed) -> Fed:
        return replace(given, first=given.first * factor)

    return Fault(subject.module, change_input=shrink, shape=subject.network.shape, span=(-factor, factor))


def unpadded(count: str, subject: Subject) -> Fault:
    """Take the padding from every 3x3 convolution, or from the last one."""
    found = {
        name: module
        for name, module in subject.module.named_modules()
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3) and module.padding == (1, 1)
        and module.stride == (1, 1) and module.dilation == (1, 1)
    }  # fmt: skip
    if not found:
        raise NotApplicableError("the network has no padded 3x3 convolution")
    names = list(found) if count == "all" else list(found)[-1:]
    for name in names:
        found[name].padding = (0, 0)
        if hasattr(found[name], "_reversed_padding_repeated_twice"):
            found[name]._reversed_padding_repeated_twice = [0, 0, 0, 0]
    return Fault(subject.module)


def odd_size(subject: Subject) -> Fault:
    """Feed an odd size."""
    if subject.network.latent or subject.network.others:
        raise NotApplicableError("the input is no picture alone")
    *start, height, width = subject.network.shape
    shape = (*start, height - 3, width - 5)

    def crop(given: Fed) -> Fed:
        truth = given.truth
        cut = truth[..., : height - 3, : width - 5] if truth is not None else None
        return replace(given, first=given.first[..., : height - 3, : width - 5], truth=cut)

    return Fault(subject.module, change_input=crop, shape=shape)


def split_precision(which: str, subject: Subject) -> Fault:
    """Leave one layer in double or half precision."""
    name = subject.network.head if which == "head" else subject.network.stem
    layer = subject.layer(name, f"single {which}")
    layer.to(torch.float64 if which == "head" else torch.float16)
    return Fault(subject.module, frozenset({name}))


OPERATORS = (
    Operator("M05", "latents hardly vary", frozenset({"UD409"}),
             (Strength("x1e-2", partial(narrow_latent, 1e-2)), Strength("x1e-3", partial(narrow_latent, 1e-3))),
             samples_meet),
    Operator("M12", "weights not loaded", frozenset({"UD001", "UD002"}),
             (Strength("prefix added", prefixed), Strength("prefix dropped", prefix_dropped),
              Strength("encoder only", encoder_only)), score_drops),
    Operator("M16", "sizes do not fit", frozenset({"UD101", "UD102", "UD103"}),
             (Strength("padding 0, all", partial(unpadded, "all")),
              Strength("padding 0, last", partial(unpadded, "last")),
              Strength("odd size", odd_size)), size_or_crash),
    Operator("M24", "precision split", frozenset({"UD005"}),
             (Strength("head in double", partial(split_precision, "head")),
              Strength("stem in half", partial(split_precision, "stem"))), crashes),
)  # fmt: skip
