"""What a person wants to become of a report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """What becomes of a report."""

    format: str = "text"
    """What goes to stdout: `text` or `json`."""
    files: tuple[tuple[str, str], ...] = ()
    """(format, file) of every `-o`."""
    out_dir: str | None = None
    """Folder of pictures; None for the usual one."""
    baseline: str | None = None
    """File of findings that are known; None for none."""
    pictures: bool = True
    """Whether pictures are written."""
    force: bool = False
    """Whether files that are not ours are replaced."""
    quiet: bool = False
    """The verdict alone."""
    verbose: bool = False
    """Everything."""
    color: str = "auto"
    """`auto`, `always` or `never`."""
