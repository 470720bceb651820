"""`make bench`: the ratios of the goals, measured side by side in one run. No test: machines are noisy."""

import os
import platform
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.measure import Row, interleaved, processes, table
from tests.bench.networks import NETWORKS
from tests.functional.run import ROOT, SAMPLES, build
from tests.reporters import build as build_report
from unetdoctor.reporters.json_report import to_json

UNET = SAMPLES / "unet_four_levels.py"
GENERATOR = SAMPLES / "generator_grey.py"
SIZE = 256
ROUNDS = int(os.environ.get("ROUNDS", "5"))

SCRIPT = """
import sys, torch
sys.path.insert(0, {folder!r})
from {module} import {name}
model = {name}().eval()
with torch.no_grad():
    model(torch.randn({shape}))
"""

IN_PROCESS = """
import sys
from unetdoctor.cli import delivery
from unetdoctor.cli.running import invoke
from unetdoctor.pipeline import examine_in_process

def examine(request, wanted):
    report = examine_in_process(request)
    delivery.write(report, wanted, request)
    return report.exit_code

sys.exit(invoke(sys.argv[1:], examine))
"""
"""`inspect` without a process boundary: the same arguments, examination and report."""


def observing() -> list[Row]:
    """Observed run over bare forward, with the peers beside it."""
    import torch

    from tests.bench.engine import observe

    torch.manual_seed(0)
    model, picture = build(UNET).eval(), torch.rand(1, 3, SIZE, SIZE)

    def bare() -> None:
        with torch.no_grad():
            model(picture)

    functions: dict[str, Callable[[], object]] = {"bare": bare, "observed": lambda: observe(model, picture)}
    missing = []
    for name, peer in (("torchinfo summary", _torchinfo), ("torchlens trace", _torchlens)):
        try:
            function = peer(model, picture)
            function()
        except Exception as error:  # a peer that cannot run here is a line in the table
            missing.append(f"{name} did not run: {type(error).__name__}: {error}"[:100])
        else:
            functions[name] = function
    seconds = interleaved(functions, ROUNDS)
    values = sum(p.numel() for p in model.parameters())
    title = f"bare forward, {values / 1e6:.0f} M U-Net at {SIZE}x{SIZE}"
    rows = [
        Row(
            f"{name} / {title}",
            1.10 if name == "observed" else None,
            seconds[name] / seconds["bare"],
            remark=f"{seconds[name]:.3f} s / {seconds['bare']:.3f} s",
        )
        for name in functions
        if name != "bare"
    ]
    return rows + [Row(text, None, float("nan")) for text in missing]


def _torchinfo(model: Any, picture: Any) -> Callable[[], object]:
    from torchinfo import summary

    return lambda: summary(model, input_data=picture, verbose=0)


def _torchlens(model: Any, picture: Any) -> Callable[[], object]:
    import torchlens

    trace = getattr(torchlens, "log_forward_pass", None) or torchlens.trace
    return lambda: trace(model, picture)


def trying() -> list[Row]:
    """One trial on the last layer over a bare forward, median over networks."""
    import torch

    from tests.bench.engine import last_layer_trials

    ratios: dict[str, dict[str, float]] = {"evaluation": {}, "trial": {}}
    for name, make in NETWORKS.items():
        torch.manual_seed(0)
        model, inputs = make()

        def bare(model: torch.nn.Module = model, inputs: torch.Tensor = inputs) -> None:
            with torch.no_grad():
                model(inputs)

        seconds = interleaved({"bare": bare, **last_layer_trials(model, inputs)}, ROUNDS)
        for kind, found in ratios.items():
            found[name] = seconds[kind] / seconds["bare"]
    titles = {
        "evaluation": ("evaluating one change of the last layer", 0.03),
        "trial": ("one trial on the last layer, picture read anew", 0.03),
    }
    return [
        Row(
            f"{what} / bare forward, median of {len(found)} networks", goal, median(found.values()), remark=_ends(found)
        )
        for kind, found in ratios.items()
        for what, goal in (titles[kind],)
    ]


def _ends(found: dict[str, float]) -> str:
    low, high = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
    return f"{found[low]:.3f} in {low} to {found[high]:.3f} in {high}"


def examining() -> list[Row]:
    """Whole `inspect` over a script that does one forward: time and memory."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, file, model, shape in (
            (f"U-Net at {SIZE}x{SIZE}", UNET, "UNet", (1, 3, SIZE, SIZE)),
            ("grey generator, 16 latents", GENERATOR, "GreyGenerator", (16, 100)),
        ):
            given = ",".join(map(str, shape))
            bare = SCRIPT.format(folder=str(file.parent), module=file.stem, name=model, shape=given)
            commands = {
                "script": ["-c", bare],
                "inspect": ["-m", "unetdoctor", "inspect", str(file), "--input", given, "--out-dir", folder],
            }
            found = processes(commands, Path(folder), max(1, ROUNDS // 2))
            script, inspect = found["script"], found["inspect"]
            if script.exit_code != 0 or inspect.exit_code not in (0, 1):
                rows.append(Row(f"{name}: exit {script.exit_code} and {inspect.exit_code}", None, float("nan")))
                continue
            rows += [
                Row(
                    f"inspect / script with one forward, {name}: seconds",
                    2.0,
                    inspect.seconds / script.seconds,
                    remark=f"{inspect.seconds:.1f} s / {script.seconds:.1f} s",
                ),
                Row(
                    f"worker / script with one forward, {name}: peak memory",
                    1.25,
                    inspect.largest_bytes / script.largest_bytes,
                    remark=f"{inspect.largest_bytes / 2**20:.0f} MiB / {script.largest_bytes / 2**20:.0f} MiB;"
                    f" parent and worker {inspect.tree_bytes / 2**20:.0f} MiB",
                ),
            ]
    return rows


def isolating() -> list[Row]:
    """The whole `inspect` through the worker over the same work in one process: what the boundary costs."""
    with tempfile.TemporaryDirectory() as folder:
        rest = ["inspect", str(UNET), "--no-pictures"]
        commands = {"worker": ["-m", "unetdoctor", *rest], "in process": ["-c", IN_PROCESS, *rest]}
        found = processes(commands, Path(folder), ROUNDS)
    worker, single = found["worker"], found["in process"]
    codes = f"exit {worker.exit_code} and {single.exit_code}; " if worker.exit_code != single.exit_code else ""
    remark = f"{codes}{worker.seconds:.1f} s / {single.seconds:.1f} s"
    return [
        Row("inspect through the worker / in process: seconds", 1.05, worker.seconds / single.seconds, remark=remark)
    ]


def starting() -> list[Row]:
    """Seconds of processor time of the commands that need no model."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run.json"
        run.write_text(to_json(build_report.untrained()), encoding="utf-8")
        commands = {
            text: ["-m", "unetdoctor", *text.replace(run.name, str(run)).split()]
            for text in ("--help", "explain UD203", "rules", f"report {run.name}")
        }
        found = processes(commands, ROOT, ROUNDS)
    return [
        Row(
            f"unetdoctor {text}",
            0.3,
            process.cpu_s,
            "s",
            f"{process.seconds:.2f} s on the clock" if process.exit_code == 0 else f"exit {process.exit_code}",
        )
        for text, process in found.items()
    ]


def main(wanted: list[str]) -> None:
    """Measure what was asked for by name, or everything."""
    groups = {"start": starting, "observe": observing, "trial": trying, "inspect": examining, "isolation": isolating}
    unknown = set(wanted) - set(groups)
    if unknown:
        sys.exit(f"{', '.join(sorted(unknown))}: not one of {', '.join(groups)}")
    warnings.simplefilter("ignore")
    rows: list[Row] = []
    for name, group in groups.items():
        if name in wanted or not wanted:
            rows += group()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(
        f"{platform.machine()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}, rounds {ROUNDS}\n"
    )
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
