"""The user's output in bounded memory: the head, the tail, and how much lies between."""

from __future__ import annotations


class BoundedLog:
    """Keeps the first and the last `limit // 2` bytes of whatever is added."""

    def __init__(self, limit: int) -> None:
        """Keep at most `limit` bytes."""
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take more output."""
        room = self._half - len(self._head)
        self._head += data[:room] if room > 0 else b""
        self._tail += data[max(room, 0) :]
        surplus = len(self._tail) - self._half
        if surplus > 0:
            self._left_out += surplus
            del self._tail[:surplus]

    def text(self) -> str:
        """Return what was kept; undecodable bytes become U+FFFD, control characters stay as they came."""
        head, tail = self._head.decode("utf-8", "replace"), self._tail.decode("utf-8", "replace")
        if not self._left_out:
            return (self._head + self._tail).decode("utf-8", "replace")
        return f"{head}\n[... {self._left_out} bytes left out ...]\n{tail}"
