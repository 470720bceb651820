"""Wrapped and odd networks, and whatever forward() returns: examined without a flag, without a false alarm."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.functional.odd_models import NET, NOTHING, RETURNED, SENTENCES, WRAPPED, returning
from tests.functional.run import assert_no_false_alarm, examine, ill
from unetdoctor.engine.loading import RequestError

pytestmark = pytest.mark.filterwarnings(
    r"ignore:`torch\.jit\.\w+` is deprecated:FutureWarning",
    r"ignore:.*triton not found.*:UserWarning",
)


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """End the process group that a file has set up."""
    yield
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def written(folder: Path, text: str) -> Path:
    """Write a network's file."""
    file = folder / "network.py"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize("name", WRAPPED)
def test_an_odd_network_is_examined_without_a_flag(name: str, tmp_path: Path) -> None:
    report = examine(written(tmp_path, WRAPPED[name]), directory=tmp_path)
    assert_no_false_alarm(report)
    assert report.input is not None
    assert report.input.shape == (2, 3, 64, 64)
    assert SENTENCES.get(name, "") in "; ".join(report.target.how)
    assert not ill(report, "UD006") or name == "tied"


@pytest.mark.parametrize("name", RETURNED)
def test_the_picture_is_found_in_what_forward_returns(name: str, tmp_path: Path) -> None:
    text, path = RETURNED[name]
    report = examine(written(tmp_path, text), directory=tmp_path)
    assert_no_false_alarm(report)
    assert {output.path for _, output in report.outputs} == {path}
    several = [f for f in report.findings if f.code == "UD007" and f.ill]
    assert all(path in finding.message and "--output" in finding.message for finding in several)
    assert bool(several) == (name not in ("named tuple", "normal", "bernoulli", "object", "array", "ids"))


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_to_look_at_is_said(name: str, tmp_path: Path) -> None:
    text, words = NOTHING[name]
    report = examine(written(tmp_path, text), directory=tmp_path)
    assert (report.state, report.exit_code) == ("not_diagnosable", 3)
    assert words in report.verdict


def test_another_output_is_examined_where_it_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, returning("{'out': y, 'aux': F.avg_pool2d(y, 2)}"))
    report = examine(file, directory=tmp_path, output="aux")
    assert {(output.path, output.shape) for _, output in report.outputs} == {("output['aux']", (2, 2, 32, 32))}
    with pytest.raises(RequestError) as caught:
        examine(file, directory=tmp_path, output="mask")
    assert "output['out'] [2, 2, 64, 64], output['aux'] [2, 2, 32, 32]" in caught.value.sentence
    assert caught.value.commands == (f"unetdoctor inspect {file} --output out",)


def test_a_function_is_a_network_too(tmp_path: Path) -> None:
    text = "import torch\nW = torch.randn(2, 3, 3, 3)\n\ndef network(x):\n    return torch.conv2d(x, W, padding=1)\n"
    report = examine(f"{written(tmp_path, text)}:network", directory=tmp_path)
    assert report.state == "untrained"
    assert report.exit_code == 0
    assert "examined as the network itself" in report.target.how[-1]


@pytest.mark.parametrize("kind", ["list", "dict", "tuple"])
def test_layers_in_a_plain_container_are_found(kind: str, tmp_path: Path) -> None:
    made = {"list": "[layer]", "tuple": "(layer,)", "dict": "{'0': layer}"}[kind]
    line = f"layer = nn.Conv2d(w, w, 1); self.extra = {made}"
    text = NET.replace("\n\n    def forward", f"\n        {line}\n\n    def forward").replace(
        "a = self.d1(x)", f"a = self.d1(x); a = self.extra[{'0' if kind != 'dict' else repr('0')}](a)"
    )
    report = examine(written(tmp_path, text), directory=tmp_path)
    (finding,) = ill(report, "UD006")
    assert finding.severity == "error"
    assert report.exit_code == 1
    assert finding.readings[0].value == 2
    assert f"the plain {kind} `extra` holds them" in finding.message
    assert text.splitlines()[(finding.place.line or 0) - 1].strip() == line
    assert ("ModuleDict" if kind == "dict" else "ModuleList") in finding.patch
    assert report.diagnoses[0].code == "UD006"


def test_a_hidden_frozen_network_and_a_fixed_filter_are_no_fault(tmp_path: Path) -> None:
    line = "self.teacher = [nn.Conv2d(3, 3, 1).requires_grad_(False)]; self.blur = torch.ones(3, 1, 3, 3) / 9"
    text = NET.replace("\n\n    def forward", f"\n        {line}\n\n    def forward").replace(
        "a = self.d1(x)", "a = self.d1(F.conv2d(self.teacher[0](x), self.blur, padding=1, groups=3))"
    )
    assert not ill(examine(written(tmp_path, text), directory=tmp_path), "UD006")


def test_a_frozen_program_is_examined(tmp_path: Path) -> None:
    model = torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.BatchNorm2d(2)).eval()))
    model.save(str(tmp_path / "frozen.pt"))
    report = examine(tmp_path / "frozen.pt", directory=tmp_path)
    assert_no_false_alarm(report)
    assert {output.shape for _, output in report.outputs} == {(2, 2, 64, 64)}


def test_layers_that_the_first_forward_makes_are_whole(tmp_path: Path) -> None:
    text = NET.replace("self.out = nn.Conv2d(w, cout, 1)", "self.cout = cout").replace(
        "y = self.out(", "self.out = getattr(self, 'out', None) or nn.Conv2d(16, self.cout, 1)\n        y = self.out("
    )
    report = examine(written(tmp_path, text), directory=tmp_path)
    assert_no_false_alarm(report)
    assert "forward() made out.weight, out.bias when it first ran" in report.target.how[-1]
    assert not ill(report, "UD006")
