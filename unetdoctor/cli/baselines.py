"""Drawing and pruning a baseline: what `baseline write` and `baseline prune` do."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from unetdoctor.cli import policy, settings, streams
from unetdoctor.cli.check import below, examined, wanted
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import EndedError, RequestError
from unetdoctor.facts import Report
from unetdoctor.judging import baseline as lines
from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write, check_destination
from unetdoctor.reporters.safe import SENTENCE_LIMIT, clean

DEFAULT = "unetdoctor-baseline.json"


def write(targets: Sequence[str], baseline: str | None, *, force: bool) -> None:
    """Write every finding of the targets; of targets that are not named, what was known stays."""
    found, file = _place(baseline)
    known: frozenset[lines.Entry] = frozenset()
    if Path(file).exists() and not force:
        known = policy.read_baseline(file)  # refuses to replace what is no baseline
    reports = _examined(found, targets)
    named = {report.target.target for report in reports}
    kept = (entry for entry in known if targets and entry[0] not in named)
    _write(file, [*kept, *lines.entries(reports)])
    if found.baseline is None or found.root / found.baseline != Path(file):
        shown = clean(below(file, found.root), SENTENCE_LIMIT)
        streams.say(f"`check` leaves them out with --baseline {shown}, or with this line under [tool.unetdoctor]:\n")
        streams.say(f'  baseline = "{shown}"\n')


def prune(targets: Sequence[str], baseline: str | None) -> None:
    """Take out what is no longer found; entries of targets that are not examined stay."""
    found, file = _place(baseline)
    known = policy.read_baseline(file)
    reports = _examined(found, targets)
    gone = set(lines.gone(known, reports))
    _write(file, [entry for entry in known if entry not in gone], f", {len(gone)} taken out")


def _place(baseline: str | None) -> tuple[settings.Settings, str]:
    """Return the settings and the file, checked before anything is run."""
    found = settings.load()
    file = Path(baseline) if baseline else found.root / (found.baseline or DEFAULT)
    try:
        check_destination(file)
    except WriteRefusedError as error:
        raise RequestError(f"--baseline: {error}") from None
    return found, str(file)


def _examined(found: settings.Settings, targets: Sequence[str]) -> list[Report]:
    """Return the reports; raises EndedError where one of them came to no diagnosis: its findings are not known."""
    with contextlib.chdir(found.root):
        reports = policy.judged(examined(wanted(found, targets, {}), Delivery(pictures=False)), found.root)
    failed = next((report for report in reports if report.failure), None)
    if failed is not None:
        raise EndedError(f"{failed.target.target}: {failed.verdict} No baseline was written.", failed.exit_code)
    return reports


def _write(file: str, entries: list[lines.Entry], more: str = "") -> None:
    try:
        atomic_write(Path(file), lines.to_text(entries).encode("utf-8", "backslashreplace"))
    except WriteRefusedError as error:
        raise EndedError(f"--baseline: {error}") from None
    count = len(set(entries))
    streams.write(f"{clean(file, SENTENCE_LIMIT)}: {count} finding{'s' * (count != 1)}{more}.\n")
