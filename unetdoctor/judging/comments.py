"""Comments that suppress: `# unetdoctor: ignore[UD203] reason` on the source line that makes a layer."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from unetdoctor.facts import Finding, Place, Report, Suppression
from unetdoctor.judging.suppression import suppressed

_FORM = re.compile(r"#\s*unetdoctor:\s*ignore\b(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)", re.IGNORECASE)
_LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER)


@dataclass(frozen=True)
class Comment:
    """One comment that suppresses."""

    place: Place
    """Its file and line."""
    lines: range
    """The lines of the statement that it speaks of."""
    codes: tuple[str, ...]
    """Codes, beginnings of codes, or names, in lower case."""
    reason: str
    """What the person wrote behind it."""
    scope: range = range(0)
    """The lines of the class or function at the top of the file that it stands in."""
    owner: str = ""
    """The name of that."""
    makes: frozenset[str] = frozenset()
    """The attributes that the statement gives its object: the layers that it makes."""

    def names(self, finding: Finding) -> bool:
        """Return whether it names the check of a finding."""
        return any(finding.code.lower().startswith(code) or finding.name == code for code in self.codes)

    def covers(self, place: Place) -> bool:
        """Return whether it stands on the source of a place, or on the line that makes its layer.

        What a function does to a layer's result, as `torch.relu(self.draw(x))`, stands where it is called.
        """
        if place.file != self.place.file or place.line is None:
            return False
        layer = next((part for part in reversed(place.layer.split(".")) if not part.isdigit()), "")
        return place.line in self.lines or (place.line in self.scope and layer in self.makes)

    def concerns(self, report: Report) -> bool:
        """Return whether something was examined where it stands, so that it should be of use."""
        places = (f.place for f in report.findings if f.place.file == self.place.file and f.place.line is not None)
        lines = {place.line for place in places}
        return bool(lines & {*self.lines, *self.scope}) or bool(lines and self.owner == report.target.name)


def comments(file: str, text: str) -> tuple[Comment, ...]:
    """Return the comments of a Python source that suppress; a comment on a line of its own speaks of the next.

    Only real comments count, no strings; of a source that cannot be read to its end, those up to there.
    """
    found: list[Comment] = []
    waiting: list[tuple[int, tuple[str, ...], str]] = []
    start = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            line = token.start[0]
            if token.type == tokenize.COMMENT:
                match = _FORM.match(token.string)
                if match:
                    codes = tuple(part.strip().lower() for part in (match["codes"] or "").split(",") if part.strip())
                    waiting.append((line, codes, match["reason"].strip(" :-\t")))
            elif token.type == tokenize.NEWLINE:
                lines = range(start, line + 1)
                found += [Comment(Place(file=file, line=at), lines, codes, reason) for at, codes, reason in waiting]
                waiting, start = [], 0
            elif token.type not in _LAYOUT and not start:
                start = line
    except (tokenize.TokenError, SyntaxError):
        pass  # no Python from here on: what stands before holds, and the model itself says what is wrong with its file
    return tuple(_scoped(comment, text) for comment in found)


def _scoped(comment: Comment, text: str) -> Comment:
    """Return the comment with the definition that it stands in, where the source can be parsed."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return comment
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and comment.lines.start in _lines(node):
            return replace(comment, scope=_lines(node), owner=node.name, makes=_made(node, comment.lines))
    return comment


def _made(definition: ast.stmt, lines: range) -> frozenset[str]:
    """Return the attributes of `self` that the statement on these lines assigns."""
    found = set()
    for node in ast.walk(definition):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno in lines:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {t.attr for t in targets if isinstance(t, ast.Attribute)}
    return frozenset(found)


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def apply(
    report: Report, sources: Iterable[Comment], known: Callable[[str], bool]
) -> tuple[Report, Mapping[Comment, bool]]:
    """Return the report with what the comments suppress, and of each comment that concerns it whether it was needed.

    `known` says whether a text is a code, the beginning of one, or a name. A comment concerns a report where something
    was examined in the class that it stands in, and its check was run; one that names no check is never needed.
    """
    given = tuple(sources)
    used: set[Comment] = set()

    def why(finding: Finding) -> Suppression | None:
        comment = next((c for c in given if c.covers(finding.place) and c.names(finding)), None)
        if comment is None:
            return None
        used.add(comment)
        return Suppression("comment", comment.reason, comment.place)

    judged = suppressed(report, why)
    examined = {f.code.lower() for f in report.findings} | {c.lower() for s in report.sections for c in s.codes}
    names = {f.name for f in report.findings}
    concerned: dict[Comment, bool] = {}
    for comment in given:
        was_run = any(code in names or any(e.startswith(code) for e in examined) for code in comment.codes)
        unknown = not all(known(code) for code in comment.codes) or not comment.codes
        if comment in used or ((was_run or unknown) and comment.concerns(report)):
            concerned[comment] = comment in used
    return judged, concerned


def stale(concerned: Iterable[Mapping[Comment, bool]]) -> tuple[Comment, ...]:
    """Return the comments that no report needed."""
    needed: dict[Comment, bool] = {}
    for of_report in concerned:
        for comment, used in of_report.items():
            needed[comment] = needed.get(comment, False) or used
    return tuple(comment for comment, used in needed.items() if not used)


def with_stale(report: Report, comments: Iterable[Comment]) -> Report:
    """Return the report with a notice for each comment that nothing needs."""
    return replace(report, notices=(*report.notices, *(_notice(comment) for comment in comments)))


def _notice(comment: Comment) -> str:
    codes = ", ".join(code.upper() if code.startswith("ud") else code for code in comment.codes)
    if not codes:
        return f"Stale: the comment in {comment.place.text} names no code: # unetdoctor: ignore[UD203] reason"
    return f"Stale: ignore[{codes}] in {comment.place.text} suppresses nothing; remove the comment."
