"""UD106: channels in the last place where they belong in the second."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.stem import Stem, refused_stem
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Severity

VIEWS_LIMIT = 0
"""Views that only rename axes. 0: sound. 1: [N, H, W, C] viewed as [N, C, H, W] draws stripes of mixed channels."""
_VIEWS = ("view", "_unsafe_view")


class ChannelsLastConfusion(Check):
    """Channels stand in the last place, or were brought to the second by renaming axes instead of moving them.

    Symptom
        The first convolution refuses [N, H, W, 3]; or the picture is a grid of small, striped copies of itself.
    Cause
        NumPy and Pillow give [H, W, C], convolutions read [C, H, W]. view and reshape keep the order of values and
        rename the axes; permute moves the values.
    Remedy
        x.permute(0, 3, 1, 2); for tokens [N, H*W, C], x.transpose(1, 2).reshape(N, C, H, W); pixel_shuffle where
        channels become rows and columns.
    Source
        A view is named only where its 3 or 4 axes prove it: [N, a, b, c] to [N, c, a, b] or back, or [N, a*b, c] to [N,
        c, a, b], with c unlike the others; behind the last layer also [N, c*r*r, h, w] to [N, c, h*r, w*r].
    """

    code = "UD106"
    name = "channels-last-confusion"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for a first layer that refused channels in the last place, and one for renaming views."""
        stem = refused_stem(evidence)
        if stem is not None and stem.channels_last:
            yield cls._refused(stem)
        run = evidence.main or evidence.crashed
        views = [op for op in run.ops if op.name in _VIEWS and op.input_shapes] if run is not None else []
        drawn = max((op.index for op in run.ops if op.weighted), default=0) if run is not None else 0
        wrong = [op for op in views if _patch(op, at_the_end=op.index > drawn) and not _measured(op, evidence)]
        if not views:
            return
        op = wrong[0] if wrong else None
        said = f": `{op.name}` at {op.place.text} makes {list(op.input_shapes[0])} {list(op.shape)}" if op else ""
        yield cls.finding(
            f"{len(wrong)} of {len(views)} views rename axes where channels are to move (limit {VIEWS_LIMIT}){said}.",
            [Reading("views that rename axes", len(wrong), "views", upper=VIEWS_LIMIT)],
            place=op.place if op else None,
            severity=Severity.WARNING,
            remedies=[_permuted(op, _patch(op, at_the_end=op.index > drawn))] if op else (),
            op=op.index if op else None,
        )

    @classmethod
    def _refused(cls, stem: Stem) -> Finding:
        n, *sides, channels = stem.input_shape
        command = ",".join(map(str, (n, channels, *sides)))
        order = ", ".join(map(str, (0, len(stem.input_shape) - 1, *range(1, len(stem.input_shape) - 1))))
        return cls.finding(
            f"The first layer, {stem.place.text}, reads {stem.wanted} channels in the second place and was given "
            f"{list(stem.input_shape)}, which has them in the last; the network takes --input {command}.",
            [Reading("channels in the second place", stem.given, "channels", lower=stem.wanted, upper=stem.wanted)],
            place=stem.place,
            remedies=[
                Remedy(
                    action="permute_input",
                    title="permute the input to channels first",
                    patch=f"x = x.permute({order})",
                    cause=cls.code,
                    scope=0,
                )
            ],
            op=0,
        )


def _measured(op: Op, evidence: Evidence) -> bool:
    """Return whether the picture itself tells if this view is right, which is UD110's."""
    found = evidence.folding if evidence.model.trained else None
    return found is not None and found.first <= op.index <= found.last


def _patch(op: Op, *, at_the_end: bool) -> str:
    """Return the line that moves what this view only renames; empty where it does not prove that it does.

    Channels that become rows and columns are named behind the last layer alone: another one may read any order.
    """
    before, after = op.input_shapes[0], op.shape
    if len(after) != 4 or len(before) not in (3, 4) or before[0] != after[0] or 1 in after[2:]:
        return ""
    if after[1] > 1 and _to_second(before, after):
        height, width = after[2:]
        tokens = f"x.transpose(1, 2).reshape(x.shape[0], -1, {height}, {width})"
        return tokens if len(before) == 3 else "x.permute(0, 3, 1, 2)"
    if len(before) == 4 and after[1] > 1 and after[1:3] == before[2:] and after[3] == before[1] not in before[2:]:
        return "x.permute(0, 2, 3, 1)"
    times = _enlarged(before, after)
    return f"F.pixel_shuffle(x, {times})" if at_the_end and times > 1 else ""


def _to_second(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Return whether a view brings the last axis to the second place by renaming alone."""
    if after[1] != before[-1] or after[-1] == before[-1]:
        return False
    if len(before) == 4:
        return after[2:] == before[1:3] and before[1] != before[-1]
    return after[2] * after[3] == before[1] != before[2]


def _enlarged(before: tuple[int, ...], after: tuple[int, ...]) -> int:
    """Return how many times a view makes a picture larger out of channels; 1 where it does not."""
    if len(before) != 4 or 1 in before[2:]:
        return 1
    times = after[2] // before[2]
    larger = (before[0], before[1] // max(times * times, 1), before[2] * times, before[3] * times)
    return times if after == larger and times > 1 else 1


def _permuted(op: Op, patch: str) -> Remedy:
    return Remedy(
        action="permute_view",
        place=op.place,
        parameters={"op": op.index},
        title=f"move the values instead of renaming the axes by `{op.name}`",
        patch=patch,
        cause="UD106",
        scope=1,
    )
