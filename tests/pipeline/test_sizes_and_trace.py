"""The courses of `sizes` and `trace`, on small networks in a file."""

from pathlib import Path
from typing import Any

import pytest

from tests.reporters.answers import op
from unetdoctor.engine.loading import RequestError
from unetdoctor.facts import InputSpec, Request, TensorStatistics
from unetdoctor.pipeline import InProcess, survey_sizes, trace_pass
from unetdoctor.pipeline.sizes import run as sizes_of
from unetdoctor.pipeline.trace import first_collapse
from unetdoctor.pipeline.trace import run as trace_of

SOURCE = """
import torch
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(4)
        self.up = nn.ConvTranspose2d(8, 8, 4, 4)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        skip = self.down(x)
        return self.head(torch.cat([self.up(self.pool(skip)), skip], 1))


class Root(UNet):
    def forward(self, x):
        return super().forward(x).sqrt()


class Masked(UNet):
    def forward(self, x):
        mask = torch.full((8,), float("-inf")).softmax(0).nan_to_num()
        return super().forward(x) + mask.sum()


class Two(UNet):
    def forward(self, x):
        y = super().forward(x)
        return {"out": y, "small": nn.functional.avg_pool2d(y, 4)}


class Generator(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ConvTranspose2d(64, 8, 4), nn.ReLU(), nn.ConvTranspose2d(8, 3, 4, 4))
"""


@pytest.fixture
def request_for(tmp_path: Path) -> Any:
    """Make a request on a class of the file."""
    (tmp_path / "model.py").write_text(SOURCE, "utf-8")

    def make(name: str, **fields: Any) -> Request:
        return Request(f"model.py:{name}", directory=str(tmp_path), **fields)

    return make


def test_sizes(request_for: Any, tmp_path: Path) -> None:
    found = sizes_of(request_for("UNet", sizes=((10,), (12, 16))), InProcess(tmp_path))
    assert [(a.size, a.passes) for a in found.asked] == [((10, 10), False), ((12, 16), True)]
    assert [a.multiple for a in found.axes] == [4, 4]
    assert (found.target.name, found.target.parameters, found.target.layers) == ("UNet", 1290, 3)
    refusal = found.asked[0].refusal
    assert refusal is not None
    assert refusal.place.text == "model.py:16" or refusal.place.text.endswith("(model.py:16)")


@pytest.mark.parametrize(
    ("name", "size", "words", "command"),
    [
        ("UNet", (1, 2, 3), "has 3 numbers; the network's input has 2 (height, width)", ("--size 64,64",)),
        ("Generator", (64,), "has 1 number; the network's input has no spatial axis", ()),
    ],
)
def test_a_size_with_other_axes(
    request_for: Any, tmp_path: Path, name: str, size: tuple[int, ...], words: str, command: tuple[str, ...]
) -> None:
    with pytest.raises(RequestError, match=words.replace("(", r"\(").replace(")", r"\)")) as raised:
        sizes_of(request_for(name, sizes=(size,)), InProcess(tmp_path))
    assert all(part in raised.value.commands[0] for part in command)


def test_the_worker_gets_json(request_for: Any, tmp_path: Path) -> None:
    from unetdoctor.facts.contract import dump, load_sizes, load_trace

    asked = dump(request_for("UNet"))
    assert load_sizes(survey_sizes(asked, InProcess(tmp_path))).output
    assert load_trace(trace_pass(asked, InProcess(tmp_path))).ops
    refused = survey_sizes(dump(request_for("Nothing")), InProcess(tmp_path))
    assert "Nothing" in refused["request_error"]


def test_trace(request_for: Any, tmp_path: Path) -> None:
    found = trace_of(request_for("UNet"), InProcess(tmp_path))
    assert [op.name for op in found.ops] == [
        "convolution",
        "max_pool2d_with_indices",
        "convolution",
        "cat",
        "convolution",
    ]
    assert [op.place.layer for op in found.ops][-1] == "head"
    assert (found.output[1], found.path, found.exit_code, found.collapse) == (2, "output", 0, None)
    assert found.ops[3].place.file == "model.py"


def test_a_crash_ends_the_trace_at_the_failing_operation(request_for: Any, tmp_path: Path) -> None:
    found = trace_of(request_for("UNet", inputs=(InputSpec((1, 3, 10, 10)),)), InProcess(tmp_path))
    assert found.crash is not None
    assert (found.crash.op, len(found.ops), found.exit_code) == ("cat", 3, 1)
    assert [operand.shape[2:] for operand in found.crash.operands] == [(8, 8), (10, 10)]


def test_the_first_value_that_is_not_finite(request_for: Any, tmp_path: Path) -> None:
    found = trace_of(request_for("Root"), InProcess(tmp_path))
    assert found.non_finite is not None
    assert next(op.name for op in found.ops if op.index == found.non_finite) == "sqrt"
    assert found.exit_code == 1


def test_a_mask_that_ends_finite_is_no_fault(request_for: Any, tmp_path: Path) -> None:
    found = trace_of(request_for("Masked"), InProcess(tmp_path))
    assert (found.non_finite, found.exit_code) == (None, 0)


def signals(*values: float) -> tuple[Any, ...]:
    """Weighted operations with these signals."""
    return tuple(op(n, "convolution", "deep", signal=value) for n, value in enumerate(values))


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ((0.5, 0.4, 0.3), None),
        ((0.5, 0.009, 0.001, 0.002), 1),
        ((0.5, 0.001, 0.4), None),
        ((100.0, 1.0, 0.9), None),
        ((0.5,), None),
        ((), None),
    ],
    ids=["sound", "gone", "a small branch", "scaled down", "one layer", "none"],
)
def test_where_the_signal_is_gone(values: tuple[float, ...], at: int | None) -> None:
    assert first_collapse(signals(*values)) == at


def test_what_is_not_finite_has_no_signal() -> None:
    nan = float("nan")
    broken = op(2, "convolution", "deep", statistics=TensorStatistics(nan, nan, nan, nan, nan))
    assert first_collapse((*signals(0.5, 0.4), broken)) is None


@pytest.mark.parametrize("run", [sizes_of, trace_of])
def test_another_output_can_be_named(request_for: Any, tmp_path: Path, run: Any) -> None:
    found = run(request_for("Two", output="small"), InProcess(tmp_path))
    assert (found.path, found.output) == ("output['small']", (2, 2, 16, 16))
    with pytest.raises(RequestError, match=r"output\['out'\] \[2, 2, 64, 64\], output\['small'\]") as caught:
        run(request_for("Two", output="large"), InProcess(tmp_path))
    assert caught.value.commands[0].endswith("model.py:Two --output out")
