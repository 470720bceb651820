"""Mutants of an input: bits, bytes, numbers and pieces, from a random generator that the caller seeds."""

import struct
from collections.abc import Sequence
from random import Random

NUMBERS = (0, 1, -1, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**62, 2**63 - 1)
WORDS = (
    *(b"NaN", b"Infinity", b"-1", b"1e999", b"99999999999999999999", b"null", b"{}", b"[]", b'""', b"\\ud800", b"\0"),
    *(b"[" * 500, b"(" * 500, b'{"a":' * 300, b"\xff\xfe", b"\xed\xa0\x80", b"\r\n", b"\x1b[31m", b"..", b":", b","),
)
MOST = 200_000
"""Bytes of a mutant at most."""


def mutant(seeds: Sequence[bytes], random: Random) -> bytes:
    """Return one of the seeds after one to eight changes."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.choice((1, 1, 1, 2, 4, 8))):
        random.choice(_CHANGES)(data, seeds, random)
    return bytes(data[:MOST])


def _flip(data: bytearray, _seeds: Sequence[bytes], random: Random) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _byte(data: bytearray, _seeds: Sequence[bytes], random: Random) -> None:
    if data:
        data[random.randrange(len(data))] = random.choice((0, 1, 127, 128, 255, random.randrange(256)))


def _cut(data: bytearray, _seeds: Sequence[bytes], random: Random) -> None:
    del data[random.randint(0, len(data)) :]


def _remove(data: bytearray, _seeds: Sequence[bytes], random: Random) -> None:
    start = random.randint(0, len(data))
    del data[start : start + random.randint(1, 64)]


def _repeat(data: bytearray, _seeds: Sequence[bytes], random: Random) -> None:
    start = random.randint(0, len(data))
    data[start:start] = data[start : start + random.randint(1, 64)] * random.randint(1, 4)


def _number(data: bytearray, _seeds: Sequence[bytes], random: Random) -> None:
    form = random.choice("<> ".strip()) + random.choice("BHIQ")
    size = struct.calcsize(form)
    if len(data) >= size:
        value = random.choice(NUMBERS) % 256**size
        struct.pack_into(form, data, random.randint(0, len(data) - size), value)


def _word(data: bytearray, _seeds: Sequence[bytes], random: Random) -> None:
    at = random.randint(0, len(data))
    data[at : at + random.choice((0, 0, 4))] = random.choice(WORDS)


def _splice(data: bytearray, seeds: Sequence[bytes], random: Random) -> None:
    other = random.choice(seeds)
    start = random.randint(0, len(other))
    at = random.randint(0, len(data))
    data[at:] = other[start:]


_CHANGES = (_flip, _byte, _cut, _remove, _repeat, _number, _word, _splice)
