"""Everything that we write, with one foreign name in every place of it, and what reads each of it strictly."""

import csv
import io
import json
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from tests.reporters import answers, build
from tests.reporters.markup import parse
from unetdoctor.checks import cards
from unetdoctor.data.pair import audit_pair
from unetdoctor.data.totals import totals_of
from unetdoctor.facts import Declared, Finding, Kind, Op, Place, Request, Severity, Sizes, State, Trace
from unetdoctor.facts.audit import Audited, Listed
from unetdoctor.facts.contract import dump
from unetdoctor.judging import baseline
from unetdoctor.pipeline.audit import audited
from unetdoctor.reporters import audit, audit_records, fix_script, sizes, trace, trace_csv
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.json_report import to_json
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.safe import COMMAND
from unetdoctor.reporters.summary import to_summary

Make = Callable[[str], str]
Read = Callable[[str], Any]
COLOURS = Look(width=100, colors="truecolor", verbose=True)
ASCII = Look(width=80, ascii_only=True, verbose=True)
STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""How Rich colours: the one sequence of ours."""
FORMULA = re.compile(r"\s*[=+\-@|%]|[\t\r]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?|NaN|-?Inf")
HTML_TAG = re.compile(r"</?sub>")


def report(name: str) -> Any:
    """One name wherever a report holds what comes from outside; not diagnosable, so that all formats speak."""
    made = build.hostile(name)
    environment = replace(made.environment, enforced=(name,), not_enforced=(name,), device=name)
    error = Finding("UD301", "made", Kind.CAUSE, Severity.ERROR, Place(name, name, 3), f"In {name}.")
    findings = (*made.findings, error)
    return replace(made, environment=environment, findings=findings, failure=name, state=State.NOT_DIAGNOSABLE)


def traced(name: str) -> Trace:
    made = answers.trace()
    ops = tuple(_op(op, name) for op in made.ops)
    return replace(made, ops=ops, crash=build.hostile(name).crash, probe=name, path=name, target=report(name).target)


def _op(op: Op, name: str) -> Op:
    return replace(op, name=name, place=Place(name, name, 3), parameters=(name,))


def asked(name: str) -> Sizes:
    made = answers.sizes()
    refusal = None if made.refusal is None else replace(made.refusal, op=name, message=name, place=Place(name, name, 1))
    return replace(made, target=report(name).target, refusal=refusal, note=name, pad=(name,))


def records(name: str) -> Any:
    declared = Declared()
    return [audit_pair(b"no picture", b"", declared, image_name=name, mask_name=name)]


def audit_of(name: str) -> Audited:
    declared = Declared()
    listed = Listed(masks_from=name, ambiguous=(name,), ambiguous_count=1, troubles=(name,), others={name: (1, name)})
    made = audited(totals_of(records(name), declared), declared, name)
    return Audited(replace(made, notices=(name,)), listed, seconds=1.0, pairs_per_s=1.0)


def formatted(kind: str, look: Look = Look()) -> Make:  # noqa: B008 - frozen
    return lambda name: FORMATS[kind].render((report(name),), look, cards)


def lines(name: str) -> str:
    return "".join(audit_records.to_json_lines([[dump(record) for record in records(name)]]))


def table(name: str) -> str:
    return "".join(audit_records.to_csv([[dump(record) for record in records(name)]]))


def script(name: str) -> str:
    asked = Request(name, directory=name, kwargs={"a": name}, weights=name, images=(name,), sandbox=False)
    return fix_script.to_fix_script(build.hostile(name), asked)


# -- strict readers: each raises where the text is not what it claims to be ------------------------------------------


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in pairs}) == len(pairs), "duplicate keys"
    return dict(pairs)


def no_constant(text: str) -> float:
    raise AssertionError(f"{text} is no JSON")


def strict_json(text: str) -> Any:
    assert not re.search(r"##\w*\[", text), "a command of a CI runner"
    return strict_json_file(text)


def strict_json_file(text: str) -> Any:
    """A file that never stands in a log."""
    assert all(c == "\n" or c.isprintable() for c in text), "a character that is not printable"
    text.encode()
    return json.loads(text, parse_constant=no_constant, object_pairs_hook=unique)


def strict_lines(text: str) -> Any:
    assert text.endswith("\n")
    return [strict_json(line) for line in text[:-1].split("\n")]


def strict_xml(text: str) -> Any:
    inert_text(text)
    return ElementTree.fromstring(text.encode())


def strict_html(text: str) -> Any:
    inert_text(text)
    tree = parse(text)
    plain = parse(formatted("html")("plain"))
    assert [e.tag for e in tree.all("script", "style", "iframe", "object", "base")] == [
        e.tag for e in plain.all("script", "style", "iframe", "object", "base")
    ]
    for element in tree.all():
        assert not any(key.startswith("on") for key in element.attributes), element
        for key in ("href", "src"):
            assert re.match(r"#|data:,|data:image/(png|svg)|$", element.attributes.get(key, "")), element
    return tree


def strict_csv(text: str) -> Any:
    inert_text(text)
    head, *rows = csv.reader(io.StringIO(text), strict=True)
    for row in rows:
        assert len(row) == len(head)
        for cell in row:
            assert NUMBER.fullmatch(cell) or not FORMULA.match(cell), cell
    return rows


def strict_commands(text: str) -> Any:
    """What a runner of GitHub reads: every line is one of our three commands, whole."""
    inert_text(text, commands=True)
    form = re.compile(r"::(error|warning|notice) file=[^:,]*,line=\d+,title=[^:,]*::(.*)")
    for line in text.splitlines():
        match = form.fullmatch(line)
        assert match, line
        assert not COMMAND.search(match[2]), line
    return text


def strict_markdown(text: str) -> Any:
    """Without a link, a picture, a mention or markup that is not ours."""
    inert_text(text)
    assert not re.search(r"://|\bwww\.", text.partition("python\n")[0])
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token in _all(tokens):
        assert token.type not in ("link_open", "image", "html_block", "code_inline", "code_block", "em_open"), token
        if token.type == "html_inline":
            assert HTML_TAG.fullmatch(token.content), token
        if token.type == "text":
            assert not re.search(r"[@#!~]\w", token.content), token
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in ("th_open", "td_open")]
    assert len(cells) == 4 * len(rows)
    return tokens


def _all(tokens: Any) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def strict_python(text: str) -> Any:
    text = text.encode("utf-8", "backslashreplace").decode()  # as a file of it is written
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return compile(text, "fix.py", "exec")


def strict_terminal(text: str) -> Any:
    """No sequence but colours, and nothing that moves, hides, links or rings."""
    return inert_text(STYLE.sub("", text))


def inert_text(text: str, commands: bool = False) -> str:
    for character in text:
        category = unicodedata.category(character)
        assert character == "\n" or category[0] in "LMNPS" or category == "Zs", repr(character)
    if not commands:
        assert not re.search(r"##\w*\[", text), "a command of Azure or TeamCity"
        for line in text.split("\n"):
            assert not re.match(r"\s*::[\w-]+(\s.*)?::", line), line
    text.encode()
    return text


TABLE: dict[str, tuple[Make, Read]] = {
    "text": (formatted("text"), strict_terminal),
    "text in colour": (formatted("text", COLOURS), strict_terminal),
    "text in ASCII": (formatted("text", ASCII), strict_terminal),
    "json": (formatted("json"), strict_json),
    "sarif": (formatted("sarif"), strict_json),
    "junit": (formatted("junit"), strict_xml),
    "github": (formatted("github"), strict_commands),
    "gitlab": (formatted("gitlab"), strict_json),
    "markdown": (formatted("markdown"), strict_markdown),
    "html": (formatted("html"), strict_html),
    "svg": (formatted("svg"), strict_xml),
    "summary": (lambda name: to_summary([report(name), report(name)], Look()), strict_terminal),
    "fix-script": (script, strict_python),
    "baseline": (lambda name: baseline.to_text(baseline.entries([report(name)])), strict_json_file),
    "trace": (lambda name: trace.to_text(traced(name), COLOURS), strict_terminal),
    "trace json": (lambda name: to_json(traced(name)), strict_json),
    "trace csv": (lambda name: trace_csv.to_csv(traced(name)), strict_csv),
    "sizes": (lambda name: sizes.to_text(asked(name), COLOURS), strict_terminal),
    "sizes json": (lambda name: to_json(asked(name)), strict_json),
    "audit": (lambda name: audit.to_text(audit_of(name), COLOURS), strict_terminal),
    "audit json": (lambda name: to_json(audit_of(name).report), strict_json),
    "audit csv": (table, strict_csv),
    "audit jsonl": (lines, strict_lines),
}
"""Format -> (what is written with this name in it, what reads it)."""
