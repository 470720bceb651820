"""SARIF 2.1.0, as code scanning reads it: one run per report, every rule of the catalogue, suppressed results too."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sarif_pydantic import (
    ArtifactLocation,
    Invocation,
    Level,
    Location,
    LogicalLocation,
    Message,
    PhysicalLocation,
    Region,
    ReportingDescriptor,
    Run,
    Sarif,
    Tool,
    ToolDriver,
)
from sarif_pydantic import Result as SarifResult

from unetdoctor.facts import Card, Report, State, Suppression
from unetdoctor.reporters import safe
from unetdoctor.reporters.fence import told
from unetdoctor.reporters.json_text import to_text
from unetdoctor.reporters.results import Result, model_file, names, results, suppressed_by, text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "primaryLocationLineHash"
"""The key by which code scanning knows a result again in a later run."""
ROOT = "%SRCROOT%"
"""What relative paths are relative to: the working directory, for a CI step the root of the repository."""
_KINDS = {"comment": "inSource", "baseline": "external"}


def to_sarif(reports: Sequence[Report], cards: Sequence[Card]) -> str:
    """Return one log with a run per report."""
    rules = [_rule(card) for card in cards]
    numbers = {card.code: index for index, card in enumerate(cards)}
    log = Sarif(
        schema_uri=SCHEMA,
        runs=[_run(report, name, rules, numbers) for report, name in zip(reports, names(reports), strict=True)],
    )
    return to_text(log.model_dump(mode="json", by_alias=True, exclude_none=True))


def _rule(card: Card) -> ReportingDescriptor:
    summary = " ".join(card.summary.split())
    return ReportingDescriptor(
        id=card.code,
        name="".join(word.capitalize() for word in card.name.split("-")),
        short_description=Message(text=summary),
        full_description=Message(text=summary),
        help=Message(text=card.page),
        properties={"tags": [card.kind.value, card.name]},
    )


def _run(report: Report, name: str, rules: list[ReportingDescriptor], numbers: dict[str, int]) -> Run:
    version = report.environment.unetdoctor
    # `information_uri` is left out: it must be an address, and a checkout has none.
    driver = ToolDriver(name="unetdoctor", version=version, rules=rules)
    found = [_result(result, numbers) for result in results([report], suppressed=True)]
    return Run(
        tool=Tool(driver=driver),
        invocations=[_invocation(report)],
        results=found,
        columnKind="unicodeCodePoints",
        automationDetails={"id": f"unetdoctor/{quote(name, safe='')}/"},
    )


def _invocation(report: Report) -> Invocation:
    failed = report.state is State.NOT_DIAGNOSABLE
    said: list[dict[str, Any]] = []
    if failed:
        said.append({"level": "error", "message": {"text": safe.clean(report.verdict, safe.LINE_LIMIT)}})
        said[0]["locations"] = [_located(model_file(report), 1).model_dump(by_alias=True, exclude_none=True)]
    notes = (*report.notices, *told(report.environment))
    said += [{"level": "note", "message": {"text": safe.clean(note, safe.LINE_LIMIT)}} for note in notes]
    return Invocation(
        execution_successful=not failed,
        exitCode=report.exit_code,
        **({"toolExecutionNotifications": said} if said else {}),
    )


def _result(result: Result, numbers: dict[str, int]) -> SarifResult:
    finding = result.finding
    layer = safe.clean(finding.place.layer or result.report.target.name or result.report.target.target)
    location = _located(result.file, result.line)
    location.logical_locations = [LogicalLocation(fully_qualified_name=layer, kind="module")]
    more: dict[str, Any] = {}
    if finding.code in numbers:
        more["rule_index"] = numbers[finding.code]
    if finding.suppression is not None:
        more["suppressions"] = [_suppression(finding.suppression)]
    return SarifResult(
        rule_id=safe.clean(finding.code),
        level=Level(finding.severity.value),
        message=Message(text=text(result)),
        locations=[location],
        partial_fingerprints={FINGERPRINT: result.fingerprint},
        **more,
    )


def _suppression(suppression: Suppression) -> dict[str, Any]:
    justification = f"suppressed {suppressed_by(suppression)}"
    return {"kind": _KINDS[suppression.kind], "status": "accepted", "justification": justification}


def _located(file: str, line: int) -> Location:
    return Location(
        physical_location=PhysicalLocation(artifact_location=_artifact(file), region=Region(start_line=line))
    )


def _artifact(file: str) -> ArtifactLocation:
    """Return a file as an address: relative to the root of the repository where it lies below it."""
    path = quote(file.encode("utf-8", "surrogateescape" if _escaped(file) else "replace"), safe="/")
    if file.startswith("/"):
        return ArtifactLocation(uri=f"file://{path}")
    if len(file) > 2 and file[1] == ":" and file[2] == "/":
        return ArtifactLocation(uri=f"file:///{file[0]}:{path[4:]}")
    return ArtifactLocation(uri=path, uri_base_id=ROOT)


def _escaped(file: str) -> bool:
    """Return whether the name holds bytes that are no text, and nothing else that cannot be encoded."""
    try:
        file.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
