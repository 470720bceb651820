"""What an error of foreign code says."""

import pytest

from unetdoctor.facts.lasting import MESSAGE_CHARACTERS, said


class OddError(Exception):
    def __init__(self, act):
        super().__init__()
        self.act = act

    def __str__(self):
        return self.act()


def leaves():
    raise SystemExit(0)


@pytest.mark.parametrize("act", [lambda: 1 / 0, leaves, lambda: 3])
def test_a_text_that_cannot_be_had_is_empty(act):
    assert said(OddError(act)) == ""


def test_a_text_is_read_in_part():
    assert said(ValueError("no weights")) == "no weights"
    assert len(said(OddError(lambda: "x" * 10**6))) == MESSAGE_CHARACTERS
    assert said(ValueError(*range(1000))).endswith("98, 99)")
