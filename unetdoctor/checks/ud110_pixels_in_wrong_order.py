"""UD110: the values of the last layer are right, and laid out as pixels in a wrong order."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.facts import Evidence, Finding, Folding, Kind, Reading, Remedy, Severity

ROUGHER_LIMIT = 1.5
"""Mean difference between neighbours, over that in the smoothest order of the same values. 5.6-5.8: TensorFlow's order
of depth_to_space read for pixel_shuffle's. 2.8-4.7: patches put back by view alone. 2.1-2.8: rows and columns of each
patch exchanged. 1: the same trained networks as they are. Up to 1.06: fresh ones."""
_AXES = {"c": "channel", "h": "row of cells", "w": "column of cells", "p": "row", "q": "column"}
_PICTURE = "chpwq"


class PixelsInWrongOrder(Check):
    """Channels or patches are laid out as rows and columns in another order than the network was trained with.

    Symptom
        A mosaic of patches that do not fit each other, a fine grid in coloured areas, or stripes; the colours, taken
        together, are right.
    Cause
        view where permute belongs between two of them, axes exchanged in permute or einsum, or weights of TensorFlow,
        whose depth_to_space reads channels as row, column, colour, under pixel_shuffle, which reads colour, row,
        column.
    Remedy
        The order in which neighbours are alike: it is tried, and the line that does it is in the report.
    Source
        Every order holds the same values, and a picture is smooth in one of them alone. Judged behind the last layer
        that mixes pixels, of trained networks: what a fresh one draws is as rough in all orders. Wrong orders are 2.1
        to 5.8 times as rough as the right one.
    """

    code = "UD110"
    name = "pixels-in-wrong-order"
    kind = Kind.CAUSE
    axes = (2,)
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the last layer's values are laid out as pixels."""
        found = evidence.folding
        if found is None:
            return
        yield cls.finding(
            f"At {found.place.text} neighbours in the picture differ {shown(found.rougher)} times as much as where the "
            f"same values, {list(found.shape)}, are read as {_read(found)} (at most {ROUGHER_LIMIT:g}).",
            [Reading("roughness over that of the smoothest order", found.rougher, "x", upper=ROUGHER_LIMIT)],
            place=found.place,
            severity=Severity.WARNING if evidence.model.trained else Severity.NOTE,
            remedies=[
                Remedy(
                    action="fold_as",
                    place=found.place,
                    parameters={"order": found.order},
                    title=f"read the values as {_read(found)}",
                    patch=_patch(found),
                    cause=cls.code,
                    scope=1,
                )
            ],
            op=found.last,
        )


def _kept(found: Folding, axes: str) -> str:
    """Return the axes that are longer than one."""
    return "".join(axis for axis in axes if axis in "ch" or found.sizes[axis] > 1)


def _read(found: Folding) -> str:
    names = [_AXES[axis] for axis in _kept(found, found.order.removeprefix("n"))]
    whole = found.sizes["p"] == found.sizes["q"] == 1
    return ", ".join(name.removesuffix(" of cells") if whole else name for name in names)


def _patch(found: Folding) -> str:
    """Return the line that lays the values out in the smoothest order."""
    if found.order == "ncpqhw" and found.sizes["p"] == found.sizes["q"]:
        return f"x = F.pixel_shuffle(x, {found.sizes['p']})"
    axes = _kept(found, found.order.removeprefix("n"))
    sizes = ", ".join(str(found.sizes[axis]) for axis in axes)
    moved = ", ".join(str(axes.index(axis) + 1) for axis in _kept(found, _PICTURE))
    picture = ", ".join(map(str, found.picture[1:]))
    return f"x = x.reshape(-1, {sizes}).permute(0, {moved}).reshape(-1, {picture})"
