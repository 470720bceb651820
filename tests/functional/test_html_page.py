"""The page of five real runs in a real browser: what must be seen of it, by mouse, touch and keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.browser import Opened, chromium, opened
from tests.functional.run import ROOT, SAMPLES
from tests.reporters import build
from tests.reporters.test_html import ATTACKS, unet
from unetdoctor.checks import cards
from unetdoctor.cli import main
from unetdoctor.reporters.html import to_html

TRAINED = SAMPLES / "trained_unet"
RUNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "grey": ("ill", (str(SAMPLES / "generator_identical_filters.py"),)),
    "mask": ("ill", (f"{SAMPLES / 'ud208_empty_or_full_mask.py'}:Ill",)),
    "healthy": (
        "healthy",
        (str(TRAINED / "model.py"), "-w", str(TRAINED / "weights.pt"), "--image", str(TRAINED / "unseen.png")),
    ),
    "untrained": ("untrained", (str(SAMPLES / "generator_grey.py"),)),
    "crashed": ("not diagnosable", (f"{SAMPLES / 'ud005_forward_crashed.py'}:Ill",)),
}
"""Name -> state and arguments of `unetdoctor inspect`."""
SLIDERS = ("grey", "mask", "untrained")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Examine the five models as a person would, each with its page."""
    folder = tmp_path_factory.mktemp("pages")
    patch = pytest.MonkeyPatch()
    patch.chdir(ROOT)
    try:
        for name, (_, arguments) in RUNS.items():
            out = ("-o", f"html={folder / name}.html", "--out-dir", str(folder / name), "-q")
            assert main(["inspect", *arguments, *out]) in (0, 1, 3)
    finally:
        patch.undo()
    return {name: folder / f"{name}.html" for name in RUNS}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write a page for every hostile name, in every string that comes from outside."""
    folder = tmp_path_factory.mktemp("hostile")
    files = []
    for number, name in enumerate((*ATTACKS, *build.HOSTILE)):
        files.append(folder / f"{number}.html")
        files[-1].write_text(to_html(build.hostile(name), {}, cards()), "utf-8")
    return files


def assert_quiet(shown: Opened) -> None:
    """Nothing was fetched but the file itself, and nothing complained."""
    asked = [url for url in shown.requests if not url.startswith("data:")]
    assert len(asked) == 1, asked
    assert asked[0].startswith("file:")
    assert shown.complaints == []


@pytest.mark.parametrize("name", RUNS)
def test_a_page_fetches_nothing_complains_of_nothing_and_fits(name: str, browser: Any, pages: dict[str, Path]) -> None:
    for width in (1280, 390, 320):
        with opened(browser, pages[name], width=width) as shown:
            assert shown.page.locator(".badge").inner_text().strip().lower().endswith(RUNS[name][0])
            shown.value("document.querySelectorAll('details').forEach(d => { d.open = true })")
            assert shown.sideways() <= 0, width
            broken = "[...document.images].filter(i => !i.naturalWidth).map(i => i.alt)"
            assert shown.value(broken) == []
            assert_quiet(shown)


@pytest.mark.parametrize("name", RUNS)
def test_dark_and_light_by_the_system_and_by_the_button(name: str, browser: Any, pages: dict[str, Path]) -> None:
    light, dark = "rgb(251, 250, 247)", "rgb(20, 22, 26)"
    for scheme, first, second in (("light", light, dark), ("dark", dark, light)):
        with opened(browser, pages[name], color_scheme=scheme) as shown:
            assert shown.style("body", "background-color") == first
            shown.page.locator("#theme").press("Enter")
            assert shown.style("body", "background-color") == second
            chosen = "dark" if second == dark else "light"
            assert shown.value("localStorage.getItem('unetdoctor-theme')") == chosen
            shown.page.emulate_media(media="print")
            assert shown.style("body", "background-color") == "rgb(255, 255, 255)"
            assert shown.style("h1", "color") == "rgb(29, 33, 41)"


def test_the_choice_of_light_or_dark_is_remembered(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["healthy"], color_scheme="light") as shown:
        shown.page.add_init_script("localStorage.setItem('unetdoctor-theme', 'dark')")
        shown.page.reload()
        assert shown.style("body", "background-color") == "rgb(20, 22, 26)"
        assert shown.page.locator("#theme").inner_text() == "Light"


@pytest.mark.parametrize("name", SLIDERS)
def test_the_slider_by_keyboard_and_mouse(name: str, browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages[name]) as shown:
        slider = shown.page.locator(".compare input")
        split = "document.querySelector('.compare').style.getPropertyValue('--split')"
        assert shown.value(split) == "50%"
        slider.focus()
        slider.press("ArrowRight")
        assert shown.value(split) == "51%"
        slider.press("Home")
        assert shown.value(split) == "0%"
        assert slider.get_attribute("aria-valuetext") == "0 % before, 100 % after"
        slider.press("End")
        assert shown.style(".shot.after", "clip-path") == "inset(0px 0px 0px 100%)"
        box = shown.page.locator(".compare .pair").bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        shown.page.mouse.move(box["x"] + box["width"] / 2, y)
        shown.page.mouse.down()
        shown.page.mouse.move(box["x"] + box["width"] / 4, y, steps=4)
        shown.page.mouse.up()
        shown.page.wait_for_function(f"Math.abs(parseFloat({split}) - 25) <= 1")
        shown.page.get_by_role("button", name="Side by side").press("Enter")
        assert_apart(shown)
        assert_quiet(shown)


@pytest.mark.parametrize("name", SLIDERS)
def test_the_slider_by_touch(name: str, browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages[name], width=390, has_touch=True, is_mobile=True) as shown:
        pair = shown.page.locator(".compare .pair")
        pair.scroll_into_view_if_needed()
        box = pair.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        fingers = shown.page.context.new_cdp_session(shown.page)

        def touch(kind: str, *places: float) -> None:
            points = [{"x": box["x"] + place * box["width"], "y": y} for place in places]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", 0.7)
        shown.page.wait_for_function("Math.abs(document.querySelector('.compare input').value - 70) <= 1")
        for step in range(1, 8):
            touch("touchMove", 0.7 - 0.06 * step)
        touch("touchEnd")
        shown.page.wait_for_function("Math.abs(document.querySelector('.compare input').value - 28) <= 1")
        assert_quiet(shown)


def assert_apart(shown: Opened) -> None:
    """Both pictures are whole, beside each other."""
    before, after = (shown.page.locator(f".shot.{side} img").bounding_box() for side in ("before", "after"))
    assert before["x"] + before["width"] <= after["x"]
    assert abs(before["width"] - after["width"]) <= 1
    assert shown.style(".shot.after", "clip-path") == "none"


@pytest.mark.parametrize("name", SLIDERS)
def test_without_script_and_on_paper_both_pictures_are_there(name: str, browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages[name], java_script_enabled=False) as shown:
        before, after = (shown.page.locator(f".shot.{side} img").bounding_box() for side in ("before", "after"))
        assert before["x"] + before["width"] <= after["x"]
        assert not shown.page.locator(".compare input").is_visible()
        assert not shown.page.get_by_role("button").all() or not shown.page.get_by_role("button").first.is_visible()
    with opened(browser, pages[name]) as shown:
        shown.page.emulate_media(media="print")
        assert_apart(shown)
        assert len(shown.page.pdf(format="A4")) > 10_000


def test_everything_is_within_reach_of_the_keyboard(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["grey"]) as shown:
        shown.page.keyboard.press("Tab")
        assert shown.value("document.activeElement.textContent") == "Skip to the report"
        reached = set()
        for _ in range(80):
            shown.page.keyboard.press("Tab")
            active = "document.activeElement"
            reached.add(shown.value(f"{active}.id || {active}.className || {active}.tagName"))
            assert shown.value(f"{active} === document.body || getComputedStyle({active}).outlineStyle !== 'none'")
        assert {"theme", "A", "INPUT", "SUMMARY", "BUTTON"} <= reached
        summary = shown.page.locator(".page-of-check summary").first
        summary.press("Enter")
        assert shown.page.locator(".page-of-check .page").first.is_visible()


def test_the_lines_to_paste_are_copied(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["grey"], permissions=["clipboard-read", "clipboard-write"]) as shown:
        button = shown.page.locator("[data-copy=patch]")
        button.press("Enter")
        shown.page.wait_for_function("document.querySelector('[data-copy=patch]').textContent === 'Copied'")
        copied = shown.value("navigator.clipboard.readText()")
        assert copied == shown.value("document.getElementById('patch').textContent")
        assert_quiet(shown)


def test_motion_is_reduced_where_that_is_wished(browser: Any, pages: dict[str, Path]) -> None:
    for wish, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        with opened(browser, pages["healthy"], reduced_motion=wish) as shown:
            assert shown.style("html", "scroll-behavior") == behaviour


def test_hostile_names_are_text(browser: Any, hostile: list[Path]) -> None:
    for number, file in enumerate(hostile):
        with opened(browser, file, width=390) as shown:
            shown.value("document.querySelectorAll('details').forEach(d => { d.open = true })")
            assert shown.sideways() <= 0, number
            assert shown.value("document.scripts.length") == 1
            assert shown.value("document.querySelectorAll('img, iframe, object, a[href^=javascript]').length") == 0
            assert_quiet(shown)
            if number < 3:
                assert ATTACKS[number] in re.sub(r"\s+", " ", shown.value("document.body.textContent"))


def test_a_policy_stands_behind_the_escaping(browser: Any, tmp_path: Path) -> None:
    """Even markup that got in could neither run nor fetch."""
    text = to_html(build.untrained(), {}, cards())
    attack = '<script>window.ran = 1</script><img src="https://example.invalid/a.png" onerror="window.ran = 2">'
    file = tmp_path / "attacked.html"
    file.write_text(text.replace("</main>", f"{attack}</main>"), "utf-8")
    with opened(browser, file) as shown:
        assert shown.value("window.ran === undefined")
        assert any("Content Security Policy" in words for words in shown.complaints)


def test_the_u_is_drawn_and_readable_on_a_phone(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "unet.html"
    file.write_text(to_html(unet(), {}, cards()), "utf-8")
    with opened(browser, file, width=390) as shown:
        heights = "[...document.querySelectorAll('.u text, .curve text')].map(t => t.getBoundingClientRect().height)"
        assert min(shown.value(heights)) >= 9
        outside = (
            "[...document.querySelectorAll('.u text')].filter(t => { const a = t.getBoundingClientRect(), "
            "b = t.closest('svg').getBoundingClientRect(); return a.left < b.left || a.right > b.right }).length"
        )
        assert shown.value(outside) == 0
        assert shown.style(".box.error", "stroke") == "rgb(179, 32, 44)"
        assert_quiet(shown)
