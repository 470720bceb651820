"""UD007: forward() returns several tensors."""

import re
from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

TENSORS_LIMIT = 1
"""Tensors that forward() returns. 1: nothing to choose. 2: torchvision's deeplabv3 with its auxiliary head. 3 to 5:
deep supervision, VAEs. More is no fault: it is said which one is examined, and how another one is."""
MOST_LISTED = 6
"""Tensors that a sentence repeats. 0: it lists none. More than ten hide the sentence."""


class AmbiguousOutput(Check):
    """forward() returns several tensors, and one of them was taken as the picture.

    Symptom
        The wrong picture is examined, saved or trained: features, an auxiliary head, a smaller level.
    Cause
        A dict, list, tuple or object of tensors leaves open which one is meant.
    Remedy
        Name the tensor with --output, by its key, its index or its whole path; in the program take the same one.
    Source
        2 of 303 public threads; torchvision, transformers and diffusers return mappings.
    """

    code = "UD007"
    name = "ambiguous-output"
    kind = Kind.NOTE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding: which tensor was taken, why, and what else there is."""
        run = evidence.main
        if run is None or run.output is None:
            return
        count = 1 + len(run.others)
        reading = Reading("tensors returned", count, "tensors", upper=TENSORS_LIMIT)
        taken = f"{run.output.path} {list(run.output.shape)}"
        if not run.others:
            yield cls.finding(f"The model returns {count} tensor, {taken}.", [reading])
            return
        listed = ", ".join(f"{path} {list(shape)}" for path, shape in run.others[:MOST_LISTED])
        more = f" and {len(run.others) - MOST_LISTED} more" if len(run.others) > MOST_LISTED else ""
        key = ".".join(re.findall(r"[^\[\]'\".]+", run.others[0][0])[1:])
        yield cls.finding(
            f"The model returns {count} tensors, and {taken} was taken as the picture, since {run.chosen}; "
            f"the others are {listed}{more} (for the first of these: --output {key}).",
            [reading],
            severity=Severity.NOTE,
        )
