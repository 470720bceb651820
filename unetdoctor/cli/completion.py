"""What a shell offers behind a word that is half typed: codes and names of checks, and the values of options."""

from collections.abc import Callable

Offer = Callable[[str], list[str]]
"""From what is typed of a word to the words that it begins."""
TASKS = ("auto", "binary", "multiclass", "multilabel", "rgb", "generator", "regression")
FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown", "html")
LEVELS = ("error", "warning", "note", "never")
COLORS = ("auto", "always", "never")


def among(values: tuple[str, ...]) -> Offer:
    """Return what offers some of these values."""

    def offered(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return offered


def checks(incomplete: str) -> list[str]:
    """Return codes, or names where a name is begun; behind a comma the next one."""
    from unetdoctor.cli.catalogue import known

    before, comma, last = incomplete.rpartition(",")
    wanted = last.lower()
    codes, names = zip(*known(), strict=True)
    found = [code for code in codes if code.lower().startswith(wanted)] or [n for n in names if n.startswith(wanted)]
    return [f"{before}{comma}{one}" for one in found]
