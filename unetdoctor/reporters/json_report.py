"""The report for machines: the contract of `unetdoctor schema`."""

from unetdoctor.facts import Report, Sizes, Trace
from unetdoctor.facts.contract import dump, report_schema
from unetdoctor.reporters.json_text import to_text


def to_json(fact: Report | Sizes | Trace | list[Report]) -> str:
    """Return a report, a list of reports, or the answer of another command, as JSON text."""
    return to_text([dump(one) for one in fact] if isinstance(fact, list) else dump(fact))


def schema() -> str:
    """Return the JSON Schema of the report as text."""
    return to_text(dump(report_schema()))
