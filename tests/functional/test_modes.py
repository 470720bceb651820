"""How far eval() lies from train() on a person's photographs: UD309 on a trained network, and on stale statistics."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.functional.run import examine
from unetdoctor.facts import Report, Severity

NETWORK = """
from torch import nn


def block(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(block(3, 16), block(16, 16), block(16, 16), nn.Conv2d(16, 1, 1))

    def forward(self, x):
        return self.body(x)
"""


def pictures(count: int, seed: int) -> torch.Tensor:
    """Smooth pictures in 0..1."""
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=32, mode="bicubic").clamp(0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that marks red places, its weights, and four photographs."""
    place = tmp_path_factory.mktemp("modes")
    (place / "net.py").write_text(NETWORK)
    namespace: dict[str, type[torch.nn.Module]] = {}
    exec(NETWORK, namespace)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = namespace["Net"]().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(120):
        x = pictures(8, step)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x), (x[:, :1] > 0.5).float())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    state = model.state_dict()
    torch.save(state, place / "sound.pt")
    generator = torch.Generator().manual_seed(1)
    for name in [x for x in state if x.endswith("running_mean")]:
        order = torch.randperm(16, generator=generator)
        for key in (name, name.replace("running_mean", "running_var")):
            state[key] = state[key][order]
    torch.save(state, place / "stale.pt")
    for number, picture in enumerate(pictures(4, 999)):
        levels = (picture * 255).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(place / f"{number}.png")
    return place


def report_on(folder: Path, weights: str) -> Report:
    """Examine the network with one of the files of weights."""
    images = tuple(str(folder / f"{number}.png") for number in range(4))
    return examine(folder / "net.py", weights=str(folder / weights), images=images)


def test_the_gap_of_a_trained_network_is_small(folder: Path) -> None:
    (finding,) = [x for x in report_on(folder, "sound.pt").findings if x.code == "UD309"]
    assert finding.severity is Severity.OK
    assert finding.readings[1].value < 0.5
    assert "averaged over the 4 photographs" in finding.message


def test_statistics_of_other_channels_open_it(folder: Path) -> None:
    (finding,) = [x for x in report_on(folder, "stale.pt").findings if x.code == "UD309"]
    assert finding.ill
    assert finding.readings[1].value > 0.7
