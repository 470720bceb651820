"""UD307: NaN or Inf in the parameters or buffers."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.layers import place_of, written
from unetdoctor.checks.remedies import initialise_layer
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity

COUNT_LIMIT = 0
"""Non-finite values in parameters and buffers. 0: sound. 1 is enough to make the whole picture NaN."""
DAMAGED_LIMIT = 0
"""Tensors whose bytes differ from the checksum that torch.save wrote beside them. 0: sound. 1: a flipped bit of an
exponent makes 1e37 of a weight of .03, and torch.load reads it without a word."""
_LEARNT = ("weight", "bias", "running_mean", "running_var")
_NAMED = 3


class NonFiniteWeights(Check):
    """A parameter or buffer holds NaN or infinite values, or its bytes are damaged.

    Symptom
        NaN in the output: black pictures. Wild pictures where a damaged value is finite.
    Cause
        A training step in half precision that overflowed, a loss that became NaN, or a damaged checkpoint.
    Remedy
        Load an earlier checkpoint. Fresh values in place of the broken ones prove the cause; they do not bring back
        what was learnt there.
    Source
        28 of 303 public threads end in NaN. A buffer of -Inf that is no weight (an attention mask) is a note as long as
        the output is finite.
    """

    code = "UD307"
    name = "non-finite-weights"
    kind = Kind.CAUSE
    reads_weights_alone = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the values (which tensors, the first as its place), one for the file's checksums."""
        yield from cls._damaged(evidence)
        broken = sorted(evidence.model.non_finite, key=lambda x: x[0].rpartition(".")[2] not in _LEARNT)
        count = sum(x[1] for x in broken)
        reading = Reading("non-finite weights", count, "values", upper=COUNT_LIMIT)
        if not broken:
            if evidence.model.parameters:
                yield cls.finding(f"All {evidence.model.parameters} parameters of the model are finite.", [reading])
            return
        place = place_of(evidence, broken[0][0])
        named = ", ".join(name for name, _ in broken[:_NAMED])
        more = f" and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
        layer = evidence.model.layer(place.layer)
        yield cls.finding(
            f"{count} values of {named}{more} are NaN or infinite (at most {COUNT_LIMIT}), first at {place.text}.",
            [reading],
            place=place,
            severity=Severity.NOTE if _is_mask(evidence, broken[0][0]) else Severity.ERROR,
            remedies=[_remedy([name for name, _ in broken])],
            op=layer.op if layer is not None else None,
        )

    @classmethod
    def _damaged(cls, evidence: Evidence) -> Iterator[Finding]:
        names = evidence.model.damaged
        if names is None:
            return
        reading = Reading("damaged tensors", len(names), "tensors", upper=DAMAGED_LIMIT)
        if not names:
            yield cls.finding("The bytes of every tensor agree with the checksum that was saved with them.", [reading])
            return
        place = place_of(evidence, names[0])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        layer = evidence.model.layer(place.layer)
        yield cls.finding(
            f"The weights file is damaged: the bytes of {', '.join(names[:_NAMED])}{more} differ from the checksum "
            f"that was saved with them (at most {DAMAGED_LIMIT} tensors); copy or download it again.",
            [reading],
            place=place,
            severity=Severity.ERROR,
            remedies=[] if layer is None else [initialise_layer(place, cls.code)],
            op=layer.op if layer is not None else None,
        )


def _is_mask(evidence: Evidence, name: str) -> bool:
    """Return whether the tensor is no weight and does no harm."""
    finite = all(run.output.non_finite == 0 for run in evidence.runs if run.output is not None)
    return finite and name.rpartition(".")[2] not in _LEARNT


def _written(name: str) -> str:
    owner, _, leaf = name.rpartition(".")
    return f"{written(owner)}.{leaf}"


def _remedy(names: list[str]) -> Remedy:
    lines = "\n".join(
        f"    {_written(name)}.nan_to_num_(nan={1.0 if name.endswith('running_var') else 0.0}, posinf=0.0, neginf=0.0)"
        for name in names
    )
    single = len(names) == 1
    return Remedy(
        action="replace_non_finite",
        parameters={"layers": names[0] if single else "all"},
        title=f"put fresh values in place of NaN and Inf in {names[0] if single else f'{len(names)} tensors'}",
        patch=f"with torch.no_grad():\n{lines}",
        cause="UD307",
        scope=1 if single else 2,
    )
