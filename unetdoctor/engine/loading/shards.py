"""An index of shards: `model.safetensors.index.json`, `pytorch_model.bin.index.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath, PurePosixPath

from unetdoctor.engine.loading import files
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.sniff import Content

MAX_BYTES = 64 * 1024**2
"""Largest index that is read."""
MAX_NAMED = 3
MAX_INDICES = 8
"""Indices that are looked into for one that lists a file."""


def names(file: FoundFile) -> tuple[str, ...]:
    """Return the shards that a file lists; none where it is no index."""
    if file.content is not Content.TEXT or not file.head.lstrip().startswith(b"{") or file.size > MAX_BYTES:
        return ()
    try:
        listed = json.loads(file.path.read_bytes()).get("weight_map")
    except (ValueError, RecursionError, OSError):
        return ()
    if not isinstance(listed, Mapping) or not all(isinstance(shard, str) for shard in listed.values()):
        return ()
    return tuple(dict.fromkeys(listed.values()))


def index_beside(file: FoundFile) -> str:
    """Return the index beside a file that lists it as one of its shards, as the person would write it; else nothing."""
    try:
        listing = sorted(file.path.parent.glob("*.index.json"))[:MAX_INDICES]
        found = next((p for p in listing if file.path.name in names(files.find(p.name, p.parent))), None)
    except (OSError, RequestError):
        return ""
    return "" if found is None else str(PurePath(file.shown).parent / found.name)


def find(file: FoundFile) -> list[FoundFile]:
    """Return the shards beside an index; raises RequestError where one is missing or lies elsewhere."""
    shards = names(file)
    outside = [name for name in shards if PurePosixPath(name).name != name or name in ("", ".", "..")]
    if outside:
        raise RequestError(f"{file.shown} lists {outside[0]!r}; a shard must lie beside its index.")
    missing = [name for name in shards if not (file.path.parent / name).is_file()]
    if missing:
        more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
        raise RequestError(
            f"{file.shown} lists {len(shards)} shards, of which {len(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing beside it: {', '.join(missing[:MAX_NAMED])}{more}; "
            "download every shard into the folder of the index."
        )
    return [files.find(name, file.path.parent) for name in shards]
