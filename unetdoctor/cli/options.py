"""The options that several commands share: each declared once."""

from typing import Annotated

import typer

from unetdoctor.cli import completion
from unetdoctor.cli.sections import show_brief

Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="file.py, file.py:Name, file.py:make(n=3), package.module:Name, a TorchScript, .pt2 or checkpoint file, "
        "torchvision:NAME, smp:Unet, timm:NAME, monai:UNet, hf:FOLDER, a folder with a hubconf.py.",
    ),
]
Kwarg = Annotated[
    list[str] | None,
    typer.Option("-k", "--kwarg", metavar="NAME=VALUE", help="Constructor argument (repeatable)."),
]
Weights = Annotated[
    str | None, typer.Option("-w", "--weights", metavar="FILE", help="state_dict or safetensors to load.")
]
Arch = Annotated[
    str | None,
    typer.Option("--arch", metavar="TARGET", help="The network of a checkpoint given as TARGET."),
]
Trust = Annotated[bool, typer.Option("--trust", help="Let a pickled module run the code that it names.")]
NoSandbox = Annotated[bool, typer.Option("--no-sandbox", help="Let the model's code write files and open connections.")]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="SPEC", help="[NAME:]N,C,H,W[:DTYPE][:LOW..HIGH] (repeatable)."),
]
InputsFrom = Annotated[
    str | None,
    typer.Option("--inputs", metavar="SOURCE", help="Values to feed: file.pt, file.npz or script.py:fn."),
]
Image = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="PATH", help="Photograph, folder, pattern or CSV of pairs."),
]
Mask = Annotated[
    list[str] | None,
    typer.Option("--mask", metavar="PATH", help="Its mask, or masks paired by name (repeatable)."),
]
Palette = Annotated[
    str | None,
    typer.Option("--palette", metavar="NAME", help="Of masks: voc, cityscapes, okabe-ito or a file."),
]
Threshold = Annotated[
    float | None, typer.Option("--threshold", metavar="P", help="Probability from which a place is in the mask.")
]
IgnoreIndex = Annotated[int | None, typer.Option("--ignore-index", metavar="ID", help="Id in masks that is left out.")]
Batch = Annotated[int | None, typer.Option("--batch", metavar="N", help="Samples per probe.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of probes and fresh weights.")]
Output = Annotated[
    str | None, typer.Option("--output", metavar="KEY", help="Which output to examine, where there are several.")
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="cpu, cuda, cuda:N or mps.")]
Timeout = Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="Time for everything.")]
ReportFormat = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="text, json, sarif, junit, github, gitlab, markdown or html.",
        autocompletion=completion.among(completion.FORMATS),
    ),
]
ReportFiles = Annotated[
    list[str] | None,
    typer.Option("-o", "--report", metavar="FORMAT=FILE", help="Also write this format, or svg (repeatable)."),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="CODES",
        help="Run these checks only: UD2,UD301,flat-picture.",
        autocompletion=completion.checks,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="CODES", help="Leave these checks out.", autocompletion=completion.checks),
]
FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on",
        metavar="LEVEL",
        help="error, warning, note or never.",
        autocompletion=completion.among(completion.LEVELS),
    ),
]
Task = Annotated[
    str,
    typer.Option(
        "--task",
        metavar="TASK",
        help="auto, binary, multiclass, multilabel, rgb, generator or regression.",
        autocompletion=completion.among(completion.TASKS),
    ),
]
Baseline = Annotated[
    str | None, typer.Option("--baseline", metavar="FILE", help="Findings that are known, and do not count.")
]
OutDir = Annotated[
    str | None, typer.Option("--out-dir", metavar="DIR", help="Pictures; unetdoctor-out/<target> without it.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are not ours.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="The verdict alone.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Everything that was examined.")]
Brief = Annotated[
    bool, typer.Option("-h", callback=show_brief, is_eager=True, help="Show the most used options on one screen.")
]
Color = Annotated[
    str,
    typer.Option(
        "--color",
        metavar="WHEN",
        help="auto, always or never.",
        autocompletion=completion.among(completion.COLORS),
    ),
]
