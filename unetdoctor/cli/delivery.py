"""Where a report goes: stdout, files, and the folder of pictures."""

import re
import sys
from pathlib import Path

from unetdoctor.cli import streams
from unetdoctor.cli.arguments import Delivery
from unetdoctor.cli.errors import EXIT_WRONG_REQUEST, RequestError
from unetdoctor.cli.files import target_file
from unetdoctor.facts import Report, Request
from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write, check_destination
from unetdoctor.reporters.folder import check_directory, default_directory

FIX = "fix-script"
"""Kind of the file that `--fix-script` names."""
_MARKS = {
    "json": re.compile(rb'\{\s*"schema_version"'),
    "text": re.compile(rb"\S+ (HEALTHY|UNTRAINED|ILL|NOT DIAGNOSABLE) .*unetdoctor\s+\d", re.DOTALL),
    "svg": re.compile(rb'<svg class="rich-terminal"'),
    FIX: re.compile(rb'""".*\n\nWritten by unetdoctor '),
}
"""How an earlier report of ours begins; one of text also names the tool."""


def directory(request: Request, delivery: Delivery) -> Path:
    """Return the folder of pictures."""
    return Path(delivery.out_dir) if delivery.out_dir else default_directory(request.target)


def check(request: Request, delivery: Delivery) -> None:
    """Raise RequestError where a file or folder of the delivery must not be written."""
    read = [
        target_file(text) for text in (request.target, request.arch, request.inputs_from, request.postprocess) if text
    ]
    named = (*read, request.weights, *request.images, *filter(None, request.masks))
    inputs = {Path(name).resolve() for name in named if name}
    try:
        if delivery.pictures:
            check_directory(directory(request, delivery), force=delivery.force)
        for kind, name in delivery.files:
            path = Path(name)
            check_destination(path)
            if path.resolve() in inputs:
                raise RequestError(f"{_option(kind, name)}: this file is read by the examination; choose another name.")
            if path.exists() and not delivery.force and not _ours(path, kind):
                what = "script of ours" if kind == FIX else f"{kind} report"
                raise RequestError(f"{_option(kind, name)}: the file is no earlier {what}; replace it with --force.")
    except WriteRefusedError as error:
        raise RequestError(str(error)) from error


def _option(kind: str, name: str) -> str:
    return f"--{FIX} {name}" if kind == FIX else f"-o {kind}={name}"


def _ours(path: Path, kind: str) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return not data or _MARKS[kind].match(data) is not None


def render(report: Report, kind: str, delivery: Delivery, request: Request) -> str:
    """Return the report in a format for a file: without colour, wide, complete as on the terminal.

    Raises WriteRefusedError for a script that would have nothing to fix.
    """
    if kind == FIX:
        from unetdoctor.reporters.fix_script import to_fix_script

        try:
            return to_fix_script(report, request)
        except ValueError as reason:
            raise WriteRefusedError(f"No --{FIX} was written: {reason}.") from reason
    if kind == "json":
        from unetdoctor.reporters.json_report import to_json

        return to_json(report)
    if kind == "svg":
        from unetdoctor.reporters.svg import to_svg

        return to_svg(report)
    from unetdoctor.reporters.look import Look
    from unetdoctor.reporters.terminal import to_text

    return to_text(report, Look(width=100, verbose=delivery.verbose))


def write(report: Report, delivery: Delivery, request: Request) -> None:
    """Write the report to stdout and to its files; files first, so that a closed pipe takes none of them away."""
    refused: list[str] = []
    for kind, name in delivery.files:
        try:
            atomic_write(Path(name), render(report, kind, delivery, request).encode("utf-8", "backslashreplace"))
        except WriteRefusedError as error:
            refused.append(str(error))
    streams.write(_shown(report, delivery, request))
    if refused:
        raise streams.OutputError(" ".join(refused), max(report.exit_code, EXIT_WRONG_REQUEST))


def _shown(report: Report, delivery: Delivery, request: Request) -> str:
    if delivery.format == "json":
        return render(report, "json", delivery, request)
    from unetdoctor.reporters.look import look_for
    from unetdoctor.reporters.terminal import to_line, to_text

    look = look_for(sys.stdout, delivery.color, verbose=delivery.verbose)
    return to_line(report, look) if delivery.quiet else to_text(report, look)
