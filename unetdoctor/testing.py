"""For test suites: a network that should be healthy.

from unetdoctor.testing import assert_healthy

def test_the_generator_draws() -> None:
    assert_healthy(Generator(), task="rgb")
"""

from typing import Any

from unetdoctor.api import inspect
from unetdoctor.facts import Report, State


def assert_healthy(model: Any, *, trained: bool = False, **options: Any) -> Report:
    """Examine a network, and raise AssertionError with the verdict, the findings and the remedy where it is not well.

    An untrained network is well unless it should be `trained`. Findings below `fail_on` (`"error"` unless given) do not
    count. Takes what `unetdoctor.inspect` takes, and returns its report.
    """
    __tracebackhide__ = True
    report = inspect(model, **options)
    if report.exit_code != 0 or (trained and report.state is State.UNTRAINED):
        raise AssertionError(_told(report))
    return report


def _told(report: Report) -> str:
    from unetdoctor.reporters.results import results, text, title

    lines = [report.verdict]
    for result in results([report]):
        place = f" ({result.file}:{result.line})" if result.finding.place.file else ""
        lines += ["", f"{result.finding.severity.value} {title(result)}{place}", f"  {text(result)}"]
    patch = next((d.remedy.patch for d in report.diagnoses if d.remedy is not None and d.remedy.patch), "")
    lines += ["", *(f"    {line}" for line in patch.splitlines())] if patch else []
    return "\n".join(lines)
