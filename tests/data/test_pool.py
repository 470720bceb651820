import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.children import children
from unetdoctor.data.files import File, stamped
from unetdoctor.data.pairing import Pair
from unetdoctor.data.pool import PoolError, audited
from unetdoctor.data.shards import Order, Shard, added, answer_of, audit_shard
from unetdoctor.facts import Declared
from unetdoctor.facts.contract import dump

ORDER = Order(Declared(), wants_masks=True, records=True)


def made(folder: Path, count: int) -> list[Pair]:
    pairs = []
    for number in range(count):
        image, mask = folder / f"{number:03}.png", folder / f"{number:03}_mask.png"
        Image.fromarray(np.full((16, 16, 3), number, np.uint8)).save(image)
        Image.fromarray(np.eye(16, dtype=np.uint8)).save(mask)
        pairs.append(Pair(stamped(str(image), image.stat()), stamped(str(mask), mask.stat())))
    return pairs


def shards(pairs: list[Pair], size: int) -> Iterator[Shard]:
    for number, first in enumerate(range(0, len(pairs), size)):
        yield Shard(number, first, tuple(pairs[first : first + size]))


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the processes of the pool, a file named `kill` or `hang` does what its name says when it is read."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os, signal, time, unetdoctor.data.files as files\n"
        "_read = files.read\n"
        "def read(file, largest=files.LARGEST_BYTES):\n"
        "    if 'kill' in file.address: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    if 'hang' in file.address: time.sleep(3600)\n"
        "    return _read(file, largest)\n"
        "files.read = read\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *filter(None, sys.path)]))


def answers(pairs: list[Pair], size: int = 4, jobs: int = 2, longest_s: float = 30.0) -> dict[int, bytes]:
    found = dict(audited(shards(pairs, size), ORDER, jobs, longest_s))
    assert children(recursive=True) == []
    return found


def faults(found: dict[int, bytes]) -> dict[str, str]:
    files = [
        record[role]
        for number in sorted(found)
        for record in answer_of(found[number]).records
        for role in ("image", "mask")
        if record[role] is not None
    ]
    return {Path(file["name"]).name: file["reason"] for file in files if file["fault"]}


def test_a_pool_gives_what_one_process_gives(tmp_path: Path) -> None:
    pairs = made(tmp_path, 11)
    done: list[int] = []
    found = dict(audited(shards(pairs, 3), ORDER, 2, watch=done.append))
    here = {shard.number: audit_shard(shard, ORDER) for shard in shards(pairs, 3)}
    assert found == here
    assert done == sorted(done)
    assert done[-1] == 11
    assert dump(added(iter(found.values()))) == dump(added(iter([here[n] for n in (3, 1, 0, 2)])))


def test_a_file_that_ends_its_process_is_named_and_no_other(tmp_path: Path, deadly: None) -> None:
    pairs = made(tmp_path, 9)
    assert pairs[2].mask is not None
    for number, role in ((2, "mask"), (5, "image")):
        file = File(str(tmp_path / f"kill{number}.png"))
        pairs[number] = pairs[number]._replace(**{role: file})
    pairs.append(Pair(File("kill-alone.png"), None))
    found = answers(pairs)
    reason = "ended the process that read it (SIGSEGV)."
    assert faults(found) == {name: f"{name} {reason}" for name in ("kill2.png", "kill5.png", "kill-alone.png")}
    assert added(iter(found.values())).pairs == 10


def test_a_file_that_keeps_its_process_is_named(tmp_path: Path, deadly: None) -> None:
    pairs = made(tmp_path, 3)
    pairs[1] = pairs[1]._replace(mask=File("hang.png"))
    found = answers(pairs, longest_s=2.0)
    assert faults(found) == {"hang.png": "hang.png kept the process that read it for more than 2 s."}
    assert added(iter(found.values())).pairs == 3


def test_a_process_that_was_ended_from_outside_blames_nobody(tmp_path: Path) -> None:
    pairs = made(tmp_path, 40)
    ended = []

    def strike(done: int) -> None:
        if done >= 4 and not ended:
            child = children()[0]
            child.send_signal(signal.SIGKILL)
            ended.append(child.pid)

    found = dict(audited(shards(pairs, 4), ORDER, 1, watch=strike))
    assert ended
    assert faults(found) == {}
    assert added(iter(found.values())).pairs == 40


def test_nothing_is_left_where_the_iteration_ends_early(tmp_path: Path) -> None:
    running = audited(shards(made(tmp_path, 20), 2), ORDER, 2)
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert children() == []


def test_processes_that_cannot_start_end_the_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nif 'spawn_main' in str(__import__('sys').orig_argv): os._exit(7)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    with pytest.raises(PoolError, match=r"4 processes ended before they read a file: each .*exit status 7"):
        list(audited(shards(made(tmp_path, 2), 2), ORDER, 1))


def test_answers_are_json_without_nan(tmp_path: Path) -> None:
    shard = next(shards(made(tmp_path, 2), 2))
    values = json.loads(audit_shard(shard, ORDER))
    assert set(values) == {"totals", "records"}
    assert len(values["records"]) == 2
    assert json.loads(audit_shard(shard, Order(Declared(), True)))["records"] == []


def test_names_that_are_no_text_are_shown_with_their_bytes(tmp_path: Path) -> None:
    address = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")
    Path(address).write_bytes(b"x")
    (record,) = answer_of(audit_shard(Shard(0, 0, (Pair(File(address), None),)), ORDER)).records
    assert record["image"]["name"].endswith("\\xff.png")
