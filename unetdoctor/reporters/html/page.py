"""The page: parts in their order, every string inert, and a policy under which nothing is fetched."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from unetdoctor.facts import Card, Report
from unetdoctor.reporters import numbers, safe
from unetdoctor.reporters.html import beside, outcome, picture, records
from unetdoctor.reporters.html.images import gallery
from unetdoctor.reporters.html.part import Part, Source
from unetdoctor.reporters.html.wording import OUTCOME_MARK, SEVERITY_MARK, STATE_MARK, display_text, facts, halves
from unetdoctor.reporters.skips import influence_text

PARTS: tuple[Callable[[Source], Part | None], ...] = (
    outcome.remedy,
    outcome.why,
    outcome.crash,
    picture.pictures,
    beside.scores,
    beside.dataset,
    picture.network,
    picture.signal,
    picture.channels,
    picture.decodings,
    records.trials,
    records.findings,
    records.skipped,
    records.environment,
)
"""From top to bottom; a part that has nothing to show is None."""
_FILE_PLACE = re.compile(r"(\([^()]{1,300}\.\w{1,8}:\d{1,7}\))")
_LINES_SHOWN = 200
"""Lines of a patch or of captured output."""


def to_html(report: Report, pictures: Mapping[str, bytes], cards: Sequence[Card] = ()) -> str:
    """Return the whole page.

    `pictures` holds PNG files by the name of their preview (`stored.read_pictures`), `cards` the pages of the checks.
    """
    source = Source(report, gallery(report, pictures), {card.code: card for card in cards})
    parts = [part for function in PARTS if (part := function(source)) is not None]
    templates = _environment()
    style, script = (_asset(templates, name) for name in ("style.css", "script.js"))
    return templates.get_template("page.html").render(
        report=report,
        parts=parts,
        headline=halves(report.verdict),
        facts=facts(report),
        style=style,
        script=script,
        policy=_policy(style, script),
    )


def _policy(style: str, script: str) -> Markup:
    """Return the content security policy: our own style and script, pictures in the page, and nothing else."""
    rules = (
        "default-src 'none'",
        "img-src data:",
        f"style-src '{_digest(style)}'",
        f"script-src '{_digest(script)}'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return Markup("; ".join(rules))


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _asset(templates: Environment, name: str) -> Markup:
    assert templates.loader is not None
    text, _, _ = templates.loader.get_source(templates, name)
    return Markup(text.strip())


@cache
def _environment() -> Environment:
    templates = Environment(
        loader=PackageLoader("unetdoctor.reporters.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_inert,
    )
    templates.filters.update(
        number=numbers.number,
        count=numbers.count,
        large=numbers.large,
        seconds=numbers.seconds,
        bounds=numbers.bounds,
        reading=_reading,
        lines=_lines,
        code=_code,
        verdict=_verdict,
        influence=influence_text,
        shape=lambda shape: "x".join(map(str, shape)),
    )
    templates.globals.update(
        interval=numbers.interval,
        with_unit=numbers.with_unit,
        display_text=display_text,
        severity_mark=SEVERITY_MARK,
        outcome_mark=OUTCOME_MARK,
        state_mark=STATE_MARK,
    )
    return templates


def _inert(value: Any) -> Any:
    """Return what a template may write: our own markup and numbers as they are, every other string made visible."""
    return value if isinstance(value, Markup | int | float) else safe.clean(value, safe.SENTENCE_LIMIT)


def _reading(reading: Any) -> str:
    return numbers.with_unit(numbers.reading_value(reading), reading.unit)


def _verdict(text: str) -> Markup:
    """Return a sentence in which places in a file stand back: `main.9 (model.py:26)`."""
    pieces = _FILE_PLACE.split(safe.clean(text, safe.LINE_LIMIT))
    return Markup("").join(
        Markup('<span class="where">{}</span>').format(piece) if index % 2 else _code(piece)
        for index, piece in enumerate(pieces)
    )


def _lines(text: str) -> Markup:
    """Return a text of several lines, each inert."""
    found = safe.clean_lines(text.strip("\n"))
    more = len(found) - _LINES_SHOWN
    kept = [*found[:_LINES_SHOWN], *([f"... and {numbers.count(more, 'more line')}"] if more > 0 else [])]
    return escape("\n".join(kept))


def _code(text: str) -> Markup:
    """Return a sentence in which what stands between backticks is code."""
    pieces = safe.clean(text, safe.LINE_LIMIT).split("`")
    if len(pieces) % 2 == 0:
        return escape("`".join(pieces))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )
