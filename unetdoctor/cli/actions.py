"""What GitHub Actions shows by itself: annotations beside the lines, and the job's summary."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from unetdoctor.cli import streams
from unetdoctor.facts import Report

SUMMARY_BYTES = 1024 * 1024
"""What one step may add to the summary; GitHub shows nothing of a longer one."""


def tell(reports: Sequence[Report], *, annotated: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Write annotations to stderr and the summary to its file; nothing outside GitHub Actions.

    The runner reads workflow commands on stderr as well, so stdout stays what was asked for. With `annotated` they
    stand on stdout already.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    if not annotated:
        from unetdoctor.reporters.github import to_github

        streams.say(to_github(reports))
    name = environment.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    from unetdoctor.reporters.markdown import to_markdown

    data = to_markdown(reports).encode("utf-8", "backslashreplace")
    if len(data) > SUMMARY_BYTES:
        streams.say(f"The job summary is longer than {SUMMARY_BYTES:,} bytes and was left out.\n")
        return
    try:
        with Path(name).open("ab") as file:
            file.write(data + b"\n")
    except OSError as error:
        streams.say(f"The job summary cannot be written: {error.strerror}.\n")
