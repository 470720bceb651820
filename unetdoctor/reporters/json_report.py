"""The report for machines: the contract of `unetdoctor schema`."""

from unetdoctor.facts import Report
from unetdoctor.facts.contract import dump, report_schema
from unetdoctor.reporters.json_text import to_text


def to_json(report: Report) -> str:
    """Return the report as JSON text."""
    return to_text(dump(report))


def schema() -> str:
    """Return the JSON Schema of the report as text."""
    return to_text(dump(report_schema()))
