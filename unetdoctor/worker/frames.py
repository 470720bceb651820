"""Frames on a private pipe: four bytes of length, then a JSON object with number, token, kind and payload.

The writer runs beside foreign code, so the reader believes nothing: length, encoding, keys, types, number, token,
size of all frames together and their count are checked, and the first doubt ends the conversation. JSON is strict in
both directions: NaN and infinity are no JSON and must be sent as strings.
"""

from __future__ import annotations

import hmac
import json
import re
import struct
from collections.abc import Iterator
from typing import Any, NoReturn

from unetdoctor.worker.outcome import Event

HEADER = struct.Struct(">I")
KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
TOTAL_FRAMES = 4
"""All frames of a run together may hold this many times the largest frame; a child cannot fill the parent's memory."""
MAX_FRAMES = 200_000
"""A run sends hundreds of frames; a loop that sends without end is stopped here."""


class ProtocolError(ValueError):
    """The bytes on the pipe are not what an honest child sends."""


class FrameTooLargeError(ValueError):
    """A frame that we were about to send is larger than the reader accepts."""


_ENCODE = json.JSONEncoder(allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode


def encode(number: int, token: str, kind: str, payload: dict[str, Any], limit: int) -> bytes:
    """Return one frame as bytes.

    Raises ValueError for NaN and circular payloads, TypeError for what JSON cannot hold, and FrameTooLargeError.
    """
    if not isinstance(payload, dict):
        message = f"the payload of a {kind} frame is a dict, not {type(payload).__name__}"
        raise TypeError(message)
    body = _ENCODE({"n": number, "t": token, "k": kind, "p": payload}).encode("ascii")
    if len(body) > limit:
        message = f"a {kind} frame of {len(body)} bytes is above the limit of {limit}"
        raise FrameTooLargeError(message)
    return HEADER.pack(len(body)) + body


class FrameReader:
    """Turns bytes into events, in order, and raises ProtocolError at the first byte that it cannot believe."""

    def __init__(self, token: str, limit: int) -> None:
        """Expect frames that carry `token`, none larger than `limit` bytes."""
        self._token = token.encode("ascii")
        self._limit = limit
        self._buffer = bytearray()
        self._number = 0
        self._received = 0

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame are waiting."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take bytes and yield the events that are complete now; those before a doubtful byte are still good."""
        self._buffer += data
        self._received += len(data)
        _demand(self._received <= TOTAL_FRAMES * self._limit, f"more than {TOTAL_FRAMES} x {self._limit} bytes in all")
        while len(self._buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._buffer)
            _demand(0 < length <= self._limit, f"a frame that claims {length} bytes, limit {self._limit}")
            if len(self._buffer) < HEADER.size + length:
                break
            body = bytes(self._buffer[HEADER.size : HEADER.size + length])
            del self._buffer[: HEADER.size + length]
            yield self._event(body)

    def _event(self, body: bytes) -> Event:
        _demand(self._number < MAX_FRAMES, f"more than {MAX_FRAMES} frames")
        frame = _strict_json(body)
        if not isinstance(frame, dict) or frame.keys() != {"n", "t", "k", "p"}:
            _refuse("a frame with other keys than n, t, k, p")
        number, token, kind, payload = frame["n"], frame["t"], frame["k"], frame["p"]
        if not isinstance(token, str) or not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            _refuse("a frame with a wrong token")
        if isinstance(number, bool) or not isinstance(number, int) or number != self._number:
            _refuse(f"a frame out of order, expected number {self._number}")
        if not isinstance(kind, str) or KIND.fullmatch(kind) is None or not isinstance(payload, dict):
            _refuse("a frame whose kind is no name or whose payload is no object")
        self._number += 1
        return Event(kind, payload)


def _strict_json(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        message = f"a frame that is no strict JSON ({type(error).__name__})"
        raise ProtocolError(message) from None


def _no_constant(name: str) -> NoReturn:
    _refuse(f"a frame with the constant {name}, which is no JSON")


def _demand(truth: bool, otherwise: str) -> None:
    if not truth:
        _refuse(otherwise)


def _refuse(reason: str) -> NoReturn:
    raise ProtocolError(reason)
