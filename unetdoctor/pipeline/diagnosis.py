"""From findings and trials to ranked diagnoses."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from unetdoctor.checks.remedies import initialise_last
from unetdoctor.facts import (
    Diagnosis,
    Finding,
    Kind,
    Outcome,
    Remedy,
    Severity,
    Trial,
)

WHOLE = 3
"""Scope of a remedy that changes every layer."""
COMPARABLE = 0.5
"""Cures whose effect is at least this share of the largest count as equal: then the smaller change is first."""

BEFORE_THE_FIRST = -1
"""The operation at which a finding stands that is about loading: everything else follows from it."""


def promoted(
    findings: tuple[Finding, ...],
    trials: tuple[Trial, ...],
    trained: bool,
    is_proof: Callable[[Finding], bool] = lambda _: False,
    final: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Return the findings, those of causes that an experiment proved raised from warnings to errors.

    In a trained network the cured symptom must be a warning itself: what notes say of synthetic inputs proves nothing.
    `is_proof` says of a cause whether its own reading is proof enough, `final` are the symptoms of which a warning
    stays one.
    """
    ill = {f.code: f.severity.rank for f in findings if f.ill}
    ill = {code: rank for code, rank in ill.items() if code not in final or rank == Severity.ERROR.rank}

    def proved(finding: Finding) -> bool:
        cured = {t.symptom for t in _own(finding, trials) if t.outcome is Outcome.CURED}
        least = Severity.WARNING.rank if trained else Severity.NOTE.rank
        if finding.code in cured and is_proof(finding):
            return True
        return any(ill.get(code, 0) >= least for code in cured - {finding.code})

    def raised(finding: Finding) -> bool:
        return finding.kind is Kind.CAUSE and finding.severity is Severity.WARNING and proved(finding)

    return tuple(replace(f, severity=Severity.ERROR) if raised(f) else f for f in findings)


def diagnose(
    findings: tuple[Finding, ...],
    trials: tuple[Trial, ...],
    counterfactual_causes: dict[str, frozenset[str]],
    accounted: dict[str, tuple[str, ...]] | None = None,
) -> tuple[Diagnosis, ...]:
    """Return the causes that explain something or are bad in themselves, then the symptoms that nothing explains.

    `accounted` maps a symptom's code to the causes that explain it without an experiment.
    """
    ill = {f.code: f for f in reversed(findings) if f.ill and f.kind is Kind.SYMPTOM}
    entries, written = [], _written(findings)
    for finding in findings:
        if finding.kind is Kind.CAUSE and finding.ill:
            entry = _explained(finding, ill, trials, counterfactual_causes, accounted or {}, written)
            if entry is not None:
                entries.append((entry, finding))
    strongest: dict[str, float] = {}
    for entry, _ in entries:
        if entry.trial is not None and entry.confirmed:
            strongest[entry.trial.symptom] = max(strongest.get(entry.trial.symptom, 0.0), _effect(entry.trial))
    entries.sort(key=lambda pair: _rank(pair[0], pair[1], strongest))
    ranked = _folded([entry for entry, _ in entries])
    explained = {code for d in ranked for code in d.explains}
    left = [f for code, f in ill.items() if code not in explained and f.severity.rank >= Severity.WARNING.rank]
    if not left:
        ranked = _without_noise(ranked)
    ranked += [_unexplained(finding, trials, written) for finding in left]
    # A stable sort: what explains nothing never stands before a graver symptom that nothing explains.
    return tuple(sorted(ranked, key=lambda d: (not _stored(d), -d.severity.rank, not (d.explains or d.confirmed))))


def _own(finding: Finding, trials: tuple[Trial, ...]) -> list[Trial]:
    """Return the trials of a cause: of its remedies, and of popular advice against it."""
    keys = {r.key for r in finding.remedies}

    def counts(remedy: Remedy) -> bool:
        return remedy.key in keys or (remedy.cause == finding.code and remedy.scope < WHOLE and not remedy.place.layer)

    return [t for t in trials if any(counts(r) for r in t.remedies)]


def _stored(diagnosis: Diagnosis) -> bool:
    """Return whether the file of weights itself holds the proven cure of what is ill."""
    trial = diagnosis.trial
    if not diagnosis.explains and diagnosis.severity is not Severity.ERROR:
        return False  # only the keys stand there under other names: what is drawn comes from them already
    return diagnosis.confirmed and trial is not None and any(r.action == "load_weights" for r in trial.remedies)


def _effect(trial: Trial) -> float:
    change = abs(trial.after - trial.before)
    return change if math.isfinite(change) else 0.0


def _rank(diagnosis: Diagnosis, finding: Finding, strongest: dict[str, float]) -> tuple[object, ...]:
    """Order: the worse, the confirmed, the graver in itself, the larger effect, the smaller change, the earlier op."""
    trial, op = diagnosis.trial, finding.op
    weak, anew = 0, False
    if trial is not None and diagnosis.confirmed:
        anew = any(r.action == "initialise" for r in trial.remedies)  # what training left is lost
        weak = int(_effect(trial) < COMPARABLE * strongest.get(trial.symptom, 0.0))
    scope = diagnosis.remedy.scope if diagnosis.remedy else 0 if op == BEFORE_THE_FIRST else 3
    return (
        not _stored(diagnosis),
        -diagnosis.severity.rank,
        not diagnosis.confirmed,
        -(Severity.ERROR if op == BEFORE_THE_FIRST else finding.severity).rank,
        anew,
        weak,
        scope,
        op if op is not None else 1_000_000,
        diagnosis.code,
    )


def _folded(ranked: list[Diagnosis]) -> list[Diagnosis]:
    """Leave out what an earlier diagnosis says already: the same cure of the same symptoms."""
    kept: list[Diagnosis] = []
    for entry in ranked:
        same = (
            other
            for other in kept
            if entry.confirmed
            and other.confirmed
            and set(entry.explains) <= set(other.explains)
            and (entry.severity.rank <= other.severity.rank)
            and entry.remedy is not None
            and other.remedy is not None
            and (entry.remedy.key == other.remedy.key or entry.severity is not Severity.ERROR)
        )
        if next(same, None) is None:
            kept.append(entry)
    return kept


def _without_noise(ranked: list[Diagnosis]) -> list[Diagnosis]:
    """Where proven causes explain all that is ill, leave out warnings that explain nothing; they stay findings."""
    if not any(d.confirmed and d.explains for d in ranked):
        return ranked
    return [d for d in ranked if d.confirmed or d.explains or d.severity is Severity.ERROR]


def _explained(
    finding: Finding,
    ill: dict[str, Finding],
    trials: tuple[Trial, ...],
    causes: dict[str, frozenset[str]],
    accounted: dict[str, tuple[str, ...]],
    written: dict[str, Remedy],
) -> Diagnosis | None:
    own = _own(finding, trials)
    cures = [t for t in own if t.outcome is Outcome.CURED]
    at_home = frozenset(code for code, known in causes.items() if finding.code in known)
    keys = {r.key for r in finding.remedies}
    proposed = [t for t in cures if any(r.key in keys for r in t.remedies)]  # before popular advice
    best = _best(proposed or cures, at_home) or _best([t for t in own if t.outcome is Outcome.BETTER], at_home)
    explains = {t.symptom for t in cures if t.symptom in ill}
    tried = {t.symptom for t in own if t.outcome is not Outcome.NOT_TRIED}
    grave = finding.severity.rank >= Severity.WARNING.rank  # untried, a note explains nothing but notes
    explains |= {
        code
        for code, symptom in ill.items()
        if finding.code in causes.get(code, ()) and code not in tried and (grave or symptom.severity is Severity.NOTE)
    }
    explains |= {code for code in ill if finding.code in accounted.get(code, ())}
    if not explains and finding.severity.rank < Severity.WARNING.rank:
        return None
    severity = max((finding.severity, *(ill[c].severity for c in explains if c in ill)), key=lambda s: s.rank)
    written = {**written, **_written([finding])}
    first = next(iter(finding.remedies), None)
    remedy = first and _pasteable(first, written)
    if best is not None:
        remedy = _prescribed(best, written, ill.get(best.symptom))
    if remedy is None and finding.patch:
        remedy = Remedy("structural", finding.place, title="change the layer", patch=finding.patch, cause=finding.code)
    elif remedy is not None and not remedy.patch and finding.patch:
        remedy = Remedy(
            remedy.action, remedy.place, remedy.parameters, remedy.title, finding.patch, remedy.cause, remedy.scope
        )
    return Diagnosis(
        code=finding.code,
        name=finding.name,
        place=finding.place,
        confirmed=bool(cures),
        explains=tuple(sorted(explains)),
        severity=severity,
        message=finding.message,
        remedy=remedy,
        trial=best,
    )


def _prescribed(trial: Trial, written: dict[str, Remedy], symptom: Finding | None) -> Remedy:
    """Return one remedy that says all that was changed together, with lines to paste."""
    parts = [_pasteable(remedy, written, symptom) for remedy in trial.remedies]
    if len(parts) == 1:
        return parts[0]
    titles = " + ".join(r.title for r in parts)
    patch = "\n".join(r.patch for r in parts if r.patch)
    return replace(parts[0], title=titles, patch=patch, scope=max(r.scope for r in parts))


def _pasteable(remedy: Remedy, written: dict[str, Remedy], symptom: Finding | None = None) -> Remedy:
    """Return a remedy with lines to paste.

    Where an experiment has none, `written` holds those of the same cause's other remedy; popular advice learns the
    layer's name.
    """
    if remedy.patch:
        return remedy
    if remedy.action == "initialise" and remedy.parameters.get("layers") == "last" and symptom is not None:
        return initialise_last(str(remedy.parameters["scheme"]), remedy.cause, symptom.place.layer)
    other = written.get(remedy.cause)
    return remedy if other is None else replace(other, scope=remedy.scope)


def _written(findings: Iterable[Finding]) -> dict[str, Remedy]:
    """Return, for each ill cause, its first remedy with lines to paste."""
    found: dict[str, Remedy] = {}
    for finding in findings:
        for remedy in finding.remedies:
            if remedy.patch and remedy.cause == finding.code:
                found.setdefault(finding.code, remedy)
    return found


def _best(trials: list[Trial], at_home: frozenset[str] = frozenset()) -> Trial | None:
    """Return the strongest trial, on a symptom to which the cause belongs where there is one."""
    if not trials:
        return None
    symptom = min((t.symptom not in at_home, t.symptom) for t in trials)[1]  # effects compare within one symptom only
    return max((t for t in trials if t.symptom == symptom), key=_effect)


def _unexplained(finding: Finding, trials: tuple[Trial, ...], written: dict[str, Remedy]) -> Diagnosis:
    cures = [t for t in trials if t.symptom == finding.code and t.outcome is Outcome.CURED]
    helped = _best([t for t in cures if not any(r.action == "initialise" for r in t.remedies)])
    return Diagnosis(
        code=finding.code,
        name=finding.name,
        place=finding.place,
        confirmed=False,
        explains=(finding.code,),
        severity=finding.severity,
        message=finding.message,
        remedy=_prescribed(helped, written, finding) if helped else next(iter(finding.remedies), None),
        trial=helped,
    )
