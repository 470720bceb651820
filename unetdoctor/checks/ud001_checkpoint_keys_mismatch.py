"""UD001: weights and network share less than all keys and shapes."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.loads import better, by_design, named, other_sets, reload
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity, WeightsLoad

UNFILLED_LIMIT = 0
"""Tensors of the network that get no value. 0: sound. All of them: keys that all begin with `module.`, loaded with
strict=False. 2: a new head, as fine-tuning wants it."""
UNKNOWN_LIMIT = 0
"""Tensors that were handed over and that no layer takes. 0: sound. 2-12: an auxiliary head that the network lacks."""
FEW = 0.5
"""Share of a load of the user's own that is taken, of the shorter side. 0: wrong prefix. 1: sound; .97: all but a
head or a stem of other channels. Under it the weights belong elsewhere."""


BEFORE = -1
"""Place in the order of operations: 0 is the first one, and loading is over by then."""


class CheckpointKeysMismatch(Check):
    """The weights that were given and the network share less than all keys and shapes.

    Symptom
        The picture of a fresh network, or of a half trained one, although a trained checkpoint was loaded without any
        error.
    Cause
        Keys with a prefix (`module.` of DataParallel, `model.` of Lightning, `_orig_mod.` of torch.compile), another
        architecture or other constructor arguments. load_state_dict(strict=False) then drops in silence what does not
        match.
    Remedy
        Rename the keys and load with strict=True. The lines to paste name the prefix or the entry that fits.
    Source
        In 13 of 303 public threads the weights were not loaded. A new head on a backbone that is taken whole is what
        fine-tuning does: a note.
    """

    code = "UD001"
    name = "checkpoint-keys-mismatch"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for each load of weights."""
        for load in evidence.loads:
            if load.unfilled or not load.common:
                yield cls._part(load, trained=evidence.model.trained)
            elif load.unexpected:
                yield cls._too_many(load)
            elif not load.own and (load.taken.renames or load.taken.averaged or not load.taken.usual):
                yield cls._elsewhere(load)
            else:
                yield cls._whole(load)

    @classmethod
    def _part(cls, load: WeightsLoad, *, trained: bool) -> Finding:
        reading = better(load)
        unfilled = load.unfilled if load.model else float("nan")
        severity = Severity.ERROR
        if by_design(load):
            severity = Severity.NOTE
        elif trained and load.returned and not load.stored:
            severity = Severity.WARNING  # `best = model.state_dict()` and back: nothing was restored, nothing is lost
        elif load.own and load.common >= FEW * min(load.model, load.stored + load.returned) > 0:
            severity = Severity.WARNING
        message = f"{load.common} of the {load.model} keys of {_of(load)} got a value from {_from(load)}: {_why(load)}"
        if reading is not None:
            whole = reading.fits >= load.model and not reading.parts  # keys that fell together are lost
            fits = "all of them fit" if whole else f"{reading.fits} tensors fit"
            message += f"; {fits} with {reading.label}"
        elif load.better:
            message += f"; those of the file are built with {' '.join(f'-k {value}' for value in load.better)}"
        return cls.finding(
            f"{message}.",
            [Reading("keys without a value", unfilled, "keys", upper=UNFILLED_LIMIT)],
            place=load.place,
            severity=severity,
            remedies=[] if reading is None else [reload(load, reading, cls.code)],
            op=BEFORE,
        )

    @classmethod
    def _too_many(cls, load: WeightsLoad) -> Finding:
        return cls.finding(
            f"All {load.model} keys of {_of(load)} got a value from {_from(load)}, which has {len(load.unexpected)} "
            f"more that no layer takes: {named(load.unexpected)}.",
            [Reading("stored keys that no layer takes", len(load.unexpected), "keys", upper=UNKNOWN_LIMIT)],
            place=load.place,
            severity=Severity.NOTE if load.own or load.foreign else Severity.WARNING,
        )

    @classmethod
    def _elsewhere(cls, load: WeightsLoad) -> Finding:
        taken = load.taken
        dropped = ""
        if taken.renames:
            dropped = f"; with strict=False {load.as_saved} of {load.model} would have been loaded"
        return cls.finding(
            f"All {load.model} keys of {_of(load)} got a value from {_from(load)}, but only with "
            f"{taken.label}{dropped}.",
            [Reading("keys that fit as saved", load.as_saved if taken.renames else 0, "keys", lower=load.model)],
            place=load.place,
            severity=Severity.WARNING if taken.renames else Severity.NOTE,  # an entry is what a script picks by name
            remedies=[reload(load, taken, cls.code)],
        )

    @classmethod
    def _whole(cls, load: WeightsLoad) -> Finding:
        others = () if load.own else other_sets(load)
        also = f"; as many fit under {', '.join(x.label for x in others)}" if others else ""
        return cls.finding(
            f"All {load.model} keys of {_of(load)} got a value from {_from(load)} ({load.taken.label}){also}.",
            [
                Reading("keys without a value", load.unfilled, "keys", upper=UNFILLED_LIMIT),
                Reading("other sets of weights that fit", len(others), "sets", upper=0),
                Reading("keys that fit as saved", load.as_saved, "keys"),
            ],
            place=load.place,
            severity=Severity.NOTE,
            remedies=[reload(load, other, cls.code) for other in others],
        )


def _of(load: WeightsLoad) -> str:
    return load.module or "the network"


def _from(load: WeightsLoad) -> str:
    where = f" at {load.place.file}:{load.place.line}" if load.own else ""
    return f"{load.source}{where}"


def _why(load: WeightsLoad) -> str:
    if not load.stored:
        handed = f"it was handed its own {load.returned} tensors back" if load.returned else "it was handed no tensor"
        return f"{handed} and nothing else"
    if not load.common and not load.reshaped:
        return f"it asks for {named(load.missing)} and was handed {named(load.unexpected)}"
    parts = []
    if load.missing:
        parts.append(f"{len(load.missing)} {_be(len(load.missing))} missing ({named(load.missing)})")
    if load.unexpected:
        some = f"{len(load.unexpected)} of the {load.stored} stored"
        parts.append(f"{some} {_be(len(load.unexpected))} unknown ({named(load.unexpected)})")
    if load.reshaped:
        shapes = tuple(f"{name} {_shape(stored)} for {_shape(wanted)}" for name, stored, wanted in load.reshaped)
        parts.append(
            f"{len(load.reshaped)} {'has' if len(load.reshaped) == 1 else 'have'} another shape ({named(shapes)})"
        )
    return ", ".join(parts)


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
