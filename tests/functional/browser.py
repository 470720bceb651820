"""A headless Chromium, where there is one, and what a page did in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Opened:
    """One page, with everything that it asked for and complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def value(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def style(self, selector: str, name: str, pseudo: str = "") -> str:
        script = "([s, n, p]) => getComputedStyle(document.querySelector(s), p || null).getPropertyValue(n)"
        return str(self.page.evaluate(script, [selector, name, pseudo]))

    def sideways(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.value("document.documentElement.scrollWidth - window.innerWidth"))


def executable() -> str:
    """Return the path of a Chromium; skips the test where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    return found


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser; skips the test where there is none."""
    path = executable()
    library = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the dev extra)")
    with library.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, file: Path, *, width: int = 1280, height: int = 900, **options: Any) -> Iterator[Opened]:
    """Open a file in a window of its own."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    try:
        context.set_default_timeout(120_000)  # two test processes may share a busy machine
        shown = Opened(context.new_page())
        shown.page.on("request", lambda request: shown.requests.append(request.url))
        shown.page.on("console", lambda message: shown.complaints.append(message.text))
        shown.page.on("pageerror", lambda error: shown.complaints.append(str(error)))
        shown.page.on("dialog", lambda dialog: (shown.complaints.append(dialog.message), dialog.dismiss()))
        shown.page.goto(file.as_uri())
        yield shown
    finally:
        context.close()
