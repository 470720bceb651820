"""`unetdoctor inspect TARGET`: the whole examination."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import preprocessing as chain
from unetdoctor.cli import values
from unetdoctor.cli.errors import choice

if TYPE_CHECKING:
    from unetdoctor.cli.destination import Delivery
    from unetdoctor.facts import Request

    Runner = Callable[[Request, Delivery], int]

HELP = """Examine a model: what is wrong with its picture, why, and what cures it.

\b
Examples:
  unetdoctor inspect model.py
  unetdoctor inspect model.py:UNet -k base=32 -w weights.pt --image photo.png
  unetdoctor inspect model.py -w weights.pt --image photos --mask masks
  unetdoctor inspect torchvision:deeplabv3_resnet50 -w weights.pth
  unetdoctor inspect gen.pt --input 16,100,1,1 --task generator --format json
"""

SECTIONS = {
    "The model": "weights kwarg arch trust device",
    "What it is fed": "image input inputs batch seed",
    "How a photograph becomes the input": "scale mean std channels resize preprocess",
    "What it draws": "task classes range output postprocess loss",
    "Masks": "mask palette threshold ignore-index",
    "The examination": "select ignore fail-on baseline timeout budget no-sandbox",
    "The report": "format report out-dir fix-script no-pictures force quiet verbose color h help",
}
"""Headings of the help, the most used options of each first."""
MOST_USED = "kwarg weights image mask input task classes select fail-on format report out-dir verbose"


def inspect(
    ctx: typer.Context,
    target: shared.Target,
    kwarg: shared.Kwarg = None,
    weights: shared.Weights = None,
    arch: shared.Arch = None,
    trust: shared.Trust = False,
    no_sandbox: shared.NoSandbox = False,
    inputs: shared.Inputs = None,
    inputs_from: shared.InputsFrom = None,
    image: shared.Image = None,
    mask: shared.Mask = None,
    scale: chain.Scale = None,
    mean: chain.Mean = None,
    std: chain.Std = None,
    channels: chain.Channels = None,
    resize: chain.Resize = None,
    preprocess: chain.Preprocess = None,
    palette: shared.Palette = None,
    threshold: shared.Threshold = None,
    ignore_index: shared.IgnoreIndex = None,
    batch: shared.Batch = None,
    seed: shared.Seed = 0,
    task: shared.Task = "auto",
    classes: Annotated[int | None, typer.Option("--classes", metavar="N", help="Number of classes.")] = None,
    output: shared.Output = None,
    postprocess: Annotated[
        str | None,
        typer.Option("--postprocess", metavar="SCRIPT:FN", help="Your function from the output to the picture."),
    ] = None,
    range_: Annotated[
        str | None, typer.Option("--range", metavar="LOW..HIGH", help="Output values shown as black and white.")
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            "--loss",
            metavar="LOSS",
            help="bce, bce-with-logits, cross-entropy, nll, dice, focal, l1, mse or adversarial.",
        ),
    ] = None,
    device: shared.Device = "cpu",
    timeout: shared.Timeout = 300.0,
    budget: Annotated[float, typer.Option("--budget", metavar="N", help="Cost of experiments, in passes.")] = 128.0,
    select: shared.Select = None,
    ignore: shared.Ignore = None,
    fail_on: shared.FailOn = "error",
    baseline: shared.Baseline = None,
    format_: shared.ReportFormat = "text",
    report: shared.ReportFiles = None,
    fix_script: Annotated[
        str | None,
        typer.Option("--fix-script", metavar="FILE", help="Write a script that applies the remedy."),
    ] = None,
    out_dir: shared.OutDir = None,
    no_pictures: Annotated[bool, typer.Option("--no-pictures", help="Write no pictures.")] = False,
    force: shared.Force = False,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    color: shared.Color = "auto",
    brief: shared.Brief = False,
) -> None:
    """Examine a model: from the arguments to the exit code."""
    from unetdoctor.cli.arguments import Options, request
    from unetdoctor.cli.delivery import FIX
    from unetdoctor.cli.destination import Delivery

    values.exclude(quiet, verbose)
    options = Options(
        target=target,
        kwarg=tuple(kwarg or ()),
        weights=weights,
        arch=arch,
        trust=trust,
        sandbox=not no_sandbox,
        inputs_from=inputs_from,
        output=output,
        postprocess=postprocess,
        inputs=tuple(inputs or ()),
        image=tuple(image or ()),
        mask=tuple(mask or ()),
        chain=chain.Typed(scale, mean, std, channels, resize, preprocess),
        palette=palette,
        threshold=threshold,
        ignore_index=ignore_index,
        batch=batch,
        seed=seed,
        task=task,
        classes=classes,
        range_=range_,
        loss=loss,
        device=device,
        timeout=timeout,
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
        fail_on=fail_on,
        budget=budget,
        pictures=not no_pictures,
    )
    delivery = Delivery(
        format=values.report_format(format_),
        files=(*values.file_outputs(report or ()), *(((FIX, fix_script),) if fix_script else ())),
        out_dir=out_dir,
        baseline=baseline,
        pictures=not no_pictures,
        force=force,
        quiet=quiet,
        verbose=verbose,
        color=choice("--color", color, values.COLORS),
    )
    raise typer.Exit(runner(ctx)(request(options), delivery))


def runner(ctx: typer.Context) -> "Runner":
    """Return what runs an examination: the worker, or what a caller of `invoke` put in its place."""
    if ctx.obj is not None:
        found: Runner = ctx.obj
        return found
    from unetdoctor.cli.examination import examine

    return examine
