"""The fault operators M01 to M21 and M24, each in several strengths, with what names them and what proves them."""

from tests.faults.fault import Operator
from tests.faults.operators import activations, heads, loading, normalisation, skips

OPERATORS: tuple[Operator, ...] = tuple(
    sorted(
        (*heads.OPERATORS, *activations.OPERATORS, *loading.OPERATORS, *normalisation.OPERATORS, *skips.OPERATORS),
        key=lambda operator: operator.code,
    )
)
"""Every operator, in the order of the table."""

NOT_COVERED = (
    "M13: the preprocessing is written into forward() itself, where no option tells it (declared ones are UD601); this "
    "row stands apart and is not counted in the goals",
    "M14 and M15: casts and palettes in a function of one's own behind the model",
    "M03 and M04 on several classes: argmax undoes a scale, the mask stays right, and such cases are dropped",
    "M13: mean and std left out of a network that was trained with them (the networks here are trained on 0..1)",
    "M19: overflow predicted from a run in single precision, which has no symptom in the picture",
    "M24: layers left on another device, which needs a GPU; a layer in another precision stands for it",
    "M22 and M23: there are no operators of them",
)
"""What no case covers, a sentence each."""


def operator(code: str) -> Operator:
    """Return one operator."""
    return next(found for found in OPERATORS if found.code == code)
