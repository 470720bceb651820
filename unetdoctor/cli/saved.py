"""Saved runs: read, judged by other rules, shown; what `report` does, without waiting for a parser."""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unetdoctor.cli import delivery as delivering
from unetdoctor.cli import policy, values
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import RequestError, choice, did_you_mean
from unetdoctor.facts import Report

if TYPE_CHECKING:
    from unetdoctor.judging.selection import Limit

_LIMIT = re.compile(r"(?P<code>[^:=]+)(?::(?P<reading>[^=]+))?=(?P<low>[^.]*(?:\.\d+)?)\.\.(?P<high>.*)")


@dataclass(frozen=True)
class Rules:
    """Other rules for a saved run, as typed; without any it stays as it is."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = ""
    severity: tuple[str, ...] = ()
    limit: tuple[str, ...] = ()


def show(
    run: str,
    rules: Rules = Rules(),
    delivery: Delivery = Delivery(pictures=False),
    baseline: str | None = None,
) -> int:
    """Deliver the reports of a file, judged by some rules, and return the worst exit code."""
    reports = saved(run)
    delivering.check_files(delivery, [] if run == "-" else [Path(run)], len(reports))
    known = policy.read_baseline(baseline) if baseline else frozenset()
    reports = _judged(reports, rules)
    if known:
        from unetdoctor.judging.baseline import apply

        reports = [apply(one, known, baseline or "") for one in reports]
    delivering.write_all(reports, delivery)
    return max(one.exit_code for one in reports)


def saved(name: str) -> list[Report]:
    """Return the reports of a file; raises RequestError with one sentence where it holds none."""
    from unetdoctor.facts.reading import ForeignError, read_report
    from unetdoctor.reporters.folder import found_beside

    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        values: object = json.loads(text)
        found = values if isinstance(values, list) and values else [values]
        return [found_beside(read_report(value), Path(name).parent) for value in found]
    except FileNotFoundError:
        raise _missing(name) from None
    except OSError as error:
        raise RequestError(f"RUN.json: {name} cannot be read: {error.strerror}.") from None
    except ForeignError as error:
        reason = str(error)
    except UnicodeDecodeError:
        reason = "it is no text"
    except (ValueError, RecursionError) as error:
        reason = f"it is no JSON: {error}" if text.strip() else "it is empty"
    raise RequestError(f"RUN.json: {name} cannot be used: {reason}.", ["unetdoctor inspect model.py -o json=run.json"])


def _missing(name: str) -> RequestError:
    names = [path.name for path in Path(name).parent.glob("*.json")] if Path(name).parent.is_dir() else []
    return RequestError(f"RUN.json: there is no file {name}.{did_you_mean(Path(name).name, names)}")


def _judged(reports: list[Report], rules: Rules) -> list[Report]:
    """Return the reports under the rules that were given; as they are where none was."""
    if rules == Rules():
        return reports
    from unetdoctor.judging.selection import judged

    level = choice("--fail-on", rules.fail_on, values.FAIL_ON) if rules.fail_on else ""
    kept = None
    if rules.select or rules.ignore:
        from unetdoctor.checks import selected
        from unetdoctor.facts import Selection

        chosen = Selection(values.selection("--select", rules.select), values.selection("--ignore", rules.ignore))
        kept = frozenset(check.code for check in selected(chosen))
    severities = dict(values.severity(text) for text in rules.severity)
    limits = tuple(_limit(text) for text in rules.limit)
    return [judged(one, fail_on=level, kept=kept, severities=severities, limits=limits) for one in reports]


def _limit(text: str) -> "Limit":
    from unetdoctor.judging.selection import Limit

    match = _LIMIT.fullmatch(text)
    if match is None:
        raise _no_limit(text)
    try:
        low, high = (float(match[end]) if match[end].strip() else None for end in ("low", "high"))
    except ValueError:
        raise _no_limit(text) from None
    return Limit(values.code("--limit", match["code"]), (match["reading"] or "").strip(), low, high)


def _no_limit(text: str) -> RequestError:
    example = "--limit UD203=30.. or --limit UD801=..60000"
    return RequestError(f"--limit expects CODE[:READING]=LOW..HIGH, not {text!r}; for example {example}")
