"""Where the results of an audit go: stdout, files, and the folder of the contact sheet."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unetdoctor import __version__
from unetdoctor.cli import actions, streams
from unetdoctor.cli.audit_progress import Bar
from unetdoctor.cli.audit_request import RECORD_FORMATS, AuditRequest
from unetdoctor.cli.delivery import WIDTH, cards_for
from unetdoctor.cli.errors import EXIT_WRONG_REQUEST, RequestError
from unetdoctor.data.pairing import Pair, Pairing
from unetdoctor.data.pool import audited as by_pool
from unetdoctor.data.shards import Order, Shard, answer_of
from unetdoctor.facts import Finding, Report, Totals, Yielded
from unetdoctor.facts.audit import Audited
from unetdoctor.reporters.atomic import WriteRefusedError, atomic_chunks, check_destination
from unetdoctor.reporters.folder import check_directory, default_directory, write_all
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.look import Look, look_for

_MARKS = {"jsonl": re.compile(rb'\{"name":'), "csv": re.compile(rb"name,split,")}
"""How an earlier file of records begins; those of the formats of any report know it themselves."""
_HEAD_BYTES = 65536
Answers = Callable[[], Iterator[bytes]]
"""The answers for all shards, as often as they are wanted."""


def directory(request: AuditRequest) -> Path:
    """Return the folder of the results."""
    return Path(request.out_dir) if request.out_dir else default_directory(f"audit-{Path(request.target).name}")


def check(request: AuditRequest) -> None:
    """Raise RequestError where a file or folder of the results must not be written."""
    read = {Path(name).resolve() for name in (request.images, request.masks) if name and "\0" not in name}
    try:
        if request.out_dir:
            check_directory(directory(request), force=request.force)
        for kind, name in request.files:
            path = Path(name)
            check_destination(path)
            if path.resolve() in read:
                raise RequestError(f"-o {kind}={name}: this file is read by the audit; choose another name.")
            if path.exists() and not request.force and not _ours(path, kind):
                raise RequestError(f"-o {kind}={name}: the file is no earlier {kind} of ours; replace it with --force.")
    except WriteRefusedError as error:
        raise RequestError(str(error)) from error


def _ours(path: Path, kind: str) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return False
    mark = _MARKS[kind] if kind in _MARKS else FORMATS[kind].mark
    return not head or mark.match(head) is not None


def audited(totals: Totals, request: AuditRequest, yielded: Yielded | None = None) -> Report:
    """Return the report of totals, and of what a Dataset yields."""
    from unetdoctor.pipeline.audit import audited as examined

    return examined(totals, request.declared, request.target, request.selection, yielded)


def with_sheet(found: Audited, request: AuditRequest, pairing: Pairing, order: Order, bar: Bar) -> Audited:
    """Draw the worst pairs into the folder of the results, where one is asked for and there are any."""
    if not request.out_dir:
        return found
    from unetdoctor.reporters.offenders import offenders

    chosen = [(finding, name, pair) for finding, name in offenders(found.report) if (pair := pairing.find(name))]
    if not chosen:
        return found
    bar.says("drawing the worst")
    pairs: list[Pair] = [pair for _, _, pair in chosen]
    drawn = dict(by_pool((Shard(i, i, (pair,)) for i, pair in enumerate(pairs)), replace(order, draws=True), 1))
    sketches = [answer_of(drawn[number]).records[0] for number in range(len(pairs))]
    return _with_page(found, request, [(finding, name) for finding, name, _ in chosen], sketches)


def with_sketches(found: Audited, request: AuditRequest, sketches: Mapping[str, Any]) -> Audited:
    """Draw the worst samples of a loader, which come as they were drawn in the worker."""
    from unetdoctor.reporters.offenders import offenders

    chosen = [(finding, name) for finding, name in offenders(found.report) if name in sketches]
    if not chosen or not request.out_dir:
        return found
    return _with_page(found, request, chosen, [sketches[name] for _, name in chosen])


def _with_page(
    found: Audited,
    request: AuditRequest,
    chosen: Sequence[tuple[Finding, str]],
    sketches: Sequence[Mapping[str, Any]],
) -> Audited:
    from unetdoctor.reporters.offenders import preview, sheet

    page = sheet(found.report, chosen, sketches)
    report = found.report
    try:
        (path,) = write_all(directory(request), {"worst.png": page}, __version__, force=request.force)
    except WriteRefusedError as error:
        return replace(found, report=replace(report, notices=(*report.notices, f"No contact sheet: {error}")))
    return replace(found, report=replace(report, previews=(*report.previews, preview(page, str(path)))))


def write(found: Audited, request: AuditRequest, answers: Answers) -> None:
    """Write the results to stdout and to files; files first, so that a closed pipe takes none of them away."""
    refused: list[str] = []
    for kind, name in request.files:
        try:
            atomic_chunks(Path(name), (text.encode("utf-8", "backslashreplace") for text in _of(found, kind, answers)))
        except WriteRefusedError as error:
            refused.append(str(error))
    if request.format in RECORD_FORMATS:
        for text in _of(found, request.format, answers):
            streams.write(text)
    else:
        streams.write(_shown(found, request))
    actions.tell([found.report], annotated=request.format == "github")
    if refused:
        raise streams.OutputError(" ".join(refused), max(found.report.exit_code, EXIT_WRONG_REQUEST))


def _of(found: Audited, kind: str, answers: Answers) -> Iterator[str]:
    """Yield a format for a file piece by piece: records are never all in memory."""
    from unetdoctor.reporters import audit_records

    if kind in RECORD_FORMATS:
        write_records = {"csv": audit_records.to_csv, "jsonl": audit_records.to_json_lines}[kind]
        yield from write_records(answer_of(answer).records for answer in answers())
    else:
        yield _rendered(found, kind, Look(width=WIDTH))


def _shown(found: Audited, request: AuditRequest) -> str:
    from unetdoctor.reporters.terminal import to_line

    look = look_for(sys.stdout, request.color, verbose=request.verbose)
    if request.format == "text" and request.quiet:
        return to_line(found.report, look)
    return _rendered(found, request.format, look)


def _rendered(found: Audited, kind: str, look: Look) -> str:
    """Return a format of any report; as text with what is only known of an audit as it was run."""
    if kind == "text":
        from unetdoctor.reporters.audit import to_text

        return to_text(found, look)
    if kind == "svg":
        from unetdoctor.reporters.svg import audit_to_svg

        return audit_to_svg(found)
    return FORMATS[kind].render([found.report], look, cards_for([found.report]))
