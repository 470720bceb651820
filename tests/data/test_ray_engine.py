import os

import pytest

from unetdoctor.data import ray_engine
from unetdoctor.data.files import File
from unetdoctor.data.pairing import Pair
from unetdoctor.data.shards import Order, Shard, audit_shard
from unetdoctor.facts import Declared


def test_a_shard_survives_the_way_to_a_cluster() -> None:
    odd = os.fsdecode(b"\xff\n.png")
    shard = Shard(3, 1500, (Pair(File(odd, "a.tar", 512, 10, 7), None), Pair(None, File("m.png"), ("a", "b"))))
    assert ray_engine._unpacked(ray_engine._packed(shard)) == shard


def test_a_row_is_what_the_pool_answers() -> None:
    order, shard = Order(Declared(), wants_masks=True), Shard(0, 0, (Pair(File("missing.png"), None),))
    row = ray_engine._row(order, {"shard": ray_engine._packed(shard)})
    assert row == {"number": 0, "pairs": 1, "answer": audit_shard(shard, order)}


def test_ray_gives_what_one_process_gives() -> None:
    pytest.importorskip("ray")
    order = Order(Declared(), wants_masks=True)
    shards = [Shard(n, 2 * n, (Pair(File(f"missing{n}.png"), None),)) for n in range(3)]
    assert dict(ray_engine.audited(shards, order)) == {shard.number: audit_shard(shard, order) for shard in shards}
