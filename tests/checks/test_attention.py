"""UD504 inside the network."""

from dataclasses import replace

from tests.checks.build import evidence, examine, only
from unetdoctor.checks.ud504_softmax_over_wrong_dim import SoftmaxOverWrongDim
from unetdoctor.facts import Attention, Evidence, Place, Severity

KEYS = Attention(4, Place("first"), (1, 4, 64, 64), 3, 3, 0.0)
HEADS = Attention(9, Place("second"), (1, 4, 64, 64), 1, 3, 15.6)


def attending(*found: Attention) -> Evidence:
    """A network with attention that is written out."""
    return replace(evidence(), attentions=found)


class TestAttention:
    """UD504."""

    def test_over_the_heads(self) -> None:
        finding = only("UD504", attending(KEYS, HEADS, replace(HEADS, op=14)))
        assert finding.severity is Severity.WARNING
        assert finding.place.layer == "second"
        assert "runs over axis 1 of 1x4x64x64" in finding.message
        assert "2 of 3" in finding.message
        assert finding.remedies[0].parameters == {"axes": [[9, 3], [14, 3]]}
        assert finding.remedies[0].patch == "weights = scores.softmax(dim=-1)"
        assert not SoftmaxOverWrongDim.is_proof(finding, attending())

    def test_over_the_keys(self) -> None:
        assert not only("UD504", attending(KEYS)).ill

    def test_no_axis_makes_them_add_up(self) -> None:
        assert not only("UD504", attending(replace(HEADS, right=1))).ill

    def test_nothing_is_written_out(self) -> None:
        assert not examine("UD504", attending())
