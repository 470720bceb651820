"""From the options of `audit` to what is asked; one sentence for the first option that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from shlex import quote

from unetdoctor.cli import values
from unetdoctor.cli.errors import RequestError, choice
from unetdoctor.cli.files import check_file, target_file
from unetdoctor.facts import Declared, Selection, Task
from unetdoctor.reporters import formats

RECORD_FORMATS = ("csv", "jsonl")
"""Formats that hold the record of every pair."""
FORMATS = (*formats.FORMATS, *RECORD_FORMATS)
"""Those of any report, and the records."""
ON_TERMINAL = tuple(n for n in FORMATS if n in RECORD_FORMATS or formats.FORMATS[n].on_terminal)
"""Those that are of use on standard output."""
NORMALISATIONS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
"""Names for --mean and --std: torchvision's weights, and values in -1..1."""


@dataclass(frozen=True)
class AuditRequest:
    """What an audit is asked for."""

    images: str = ""
    """Where the images lie; empty with a loader."""
    masks: str = ""
    """Where the masks lie; empty where they are looked for."""
    loader: str = ""
    """`train.py:make_dataset`."""
    declared: Declared = field(default_factory=Declared)
    """What a person said of the data."""
    selection: Selection = field(default_factory=Selection)
    """Which checks run, and from when on the exit code is 1."""
    sample: int = 0
    """So many pairs only; 0 for all."""
    seed: int = 0
    """Which sample."""
    jobs: int = 0
    """Processes; 0 for one per core."""
    sandbox: bool = True
    """Whether a loader is fenced in by Landlock, where the kernel has it."""
    engine: str = "local"
    """`local` or `ray`."""
    state: str | None = None
    """File that keeps what is finished."""
    resume: bool = False
    """Whether that file lies in the folder of the results."""
    timeout: float = 60.0
    """Seconds for one pair."""
    format: str = "text"
    """What goes to stdout."""
    files: tuple[tuple[str, str], ...] = ()
    """(format, file) of every `-o`."""
    out_dir: str | None = None
    """Folder of the contact sheet; None for none."""
    force: bool = False
    """Whether files that are not ours are replaced."""
    quiet: bool = False
    """The verdict alone."""
    verbose: bool = False
    """Everything."""
    color: str = "auto"
    """`auto`, `always` or `never`."""

    @property
    def target(self) -> str:
        """What is audited, as the person named it."""
        return self.loader or self.images

    @property
    def keeps_records(self) -> bool:
        """Whether the record of every pair is asked for."""
        return self.format in RECORD_FORMATS or any(kind in RECORD_FORMATS for kind, _ in self.files)


def audit_request(
    begun: AuditRequest,
    *,
    task: str,
    classes: int | None,
    ignore_index: int | None,
    palette: str | None,
    mean: str | None,
    std: str | None,
    decode: float,
    select: Sequence[str],
    ignore: Sequence[str],
    fail_on: str,
    files: Sequence[str],
) -> AuditRequest:
    """Return the whole request; raises RequestError."""
    _check_sources(begun)
    numbers = (("--classes", classes, 1), ("--sample", begun.sample, 0), ("--jobs", begun.jobs, 0))
    for option, number, least in (*numbers, ("--timeout", begun.timeout, 1), ("--seed", begun.seed, 0)):
        if number is not None:
            values.at_least(option, number, least)
    if not 0 <= decode <= 1:
        raise RequestError(f"--decode expects a share from 0 to 1, not {decode:g}.")
    declared = Declared(
        task=Task(choice("--task", task, tuple(task.value for task in Task))),
        classes=classes,
        ignore_index=ignore_index,
        palette=palette or "",
        colours=_colours(palette, classes),
        mean=_channels("--mean", mean, 0),
        std=_channels("--std", std, 1),
        loaded=bool(begun.loader),
        decoded=decode,
    )
    if bool(declared.mean) != bool(declared.std):
        missing = "--std" if declared.mean else "--mean"
        raise RequestError(f"{missing} is missing: mean and deviation belong together, such as --mean imagenet.")
    if declared.std and min(declared.std) <= 0:
        raise RequestError(f"--std expects numbers above 0, not {std}.")
    selection = Selection(
        select=values.selection("--select", select),
        ignore=values.selection("--ignore", ignore),
        fail_on=choice("--fail-on", fail_on, values.FAIL_ON),
    )
    _check_selection(selection, loaded=declared.loaded)
    return replace(begun, declared=declared, selection=selection, files=_files(files))


def _check_sources(begun: AuditRequest) -> None:
    if begun.loader and begun.images:
        raise RequestError("--loader takes the place of IMAGES and MASKS; give one or the other.")
    if not begun.loader and not begun.images:
        raise RequestError("IMAGES is missing.", ["unetdoctor audit images masks", "unetdoctor audit --help"])
    if begun.loader:
        _check_loader(begun.loader)
    if begun.state and begun.resume:
        raise RequestError("--resume is --state in the folder of --out-dir; give one of them.")
    if begun.loader and (begun.state or begun.resume or begun.engine != "local"):
        raise RequestError("A loader is examined in one go: --state, --resume and --engine are for files.")


def _check_selection(selection: Selection, *, loaded: bool) -> None:
    from unetdoctor.checks import CHECKS, selected

    if not any(check.reads_data or (loaded and check.reads_samples) for check in selected(selection)):
        codes = [check.code for check in CHECKS if check.reads_data]
        asked = f"--select {','.join(selection.select)}" if selection.select else "--ignore"
        raise RequestError(f"{asked} leaves no check that reads images and masks; these are {codes[0]} to {codes[-1]}.")


def _check_loader(loader: str) -> None:
    file = target_file(loader)
    if file is not None:
        check_file(file, "--loader")
        if str(file) == loader:
            raise RequestError(
                f"--loader {loader} names no function: expected SCRIPT:FUNCTION.",
                [f"unetdoctor audit --loader {quote(f'{loader}:make_dataset')}"],
            )


def _files(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return every `-o FORMAT=FILE` as (format, file)."""
    found = []
    for text in texts:
        kind, equals, file = text.partition("=")
        if not equals or not file:
            raise RequestError(f"-o expects FORMAT=FILE, not {text!r}; for example -o csv=records.csv")
        found.append((choice("-o FORMAT", kind, FORMATS), file))
    if len({file for _, file in found}) < len(found):
        raise RequestError("-o names the same file twice.")
    return tuple(found)


def _channels(option: str, text: str | None, which: int) -> tuple[float, ...]:
    """Return `0.485,0.456,0.406`, one number for all channels, or a name such as `imagenet`."""
    if text is None:
        return ()
    if text.lower() in NORMALISATIONS:
        return NORMALISATIONS[text.lower()][which]
    try:
        numbers = tuple(float(part) for part in text.strip("[]() ").split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in (1, 3) or not all(abs(number) < 1e6 for number in numbers):
        raise RequestError(
            f"{option} expects one number or three, R,G,B in 0..1, or {' or '.join(NORMALISATIONS)}, not {text!r}."
        )
    if max(map(abs, numbers)) > 1.5:
        scaled = ",".join(f"{number / 255:.3f}" for number in numbers)
        raise RequestError(f"{option} expects numbers for pictures in 0..1; {text} is for 0..255: {option} {scaled}")
    return numbers * 3 if len(numbers) == 1 else numbers


def _colours(palette: str | None, classes: int | None) -> tuple[tuple[int, int, int], ...]:
    if palette is None:
        return ()
    from unetdoctor.data.palettes import NAMES, named

    try:
        return named(palette, classes or 256)
    except OSError:
        listed = ", ".join(NAMES)
        raise RequestError(f"--palette expects {listed} or a file of colours; there is no file {palette}.") from None
    except ValueError as error:
        raise RequestError(f"--palette: {error}") from None
