"""Where reports go: stdout, files, the folder of pictures, and the annotations of a CI service."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from unetdoctor.cli import actions, streams
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import EXIT_WRONG_REQUEST, RequestError
from unetdoctor.cli.files import target_file
from unetdoctor.facts import Card, Report, Request
from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write, check_destination, refused
from unetdoctor.reporters.folder import check_directory, default_directory
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.look import Look, look_for

if TYPE_CHECKING:
    from unetdoctor.facts import Request

FIX = "fix-script"
"""Kind of the file that `--fix-script` names."""
_FIX_MARK = re.compile(rb'""".*\n\nWritten by unetdoctor ')
WIDTH = 100
"""Columns of a text report in a file."""


def directory(request: "Request", delivery: Delivery) -> Path:
    """Return the folder of pictures."""
    return Path(delivery.out_dir) if delivery.out_dir else default_directory(request.target)


def check(request: "Request", delivery: Delivery) -> None:
    """Raise RequestError where a file or folder of the delivery must not be written."""
    read = [
        target_file(text) for text in (request.target, request.arch, request.inputs_from, request.postprocess) if text
    ]
    named = (*read, request.weights, *request.images, *filter(None, request.masks))
    try:
        if delivery.pictures:
            check_directory(directory(request, delivery), force=delivery.force)
    except WriteRefusedError as error:
        raise RequestError(str(error)) from error
    check_files(delivery, [Path(name) for name in named if name])


def check_files(delivery: Delivery, read: Sequence[Path], reports: int = 1) -> None:
    """Raise RequestError where a file must not be written, since it is somebody else's or is read by the command."""
    inputs = {path.resolve() for path in read}
    if reports > 1 and not FORMATS[delivery.format].several:
        raise RequestError(f"--format {delivery.format} shows one report, and there are {reports}.")
    for kind, name in delivery.files:
        path = Path(name)
        try:
            check_destination(path)
            with refused(path):
                read_here = path.resolve() in inputs
        except WriteRefusedError as error:
            raise RequestError(str(error)) from error
        if read_here:
            raise RequestError(f"{_option(kind, name)}: this file is read by the examination; choose another name.")
        if os.path.lexists(path) and not delivery.force and not _ours(path, kind):
            what = "script of ours" if kind == FIX else f"{kind} report"
            raise RequestError(f"{_option(kind, name)}: the file is no earlier {what}; replace it with --force.")
        if kind != FIX and reports > 1 and not FORMATS[kind].several:
            raise RequestError(f"{_option(kind, name)}: a file of {kind} holds one report, and there are {reports}.")


def _option(kind: str, name: str) -> str:
    return f"--{FIX} {name}" if kind == FIX else f"-o {kind}={name}"


def _ours(path: Path, kind: str) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    mark = _FIX_MARK if kind == FIX else FORMATS[kind].mark
    return not data or mark.match(data) is not None


def write(report: Report, delivery: Delivery, request: "Request") -> None:
    """Write a report to its files and to stdout."""
    write_all([report], delivery, request)


def write_all(reports: Sequence[Report], delivery: Delivery, request: "Request | None" = None) -> None:
    """Write reports to files and to stdout; files first, so that a closed pipe takes none of them away.

    Inside GitHub Actions the annotations and the job summary follow.
    """
    refused: list[str] = []
    for kind, name in delivery.files:
        try:
            atomic_write(Path(name), _file(reports, kind, delivery, request).encode("utf-8", "backslashreplace"))
        except WriteRefusedError as error:
            refused.append(str(error))
    streams.write(shown(reports, delivery))
    actions.tell(reports, annotated=delivery.format == "github")
    if refused:
        worst = max(report.exit_code for report in reports)
        raise streams.OutputError(" ".join(refused), max(worst, EXIT_WRONG_REQUEST))


def _file(reports: Sequence[Report], kind: str, delivery: Delivery, request: "Request | None") -> str:
    """Return what stands in a file: without colour, wide, complete as on the terminal.

    Raises WriteRefusedError for a script that would have nothing to fix.
    """
    if kind != FIX:
        return FORMATS[kind].render(reports, Look(width=WIDTH, verbose=delivery.verbose), cards_for(reports))
    from unetdoctor.reporters.fix_script import to_fix_script

    assert request is not None
    try:
        return to_fix_script(reports[0], request)
    except ValueError as reason:
        raise WriteRefusedError(f"No --{FIX} was written: {reason}.") from reason


def cards_for(reports: Sequence[Report]) -> Callable[[], list[Card]]:
    """Return the catalogue for reports: the pages of what they found ill are whole."""
    ill = {finding.code for report in reports for finding in report.findings if finding.ill}

    def read() -> list[Card]:
        from unetdoctor.cli.catalogue import cards, whole

        return [whole(card) if card.code in ill else card for card in cards()]

    return read


def shown(reports: Sequence[Report], delivery: Delivery) -> str:
    """Return what stands on stdout."""
    look = look_for(sys.stdout, delivery.color, verbose=delivery.verbose)
    if delivery.format != "text":
        return FORMATS[delivery.format].render(reports, look, cards_for(reports))
    if delivery.quiet or (len(reports) > 1 and not delivery.verbose):
        from unetdoctor.reporters.summary import to_summary

        return to_summary(reports, look, quiet=delivery.quiet)
    return FORMATS["text"].render(reports, look, cards_for(reports))
