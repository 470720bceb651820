"""UD211: the picture holds a grid that is also drawn where there is no picture."""

from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.layers import written
from unetdoctor.checks.skips import NOTHING, judged
from unetdoctor.facts import Evidence, Finding, Grid, Kind, Maker, Place, Reading, Remedy, Severity

EVEN_LIMIT = 0.15
"""Grid on an even input over the spread of the picture. Networks that learned to draw pictures for 250 steps: at most
.055 (transposed 2x2, 3x3 and 4x4 with stride 2, pixel shuffle; with and without skip connections); after 40 steps,
where the grid is seen: .31-.60. Bilinear resizing: 0."""
PICTURE_LIMIT = 0.1
"""The same grid in the picture. After 250 steps: at most .064; after 40, where it is seen: .15-.36. Bilinear resizing:
at most .003."""

TRIED = 3
"""Layers that are tried alone: the last ones, whose grid is the finest."""
_EVEN = """for layer in [{layers}]:  # then train on
    weight, s = layer.weight.data, layer.stride[0]
    cells = [weight[..., a::s, b::s] for a in range(s) for b in range(s)]
    mean = sum(cell.sum((-2, -1)) for cell in cells) / len(cells)
    for cell in cells:
        cell += ((mean - cell.sum((-2, -1))) / cell[0, 0].numel())[..., None, None]"""


class Checkerboard(Check):
    """The picture holds a grid with the period of an upsampling layer, and an even input draws it as well.

    Symptom
        A fine checkerboard or a grid of lines all over the picture, plainest in even regions.
    Cause
        A transposed convolution whose kernel is not divisible by its stride puts more weight on some pixels than on
        their neighbours; where it is divisible, and in a pixel shuffle, each pixel of a cell has weights of its own
        that training has not balanced.
    Remedy
        Resize (bilinear or nearest) and then convolve; or give every pixel of a cell the same sum of weights, which is
        tried here, and train on.
    Source
        Odena et al., "Deconvolution and Checkerboard Artifacts", 2016; recipe 19. A kernel divisible by the stride
        alone does not help: measured, 4x4 with stride 2 draws as much of a grid as 3x3. Judged for trained networks
        that draw pictures: in scores of classes a grid is none in the mask (networks that segment well hold .57).
    """

    code = "UD211"
    name = "checkerboard"
    kind = Kind.CAUSE
    axes = (2,)
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for a trained network that draws pictures and has a layer that can draw a grid.

        None beside a dead skip connection, which leaves the picture to the layers that draw the grid.
        """
        grid = evidence.grid
        if grid is None or not evidence.intent.effective.is_picture:
            return
        if any(skip.influence <= NOTHING for skip in judged(evidence)):
            return
        maker = _likely(grid)
        yield cls.finding(
            f"On an even input a grid of {grid.period} pixels is {shown(100 * grid.even)} % of the picture's spread "
            f"(at most {100 * EVEN_LIMIT:g} %), in the picture {shown(100 * grid.picture)} % (at most "
            f"{100 * PICTURE_LIMIT:g} %); {_said(maker)} at {maker.place.text}.",
            either(
                Reading("grid on an even input, over the picture's spread", grid.even, "x", upper=EVEN_LIMIT),
                Reading("grid in the picture, over its spread", grid.picture, "x", upper=PICTURE_LIMIT),
            ),
            place=maker.place,
            severity=Severity.WARNING if evidence.model.trained else Severity.NOTE,
            remedies=_remedies(grid, maker),
            op=maker.op,
        )


def _likely(grid: Grid) -> Maker:
    """Return the layer that draws the grid: one with an uneven kernel, else the one whose pixels lie that far apart."""
    place = {2: 1, 4: 2}.get(grid.period, 1)
    apart = grid.makers[-min(place, len(grid.makers))]
    return apart if apart.uneven else next((x for x in grid.makers if x.uneven), apart)


def _said(maker: Maker) -> str:
    kernel, stride = ("x".join(map(str, x)) for x in (maker.kernel, maker.stride))
    if maker.uneven:
        return f"a kernel of {kernel} is not divisible by the stride {stride}"
    return f"the layer is a {maker.kind} of {kernel} by {stride}"


def _remedies(grid: Grid, maker: Maker) -> Iterator[Remedy]:
    for single in grid.makers[-TRIED:] if len(grid.makers) > 1 else ():
        yield _evened([single], single.place)
    yield _evened(grid.makers, maker.place)
    yield Remedy(
        action="structural",
        place=maker.place,
        title="resize, then convolve, instead of upsampling with learned weights",
        patch='nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(channels_in, channels_out, 3, '
        "padding=1))",
        cause="UD211",
        scope=3,
    )


def _evened(makers: Sequence[Maker], place: Place) -> Remedy:
    names = [x.place.layer or x.kind for x in makers]
    layers = ", ".join(written(x.place.layer) for x in makers)
    known = all(x.place.layer and x.kind == "transposed convolution" for x in makers)
    return Remedy(
        action="even_kernel",
        place=place,
        parameters={"ops": [x.op for x in makers]},
        title=f"give every pixel of a cell the same sum of weights in {', '.join(names)}",
        patch=_EVEN.format(layers=layers) if known else "",
        cause="UD211",
        scope=1 if len(makers) == 1 else 2,
    )
