"""UD105: a normalisation layer sees one value per channel."""

import math
import re
from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.graph import is_normalisation
from unetdoctor.facts import Crash, Evidence, Finding, Kind, Reading, Remedy, ShapeSweep

VALUES_LIMIT = 2
"""Values per channel from which a spread can be taken. 1: a batch of one on a map of 1x1, which torch refuses. 2: it
passes, and the spread of two values is mostly chance. 1024 and more: usual."""
_SAID = re.compile(r"[Ee]xpected more than 1 (?:value per channel|spatial element)")
_GROUPS = re.compile(r"input size \[\d+, (\d+)[\d, ]*\]$")
"""Of what group normalisation says, which has no torch.Size: the number of groups, one value in each."""
_SHAPE = re.compile(r"torch\.Size\(\[([\d, ]+)\]\)")


class OneValuePerChannel(Check):
    """A normalisation layer that takes statistics from its input sees one value per channel.

    Symptom
        ValueError: Expected more than 1 value per channel (or spatial element) when training.
    Cause
        A batch of one on a map of one pixel: batch statistics in the pooled branch of DeepLab, or instance
        normalisation at the bottom of a network that was given a small picture.
    Remedy
        At least two samples, a larger picture, or eval() so that stored statistics are used; each is tried. Of group
        normalisation, a larger picture or several channels in a group: two samples only silence the message.
    Source
        12 of 303 public threads are a crash in a normalisation layer.
    """

    code = "UD105"
    name = "one-value-per-channel"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for the layer that refused, or one for the fewest values that a layer took statistics of."""
        run = evidence.crashed
        if run is not None and run.crash is not None and _SAID.search(run.crash.message):
            groups = _GROUPS.search(run.crash.message.strip())
            refused = cls._grouped(int(groups[1]), run.crash, evidence.shapes, len(run.ops)) if groups else None
            yield refused or cls._refused(run.crash, evidence.shapes, len(run.ops))
            return
        main = evidence.main
        taken = [op for op in main.ops if is_normalisation(op) and op.training and len(op.shape) > 1] if main else []
        if taken:
            op = min(taken, key=lambda x: _values(x.shape))
            yield cls.finding(
                f"{len(taken)} normalisation layers take statistics of their input; the fewest values per channel are "
                f"{_values(op.shape)}, at {op.place.text} (at least {VALUES_LIMIT}).",
                [Reading("values per channel", _values(op.shape), "values", lower=VALUES_LIMIT)],
                place=op.place,
                op=op.index,
            )

    @classmethod
    def _grouped(cls, groups: int, crash: Crash, sweep: ShapeSweep | None, index: int) -> Finding:
        """Return the finding of group normalisation, which takes values of one sample together: others are no help."""
        fewer = Remedy(
            action="structural",
            place=crash.place,
            title="take several channels together",
            patch=f"nn.GroupNorm(num_groups={max(groups // 2, 1)}, num_channels={groups})  # a divisor of the channels",
            cause=cls.code,
            scope=1,
        )
        return cls.finding(
            f"The group normalisation at {crash.place.text} takes 1 value of each sample together (at least "
            f"{VALUES_LIMIT}), with an input of {list(crash.input_shape)}: there is a group for each of {groups} "
            "channels of one pixel, and nothing but their biases comes out, however many samples there are.",
            [Reading("values taken together", 1, "values", lower=VALUES_LIMIT)],
            place=crash.place,
            remedies=(*(x for x in _remedies(crash, sweep) if x.action == "enlarge_input"), fewer),
            op=index,
        )

    @classmethod
    def _refused(cls, crash: Crash, sweep: ShapeSweep | None, index: int) -> Finding:
        said = _SHAPE.search(crash.message)
        shape = tuple(int(n) for n in said[1].split(",")) if said else ()
        what = "value per channel" if "value per channel" in crash.message else "spatial element"
        seen = f", a tensor of {list(shape)}" if shape else ""
        return cls.finding(
            f"The normalisation at {crash.place.text} sees 1 {what} (at least {VALUES_LIMIT}){seen}, with an input of "
            f"{list(crash.input_shape)}.",
            [Reading("values per channel", 1, "values", lower=VALUES_LIMIT)],
            place=crash.place,
            remedies=_remedies(crash, sweep),
            op=index,
        )


def _values(shape: tuple[int, ...]) -> int:
    return math.prod(shape) // shape[1]


def _remedies(crash: Crash, sweep: ShapeSweep | None) -> Iterator[Remedy]:
    yield Remedy(
        action="stored_statistics",
        title="normalise with stored statistics",
        patch="model.eval()",
        cause="UD105",
        scope=0,
    )
    samples, *rest = crash.input_shape
    if samples == 1:
        yield Remedy(
            action="repeat_batch",
            parameters={"samples": 2},
            title="feed two samples",
            patch="loader = DataLoader(dataset, batch_size=2, drop_last=True)",
            cause="UD105",
            scope=0,
        )
    if len(rest) > 1:
        sides = [2 * side for side in rest[1:]]
        valid = sweep.next_valid if sweep is not None else None
        if valid is None and sweep is not None and sweep.smallest is not None and sweep.smallest > max(rest[1:]):
            valid = (sweep.smallest, sweep.smallest)
        if valid is not None and list(valid) != rest[1:] and len(sides) == 2:
            sides = list(valid)
        yield Remedy(
            action="enlarge_input",
            parameters={"size": sides},
            title=f"feed a picture of {'x'.join(map(str, sides))}",
            patch=f"x = F.interpolate(x, size={tuple(sides)})",
            cause="UD105",
            scope=0,
        )
