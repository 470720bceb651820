"""UD211: the picture holds a grid that is also drawn where there is no picture, or is made of repeated pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.layers import written
from unetdoctor.checks.loads import left_empty
from unetdoctor.checks.pictures import flatness, readable
from unetdoctor.checks.skips import FRESH_LIMIT, NOTHING, judged
from unetdoctor.facts import Blocks, Evidence, Finding, Grid, Kind, Maker, Place, Reading, Remedy, Severity

EVEN_LIMIT = 0.15
"""Grid on an even input over the spread of the picture. Networks that learned to draw pictures for 250 steps: at most
.055 (transposed 2x2, 3x3 and 4x4 with stride 2, pixel shuffle; with and without skip connections); after 40 steps,
where the grid is seen: .31-.60. Bilinear resizing: 0."""
PICTURE_LIMIT = 0.1
"""The same grid in the picture. After 250 steps: at most .064; after 40, where it is seen: .15-.36. Bilinear resizing:
at most .003."""
RANDOM_EVEN_LIMIT = 0.28
"""The first limit where an uneven kernel's taps are as random ones, whose grid training takes away: .21 and .17 in two
networks that end in 3x3 with stride 2 and draw well."""
RANDOM_PICTURE_LIMIT = 0.15
"""The second limit there: .14 and .11 in the same two."""
AGREE_EVEN_LIMIT = 0.13
"""The first limit, alone, where the taps agree (see AGREE_LIMIT). 26 such networks, fresh and trained: .14-.99. Resized
and then convolved: 0."""
AGREE_LIMIT = 1.0
"""Imbalance up to which the taps of an uneven kernel agree: a pixel under four of them gets four times what a pixel
under one gets, whatever the features. All taps equal: .23; equal ones and fresh noise: .23-.78. Drawn at random: 2.5-5;
of five networks that were trained: 1.3-3.1."""
FOLLOWS_LIMIT = 0.1
"""Imbalance that is as the number of taps on each pixel, from which it is that. Equal taps: .23; with noise: .17-.36.
Balanced: 0."""
BLOCK_LIMIT = 3
"""Pixels of a block's side. None of 36 sound networks repeats pixels behind its last layer; 2 is a note."""
EQUAL_LIMIT = 33.0
"""Share of neighbouring pixels that are equal, in %. Repeated four times: 76, resized between pixels afterwards: 46-67
(rounding); twice: 51. The same enlarged between pixels instead: 3-19."""
STRONG_LIMIT = 0.5
"""Grid on an even input over the spread of the output, from which it is an error in masks as well: it is as strong as
what is drawn. A mask stays usable with less: five trained networks with .22, .24, .43, .56 and .62, whose sound Dice is
.983-.996, lose .017, .038, .024, .039 and .038 of it."""

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
        that training has not balanced. Or the picture is enlarged by repeating pixels, and no layer follows.
    Remedy
        Resize (bilinear or nearest) and then convolve; or give every pixel of a cell the same sum of weights, which is
        tried here, and train on.
    Source
        Odena et al., "Deconvolution and Checkerboard Artifacts", 2016. A kernel divisible by the stride alone does not
        help: measured, 4x4 with stride 2 draws as much of a grid as 3x3. Judged for trained networks that draw
        pictures: in scores of classes a grid is none in the mask (networks that segment well hold .57), and that of
        fresh weights is noise. A kernel that is not divisible and whose taps agree is judged everywhere: its grid is as
        strong as what it draws. Pixels repeated behind the last layer are a note unless a picture is drawn with them;
        class ids and thresholded masks are enlarged that way, and well.
    """

    code = "UD211"
    name = "checkerboard"
    kind = Kind.CAUSE
    axes = (2,)
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the layer that draws a grid, and one for pixels that are repeated.

        None beside a dead skip connection, which leaves the picture to the layers that draw the grid.
        """
        if evidence.blocks is not None:
            yield cls._repeated(evidence.blocks, evidence.intent.effective.is_picture)
        grid = evidence.grid
        dead = NOTHING if evidence.model.trained else FRESH_LIMIT
        if grid is None or any(skip.influence <= dead for skip in judged(evidence)):
            return
        agreeing = [maker for maker in grid.makers if _agrees(maker)]
        if agreeing or (evidence.model.trained and evidence.intent.effective.is_picture):
            yield cls._grid(evidence, grid, agreeing[-1] if agreeing else _likely(grid))

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether it is a grid that spoils a picture, or one so strong that it spoils a mask; blocks do not."""
        grid, blocks = evidence.grid, evidence.blocks
        strong = grid is not None and grid.even > STRONG_LIMIT
        return (blocks is None or finding.op != blocks.op) and (evidence.intent.effective.is_picture or strong)

    @classmethod
    def _grid(cls, evidence: Evidence, grid: Grid, maker: Maker) -> Finding:
        even, picture = (RANDOM_EVEN_LIMIT, RANDOM_PICTURE_LIMIT) if maker.uneven else (EVEN_LIMIT, PICTURE_LIMIT)
        agrees = _agrees(maker)
        even = AGREE_EVEN_LIMIT if agrees else even
        bound = "" if agrees else f" (at most {100 * picture:g} %)"
        on_even = Reading("grid on an even input, over the picture's spread", grid.even, "x", upper=even)
        # Where taps agree, the grid has the sign of what is drawn: over a mask's two sides it cancels out.
        in_picture = Reading(
            "grid in the picture, over its spread", grid.picture, "x", upper=None if agrees else picture
        )
        readings = (on_even, in_picture) if agrees else either(on_even, in_picture)
        return cls.finding(
            f"On an even input a grid of {grid.period} pixels is {shown(100 * grid.even)} % of the picture's spread "
            f"(at most {100 * even:g} %), in the picture {shown(100 * grid.picture)} %{bound}; {_said(maker)} at "
            f"{maker.place.text}.",
            readings if agrees or not _is_even(evidence) else [replace(x, upper=None) for x in readings],
            place=maker.place,
            severity=Severity.NOTE if left_empty(evidence, maker.place.layer) else Severity.WARNING,
            remedies=_remedies(grid, maker),
            op=maker.op,
        )

    @classmethod
    def _repeated(cls, blocks: Blocks, is_picture: bool) -> Finding:
        return cls.finding(
            f"The picture is drawn in blocks of {blocks.factor}x{blocks.factor} equal pixels: nothing behind the "
            f"repetition at {blocks.place.text} smooths it ({shown(blocks.equal)} % of neighbours are equal, at most "
            f"{EQUAL_LIMIT:g} %).",
            [Reading("neighbouring pixels that are equal", blocks.equal, "%", upper=EQUAL_LIMIT)],
            place=blocks.place,
            severity=Severity.WARNING if is_picture and blocks.factor >= BLOCK_LIMIT else Severity.NOTE,
            remedies=[_smoothed(blocks)],
            op=blocks.op,
        )


def _agrees(maker: Maker) -> bool:
    """Return whether the taps of an uneven kernel agree, and leave more on the pixels under more of them."""
    return maker.uneven and maker.imbalance <= AGREE_LIMIT and maker.imbalance * maker.follows >= FOLLOWS_LIMIT


def _likely(grid: Grid) -> Maker:
    """Return the layer that draws the grid: one with an uneven kernel, else the one whose pixels lie that far apart."""
    place = {2: 1, 4: 2}.get(grid.period, 1)
    apart = grid.makers[-min(place, len(grid.makers))]
    return apart if apart.uneven else next((x for x in grid.makers if x.uneven), apart)


def _said(maker: Maker) -> str:
    kernel, stride = ("x".join(map(str, x)) for x in (maker.kernel, maker.stride))
    if maker.uneven:
        agree = ", and its taps agree," if _agrees(maker) else ""
        return f"a kernel of {kernel} is not divisible by the stride {stride}{agree}"
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


def _is_even(evidence: Evidence) -> bool:
    """Return whether nothing but an even tone is drawn: then the grid is all that there is, and nobody sees it."""
    drawn = [output for _, output in evidence.outputs if readable(output)]
    return bool(drawn) and not any(x.holds for output in drawn for x in flatness(output))


def _smoothed(blocks: Blocks) -> Remedy:
    return Remedy(
        action="smooth_resize",
        place=blocks.place,
        parameters={"op": blocks.op},
        title="enlarge between the pixels (bilinear) instead of repeating them",
        patch=f'nn.Upsample(scale_factor={blocks.factor}, mode="bilinear", align_corners=False)',
        cause="UD211",
        scope=1,
    )
