"""What every test room shares. Torch is never imported here: a room that needs none stays quick."""

import contextlib
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Two test processes share two cores: torch reads this when it is first imported, here and in every worker.
os.environ.setdefault("OMP_NUM_THREADS", "1")

CAME, TOLD = pytest.StashKey[socket.socket](), pytest.StashKey[socket.socket]()

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Keep torch to one thread, in tests that have imported it."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_num_threads") and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that is marked `gpu` where there is none."""
    if item.get_closest_marker("gpu") is not None:
        import torch

        if not torch.cuda.is_available():
            pytest.skip("there is no CUDA device here")


@pytest.fixture
def torchscript() -> Iterator[None]:
    """Silence that torch.jit is deprecated, and nothing else: its files are what users have."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.\w+` is deprecated", category=FutureWarning)
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Hear Ctrl-C and hang-ups again where the suite was started in the background, deaf to them.

    A signal that ends the suite must not be taken for one that a test sends to the tool: `timeout` sends SIGTERM while
    a test runs the tool in this process, which ends with 130, and the suite would go on. What came is written down.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.stash[CAME], told = socket.socketpair()
    for end in (config.stash[CAME], told):
        end.setblocking(False)
    config.stash[TOLD] = told
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """End the suite where it was asked to end; no test sends these signals to this process."""
    came = item.config.stash.get(CAME, None)
    with contextlib.suppress(BlockingIOError):
        numbers = set(came.recv(4096)) if came is not None else set()
        for name in ("SIGTERM", "SIGHUP"):
            if getattr(signal, name, None) in numbers:
                pytest.exit(f"{name} ended the tests during {item.nodeid}, which may have failed for it", 143)
