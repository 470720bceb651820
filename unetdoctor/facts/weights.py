"""What became of weights that were loaded: by `-w`, or by the user's own `load_state_dict`."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class WeightsReading:
    """One way to read a state_dict out of what was given, and how much of the network it fills."""

    label: str
    """`as saved`, `entry ema`, `prefix 'module.' stripped`."""
    fits: int
    """Tensors of the network that get a value of their shape."""
    entry: tuple[str, ...] = ()
    """Keys that lead to it; empty where what was given is the state_dict itself."""
    stripped: str = ""
    """What is taken from the front of its keys."""
    added: str = ""
    """What is put before its keys."""
    compiled: bool = False
    """Whether `_orig_mod.` is removed from its keys."""
    averaged: bool = False
    """Whether its names say that it is a moving average (EMA) of the weights."""
    usual: bool = True
    """Whether the entry is one that training scripts usually wrap weights in."""
    left_out: int = 0
    """Tensors of the entry whose keys do not have the prefix."""
    parts: int = 0
    """1 where each key gets back the first part that it lost, -1 where each loses its own; else 0."""

    @property
    def renames(self) -> bool:
        """Whether keys have to be changed, so that load_state_dict alone would not take them."""
        return bool(self.stripped or self.added or self.compiled or self.parts)


@dataclass(frozen=True)
class WeightsLoad:
    """One state_dict that went into the network or a part of it."""

    source: str
    """The file as it was asked for; `load_state_dict(strict=False)` where the user's own code made the call."""
    place: Place
    """Where the call stands; empty for a file that was given."""
    own: bool
    """Whether the user's own code made the call."""
    module: str
    """Dotted name of the part that took it; empty for the whole network."""
    strict: bool
    """Whether keys had to match; of `-w` never."""
    model: int
    """Tensors of the network, or of that part, that need a value."""
    stored: int
    """Tensors that were handed over."""
    common: int
    """Tensors that were taken: of one name and shape."""
    as_saved: int
    """Keys that the network has as they stand in the file."""
    missing: tuple[str, ...]
    """Names in the network that nothing was handed over for."""
    unexpected: tuple[str, ...]
    """Names that were handed over and that the network does not have."""
    reshaped: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    """(name, shape handed over, shape in the network) of those that differ."""
    tail: bool
    """Whether what is missing are the last of the network's keys, and what is unexpected the last that were given."""
    foreign: bool
    """Whether every unexpected key belongs to a block that the network does not have at all (an auxiliary head)."""
    taken: WeightsReading
    """The reading that is in the network."""
    readings: tuple[WeightsReading, ...] = ()
    """All that were tried, best first."""
    index: int = 0
    """Its number, for remedies that read it differently."""
    better: tuple[str, ...] = ()
    """`n_classes=21`: constructor arguments with which shapes that differ would be those of the file."""
    returned: int = 0
    """Tensors that the network was handed back as its own (a state_dict updated with nothing)."""

    @property
    def unfilled(self) -> int:
        """Tensors that got no value."""
        return len(self.missing) + len(self.reshaped)
