"""Questions about loaded weights that several checks ask, and the lines that load them rightly."""

from collections.abc import Iterable

from unetdoctor.facts import Evidence, Place, Remedy, WeightsLoad, WeightsReading

_NAMED = 2


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

    A new decoder or head behind a backbone that was taken is a block of its own. The numbered parts of a sequence are
    one block.
    """
    layers = [x.layer for x in evidence.model.layers if below(x.layer, load.module)]
    empty, missing = owners(load), set(load.missing)
    front = f"{load.module}." if load.module else ""
    halved = any(f"{x}.weight".removeprefix(front) not in missing for x in layers if x in empty) and not load.reshaped
    halved = halved or any(
        x.endswith("running_var") and f"{x.removesuffix('var')}mean" not in missing for x in load.missing
    )
    filled, left = ({_block(x, layers) for x in layers if (x in empty) is without} for without in (False, True))
    return halved or bool(filled & left)


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
