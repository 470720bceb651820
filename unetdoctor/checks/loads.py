"""Questions about loaded weights that several checks ask, and the lines that load them rightly."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from unetdoctor.facts import Evidence, Place, Remedy, WeightsLoad, WeightsReading

_NAMED = 2
_BLOCK = 2
"""Layers from which on what is repeated is a block, and no layer that happens to have the shape of another."""


def named(names: tuple[str, ...]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def by_design(load: WeightsLoad) -> bool:
    """Return whether the user's own load leaves out what fine-tuning leaves out.

    All that was handed over was taken, or the last layers alone differ and the greater part was taken: a backbone
    under another head.
    """
    if not load.own or not load.common:
        return False
    return not (load.unexpected or load.reshaped) or (load.tail and 2 * load.common >= load.stored)


def owners(load: WeightsLoad) -> frozenset[str]:
    """Return the layers that got no value."""
    front = f"{load.module}." if load.module else ""
    names = (*load.missing, *(name for name, _, _ in load.reshaped))
    return frozenset((front + name).rpartition(".")[0] for name in names)


def below(layer: str, module: str) -> bool:
    """Return whether a layer is a module or stands below it; everything is below the network itself."""
    return not module or layer == module or layer.startswith(f"{module}.")


def torn(load: WeightsLoad, evidence: Evidence) -> bool:
    """Return whether a block of the network, or a single layer of it, was filled in part.

    What is new as a whole tears nothing: a decoder or head behind a backbone that was taken, an adapter in each of its
    blocks, the end of a sequence.
    """
    shapes = {x.layer: x.shape for x in evidence.model.layers if below(x.layer, load.module)}
    layers, empty = list(shapes), owners(load)
    filled = {x for x in layers if x not in empty}
    blocks = {_block(x, layers) for x in filled}
    parts = _Parts(shapes, filled)
    return _halved(load, layers) or any(
        x in empty and _block(x, layers) in blocks and not parts.are_new(x) for x in layers
    )


def left_empty(evidence: Evidence, layer: str) -> bool:
    """Return whether the user's own load left this layer without a value."""
    return any(load.own and layer in owners(load) for load in evidence.loads)


def _halved(load: WeightsLoad, layers: Iterable[str]) -> bool:
    """Return whether a layer got its weight and not its bias, or half of its statistics."""
    front = f"{load.module}." if load.module else ""
    names = {f"{front}{name}" for name in load.missing}
    left: dict[str, set[str]] = {}
    for name in names:
        owner, _, last = name.rpartition(".")
        left.setdefault(owner, set()).add(last)
    halved = not load.reshaped and any(left.get(x) == {"bias"} for x in layers)
    return halved or any("running_var" in x and "running_mean" not in x for x in left.values())


class _Parts:
    """The parts of a network, and which of them hold a layer that was filled."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], filled: Iterable[str]) -> None:
        self._inside: dict[str, dict[str, tuple[int, ...]]] = {}
        for layer, shape in shapes.items():
            for front in _fronts(layer):
                self._inside.setdefault(front, {})[layer.removeprefix(f"{front}.")] = shape
        self._held = {front for layer in filled for front in (*_fronts(layer), layer)}
        self._held_names = {_name(x) for x in self._held}
        self._names = Counter(_name(x) for x in shapes)
        self._kinds = Counter(frozenset(x) for x in self._inside.values())

    def are_new(self, layer: str) -> bool:
        """Return whether an empty layer belongs to a part that is new as a whole."""
        return any(self._is_new(part, part == layer) for part in (*_fronts(layer), layer) if part)

    def _is_new(self, part: str, is_layer: bool) -> bool:
        """Return whether a part is empty and no part like it was filled.

        A name is new where nothing of that name was filled; that of a single layer must stand in several blocks. A
        number is new at the end of a sequence, which must stand in the network once and be no row of equal blocks.
        """
        if part in self._held:
            return False
        if not _name(part).isdecimal():
            return _name(part) not in self._held_names and (not is_layer or self._names[_name(part)] > 1)
        sequence = part.rpartition(".")[0]
        front = f"{sequence}." if sequence else ""
        before = (x.removeprefix(front) for x in self._held if x.startswith(front))
        last = max((int(x) for x in before if x.isdecimal()), default=-1)
        if int(_name(part)) < last or self._kinds[frozenset(self._inside[sequence])] > 1:
            return False
        block = self._inside.get(part, {})
        return len(block) < _BLOCK or self._inside.get(f"{front}{last}") != block


def _fronts(layer: str) -> Iterator[str]:
    """Yield the names of the parts that a layer stands in, outermost first: the network, `down`, `down.1`."""
    yield ""
    parts = layer.split(".")
    yield from (".".join(parts[:depth]) for depth in range(1, len(parts)))


def _name(part: str) -> str:
    return part.rpartition(".")[2]


def _block(layer: str, layers: Iterable[str]) -> str:
    """Return the outermost part that is not a part of all layers, or of a numbered sequence."""
    parts = layer.split(".")
    common = 0
    while common < len(parts) - 1 and len({tuple(x.split(".")[: common + 1]) for x in layers}) == 1:
        common += 1
    return ".".join(parts[:common] if parts[common].isdecimal() else parts[: common + 1])


def better(load: WeightsLoad) -> WeightsReading | None:
    """Return the reading that fills more of the network than the one that is in it."""
    best = load.readings[0] if load.readings else None
    return best if best is not None and best.fits > load.taken.fits else None


def other_sets(load: WeightsLoad) -> tuple[WeightsReading, ...]:
    """Return the readings of other weights that fill as much as the one that was taken (a moving average)."""
    taken = load.taken
    rest = [x for x in load.readings if x.label != taken.label and x.fits == taken.fits > 0]
    return tuple(x for x in rest if x.averaged != taken.averaged)


def reload(load: WeightsLoad, reading: WeightsReading, cause: str) -> Remedy:
    """Return the experiment that reads the weights like this."""
    changes = [f"with {reading.stripped!r} stripped from"] if reading.stripped else []
    changes += [f"with {reading.added!r} put before"] if reading.added else []
    changes += ["with _orig_mod. removed from"] if reading.compiled else []
    changes += ["with the first part put back before" if reading.parts > 0 else "without the first part of"] * bool(
        reading.parts
    )
    entry = f" of entry {'.'.join(reading.entry)}" if reading.entry else ""
    return Remedy(
        action="load_weights",
        place=Place(layer=load.module),
        parameters={"load": load.index, "reading": reading.label},
        title=f"load the weights{entry} {' and '.join(changes)} the keys" if changes else f"load the weights{entry}",
        patch=lines(load, reading),
        cause=cause,
        scope=0,
    )


def lines(load: WeightsLoad, reading: WeightsReading) -> str:
    """Return the lines that load the weights under a reading, with every key accounted for."""
    path = "".join(f"[{key!r}]" for key in reading.entry)
    if load.own:
        start = f"state = state{path}\n" if path else ""
    elif load.source.endswith(".safetensors"):
        start = f"state = safetensors.torch.load_file({load.source!r})\n"
    else:
        start = f'state = torch.load({load.source!r}, map_location="cpu"){path}\n'
    key = "key"
    if reading.compiled:
        key += '.replace("_orig_mod.", "")'
    if reading.parts < 0:
        key += '.partition(".")[2]'
    if reading.stripped:
        key += f".removeprefix({reading.stripped!r})"
    if reading.added:
        key = f"{reading.added!r} + {key}"
    chosen = ""
    if reading.left_out and reading.stripped:
        chosen = f" if {'key.replace(' + repr('_orig_mod.') + ', ' + repr('') + ')' if reading.compiled else 'key'}"
        chosen += f".startswith({reading.stripped!r})"
    if reading.parts > 0:
        start += 'whole = {name.partition(".")[2]: name for name in model.state_dict()}\n'
        key, chosen = f"whole[{key}]", f" if {key} in whole"
    state = f"{{{key}: value for key, value in state.items(){chosen}}}" if reading.renames else "state"
    return f"{start}model.load_state_dict({state})"
