"""`unetdoctor schema`: the contract of `--format json`."""

from unetdoctor.cli import streams


def schema() -> None:
    """Print the JSON Schema of `inspect --format json`."""
    from unetdoctor.reporters import json_report

    streams.write(json_report.schema())
