"""The bench's answer as text: per operator, per family, the confusion table, the sound shelf, the peers."""

from collections import Counter
from collections.abc import Iterable

from tests.faults.operators import NOT_COVERED, OPERATORS
from tests.faults.scoring import BROKEN, COUNTED, EXAMINED, GOALS, REFUSED, TIMEOUT, Row, Total, confusion, total

HEAD = ("", "cases", "found", "named", "placed", "cured", "untried", "failed", "dropped", "not applicable")


def cells(name: str, whole: Total) -> tuple[str, ...]:
    """Return one line of the table."""
    shares = [
        "-" if (share := whole.shares[goal]) is None else f"{100 * share:.1f} % of {whole.bases[goal]}"
        if whole.bases[goal] != whole.cases else f"{100 * share:.1f} %"
        for goal in GOALS
    ]  # fmt: skip
    return (
        name,
        str(whole.cases),
        *shares,
        str(whole.untried),
        str(whole.broken),
        str(whole.dropped),
        str(whole.not_applicable),
    )


def lines(head: tuple[str, ...], body: list[tuple[str, ...]], markdown: bool) -> str:
    """Return a table, for a terminal or in Markdown."""
    if markdown:
        rule = "|---" * len(head) + "|"
        return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(x) + " |" for x in body)])
    widths = [max(len(line[i]) for line in (head, *body)) for i in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip() for line in (head, *body)
    )


def by_operator(rows: list[Row], markdown: bool) -> str:
    """Return the totals per operator; those that are not counted in the goals come after the sum."""
    body = []
    for counted in (True, False):
        for op in OPERATORS:
            mine = [r for r in rows if r.operator == op.code]
            if mine and op.in_goal is counted:
                body.append(cells(f"{op.code} {op.title}" + ("" if counted else " (not counted)"), total(mine)))
        if counted:
            body.append(cells("all", total(r for r in rows if r.in_goal)))
    return lines(HEAD, body, markdown)


def by_group(rows: list[Row], markdown: bool) -> str:
    """Return the totals per family, per kind of weights and per form."""
    groups: dict[str, list[Row]] = {}
    for row in (r for r in rows if r.in_goal):
        for name in (row.family, "trained weights" if row.trained else "fresh weights", f"{row.form} form"):
            groups.setdefault(name, []).append(row)
    return lines(HEAD, [cells(name, total(found)) for name, found in groups.items()], markdown)


def confused(rows: list[Row], markdown: bool) -> str:
    """Return what was diagnosed first, per operator; codes that name the fault are marked."""
    body = []
    for op in OPERATORS:
        counts = confusion(r for r in rows if r.operator == op.code).get(op.code, Counter())
        names = op.accepted.union(*(s.accepted for s in op.strengths))
        said = ", ".join(f"{code}{'*' if code in names else ''} {count}" for code, count in counts.most_common())
        if said:
            body.append((op.code, ", ".join(sorted(names)), said))
    return lines(("true", "named by", "first diagnosis (* is right)"), body, markdown)


def shelf(rows: list[Row], markdown: bool) -> str:
    """Return errors and warnings of the sound networks: a sum, and a line for each that was accused."""
    examined = [r for r in rows if r.status == EXAMINED]
    accused = [r for r in rows if r.errors or r.warnings or r.status != EXAMINED]
    text = (
        f"{len(examined)} sound networks examined ({sum(r.trained for r in examined)} trained): "
        f"{sum(bool(r.errors) for r in rows)} with errors, {sum(bool(r.warnings) for r in rows)} with warnings, "
        f"at most {max((len(r.warnings) for r in rows), default=0)} kinds of warning on one"
    )
    body = [
        (r.network, "trained" if r.trained else "fresh", " ".join(r.errors), " ".join(r.warnings), r.reason)
        for r in accused
    ]
    return text + ("\n" + lines(("network", "weights", "errors", "warnings", "why"), body, markdown) if body else "")


def compared(rows: list[Row], sound: list[Row], markdown: bool) -> str:
    """Return the peers' totals on the same cases beside ours."""
    mine = [r for r in rows if r.status in COUNTED and r.in_goal]
    whole = total(mine)

    def share(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.1f} %"

    alarms = sum(bool(r.errors or r.warnings) for r in sound)
    body = [("unetdoctor", str(len(mine)), share(whole.shares["found"]), share(whole.shares["named"]),
             f"{alarms} of {len(sound)}", "")]  # fmt: skip
    for peer in sorted({name for r in (*mine, *sound) for name in r.peers}):
        asked = [r.peers[peer] for r in mine if peer in r.peers]
        ran = [answer for answer in asked if not answer["why"]]
        healthy = [r.peers[peer] for r in sound if peer in r.peers and not r.peers[peer]["why"]]
        count = max(len(asked), 1)
        body.append(
            (peer, str(len(asked)), share(sum(bool(a["found"]) for a in asked) / count),
             share(sum(bool(a["named"]) for a in asked) / count),
             f"{sum(bool(a['alarms']) for a in healthy)} of {len(healthy)}",
             f"could not run on {len(asked) - len(ran)}" if len(ran) < len(asked) else "")
        )  # fmt: skip
    return lines(("tool", "cases", "found", "named", "sound networks accused", ""), body, markdown)


def not_covered(rows: Iterable[Row]) -> str:
    """Return what no case covers, and how many cases fell out and why."""
    rows = list(rows)
    reasons = Counter((r.operator, r.strength) for r in rows if r.status == "dropped")
    text = ["Not covered:", *(f"  {sentence}" for sentence in NOT_COVERED)]
    text += [f"  {code} {strength}: {n} cases dropped, their symptom did not change"
             for (code, strength), n in sorted(reasons.items())]  # fmt: skip
    failures = [r for r in rows if r.status in (REFUSED, BROKEN, TIMEOUT)]
    if failures:
        text += ["Failed (counted as not found):"]
        text += [f"  {r.operator} {r.strength} {r.network} {r.form}: {r.status}: {r.reason}" for r in failures]
    return "\n".join(text)
