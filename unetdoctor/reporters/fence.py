"""What held the worker in and what did not, in words: every format of a report says it."""

import re

from unetdoctor.facts import Environment
from unetdoctor.reporters.numbers import count

_LANDLOCK = re.compile(r" \((?P<name>Landlock( \d+)?)\)$")


def sandbox(environment: Environment) -> str:
    """Return what the sandbox allows and how many other limits hold; empty where nothing is known of either."""
    if not (environment.enforced or environment.not_enforced):
        return ""
    found = [(phrase, _LANDLOCK.search(phrase)) for phrase in environment.enforced]
    fenced = [phrase.removesuffix(match.group()) for phrase, match in found if match]
    name = next((match["name"] for _, match in found if match), "")
    others = len(environment.enforced) - len(fenced)
    what = f"Sandbox ({name}): {', '.join(fenced)}" if fenced else "Sandbox: none"
    return f"{what}; {count(others, 'other limit')}" if others else what


def gaps(environment: Environment) -> tuple[str, ...]:
    """Return what could not be enforced, a phrase with its reason each."""
    return tuple(f"Not enforced: {phrase}" for phrase in environment.not_enforced)


def told(environment: Environment | None) -> tuple[str, ...]:
    """Return both as sentences without full stops."""
    if environment is None:
        return ()
    return tuple(line for line in (sandbox(environment), *gaps(environment)) if line)
