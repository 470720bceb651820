"""The same shards over a cluster: Ray Data maps the function that the pool maps, and what comes back is the same.

A file that ends its process is not singled out here: Ray tries the shard again and then ends with an error.
"""

import json
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any

from unetdoctor.data.files import File, SourceError
from unetdoctor.data.pairing import Pair
from unetdoctor.data.shards import Order, Shard, audit_shard


def audited(
    shards: Iterable[Shard], order: Order, watch: Callable[[int], None] = lambda done: None
) -> Generator[tuple[int, bytes], None, None]:
    """Yield (number, answer) of every shard as it is finished; raises SourceError where Ray is not installed.

    RAY_ADDRESS names a cluster, on which unetdoctor must be installed and the files be reachable; without it Ray runs
    on this machine and is ended afterwards.
    """
    try:
        import ray
        import ray.data
    except ImportError:
        raise SourceError(
            "--engine ray needs Ray, which is not installed.", ("pip install 'unetdoctor[ray]'",)
        ) from None
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR")
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        items = [{"shard": _packed(shard), "pairs": len(shard.pairs)} for shard in shards]
        done = 0
        if items:
            mapped = ray.data.from_items(items, override_num_blocks=len(items)).map(partial(_row, order))
            for row in mapped.iter_rows():
                done += int(row["pairs"])
                yield int(row["number"]), bytes(row["answer"])
                watch(done)
    finally:
        if ours:
            ray.shutdown()


def _row(order: Order, row: dict[str, Any]) -> dict[str, Any]:
    shard = _unpacked(row["shard"])
    return {"number": shard.number, "pairs": len(shard.pairs), "answer": audit_shard(shard, order)}


def _packed(shard: Shard) -> str:
    """Return a shard as text; names that are no text survive it."""
    return json.dumps([shard.number, shard.first, shard.pairs])


def _unpacked(text: str) -> Shard:
    number, first, pairs = json.loads(text)
    return Shard(number, first, tuple(Pair(_file(image), _file(mask), tuple(rivals)) for image, mask, rivals in pairs))


def _file(values: list[Any] | None) -> File | None:
    return None if values is None else File(*values)
