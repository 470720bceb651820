"""UD108."""

from dataclasses import replace

from tests.checks.build import evidence, examine, only
from unetdoctor.facts import Severity, TileSeam

SEAM = TileSeam(reach=21, measured=64, stride=8, border=0.4, tolerance=0.02)


class TestTileSeams:
    """UD108."""

    def test_the_overlap_is_named(self) -> None:
        finding = only("UD108", replace(evidence(), seam=SEAM))
        assert not finding.ill
        assert "an overlap of 24 pixels" in finding.message
        assert "by more than 2 % within 21 of its 64 pixels" in finding.message

    def test_no_overlap_is_needed(self) -> None:
        assert "no overlap" in only("UD108", replace(evidence(), seam=replace(SEAM, reach=0))).message

    def test_a_layer_that_looks_at_all_of_it_is_a_note(self) -> None:
        finding = only("UD108", replace(evidence(), seam=replace(SEAM, reach=64)))
        assert finding.severity is Severity.NOTE
        assert finding.readings[0].value == 100
        assert "no part that is free" in finding.message

    def test_not_measured(self) -> None:
        assert not examine("UD108", evidence())
