"""The ten promises: a sentence, the tests that keep it, and the names of its figures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One promise."""

    text: str
    """A plain sentence."""
    tests: tuple[str, ...]
    """`path::name` of the tests that fail where it is broken; `path` alone for all of a file."""
    figures: tuple[str, ...] = ()
    """Names of the figures of the last full run that belong to it."""


PROMISES = (
    Promise(
        "Exit code 0 means that every check that was asked for ran to its end on this model in this run; what it had "
        "no numbers for is listed with its reason.",
        ("tests/worker/test_boundary.py", "tests/cli/test_inspect.py"),
    ),
    Promise(
        "Data files never run code: weights load through an allow-list or not at all.",
        ("tests/bad_files/test_model_files.py", "tests/engine/loading/test_files.py"),
        ("bad files",),
    ),
    Promise(
        "A model cannot take the tool down: a crash, a hang, an exit or a flood is a verdict with its stage and line.",
        ("tests/worker/test_misbehaving.py", "tests/worker/test_misbehaviour.py"),
        ("misbehaving models", "isolation"),
    ),
    Promise(
        "It ends within its time, and leaves no process and no temporary file of the model behind.",
        ("tests/worker/conftest.py::nothing_remains", "tests/worker/test_boundary.py"),
    ),
    Promise(
        "No traceback without -v: an error of our own is one sentence and exit code 101.",
        ("tests/torture/test_torture.py", "tests/cli/test_environment.py", "tests/cli/test_commands.py"),
        ("torture", "fuzz"),
    ),
    Promise(
        "Files appear whole or not at all, and nothing is written but what was asked for.",
        (
            "tests/reporters/test_atomic.py",
            "tests/functional/test_users_things.py::test_a_command_leaves_all_as_it_was",
        ),
        ("kills",),
    ),
    Promise(
        "Names are inert: no terminal, browser, CI runner or spreadsheet interprets a byte of them.",
        (
            "tests/reporters/test_hostile_names.py::test_every_format_stays_what_it_is",
            "tests/reporters/test_hostile_names.py::test_every_format_stays_what_it_is_with_any_name",
        ),
        ("hostile names",),
    ),
    Promise(
        "The same input gives the same report: equal bytes but for the block `timings`, on one platform and version; "
        "another number of threads changes numbers by less than one in ten thousand, and no finding.",
        (
            "tests/functional/test_determinism.py::test_the_command_twice",
            "tests/functional/test_determinism.py::test_twice_in_one_process_with_one_thread_and_with_two",
        ),
    ),
    Promise(
        "What was not examined, and which limit could not be enforced, stands in every report.",
        ("tests/reporters/test_fence.py", "tests/reporters/test_terminal.py"),
    ),
    Promise(
        "Your model stays yours: no network, no telemetry, no input file changed, no secret of yours written.",
        (
            "tests/functional/test_users_things.py::test_a_command_leaves_all_as_it_was",
            "tests/functional/test_users_things.py::test_the_network_is_not_needed",
        ),
    ),
)
