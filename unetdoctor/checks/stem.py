"""The first weighted layer of a pass that it refused, and what it wanted; asked by several checks."""

from dataclasses import dataclass

from unetdoctor.facts import Crash, Evidence, Place

_RANKS = (3, 4, 5)
_TYPE_WORDS = ("dtype", "Half", "BFloat16", "float", "double", "Double")


@dataclass(frozen=True)
class Stem:
    """The first weighted layer, which refused its input for its channels."""

    place: Place
    """Where."""
    wanted: int
    """Channels of the network's input that it reads."""
    given: int
    """Channels of the network's input."""
    input_shape: tuple[int, ...]
    """Shape of the network's input."""

    @property
    def channels_last(self) -> bool:
        """Whether the last axis of the input has the channels that are wanted."""
        return self.input_shape[-1] == self.wanted != self.given


def speaks_of_types(crash: Crash) -> bool:
    """Return whether torch refused two types of numbers."""
    return any(word in crash.message for word in _TYPE_WORDS)


def refused_stem(evidence: Evidence) -> Stem | None:
    """Return the first layer where a pass crashed in it because of channels; None where it crashed elsewhere or not."""
    run = evidence.crashed
    if run is None or run.crash is None or "conv" not in run.crash.op or any(op.weighted for op in run.ops):
        return None
    crash = run.crash
    if speaks_of_types(crash):
        return None
    weight = next((x for x in crash.operands if x.parameter and len(x.shape) in _RANKS), None)
    read = next((x for x in crash.operands if not x.parameter and len(x.shape) in _RANKS), None)
    if weight is None or read is None or len(weight.shape) != len(read.shape) or len(crash.input_shape) < 3:
        return None
    layer = evidence.model.layer(weight.parameter.rpartition(".")[0])
    transposed = layer is not None and layer.transposed
    channels = weight.shape[0] if transposed else weight.shape[1] * (layer.groups if layer is not None else 1)
    given = crash.input_shape[1]
    wanted = channels - (read.shape[1] - given)  # what the network itself put beside its input
    if channels == read.shape[1] or wanted < 1:
        return None
    return Stem(crash.place, wanted, given, crash.input_shape)
