"""What the zoo prints: one row for each network and form, and the numbers at the end."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.zoo.collection import Network
from tests.zoo.running import Inspected

HEAD = ("network", "family", "form", "input", "rung", "output", "task", "seconds", "state", "exit", "errors", "remark")


BY_FORM = {
    "traced": {"UD102": "a trace freezes the sizes that Python computed"},
    "exported": {"UD102": "an exported program accepts the sizes it was exported for"},
}
"""What writing a network in another form truly changes, and which note then tells the truth about the file at hand."""


@dataclass(frozen=True)
class Row:
    name: str
    family: str
    form: str
    input: str = ""
    rung: str = ""
    output: str = ""
    task: str = ""
    seconds: float = 0.0
    state: str = ""
    exit_code: int | None = None
    errors: str = ""
    remark: str = ""
    passed: bool = False
    flags: str = ""
    differs: bool = False
    by_form: bool = False
    """Whether a note differs because the form changed what the note is about."""

    @property
    def cells(self) -> tuple[str, ...]:
        code = "" if self.exit_code is None else str(self.exit_code)
        seconds = f"{self.seconds:.1f}" if self.seconds else ""
        middle = (self.input, self.rung, self.output, self.task, seconds, self.state, code, self.errors, self.remark)
        return (self.name, self.family, self.form, *middle)

    @property
    def line(self) -> str:
        """The row as progress shows it."""
        return "  ".join(cell for cell in self.cells if cell)


def differences(eager: Inspected, found: Inspected, how: str) -> tuple[list[str], list[str]]:
    """Return what two forms of one network say differently, and which notes differ because of the form itself."""
    reasons = BY_FORM.get(how, {})
    differing, by_form = [], []
    for code, severity in sorted(eager.findings ^ found.findings):
        if severity == "note" and code in reasons:
            by_form.append(f"{code} ({reasons[code]})")
        else:
            differing.append(f"{code} {severity}")
    return differing, by_form


def row_of(
    network: Network, form: str, found: Inspected, remark: str = "", *, differs: bool = False, by_form: bool = False
) -> Row:
    """Return the row of one run."""
    report = found.report
    fed = report.get("input") or {}
    output = report["outputs"][0][1] if report.get("outputs") else {}
    intent = report.get("intent") or {}
    remarks = [remark] if remark else []
    if found.flags:
        remarks.append(f"typed {' '.join(found.flags)}")
    if not found.passed:
        remarks.append(report.get("verdict") or found.said.partition("\n")[0])
    return Row(
        name=network.name,
        family=network.family,
        form=form,
        input=_shown(fed.get("shape", ())),
        rung=fed.get("rung", ""),
        output=f"{output['path']} {_shown(output['shape'])}" if output else "",
        task=intent.get("inferred_task", ""),
        seconds=found.seconds,
        state=report.get("state", ""),
        exit_code=found.exit_code,
        errors=", ".join(found.errors),
        remark="; ".join(remarks),
        passed=found.passed,
        flags=" ".join(found.flags),
        differs=differs,
        by_form=by_form,
    )


def _shown(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


@dataclass(frozen=True)
class Numbers:
    count: int
    without_flag: int
    as_told: int
    with_errors: int
    differing: int
    not_made: int
    text: str

    def good(self, goal: float) -> bool:
        """Whether enough ran without a flag, all others as told, and nothing sound was called ill."""
        ran = self.count - self.not_made
        told = self.without_flag + self.as_told == ran
        return told and self.without_flag >= goal * ran and not self.with_errors and not self.differing


def numbers(rows: Sequence[Row]) -> Numbers:
    """Count what the goals are about."""
    made = [row for row in rows if row.exit_code is not None]
    free = sum(row.passed and not row.flags for row in made)
    told = sum(row.passed and bool(row.flags) for row in made)
    ill = sum(bool(row.errors) for row in made)
    differing = sum(row.differs for row in made)
    slowest = max(made, key=lambda row: row.seconds, default=None)
    text = f"{len(made)} examined, {free} of them without a flag; {told} needed one, and what the message gave worked."
    if len(made) < len(rows):
        text += f" {len(rows) - len(made)} could not be exported."
    text += f" {ill} with a finding of level error."
    if any(row.form != "eager" for row in made):
        text += f" {differing} say something else than their eager network"
        text += f"; {sum(row.by_form for row in made)} more in a note on what the form itself changed."
    if slowest is not None:
        seconds = median(row.seconds for row in made)
        text += f" Seconds: {seconds:.1f} in the median, {slowest.seconds:.1f} for {slowest.name} ({slowest.form})."
    return Numbers(len(rows), free, told, ill, differing, len(rows) - len(made), text)


def printed(rows: Sequence[Row], form: str) -> str:
    """Return the table as text, Markdown or JSON."""
    if form == "json":
        return json.dumps([dataclasses.asdict(row) for row in rows], indent=1)
    table = [HEAD, *(row.cells for row in rows)]
    if form == "markdown":
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in table]
        return "\n".join([lines[0], "|" + "---|" * len(HEAD), *lines[1:]])
    widths = [max(len(cells[i]) for cells in table) for i in range(len(HEAD))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip() for cells in table)
