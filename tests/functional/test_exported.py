"""The same network eager and as `.pt2`: the same findings at the same layers, and the same trials."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.functional.run import SAMPLES, assert_no_false_alarm, build, examine
from unetdoctor.engine.loading import load
from unetdoctor.facts import Report, Request

SMALL_UNET = """
import torch
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.head = nn.Conv2d(16, 1, 1)

    def forward(self, x):
        skip = self.first(x)
        deep = self.up(self.second(nn.functional.max_pool2d(skip, 2)))
        return self.head(torch.cat([skip, deep], dim=1))
"""

X, S = torch.rand(2, 3, 16, 16), torch.rand(2, 1, 1, 1)
TARGETS = {
    "U-Net": "unet.py",
    "DCGAN generator": str(SAMPLES / "generator_grey.py"),
    "dead channel": f"{SAMPLES / 'ud212_dead_output_channel.py'}:Ill",
    "torchvision": "torchvision:lraspp_mobilenet_v3_large",
    "segmentation-models-pytorch": "smp:Unet('resnet18', classes=3)",
}


FEEDS_ANOTHER_BATCH = ("UD107", "UD108")
"""Checks that a program with a fixed batch cannot be examined by."""


def found(report: Report) -> dict[str, Any]:
    """Return what must not depend on the form of the network; NaN readings as text, since they equal nothing."""
    findings = [
        (f.code, f.severity, f.place.layer, [(r.name, str(round(r.value, 4)), r.holds) for r in f.readings])
        for f in report.findings
        if f.code not in FEEDS_ANOTHER_BATCH
    ]
    trials = [([r.key for r in t.remedies], t.outcome) for t in report.trials]
    return {
        "state": report.state,
        "exit code": report.exit_code,
        "input": (report.input.shape, report.input.latent) if report.input else None,
        "findings": findings,
        "trials": trials,
        "diagnoses": [(d.code, d.place.layer, d.confirmed, d.explains) for d in report.diagnoses],
    }


@pytest.mark.parametrize("name", TARGETS)
def test_the_same_is_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "unet.py").write_text(SMALL_UNET)
    eager = examine(TARGETS[name], directory=tmp_path)
    assert eager.input is not None
    model = load(Request(TARGETS[name], directory=str(tmp_path)), lambda _, run: run()).model
    torch.export.save(torch.export.export(model, (torch.rand(eager.input.shape),)), tmp_path / "net.pt2")
    exported = examine("net.pt2", directory=tmp_path)
    assert exported.input is not None
    assert exported.input.rung == "exported example"
    assert found(eager)["findings"]
    assert found(exported) == found(eager)


@pytest.mark.parametrize("share", [None, 2, "mean"])
def test_keywords_and_what_is_no_tensor_are_given_again(share: Any, tmp_path: Path) -> None:
    source = (
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.draw = nn.Conv2d(3, 2, 3, padding=1)\n\n"
        "    def forward(self, x, share, *, scale):\n        return self.draw(x) * scale\n"
    )
    (tmp_path / "net.py").write_text(source, "utf-8")
    program = torch.export.export(build(tmp_path / "net.py"), (X, share), {"scale": S})
    torch.export.save(program, tmp_path / "net.pt2")
    report = examine(tmp_path / "net.pt2", directory=tmp_path)
    assert_no_false_alarm(report)
    assert report.input is not None
    assert report.input.rung == "exported example"


CONTAINERS = {
    "a dict": ("batch", "{'image': x, 'scale': s}", "batch['image']", "batch['scale']", ({"image": X, "scale": S},)),
    "a list": ("pair", "[x, s]", "pair[0]", "pair[1]", ([X, S],)),
}


@pytest.mark.parametrize("case", CONTAINERS)
def test_an_example_in_a_container_is_fed_again(case: str, tmp_path: Path) -> None:
    name, _, first, second, args = CONTAINERS[case]
    source = (
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.draw = nn.Conv2d(3, 2, 3, padding=1)\n\n"
        f"    def forward(self, {name}):\n        return self.draw({first}) * {second}\n"
    )
    (tmp_path / "net.py").write_text(source, "utf-8")
    torch.export.save(torch.export.export(build(tmp_path / "net.py"), args), tmp_path / "net.pt2")
    report = examine(tmp_path / "net.pt2", directory=tmp_path)
    assert_no_false_alarm(report)
    assert report.input is not None
    assert (report.input.rung, report.input.shape) == ("exported example", (2, 3, 16, 16))


_WRITER = """
import sys
from typing import NamedTuple
import torch
from torch import nn
from torch.utils import _pytree as pytree

class Answer(dict):
    pass

pytree.register_pytree_node(Answer, lambda x: (list(x.values()), list(x)), lambda v, c: Answer(zip(c, v)),
                            serialized_type_name="library.outputs.Answer")

class Pair(NamedTuple):
    mask: torch.Tensor
    depth: torch.Tensor

pytree._register_namedtuple(Pair, serialized_type_name="library.outputs.Pair")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, x):
        y = self.head(x)
        return Answer(logits=y, features=x) if KIND == "mapping" else Pair(y, x)

KIND, out = sys.argv[1:]
torch.export.save(torch.export.export(Net(), (torch.randn(2, 3, 32, 32),)), out)
"""


@pytest.mark.parametrize(("kind", "path"), [("mapping", "output['logits']"), ("tuple", "output[0]")])
def test_a_container_whose_class_is_not_known_here_is_read(kind: str, path: str, tmp_path: Path) -> None:
    file = tmp_path / "answer.pt2"
    ran = subprocess.run([sys.executable, "-c", _WRITER, kind, str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-600:]
    report = examine(str(file))
    assert report.state == "untrained"
    assert report.outputs[0][1].path == path
