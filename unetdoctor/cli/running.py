"""Run a command line: what it raises becomes one sentence and an exit code."""

import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from unetdoctor.cli import streams
from unetdoctor.cli.errors import (
    EXIT_INTERRUPTED,
    EXIT_OUR_BUG,
    EXIT_WRONG_REQUEST,
    EndedError,
    RequestError,
    did_you_mean,
)

if TYPE_CHECKING:
    from unetdoctor.cli.inspect import Runner

VERBOSE = ("-v", "--verbose")
_WHERE = ("device", "timeout", "batch")
SETTLED = {
    "inspect": ("select", "ignore", "fail_on", "baseline", "budget", "seed", *_WHERE),
    "sizes": _WHERE,
    "trace": ("seed", *_WHERE),
}
"""Options of a command that pyproject.toml and the environment may set; `check` reads its settings itself."""
_ELSEWHERE = {
    ("inspect", "--size"): (
        "--input says the whole shape that is fed, and `sizes` finds the sizes that work.",
        ("unetdoctor inspect model.py --input 1,3,256,256", "unetdoctor sizes model.py --size 256,256"),
    ),
}
"""(command, option) that a person may look for -> where it is."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _ended_by_signals():
            return _run(given)
    except RequestError as error:
        return _refused(error)
    except EndedError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _complain("Interrupted.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        streams.silence(sys.stdout)
        return EXIT_WRONG_REQUEST
    except OSError as error:
        return _system(error, given)
    except Exception as error:  # noqa: BLE001 - the last line of the tool: a bug of ours, said in one sentence
        return _our_bug(error, given)
    finally:
        streams.flush()


def _run(given: list[str]) -> int:
    if len(given) <= 2 and not any(word.startswith("-") for word in given[1:]):
        at_once = _at_once(*given)
        if at_once is not None:
            return at_once()
    return invoke(given, defaults=_settled(given)) if given else _nothing_asked()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does, so that nothing is left of it."""
    former: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")):
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                former[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _at_once(command: str = "", argument: str = "") -> Callable[[], int] | None:
    """Return what runs a command without options: no parser is needed, and none is loaded."""
    if command == "rules" and not argument:
        from unetdoctor.cli.pages import show_catalogue

        return show_catalogue
    if command == "explain" and argument:
        from unetdoctor.cli.pages import show_page

        return lambda: show_page(argument)
    if command == "report" and argument:
        from unetdoctor.cli.saved import show

        return lambda: show(argument)
    return None


def _settled(arguments: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what pyproject.toml and the environment say of options that are not typed: command -> option -> value."""
    if arguments[0] not in SETTLED or {"-h", "--help"} & set(arguments):
        return {}
    from unetdoctor.cli.settings import load

    return {arguments[0]: load().defaults(SETTLED[arguments[0]])}


def invoke(
    arguments: Sequence[str], runner: "Runner | None" = None, defaults: dict[str, dict[str, Any]] | None = None
) -> int:
    """Run a command line and return its exit code; raises RequestError where it is wrong.

    `runner` takes the place of the worker: it is called with the request and what becomes of the report. `defaults` of
    a command stand in for its options that are not typed.
    """
    from unetdoctor.cli.app import app

    try:
        code: Any = app(
            list(arguments), prog_name="unetdoctor", standalone_mode=False, obj=runner, default_map=defaults
        )
    except Exception as error:
        if hasattr(error, "format_message"):
            raise _usage(error, arguments) from error
        raise
    return code if isinstance(code, int) else 0


def _usage(error: Any, arguments: Sequence[str]) -> RequestError:
    """Return a usage error of Typer as one of ours, with the option or command that was meant."""
    from unetdoctor.cli.app import app

    known = [str(command.callback.__name__) for command in app.registered_commands if command.callback]
    known += [str(group.name) for group in app.registered_groups]
    message = str(error.format_message()).strip().rstrip(".")
    option = getattr(error, "option_name", "")
    if type(error).__name__ == "NoSuchOption":
        elsewhere = _ELSEWHERE.get((_command(error), option))
        if elsewhere is not None:
            return RequestError(f"There is no option {option} here. {elsewhere[0]}", elsewhere[1])
        near = sorted(getattr(error, "possibilities", None) or ())
        meant = did_you_mean(option, near) or (f" Did you mean {near[0]}?" if near else "")
        return RequestError(f"There is no option {option}.{meant}{_help_for(error)}")
    if "No such command" in message and arguments:
        name = next((word for word in arguments if not word.startswith("-")), arguments[0])
        meant = did_you_mean(name, known)
        if not meant and (name.endswith((".py", ".pt")) or ".py:" in name):
            return RequestError(f"There is no command {name!r}.", [f"unetdoctor inspect {name}"])
        return RequestError(f"There is no command {name!r}.{meant} All: unetdoctor --help")
    extra = re.fullmatch(r"Got unexpected extra arguments? *\(?s?\)? *\((.*)\)", message)
    if extra and "audit" in arguments:
        quoted = "A pattern goes in quotes, so that the shell leaves it alone: unetdoctor audit 'images/*.png'"
        return RequestError(f"IMAGES and MASKS are one source each; found also: {extra[1][:200]}. {quoted}")
    if extra:
        return RequestError(f"One TARGET at a time; found also: {extra[1]}. A target with spaces goes in quotes.")
    return RequestError(f"{message}.{_help_for(error)}")


def _command(error: Any) -> str:
    return str(getattr(getattr(error, "ctx", None), "info_name", "") or "")


def _help_for(error: Any) -> str:
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "unetdoctor") or "unetdoctor"
    return f" All options: {path} --help"


def _nothing_asked() -> int:
    invoke(["--help"])
    return EXIT_WRONG_REQUEST


def _refused(error: RequestError) -> int:
    _complain(error.sentence, error.commands)
    return EXIT_WRONG_REQUEST


def _system(error: OSError, arguments: Sequence[str]) -> int:
    """Say what the system refused: no room, no descriptors, a folder that went away."""
    from unetdoctor.cli.files import working_directory

    try:
        working_directory()
    except RequestError as gone:
        return _refused(gone)
    where = f" ({error.filename})" if isinstance(error.filename, str) else ""
    _complain(f"The system refused what the command needs: {error.strerror or error}{where}.{_again(arguments)}")
    _show_stack(error, arguments)
    return EXIT_WRONG_REQUEST


def _our_bug(error: Exception, arguments: Sequence[str]) -> int:
    import hashlib
    import traceback
    from pathlib import Path

    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    first = (str(error).splitlines() or [""])[0][:300]
    number = hashlib.sha256(f"{type(error).__name__}{place}".encode()).hexdigest()[:8]
    what = f"{type(error).__name__}{place}: {first}"
    _complain(f"unetdoctor met an error of its own: {what}. Report id {number}.{_again(arguments)}")
    _show_stack(error, arguments)
    return EXIT_OUR_BUG


def _again(arguments: Sequence[str]) -> str:
    return "" if set(arguments) & set(VERBOSE) else " Run again with -v to see where."


def _show_stack(error: Exception, arguments: Sequence[str]) -> None:
    if set(arguments) & set(VERBOSE):
        import traceback

        from unetdoctor.reporters.safe import clean_lines

        streams.say("\n".join(clean_lines("".join(traceback.format_exception(error)))) + "\n")


def _complain(sentence: str, commands: Sequence[str] = ()) -> None:
    """Say on stderr what is wrong, and which commands help."""
    import os

    from unetdoctor.reporters.safe import clean_lines

    stream = sys.stderr
    plain = (
        stream is None or not stream.isatty() or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    )
    label = "error:" if plain else "\x1b[1;31merror:\x1b[0m"
    lines = [f"{label} {' '.join(clean_lines(sentence))}", *(f"  {' '.join(clean_lines(c))}" for c in commands)]
    streams.say("\n".join(lines) + "\n")
