"""Checksums of the records of a torch.save file, which torch itself does not look at."""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from contextlib import suppress
from typing import IO

from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.files import FoundFile

BLOCK = 1 << 22
"""Bytes that are read at once."""
MAX_NAMED = 3
_TENSORS = "data/"
"""How the names of records begin that hold the values of a tensor."""


def damaged(file: FoundFile) -> tuple[str, ...]:
    """Return the keys of the tensors whose bytes differ from their checksum: one flipped bit makes 1e37 of a weight.

    A checksum of 0 was not recorded. Raises RequestError where the damage is in what describes the tensors.
    """
    try:
        with zipfile.ZipFile(file.path) as archive, file.path.open("rb") as data:
            recorded = [record for record in archive.infolist() if record.CRC]
            found = [r.filename.split("/", 1)[-1] for r in recorded if _checksum(data, r) != r.CRC]
            names = _tensor_names(archive) if found else {}
    except Exception:  # noqa: BLE001 - damaged archives raise a dozen types, and all mean the same here
        raise RequestError(
            f"{file.shown} is damaged: its directory does not lead to the records; copy or download it again."
        ) from None
    if any(not name.startswith(_TENSORS) for name in found):
        raise refusal(file, tuple(found))
    return tuple(names.get(name.removeprefix(_TENSORS), name) for name in found)


def refusal(file: FoundFile, names: tuple[str, ...]) -> RequestError:
    """Return the sentence that names what is damaged."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    records = "1 record differ" if len(names) == 1 else f"{len(names)} records differ"
    return RequestError(
        f"{file.shown} is damaged: the bytes of {records} from the checksum that was saved with them "
        f"({', '.join(names[:MAX_NAMED])}{more}); copy or download it again."
    )


def without_checksums(file: FoundFile) -> bool:
    """Return whether no record of a zip has a checksum."""
    return bool(file.records) and not any(record.CRC for record in file.records)


def _checksum(data: IO[bytes], record: zipfile.ZipInfo) -> int:
    """Return the checksum of a stored record's bytes as they are in the file."""
    data.seek(record.header_offset + 26)
    lengths = data.read(4)
    name, extra = int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")
    data.seek(record.header_offset + 30 + name + extra)
    left, checksum = record.file_size, 0
    while left > 0:
        block = data.read(min(BLOCK, left))
        if not block:
            break
        checksum = zlib.crc32(block, checksum)
        left -= len(block)
    return checksum


def _tensor_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return {storage: key of the tensor in it}, read off the pickle without running it.

    A storage is named by the string of digits before it is fetched; the key of its tensor is the string before that.
    """
    pickle = next((name for name in archive.namelist() if name.split("/", 1)[-1] == "data.pkl"), "")
    found: dict[str, str] = {}
    strings: list[str] = []
    # The pickle's own record may be the damaged one.
    with suppress(KeyError, ValueError, OSError, zipfile.BadZipFile), archive.open(pickle) as record:
        for opcode, argument, _ in pickletools.genops(record):
            if opcode.name == "BINPERSID":
                last = max((i for i, text in enumerate(strings) if text.isdecimal()), default=0)
                named = [text for text in strings[:last] if text != "storage"]
                if named:
                    found.setdefault(strings[last], named[-1])
                strings = []
            elif opcode.name in ("BINUNICODE", "SHORT_BINUNICODE"):
                strings.append(str(argument))
    return found
