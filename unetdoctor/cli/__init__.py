"""The command line: arguments -> Request -> worker -> reporter -> exit code; one module per command.

Heavy modules are imported inside functions: `--help` and `rules` answer before anything that draws or computes is
loaded. Results go to stdout; progress, notices and errors to stderr. What is printed passes `streams`.
"""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; the console script `unetdoctor`."""
    try:
        from unetdoctor.cli.running import run
    except KeyboardInterrupt:  # while the tool itself is being loaded
        return 130
    return run(arguments)
