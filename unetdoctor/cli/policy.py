"""What a person has said about findings: comments in the source, and a baseline; read here, judged in `judging`."""

from collections.abc import Sequence
from pathlib import Path

from unetdoctor.cli.catalogue import is_known
from unetdoctor.cli.errors import RequestError
from unetdoctor.facts import Report
from unetdoctor.judging import baseline

LARGEST_SOURCE = 5_000_000
"""Bytes; a Python file beyond that was not written by a person."""


def read_baseline(file: str) -> frozenset[baseline.Entry]:
    """Return the entries of a baseline; raises RequestError where there is none."""
    try:
        return baseline.from_text(Path(file).read_text("utf-8"))
    except FileNotFoundError:
        raise RequestError(
            f"--baseline: there is no file {file}.", [f"unetdoctor baseline write --baseline {file}"]
        ) from None
    except OSError as error:
        raise RequestError(f"--baseline: {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise RequestError(f"--baseline: {file} cannot be used: it is no text.") from None
    except ValueError as error:
        raise RequestError(f"--baseline: {file} cannot be used: {error}.") from None


def judged(
    reports: Sequence[Report], root: Path, known: frozenset[baseline.Entry] = frozenset(), file: str = ""
) -> list[Report]:
    """Return the reports with what comments and a baseline suppress; stale ones are notices.

    `root` is the folder to which the places of the reports are relative.
    """
    from unetdoctor.judging.comments import Comment, apply, comments, stale, with_stale

    sources: dict[str, tuple[Comment, ...]] = {}
    done, concerned = [], []
    for report in reports:
        files = dict.fromkeys(f.place.file for f in report.findings if f.place.file.endswith(".py"))
        for name in files:
            if name not in sources:
                sources[name] = comments(name, _text(root / name))
        judged_by_comments, needed = apply(report, (c for n in files for c in sources[n]), is_known)
        concerned.append(needed)
        done.append(judged_by_comments)
    left = stale(concerned)
    done = [
        with_stale(report, (c for c in left if _first(c, concerned) == number)) for number, report in enumerate(done)
    ]
    return [baseline.apply(report, known, file) for report in done]


def _first(comment: object, concerned: Sequence[object]) -> int:
    """Return the number of the first report that a comment concerns: it is told there, and once."""
    return next(number for number, needed in enumerate(concerned) if isinstance(needed, dict) and comment in needed)


def _text(path: Path) -> str:
    """Return the text of a source file, read and never run; nothing where it cannot be read."""
    import tokenize

    try:
        if path.stat().st_size > LARGEST_SOURCE:
            return ""
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return ""
