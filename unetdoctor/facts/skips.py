"""Skip connections: where a branch that went deep and one that stayed high meet again, and what each is worth."""

from dataclasses import dataclass, field

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Skip:
    """One skip connection, as the graph of operations tells it."""

    join: int
    """Index of the operation at which it is joined with the deep branch."""
    operand: int
    """Its position among what that operation joins."""
    kind: str
    """`cat` or `add`."""
    gated: bool
    """Whether it is multiplied by an attention map on its way."""
    place: Place
    """Where it is joined."""
    source: Place
    """Where it parts from the deep branch."""
    level: int
    """Number of its resolution among those of all skip connections: 0 is the finest."""
    size: tuple[int, ...]
    """Resolution at which it parts."""
    join_size: tuple[int, ...]
    """Resolution at which it is joined; another one where it was resized on its way."""
    channels: int
    """Channels of the skip branch where it is joined."""
    deep_channels: int
    """Channels of the deep branch where it is joined."""
    bottom_size: tuple[int, ...]
    """Lowest resolution that the deep branch went through."""
    bottom_channels: int
    """Channels of the deep branch there."""
    from_input: bool = False
    """Whether it is the network's own input, which reached the join through no weight."""
    reaches: bool = True
    """Whether anything that is returned depends on the join."""
    influence: float = float("nan")
    """Root mean square change of the raw output over its own spread, with the skip branch replaced by its mean in every
    channel; of another output where the chosen one does not depend on it. NaN where that was not measured or the output
    has no spread."""
    deep_influence: float = float("nan")
    """The same with the deep branch replaced."""
    signal: float = float("nan")
    """Root mean square of the skip branch around its mean in every channel, where it is joined."""
    deep_signal: float = float("nan")
    """The same of the deep branch."""
    weight: float = float("nan")
    """Root mean square of the weights that read the skip branch; NaN where no one convolution reads the join, or where
    the branches are added."""
    deep_weight: float = float("nan")
    """The same of the weights that read the deep branch."""
    reconnects: bool = False
    """Whether what was drawn where it parts has the shape of what is joined."""
    cut: bool = False
    """Where a branch has no influence: whether this one was drawn varied, and then merely moved, scaled or overwritten,
    with or without layers behind that."""
    deep_cut: bool = False
    """The same of the deep branch."""
    cut_at: int = -1
    """The operation at which it is cut, perhaps with layers between that and the join; -1 where it is not."""
    deep_cut_at: int = -1
    """The same of the deep branch."""
    shut_at: int = -1
    """The activation that lets nothing through of what varies, and behind which the branch is even; -1 without one."""
    deep_shut_at: int = -1
    """The same of the deep branch."""
    blotted: bool = False
    """Whether what cuts it reads nothing else but constants: no parameter, and nothing that the network computes."""
    overwritten: bool = False
    """Whether something between the join and the layer that reads it can overwrite what was joined."""
    deep_blank: Place = field(default_factory=Place)
    """The layer that draws the deep branch, where its weights are all zero."""
    deep_starts: bool = False
    """Whether that layer is as people make one that is to start as nothing: a convolution, not transposed, of 1x1 or
    with a bias of zero as well."""
    exchangeable: bool = False
    """Whether it was resized, and another resized skip fits in its place as it was drawn."""
    apart: float = float("nan")
    """Of an exchangeable one: root mean square distance of what is joined from that other skip, over its spread."""
    misfit: float = float("nan")
    """Of an exchangeable one: mean |ln(batch variance / stored variance)| of the first normalisation behind the join,
    NaN without one."""
    misfit_exchanged: float = float("nan")
    """The same with each level's own skip joined there."""
    consumer: Place = field(default_factory=Place)
    """The layer that reads the join, where it is one convolution."""

    @property
    def resized(self) -> bool:
        """Whether it was brought to another resolution on its way: a crop by a few pixels is none."""
        pairs = list(zip(self.size, self.join_size, strict=False))
        return any(max(a, b) >= 1.5 * min(a, b) for a, b in pairs)
