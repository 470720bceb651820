"""Containers that an exported program returns or takes, of classes that no library has announced to torch here.

A `.pt2` file names the class of each container (`diffusers...UNet2DOutput`), and torch refuses to read the file in a
process in which the library that defines the class was not imported. The program needs the names of the fields alone,
and these stand in the file: a stand-in serves, so that a file is read where the library is not even installed.
"""

import re
from collections.abc import Iterable
from typing import Any

from torch.utils import _pytree as pytree

_MAPPING = re.compile(r"Deserializing (\S+) in pytree")
_TUPLE = re.compile(r"Can't deserialize TreeSpec of namedtuple class (\S+)")
MAX_TYPES = 64
"""Classes that one file may name: reading it starts anew for each."""


class Fields(dict[str, Any]):
    """A container with named fields; its subclasses bear the names of the classes that they stand in for."""


class Items(tuple[Any, ...]):
    """The same for a named tuple, of which the file holds no names of fields."""

    __slots__ = ()

    def __new__(cls, *values: Any) -> "Items":
        """Take the fields as arguments, as a named tuple does."""
        return super().__new__(cls, values)


def stand_in(error: BaseException) -> bool:
    """Register a class in the place of the one that `error` misses; returns False where it speaks of something else."""
    said = str(error)
    for pattern, base in ((_MAPPING, Fields), (_TUPLE, Items)):
        found = pattern.search(said)
        if found and found[1] not in pytree.SERIALIZED_TYPE_TO_PYTHON_TYPE:
            _register(found[1], base)
            return True
    return False


def _register(name: str, base: type[Any]) -> None:
    module, _, leaf = name.rpartition(".")
    kind = type(leaf, (base,), {"__module__": module, "__slots__": ()})

    def flatten(value: Any) -> tuple[list[Any], Any]:
        return (list(value.values()), list(value)) if base is Fields else (list(value), None)

    def unflatten(values: Iterable[Any], context: Any) -> Any:
        return kind(zip(_names(context), values, strict=False)) if base is Fields else kind(*values)

    pytree.register_pytree_node(kind, flatten, unflatten, serialized_type_name=name)


def _names(context: Any) -> list[str]:
    """Return the names of the fields: `[a, b]` of a mapping, `[[a, b], [fields that are None]]` of a dataclass."""
    listed = context if isinstance(context, list) else []
    if listed and isinstance(listed[0], list):
        listed = listed[0]
    return [str(name) for name in listed]
