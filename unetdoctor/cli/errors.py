"""What the command line refuses, in one sentence each."""

from collections.abc import Iterable, Sequence

EXIT_WRONG_REQUEST = 2
EXIT_OUR_BUG = 101
EXIT_INTERRUPTED = 130


class RequestError(Exception):
    """The request is wrong: exit code 2, one sentence, and commands to paste where there are any."""

    def __init__(self, sentence: str, commands: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.commands = tuple(commands)


class EndedError(Exception):
    """A command ends without a result: an exit code and one sentence that says why."""

    def __init__(self, sentence: str, exit_code: int = EXIT_WRONG_REQUEST) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return ` Did you mean X?`, or nothing where nothing known is spelled alike."""
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in known}
    matches = get_close_matches(found.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[matches[0]]}?" if matches else ""


def choice(option: str, found: str, known: Sequence[str]) -> str:
    """Return the value where it is a known one (in any case); raises RequestError with the list and a suggestion."""
    if found.lower() in known:
        return found.lower()
    listed = f"{', '.join(known[:-1])} or {known[-1]}"
    raise RequestError(f"{option} must be {listed}, not {found!r}.{did_you_mean(found, known)}")
