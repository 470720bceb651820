"""The processes that a test started and that still run."""

import psutil


def children(recursive: bool = False) -> list[psutil.Process]:
    """Return this process's children, without the resource tracker that multiprocessing keeps running."""
    found = []
    for process in psutil.Process().children(recursive=recursive):
        try:
            if "resource_tracker" not in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
