"""From findings and trials to ranked diagnoses."""

import math
from dataclasses import replace

from unetdoctor.facts import (
    Diagnosis,
    Finding,
    Kind,
    Outcome,
    Remedy,
    Severity,
    Trial,
)

COMPARABLE = 0.5
"""Cures whose effect is at least this share of the largest count as equal: then the smaller change is first."""

BEFORE_THE_FIRST = -1
"""The operation at which a finding stands that is about loading: everything else follows from it."""


def promoted(
    findings: tuple[Finding, ...], trials: tuple[Trial, ...], trained: bool, proofs: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """Return the findings, those of causes that an experiment proved raised from warnings to errors.

    In a trained network the cured symptom must be a warning itself: what notes say of synthetic inputs proves nothing.
    `proofs` are the causes whose own reading is proof enough.
    """
    ill = {f.code: f.severity.rank for f in findings if f.ill}

    def proved(finding: Finding) -> bool:
        keys = {r.key for r in finding.remedies}
        cured = {t.symptom for t in trials if t.outcome is Outcome.CURED and any(r.key in keys for r in t.remedies)}
        least = Severity.WARNING.rank if trained else Severity.NOTE.rank
        if finding.code in cured and finding.code in proofs:
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
    entries = []
    for finding in findings:
        if finding.kind is Kind.CAUSE and finding.ill:
            entry = _explained(finding, ill, trials, counterfactual_causes, accounted or {})
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
    ranked += [_unexplained(finding, trials) for finding in left]
    # A stable sort: what explains nothing never stands before a graver symptom that nothing explains.
    return tuple(sorted(ranked, key=lambda d: (not _stored(d), -d.severity.rank, not (d.explains or d.confirmed))))


def _stored(diagnosis: Diagnosis) -> bool:
    """Return whether the file of weights itself holds the proven cure."""
    trial = diagnosis.trial
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
) -> Diagnosis | None:
    keys = {r.key for r in finding.remedies}
    own = [t for t in trials if any(r.key in keys for r in t.remedies)]
    cures = [t for t in own if t.outcome is Outcome.CURED]
    at_home = frozenset(code for code, known in causes.items() if finding.code in known)
    best = _best(cures, at_home) or _best([t for t in own if t.outcome is Outcome.BETTER], at_home)
    explains = {t.symptom for t in cures if t.symptom in ill}
    tried = {t.symptom for t in own if t.outcome is not Outcome.NOT_TRIED}
    explains |= {code for code in ill if finding.code in causes.get(code, ()) and code not in tried}
    explains |= {code for code in ill if finding.code in accounted.get(code, ())}
    if not explains and finding.severity.rank < Severity.WARNING.rank:
        return None
    severity = max((finding.severity, *(ill[c].severity for c in explains if c in ill)), key=lambda s: s.rank)
    remedy = _joined(best.remedies) if best is not None else next(iter(finding.remedies), None)
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
        remedy=_pasteable(remedy, finding),
        trial=best,
    )


def _joined(remedies: tuple[Remedy, ...]) -> Remedy:
    """Return one remedy that says all that was changed together."""
    if len(remedies) == 1:
        return remedies[0]
    titles = " + ".join(r.title for r in remedies)
    patch = "\n".join(r.patch for r in remedies if r.patch)
    return replace(remedies[0], title=titles, patch=patch, scope=max(r.scope for r in remedies))


def _pasteable(remedy: Remedy | None, finding: Finding) -> Remedy | None:
    """Return a remedy with lines to paste: where an experiment has none, those of the same cause's other remedy."""
    if remedy is None or remedy.patch:
        return remedy
    with_patch = next((r for r in finding.remedies if r.patch), None)
    if with_patch is None:
        return remedy
    return Remedy(
        with_patch.action,
        with_patch.place,
        with_patch.parameters,
        with_patch.title,
        with_patch.patch,
        with_patch.cause,
        remedy.scope,
    )


def _best(trials: list[Trial], at_home: frozenset[str] = frozenset()) -> Trial | None:
    """Return the strongest trial, on a symptom to which the cause belongs where there is one."""
    if not trials:
        return None
    symptom = min((t.symptom not in at_home, t.symptom) for t in trials)[1]  # effects compare within one symptom only
    return max((t for t in trials if t.symptom == symptom), key=_effect)


def _unexplained(finding: Finding, trials: tuple[Trial, ...]) -> Diagnosis:
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
        remedy=_joined(helped.remedies) if helped else next(iter(finding.remedies), None),
        trial=helped,
    )
