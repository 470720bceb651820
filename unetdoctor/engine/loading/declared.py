"""What a file declares, against what it holds: a small one must not take the memory, the time or the process.

The allow-list loader keeps code out, and nothing else: 2 MB of nested tuples overflow the stack of the process when
they become the key of a dict, a bytearray of any length is allowed, a tensor of stride 0 declares 10^12 values, and
12 MB of empty lists take 15 seconds to read.
"""

from __future__ import annotations

import io
import pickletools
import re
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from unetdoctor.engine.loading import matching
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.facts.lasting import said

MAX_DEPTH = 1000
"""Values within values. A state_dict: 3. From 40,000 on, hash() of such a tuple overflows a stack of 8 MB."""
MAX_TENSORS = 50_000
"""Tensors of one file. EfficientNet-L2: 1914, the U-Net of SDXL: 1676. Of 100,000 each reading takes 5 s."""
MAX_STEPS = 500_000
"""Steps of a pickle beside those of its tensors: settings, histories. Two million empty lists: 4,000,000."""
STEPS_PER_TENSOR = 100
"""Steps of a pickle that each tensor is granted. torch.save takes 30, and as many with the state of an optimiser."""
MAX_RATIO = 8
"""Bytes that all tensors of an entry declare, over those of the file. Tied weights: 2. Views of one value: any."""
MIN_BYTES = 256 * 1024**2
"""Bytes that the tensors of an entry may declare in any case."""
MAX_PICKLES = 5
"""Pickles that a file of torch before 1.6 begins with; the bytes of its tensors follow."""
_CONTAINERS = b"\x85\x86\x87t]l}d"
"""Opcodes that make tuples, lists and dicts."""
_NUMBERS = ("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINGET", "LONG_BINGET", "GET")
_TOO_MUCH = re.compile(
    r"resize storage|Storage size calculation overflowed|integer multiplication overflow|out of bounds|overflow"
)


def refuse_abuse(shown: str, data: bytes) -> None:
    """Raise RequestError for the bytes of a pickle that no state_dict needs and that would hurt; nothing is run."""
    if len(data) > MAX_STEPS and _is_long(data):
        raise RequestError(f"{shown} holds far more than its tensors, as no weights do; do not read it.")
    if sum(data.count(bytes([code])) for code in _CONTAINERS) > MAX_DEPTH and depth(data) > MAX_DEPTH:
        raise RequestError(
            f"{shown} holds values that are nested more than {MAX_DEPTH} deep, as no weights are; do not read it."
        )
    if b"bytearray" in data and _reserves(data):
        raise RequestError(f"{shown} reserves memory that it does not fill, as no weights do; do not read it.")


def refuse_many(shown: str, tensors: int) -> None:
    """Raise RequestError for more tensors than any network has."""
    if tensors > MAX_TENSORS:
        raise RequestError(
            f"{shown} names {tensors} tensors, and at most {MAX_TENSORS} are read from one file; no image network has "
            "as many."
        )


def depth(data: bytes) -> int:
    """Return how deep the values of a pickle are nested, from its opcodes alone, up to the first that is damaged.

    A list or dict counts as deep as it was when it was last referred to.
    """
    deepest, stack, memo = 0, _Stack(), dict[Any, int]()
    for name, argument in _opcodes(data):
        if name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.push(1 + max(stack.pop() for _ in range(int(name[-1]))))
        elif name in ("TUPLE", "FROZENSET"):
            stack.push(1 + stack.to_mark())
        elif name in ("APPENDS", "SETITEMS", "ADDITEMS"):
            deepest_item = stack.to_mark()
            stack.push(max(stack.pop(), 1 + deepest_item))
        elif name in ("APPEND", "SETITEM"):
            deepest_item = max(stack.pop() for _ in range(1 + (name == "SETITEM")))
            stack.push(max(stack.pop(), 1 + deepest_item))
        elif name == "POP_MARK":
            stack.to_mark()
        elif name in ("LIST", "DICT"):
            stack.push(1 + stack.to_mark())
        elif name in ("OBJ", "INST"):
            stack.push(stack.to_mark() * 0)
        elif name == "MARK":
            stack.push(_MARK)
        elif name == "DUP":
            stack.push(stack.top)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[argument] = stack.top
        elif name == "MEMOIZE":
            memo[len(memo)] = stack.top
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.push(memo.get(argument, 0))
        else:
            _, taken, given = _EFFECTS[name]
            for _ in range(taken):
                stack.pop()
            for _ in range(given):
                stack.push(0)
        deepest = max(deepest, stack.top)
        if deepest > MAX_DEPTH:
            break
    return deepest


def _is_long(data: bytes) -> bool:
    """Return whether a pickle takes more steps than its tensors need, and than anything beside them may."""
    granted = MAX_STEPS
    for step, (name, _argument) in enumerate(_opcodes(data)):
        granted += STEPS_PER_TENSOR * (name == "BINPERSID")
        if step > min(granted, MAX_STEPS + STEPS_PER_TENSOR * MAX_TENSORS):
            return True
    return False


def refuse_oversized(file: FoundFile, checkpoint: Any) -> None:
    """Raise RequestError where tensors declare far more values than the file can hold, or have none at all."""
    limit = max(MAX_RATIO * file.size, MIN_BYTES)
    for _entry, tensors in matching.state_dicts(checkpoint):
        without = next((key for key, tensor in tensors.items() if tensor.is_meta), None)
        if without is not None:
            raise RequestError(
                f"{file.shown} holds no values for {without}, only its shape (a tensor on the meta device); "
                "save the network after its weights were loaded."
            )
        size = sum(x.numel() * x.element_size() for x in tensors.values() if x.layout is torch.strided)
        if size > limit:
            largest = max(tensors, key=lambda key: tensors[key].numel())
            raise RequestError(
                f"{file.shown} declares {size / 1e9:.3g} GB of values in {file.size} bytes "
                f"({largest} alone {tensors[largest].numel():.3g}); save tensors that are written out: x.clone()."
            )


def says_too_much(error: BaseException) -> bool:
    """Return whether torch refused a tensor since it declares more than the file holds."""
    return _TOO_MUCH.search(said(error)) is not None


_MARK = -1


class _Stack:
    """Depths of what lies on the stack of a pickle; a damaged one may take more than there is."""

    def __init__(self) -> None:
        self._held: list[int] = []

    @property
    def top(self) -> int:
        return self._held[-1] if self._held else 0

    def push(self, depth: int) -> None:
        self._held.append(depth)

    def pop(self) -> int:
        return max(self._held.pop(), 0) if self._held else 0

    def to_mark(self) -> int:
        """Take everything down to the last mark, and the mark, and return the largest depth."""
        deepest = 0
        while self._held and (found := self._held.pop()) != _MARK:
            deepest = max(deepest, found)
        return deepest


def _effects() -> Iterator[tuple[str, int, int]]:
    for opcode in pickletools.opcodes:
        yield opcode.name, len(opcode.stack_before), len(opcode.stack_after)


_EFFECTS = {name: (name, before, after) for name, before, after in _effects()}


def _opcodes(data: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the opcodes of the pickles that a file begins with, up to the first that is damaged."""
    stream = io.BytesIO(data)
    for _ in range(MAX_PICKLES):
        try:
            for opcode, argument, _position in pickletools.genops(stream):
                yield opcode.name, argument
        except Exception:  # noqa: BLE001 - damaged pickles raise a dozen types, and all mean that nothing more is read
            return


def _reserves(data: bytes) -> bool:
    """Return whether bytearray is called with a number: it reserves as many bytes."""
    recent: tuple[str, ...] = ()
    for name, _argument in _skipping(_opcodes(data), ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")):
        recent = (*recent[-2:], name)
        if len(recent) == 3 and recent[0] in _NUMBERS and recent[1:] in (("TUPLE1", "REDUCE"), ("TUPLE", "REDUCE")):
            return True
    return False


def _skipping(opcodes: Iterable[tuple[str, Any]], names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    return (pair for pair in opcodes if pair[0] not in names)
