"""UD006: parameters that run but are not registered, or registered ones that never run."""

import math
from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity, Unregistered

OUTSIDE_LIMIT = 0
"""Trainable tensors that forward() reads and parameters() does not give. 0: every sound network of the shelf; fixed
filters (a blur kernel, a mean colour) are no parameters and do not count. 2: one convolution with bias in a list."""
IDLE_LIMIT = 0.0
"""Share of registered parameters on which no returned value depends, in %. 0: most networks. 5 to 40: auxiliary heads
that train alone, mask tokens, an encoder's classifier. By design in many networks: worth a note and no more."""
MOST_LISTED = 4
"""Names that a sentence repeats. 0: it names none. More than ten hide the sentence."""


class ParametersOutsideTheModule(Check):
    """Layers that draw the picture are not part of the module, so they are neither trained, saved nor moved.

    Symptom
        The loss falls a little and stalls; a network that was trained and saved draws noise after it is loaded; a crash
        about two devices.
    Cause
        Layers kept in a plain list, tuple or dict, or a parameter made inside forward(): parameters(), state_dict() and
        to() do not see them.
    Remedy
        Keep layers in nn.ModuleList or nn.ModuleDict, tensors in nn.ParameterList, and make parameters in __init__().
    Source
        PyTorch documentation of nn.ModuleList; 0 of 17 third-party networks of the shelf hide a parameter.
    """

    code = "UD006"
    name = "parameters-outside-the-module"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for each attribute that hides parameters, or one for all; one for those that never run."""
        model = evidence.model
        if not evidence.runs or not (model.layers or model.unregistered):
            return
        holders = dict.fromkeys(x.holder for x in model.unregistered)
        for holder in holders:
            yield cls._outside(holder, [x for x in model.unregistered if x.holder == holder])
        if not holders:
            yield cls.finding(
                f"Every parameter that forward() of the model reads is registered ({OUTSIDE_LIMIT} are not).",
                [Reading("parameters outside the module", 0, "tensors", upper=OUTSIDE_LIMIT)],
            )
        if model.idle and evidence.main is not None:
            yield cls._idle(model.idle, model.parameters)

    @classmethod
    def _outside(cls, holder: str, found: Sequence[Unregistered]) -> Finding:
        values = sum(math.prod(x.shape) for x in found)
        owner, _, attribute = holder.rpartition(".")
        kind = found[0].kind
        where = f"the plain {kind} `{holder}` holds" if holder else "no attribute of the model holds"
        names = ", ".join(x.name for x in found[:MOST_LISTED] if x.name)
        more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
        listed = f" ({names}{more})" if names else ""
        register = "ModuleDict" if kind == "dict" else "ModuleList"
        within = f" of {owner}" if owner else ""
        patch = f"self.{attribute} = nn.{register}(...)  # instead of the plain {kind}{within}" if holder else ""
        title = f"keep the layers of {holder} in nn.{register}"
        return cls.finding(
            f"The model reads {len(found)} parameters ({values:,} values) that parameters() and state_dict() lack "
            f"(limit {OUTSIDE_LIMIT}): {where} them{listed}, so they are never trained, saved or moved.",
            [Reading("parameters outside the module", len(found), "tensors", upper=OUTSIDE_LIMIT)],
            place=found[0].place,
            remedies=[Remedy("structural", found[0].place, {}, title, patch, cls.code)] if holder else (),
            op=min((x.op for x in found if x.op is not None), default=None),
            patch=patch,
        )

    @classmethod
    def _idle(cls, idle: Sequence[tuple[str, int]], total: int) -> Finding:
        share = 100 * sum(count for _, count in idle) / max(total, 1)
        names = ", ".join(name for name, _ in idle[:MOST_LISTED])
        more = f" and {len(idle) - MOST_LISTED} more" if len(idle) > MOST_LISTED else ""
        return cls.finding(
            f"{len(idle)} registered parameters of the model, {share:.3g} % of its values, have no part in what the "
            f"forward pass returned: {names}{more}.",
            [Reading("registered parameters that never ran", share, "%", upper=IDLE_LIMIT)],
            severity=Severity.NOTE,
        )
