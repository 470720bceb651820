"""Speed, memory, a kill in the middle, and Ray: `python -m tests.audit_bench --pairs 1000,100000`."""

import argparse
import os
import tempfile
from pathlib import Path

from tests.audit_bench.dataset import make
from tests.audit_bench.measured import Run, audit


def main() -> None:
    """Print a table of what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", default="1000,100000", help="numbers of pairs, the last one is killed and resumed")
    parser.add_argument("--jobs", default="2", help="processes")
    parser.add_argument("--folder", default=str(Path(tempfile.gettempdir()) / "unetdoctor-audit-bench"))
    parser.add_argument("--ray", default="", metavar="PYTHON", help="a Python with Ray; its totals are compared")
    parser.add_argument("--ray-pairs", type=int, default=0, help="pairs for Ray; the first number without it")
    parser.add_argument("--decode", default="1", help="share of the images that are decoded")
    given = parser.parse_args()
    counts = [int(text) for text in given.pairs.split(",")]
    options = ("--jobs", given.jobs, "--decode", given.decode)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {given.jobs} workers, decode {given.decode}")
    whole: dict[int, Run] = {}
    for count in counts:
        whole[count] = _told(count, "whole", audit(_made(given.folder, count), *options))
    _killed(_made(given.folder, counts[-1]), counts[-1], whole[counts[-1]], options)
    if given.ray:
        count = given.ray_pairs or counts[0]
        folder = _made(given.folder, count)
        local = whole.get(count) or _told(count, "whole", audit(folder, *options))
        ray = _told(count, "ray", audit(folder, "--decode", given.decode, "--engine", "ray", python=given.ray))
        print(f"{count:>9,}  ray gives equal totals: {_equal(ray, local)}")


def _made(folder: str, count: int) -> Path:
    path = Path(folder) / str(count)
    make(path, count)
    return path


def _told(count: int, what: str, run: Run) -> Run:
    rate = count / run.seconds
    per_core = count / run.cpu_s if run.cpu_s else 0.0
    print(
        f"{count:>9,}  {what:<8} {run.seconds:8.1f} s  {rate:7.1f} pairs/s  {per_core:7.1f} pairs per CPU second  "
        f"parent {run.parent_mib:6.1f} MiB  worker {run.worker_mib:6.1f} MiB  load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return run


def _killed(folder: Path, count: int, whole: Run, options: tuple[str, ...]) -> None:
    """Kill a run when half of its shards are kept, go on, and compare with the run that was left alone."""
    state = folder / "audit.state"
    state.unlink(missing_ok=True)
    half = max(2, _shards(count, int(options[1])) // 2)

    def strike() -> bool:
        return state.exists() and state.read_bytes().count(b"\n") > half

    first = audit(folder, *options, "--state", str(state), strike=strike)
    kept = state.read_bytes().count(b"\n") - 1
    second = _told(count, "resumed", audit(folder, *options, "--state", str(state)))
    print(
        f"{count:>9,}  killed after {first.seconds:.1f} s with {kept} shards kept; "
        f"resumed totals equal: {_equal(second, whole)}; state {state.stat().st_size / 1e6:.1f} MB"
    )


def _shards(count: int, jobs: int) -> int:
    from unetdoctor.cli.auditing import SHARD, SHARDS_PER_JOB, SMALLEST_SHARD

    return -(-count // max(SMALLEST_SHARD, min(SHARD, count // (SHARDS_PER_JOB * jobs))))


def _equal(first: Run, second: Run) -> bool:
    assert first.answer is not None
    assert second.answer is not None
    return all(first.answer[name] == second.answer[name] for name in ("data", "findings", "verdict"))


if __name__ == "__main__":
    main()
