import json
from pathlib import Path

import pytest

from unetdoctor.cli.audit_state import State, opened
from unetdoctor.cli.errors import RequestError

ASKED = {"IMAGES": "a", "files": "f1", "_shard": 500}


def answers(state: State) -> list[bytes]:
    return list(state.answers())


def test_answers_come_back_in_the_order_of_the_shards(tmp_path: Path) -> None:
    path = str(tmp_path / "audit.state")
    with opened(path, ASKED)[0] as state:
        state.add(2, b'{"c":3}')
        state.add(0, b'{"a":1}')
        assert answers(state) == [b'{"a":1}', b'{"c":3}']
    again, head = opened(path, {**ASKED, "_shard": 16})
    with again:
        assert head["_shard"] == 500
        assert again.resumed == 2
        assert 0 in again
        assert 1 not in again
        again.add(1, b'{"b":2}')
        assert answers(again) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


@pytest.mark.parametrize("cut", range(1, 19, 3))
def test_a_torn_last_line_is_thrown_away(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "audit.state"
    with opened(str(path), ASKED)[0] as state:
        state.add(0, b'{"a":1}')
        state.add(1, b'{"b":2}')
    path.write_bytes(path.read_bytes()[:-cut])
    with opened(str(path), ASKED)[0] as state:
        assert answers(state) == [b'{"a":1}']
        state.add(1, b'{"b":2}')
        assert answers(state) == [b'{"a":1}', b'{"b":2}']


def test_a_damaged_line_ends_what_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "audit.state"
    with opened(str(path), ASKED)[0] as state:
        for number in range(3):
            state.add(number, b'{"a":1}')
    path.write_bytes(path.read_bytes().replace(b'1 {"a":1}', b'1 {"a":2}'))
    with opened(str(path), ASKED)[0] as state:
        assert state.resumed == 1


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"IMAGES": "b"}, "belongs to another request: IMAGES was a, and is b. Name another file"),
        ({"files": "f2"}, "belongs to other files: some were changed, added or removed"),
    ],
)
def test_another_request_is_refused(tmp_path: Path, other: dict[str, str], sentence: str) -> None:
    path = str(tmp_path / "audit.state")
    with opened(path, ASKED)[0]:
        pass
    with pytest.raises(RequestError, match=sentence):
        opened(path, {**ASKED, **other})


@pytest.mark.parametrize("content", [b"hello\n", b"\x89PNG\r\n", json.dumps(ASKED).encode()])
def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(RequestError, match="is no state of an audit"):
        opened(str(path), ASKED)
    assert path.read_bytes() == content


def test_two_audits_do_not_write_one_state(tmp_path: Path) -> None:
    path = str(tmp_path / "audit.state")
    with opened(path, ASKED)[0], pytest.raises(RequestError, match="another audit is writing"):
        opened(path, ASKED)


def test_a_folder_holds_the_usual_name(tmp_path: Path) -> None:
    with opened(str(tmp_path), ASKED)[0] as state:
        assert state.path == tmp_path / "audit.state"


def test_without_a_path_nothing_is_left() -> None:
    with opened(None, ASKED)[0] as state:
        state.add(0, b"{}")
        path = state.path
        assert path.exists()
    assert not path.exists()
