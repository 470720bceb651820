"""UD307: NaN or Inf in the parameters or buffers."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.layers import place_of, written
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity

COUNT_LIMIT = 0
"""Non-finite values in parameters and buffers. 0: sound. 1 is enough to make the whole picture NaN."""
_LEARNT = ("weight", "bias", "running_mean", "running_var")
_NAMED = 3


class NonFiniteWeights(Check):
    """A parameter or buffer holds NaN or infinite values.

    Symptom
        NaN in the output: black pictures.
    Cause
        A training step in half precision that overflowed, a loss that became NaN, or a damaged checkpoint.
    Remedy
        Load an earlier checkpoint. Fresh values in place of the broken ones prove the cause; they do not bring back
        what was learnt there.
    Source
        Recipe 2: 28 of 303 public threads end in NaN. A buffer of -Inf that is no weight (an attention mask) is a
        note as long as the output is finite.
    """

    code = "UD307"
    name = "non-finite-weights"
    kind = Kind.CAUSE
    reads_weights_alone = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the model: how many values in which tensors, the first of them as its place."""
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
