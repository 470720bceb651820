"""What a fault operator is given, and what it returns."""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import nn

from tests.faults.building import Fed
from tests.faults.networks import Network


class NotApplicableError(Exception):
    """The network has nothing for this operator to act on; the sentence says what is missing."""


@dataclass(frozen=True)
class Subject:
    """A sound network, built for this operator alone: it may be changed."""

    network: Network
    module: nn.Module
    trained: bool

    @property
    def fed(self) -> Fed:
        """What the network is fed where the symptom is measured."""
        from tests.faults.building import fed

        return fed(self.network, self.trained)

    def layer(self, name: str, what: str) -> nn.Module:
        """Return a layer that the table of networks names."""
        if not name:
            raise NotApplicableError(f"the network has no {what}")
        return self.module.get_submodule(name)

    def replace(self, name: str, new: nn.Module) -> None:
        """Put another module in the place of a layer."""
        parent, _, last = name.rpartition(".")
        holder = self.module.get_submodule(parent)
        if isinstance(holder, (nn.Sequential, nn.ModuleList)) and last.isdigit():
            holder[int(last)] = new
        else:
            setattr(holder, last, new)


@dataclass(frozen=True)
class Fault:
    """A sick network, and the truth about it."""

    module: nn.Module
    layers: frozenset[str] = frozenset()
    """Where the fault truly sits; empty where it concerns the whole network or its input."""
    change_input: Callable[[Fed], Fed] = field(default=lambda given: given)
    """What is done to the input, where that is the fault."""
    shape: tuple[int, ...] | None = None
    """Another input shape, declared to the tool."""
    span: tuple[float, float] | None = None
    """Range of the input, declared to the tool."""
    own_weights: bool = False
    """Whether the network loads its weights itself, so that none are given with -w."""


Apply = Callable[[Subject], Fault]


@dataclass(frozen=True)
class Strength:
    """One degree or variety of a fault."""

    name: str
    apply: Apply
    accepted: frozenset[str] = frozenset()
    """Codes that name it, where they differ from the operator's."""


@dataclass(frozen=True)
class Proof:
    """The symptom, measured without the tool, before and after."""

    reading: str
    before: float
    after: float
    changed: bool


@dataclass(frozen=True)
class Operator:
    """A fault of the table: how it is made, what names it, and how its symptom is measured."""

    code: str
    title: str
    accepted: frozenset[str]
    """Codes of diagnoses that name the fault."""
    strengths: tuple[Strength, ...]
    prove: Callable[..., Proof]
    """(network, Seen before, Seen after) to the proof; see symptoms.py."""
    in_goal: bool = True
    """False where the tool has no option yet to be told of what is wrong: reported, but not counted in the goals."""

    def names(self, strength: Strength) -> frozenset[str]:
        """Codes that name the fault at this strength."""
        return strength.accepted or self.accepted
