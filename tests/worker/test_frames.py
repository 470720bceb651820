import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetdoctor.worker.capture import BoundedLog
from unetdoctor.worker.frames import FrameReader, FrameTooLargeError, ProtocolError, encode
from unetdoctor.worker.places import Place, from_dump

TOKEN = "0123456789abcdef"


def frame(**changes):
    body = json.dumps({"n": 0, "t": TOKEN, "k": "note", "p": {}} | changes).encode()
    return struct.pack(">I", len(body)) + body


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans())), st.integers(1, 50))
def test_frames_come_back_however_they_are_cut(payloads, size):
    data = b"".join(encode(number, TOKEN, "note", payload, 10**6) for number, payload in enumerate(payloads))
    reader = FrameReader(TOKEN, 10**6)
    events = [event for start in range(0, len(data), size) for event in reader.feed(data[start : start + size])]
    assert [event.payload for event in events] == payloads
    assert reader.pending == 0


@given(st.binary() | st.binary().map(lambda body: struct.pack(">I", len(body)) + body))
def test_noise_is_refused_and_nothing_else(data):
    reader = FrameReader(TOKEN, 1000)
    try:
        assert list(reader.feed(data)) == []
    except ProtocolError:
        return
    assert reader.pending == len(data)


WRONG = {
    "number": frame(n=1),
    "boolean number": frame(n=False),
    "token": frame(t="x" * 16),
    "surrogate token": frame(t="\ud800"),
    "kind": frame(k="Note\n"),
    "payload": frame(p=[]),
    "key": frame(x=1),
    "nan": frame(p={"x": float("nan")}),
    "digits": b"\0\0\x20\0" + b"9" * 0x2000,
    "depth": b"\0\0\xc0\0" + b"[" * 0xC000,
    "list": b"\0\0\0\x02[]",
    "empty": b"\0\0\0\0",
    "bytes": b"\0\0\0\x02\xff\xff",
    "size": b"\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", WRONG)
def test_each_doubt_ends_the_conversation(name):
    with pytest.raises(ProtocolError):
        list(FrameReader(TOKEN, 10**5).feed(WRONG[name]))


def test_repeated_frames_are_refused():
    reader = FrameReader(TOKEN, 1000)
    assert len(list(reader.feed(frame()))) == 1
    with pytest.raises(ProtocolError, match="order"):
        list(reader.feed(frame()))


def test_what_we_send_is_strict_too():
    with pytest.raises(FrameTooLargeError):
        encode(0, TOKEN, "note", {"x": "x" * 100}, 100)
    with pytest.raises(ValueError, match="JSON"):
        encode(0, TOKEN, "note", {"x": float("inf")}, 100)


@given(st.lists(st.binary(max_size=40)), st.integers(2, 30))
def test_the_log_keeps_head_and_tail(pieces, limit):
    log = BoundedLog(limit)
    for piece in pieces:
        log.add(piece)
    whole = b"".join(pieces)
    half = limit // 2
    if len(whole) <= 2 * half:
        assert log.text() == whole.decode("utf-8", "replace")
    else:
        head, tail = whole[:half], whole[-half:]
        expected = f"\n[... {len(whole) - 2 * half} bytes left out ...]\n"
        assert log.text() == head.decode("utf-8", "replace") + expected + tail.decode("utf-8", "replace")


def test_a_dump_names_the_users_innermost_line():
    dump = """Thread 0x00007f0001 (most recent call first):
  File "/home/me/loader.py", line 5 in work

Current thread 0x00007f0002 (most recent call first):
  File "/x/site-packages/torch/nn/functional.py", line 9 in conv2d
  File "/home/me/caf\\xe9/model.py", line 12 in forward
  File "/home/me/train.py", line 99 in main
"""
    assert from_dump(dump) == Place("/home/me/café/model.py", 12)
    assert from_dump(dump.replace("Current thread", "Thread")) == Place("/home/me/café/model.py", 12)
    assert from_dump("nonsense") == Place()
    assert from_dump('  File "/orphan.py", line 1 in x') == Place()
