"""By how much one class (or the empty, or the full mask) leads, everywhere and on every input."""

from dataclasses import dataclass

from unetdoctor.checks.check import shown
from unetdoctor.checks.pictures import holds_ids, is_sure, readable
from unetdoctor.facts import Evidence, Output, Reading, Severity, Task

LEAD_LIMIT = 8.0
"""Smallest mean lead of that class in logits, over the inputs, where a bias makes most of it. At most 7.8: six networks
trained with cross-entropy. 24: one trained with Dice, whose bias is small. 10-60: biases of -12 to 50."""
BIAS_LIMIT = 0.75
"""The last layer's largest bias over that lead. At most .3 at leads from 2 on (biases of .2-1.1): ten trained networks.
.8-1.2: a bias that was put there."""
RATIO_LIMIT = 2.0
"""The lead over its own deviation. At most 1.4: ten trained networks. 3-15: with biases of -12 to 50."""
NOTHING_ELSE = 0.1
"""Share of places, in %, of other classes in the masks up to which one class everywhere is right. 0: empty masks.
2-30: masks with an object."""
EVERYWHERE = 100.0
"""Share of places, in %, of a class that leaves nothing to the others."""


@dataclass(frozen=True)
class Margin:
    """The lead of one class on the input on which it leads least."""

    share: float
    """Smallest share of places that it has on an input, in %."""
    lead: float
    """Smallest mean lead."""
    ratio: float
    """Smallest mean lead over its own deviation."""
    winner: int
    """Number of the class; of one channel, 0 for the empty and 1 for the full mask."""
    real: bool
    """Whether pictures of the person's own are among the inputs."""
    bias: float
    """Largest bias of the last layer."""
    others: float | None = None
    """Share of places, in %, that the masks give to other classes; None without masks."""

    @property
    def rightly(self) -> bool:
        """Whether the masks hold nothing else either."""
        return self.others is not None and self.others <= NOTHING_ELSE

    @property
    def wrongly(self) -> bool:
        """Whether the masks hold other classes, so that it is no matter of what the pictures show."""
        return self.share >= EVERYWHERE and self.others is not None and not self.rightly

    @property
    def pinned(self) -> bool:
        """Whether no input crosses the lead that the bias gives."""
        beyond = self.lead > LEAD_LIMIT and self.ratio > RATIO_LIMIT
        return self.share >= EVERYWHERE and beyond and self.bias >= BIAS_LIMIT * self.lead

    @property
    def text(self) -> str:
        """The lead in words."""
        beside = "" if self.others is None else f"; the masks give {shown(self.others)} % to other classes"
        return (
            f"{shown(self.lead)} logits, {shown(self.ratio)} times their own deviation (at most {LEAD_LIMIT:g} and "
            f"{RATIO_LIMIT:g}, where the last layer's bias of {shown(self.bias)} makes most of it){beside}"
        )

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The numbers, bound where the class is everywhere: on pictures of one's own, or beyond any reach."""
        bound = self.share >= EVERYWHERE and (self.real or self.pinned) and not self.rightly
        lead = Reading(
            "lead of one class over its own deviation",
            self.ratio,
            "x",
            upper=RATIO_LIMIT if self.pinned and not self.rightly else None,
        )
        share = Reading("share of places of one class", self.share, "%", upper=EVERYWHERE - 1e-3 if bound else None)
        return (lead, share) if self.pinned else (share, lead)


def margin(evidence: Evidence, *, one_channel: bool) -> Margin | None:
    """Return the margin of a mask of one channel, or of several classes; None where the output is no such mask."""
    task = evidence.intent.effective
    pairs = [(run, x) for run, x in evidence.outputs if readable(x) and x.head is not None]
    pairs = [pair for pair in pairs if pair[0].probe.real] or pairs  # of what a network was trained on, where given
    if task not in (Task.BINARY, Task.MULTICLASS) or not pairs:
        return None
    outputs = [x for _, x in pairs]
    if any((len(x.channels) == 1) is not one_channel or not x.class_shares or _unscored(x) for x in outputs):
        return None
    winner = max(range(len(outputs[0].class_shares)), key=outputs[0].class_shares.__getitem__)
    heads = [x.head for x in outputs if x.head is not None]
    return Margin(
        share=100 * min(x.class_shares[winner] for x in outputs),
        lead=min(x.margin for x in heads),
        ratio=min(x.margin / x.margin_spread if x.margin_spread > 0 else float("inf") for x in heads),
        winner=winner,
        real=any(run.probe.real for run, _ in pairs),
        bias=evidence.model.last.bias_largest if evidence.model.last is not None else 0.0,
        others=_others(evidence, winner),
    )


def _others(evidence: Evidence, winner: int) -> float | None:
    """Return the share of places, in %, that masks give to other classes than the one that wins."""
    scores = evidence.scores
    return None if scores is None else 100 * (1 - sum(scores.shares[winner : winner + 1]))


def _unscored(output: Output) -> bool:
    """Return whether nothing is left of the scores: ids without an activation before them, or painted ones."""
    return holds_ids(output) and (not output.activation or len(output.channels) > 1)


def severity(evidence: Evidence, found: Margin) -> Severity:
    """Return how bad it is; what is a mask only by a guess can be a depth or a flow."""
    if not evidence.model.trained:
        return Severity.NOTE
    if found.wrongly:
        return Severity.ERROR
    if not all(is_sure(evidence, x) for _, x in evidence.outputs):
        return Severity.NOTE
    return Severity.ERROR if found.pinned else Severity.WARNING
