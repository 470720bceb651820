"""`unetdoctor audit IMAGES [MASKS]`: images and masks alone, from ten to ten million, without a model."""

from typing import Annotated

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import values
from unetdoctor.cli.errors import choice

HELP = """Examine images and masks, without a model: what a network could not learn from.

\b
IMAGES and MASKS: a folder, a file, 'a/**/*.png' (in quotes), a table (.csv
.tsv .txt, - for standard input), a tar archive, s3://bucket/folder. Without
MASKS they are looked for.
\b
Examples:
  unetdoctor audit images masks --classes 4 --ignore-index 255
  unetdoctor audit pairs.csv -o csv=records.csv --out-dir worst
  unetdoctor audit 'shards/*.tar' --jobs 32 --state audit.state
  unetdoctor audit --loader train.py:make_dataset --sample 200
"""

SECTIONS = {
    "What the data is": "loader task classes ignore-index palette mean std",
    "How much is read": "sample seed decode jobs engine state resume timeout",
    "The examination": "select ignore fail-on no-sandbox",
    "The report": "format report out-dir force quiet verbose color h help",
}
"""Headings of the help, the most used options of each first."""
MOST_USED = "classes ignore-index loader sample jobs select fail-on format report out-dir verbose"


def audit(
    images: Annotated[str | None, typer.Argument(metavar="IMAGES", help="Where the images lie.")] = None,
    masks: Annotated[str | None, typer.Argument(metavar="MASKS", help="Where the masks lie.")] = None,
    loader: Annotated[
        str | None,
        typer.Option("--loader", metavar="SCRIPT:FN", help="What your Dataset yields: train.py:make_dataset."),
    ] = None,
    task: shared.Task = "auto",
    classes: Annotated[int | None, typer.Option("--classes", metavar="N", help="Number of classes.")] = None,
    ignore_index: Annotated[
        int | None, typer.Option("--ignore-index", metavar="ID", help="The id that the loss leaves out.")
    ] = None,
    palette: Annotated[
        str | None, typer.Option("--palette", metavar="NAME", help="voc, cityscapes, okabe-ito, or a file of colours.")
    ] = None,
    mean: Annotated[str | None, typer.Option("--mean", metavar="R,G,B", help="Mean you normalise with.")] = None,
    std: Annotated[str | None, typer.Option("--std", metavar="R,G,B", help="Deviation you normalise with.")] = None,
    decode: Annotated[
        float, typer.Option("--decode", metavar="SHARE", help="Share of the images decoded; of others the header.")
    ] = 1.0,
    sample: Annotated[int, typer.Option("--sample", metavar="N", help="Only N pairs, drawn by --seed.")] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Which sample.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="Processes; 0 for one per core.")] = 0,
    no_sandbox: shared.NoSandbox = False,
    engine: Annotated[str, typer.Option("--engine", metavar="NAME", help="local, or ray for a cluster.")] = "local",
    state: Annotated[
        str | None, typer.Option("--state", metavar="FILE", help="Keep what is finished here, and go on from it.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="--state in the folder of --out-dir.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="Time for one pair.")] = 60.0,
    select: shared.Select = None,
    ignore: shared.Ignore = None,
    fail_on: shared.FailOn = "error",
    format_: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="As of inspect; csv or jsonl for the record of every pair."),
    ] = "text",
    report: Annotated[
        list[str] | None,
        typer.Option("-o", "--report", metavar="FORMAT=FILE", help="Also write this format (repeatable)."),
    ] = None,
    out_dir: Annotated[
        str | None, typer.Option("--out-dir", metavar="DIR", help="Contact sheet of the worst pairs goes here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are not ours.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="The verdict alone.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Everything that was counted.")] = False,
    color: shared.Color = "auto",
    brief: shared.Brief = False,
) -> None:
    """Audit images and masks: from the arguments to the exit code."""
    from unetdoctor.cli.audit_request import ON_TERMINAL, AuditRequest, audit_request

    values.exclude(quiet, verbose)
    request = audit_request(
        AuditRequest(
            images=images or "",
            masks=masks or "",
            loader=loader or "",
            sample=sample,
            seed=seed,
            jobs=jobs,
            sandbox=not no_sandbox,
            engine=choice("--engine", engine, ("local", "ray")),
            state=state,
            resume=resume,
            timeout=timeout,
            format=values.on_terminal(format_, ON_TERMINAL),
            out_dir=out_dir,
            force=force,
            quiet=quiet,
            verbose=verbose,
            color=choice("--color", color, values.COLORS),
        ),
        task=task,
        classes=classes,
        ignore_index=ignore_index,
        palette=palette,
        mean=mean,
        std=std,
        decode=decode,
        select=select or (),
        ignore=ignore or (),
        fail_on=fail_on,
        files=report or (),
    )
    from unetdoctor.cli.auditing import run

    raise typer.Exit(run(request))
