"""What people put behind a network: conversions, class ids and palettes, sound and broken, read on the whole."""

from pathlib import Path

import pytest

from tests.functional.run import examine
from unetdoctor.facts import Severity

CODES = ("UD508", "UD509", "UD510")
MODEL = """
import torch
from torch import nn
from torch.nn import functional as F

VOC = torch.tensor([[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]])
UNLABELLED = torch.tensor([[0, 0, 0], [0, 0, 0], [0, 128, 0], [128, 128, 0]])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.draw = nn.Conv2d(3, {channels}, 3, padding=1)
        self.register_buffer("palette", VOC)

    def forward(self, x):
        y = 4 * self.draw(x)
        {body}
"""

SOUND = {
    "probabilities times 255": (1, "return (torch.sigmoid(y) * 255).to(torch.uint8)"),
    "rounded": (3, "return (torch.sigmoid(y) * 255).round().byte()"),
    "tanh to bytes": (3, "return ((torch.tanh(y) + 1) * 127.5).to(torch.uint8)"),
    "clamped": (3, "return y.sigmoid().mul(255).add_(0.5).clamp_(0, 255).permute(0, 2, 3, 1).to(torch.uint8)"),
    "own range": (1, "return ((y - y.min()) / (y.max() - y.min()) * 255).to(torch.uint8)"),
    "a mask of 0 and 1": (1, "return (torch.sigmoid(y) > 0.5).to(torch.uint8)"),
    "a mask of 0 and 255": (1, "return (torch.sigmoid(y) > 0.5).to(torch.uint8) * 255"),
    "a rounded mask": (1, "return torch.sigmoid(y).round().to(torch.uint8)"),
    "rounded by the conversion": (1, "return (torch.sigmoid(y) + 0.5).to(torch.uint8)"),
    "a float mask": (1, "return (y > 0).float().to(torch.uint8)"),
    "ids": (4, "return y.argmax(1)"),
    "ids in bytes": (4, "return y.argmax(1).to(torch.uint8)"),
    "ids of max": (4, "return y.softmax(1).max(1)[1].byte()"),
    "ids with a channel": (4, "return y.argmax(1, keepdim=True).byte()"),
    "two classes times 255": (2, "return (y.argmax(1) * 255).to(torch.uint8)"),
    "ids spread": (4, "return (y.argmax(1) * (255 // 3)).to(torch.uint8)"),
    "ids spread, floats": (4, "return (y.argmax(1).float() / 3 * 255).to(torch.uint8)"),
    "other numbers for ids": (4, "return torch.tensor([0, 7, 7, 8])[y.argmax(1)].to(torch.uint8)"),
    "one hot": (3, "return F.one_hot(y.argmax(1), 3).permute(0, 3, 1, 2).to(torch.uint8)"),
    "one hot, floats": (3, "return F.one_hot(y.argmax(1), 3).permute(0, 3, 1, 2).float()"),
    "palette": (4, "return self.palette[y.argmax(1)].permute(0, 3, 1, 2).to(torch.uint8)"),
    "palette of -1..1": (4, "return (VOC / 64 - 1)[y.argmax(1)].permute(0, 3, 1, 2)"),
    "bins in a colour map": (
        128,
        "t = torch.linspace(0, 1, 128); colours = torch.stack([t, 1 - (2 * t - 1).abs(), 1 - t], 1) * 255\n"
        "        return colours.to(torch.uint8)[y.argmax(1)].permute(0, 3, 1, 2)",
    ),
    "256 levels for each colour": (768, "return y.view(len(y), 256, 3, *y.shape[2:]).argmax(1).to(torch.uint8)"),
    "ids, enlarged": (4, "return F.interpolate(y[..., ::4, ::4].argmax(1, keepdim=True).float(), scale_factor=4)"),
    "scores, enlarged": (6, "return F.interpolate(y[..., ::4, ::4], scale_factor=4)"),
    "palette, channels last": (4, "return VOC[y.argmax(1)].to(torch.uint8)"),
    "palette of floats": (4, "return (VOC / 255)[y.argmax(1)].permute(0, 3, 1, 2)"),
    "palette by embedding": (4, "return F.embedding(y.argmax(1), VOC.float()).permute(0, 3, 1, 2)"),
    "palette with unlabelled": (4, "return UNLABELLED[y.argmax(1)].permute(0, 3, 1, 2).to(torch.uint8)"),
    "palette by masks": (
        4,
        "ids = y.argmax(1); out = torch.zeros(*ids.shape, 3, dtype=torch.uint8)\n"
        "        for k in range(4): out[ids == k] = VOC[k].to(torch.uint8)\n"
        "        return out.permute(0, 3, 1, 2)",
    ),
    "overlay": (3, "return (0.5 * x.clamp(0, 1) * 255 + 0.5 * VOC[y.argmax(1)].permute(0, 3, 1, 2)).to(torch.uint8)"),
    "quantised and back": (3, "return (torch.sigmoid(y) * 255).to(torch.uint8).float() / 255"),
    "colours by level": (
        1,
        "return torch.arange(768.0).reshape(256, 3)[(torch.sigmoid(y) * 255).long()[:, 0]].permute(0, 3, 1, 2)",
    ),
    "labels of components": (4, "return (y.argmax(1) + 1).to(torch.int32)"),
    "floats": (3, "return torch.sigmoid(y)"),
}
NOTED = {"palette with unlabelled": "that two classes have the background's colour stays worth knowing"}
"""Sound chains of which a note is said, and why."""
SICK = {
    "UD508 probabilities": (1, "return torch.sigmoid(y).to(torch.uint8)"),
    "UD508 byte()": (1, "return torch.sigmoid(y).byte()"),
    "UD508 long()": (3, "return torch.sigmoid(y).long()"),
    "UD508 softmax": (4, "return y.softmax(1).to(torch.uint8)"),
    "UD508 tanh": (3, "return torch.tanh(y).to(torch.uint8)"),
    "UD508 logits": (1, "return y.to(torch.uint8)"),
    "UD508 tanh times 255": (3, "return (torch.tanh(y) * 255).to(torch.uint8)"),
    "UD508 unclamped": (3, "return (y * 255).to(torch.uint8)"),
    "UD508 and times 255 too late": (1, "return torch.sigmoid(y).to(torch.uint8) * 255"),
    "UD509 times 255": (4, "return (y.argmax(1) * 255).to(torch.uint8)"),
    "UD509 bytes times 255": (4, "return y.argmax(1).byte() * 255"),
    "UD509 ids of max": (4, "return (y.softmax(1).max(1)[1] * 255).to(torch.uint8)"),
    "UD509 three equal channels": (4, "return y.argmax(1, keepdim=True).repeat(1, 3, 1, 1).to(torch.uint8)"),
    "UD509 stacked": (4, "return torch.stack([y.argmax(1).byte()] * 3, dim=-1)"),
    "UD510 one colour": (4, "return torch.full((4, 3), 200)[y.argmax(1)].permute(0, 3, 1, 2).to(torch.uint8)"),
    "UD510 colours of 0..1": (4, "return (VOC / 255)[y.argmax(1)].permute(0, 3, 1, 2).to(torch.uint8)"),
    "UD510 dark embedding": (4, "return F.embedding(y.argmax(1), VOC // 64).permute(0, 3, 1, 2).byte()"),
    "UD510 too few rows": (5, "y = torch.cat([y[:, :4], y[:, 4:] - 99], 1)\n"
                              "        return self.palette[y.argmax(1)].permute(0, 3, 1, 2).to(torch.uint8)"),
}  # fmt: skip


TRAINED = """
def build_model():
    net = Net()
    with torch.no_grad():
        net.draw.weight.mul_(1.5)  # no initialisation draws that
        net.draw.bias.copy_(torch.linspace(-0.4, 0.7, len(net.draw.bias)))
    return net
"""


def report(folder: Path, channels: int, body: str):
    file = folder / "model.py"
    file.write_text(MODEL.format(channels=channels, body=body) + TRAINED, encoding="utf-8")
    return examine(file, directory=folder)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_chain_is_well(tmp_path: Path, name: str) -> None:
    found = report(tmp_path, *SOUND[name])
    bad = [f for f in found.findings if f.code in CODES and f.ill]
    assert not bad or (name in NOTED and all(f.severity is Severity.NOTE for f in bad)), [f.message for f in bad]
    assert not [f.message for f in found.findings if f.severity.rank >= Severity.WARNING.rank]


@pytest.mark.parametrize("name", SICK)
def test_a_broken_chain_is_the_first_diagnosis_and_proven(tmp_path: Path, name: str) -> None:
    first = report(tmp_path, *SICK[name]).diagnoses[0]
    assert first.code == name.partition(" ")[0]
    assert first.severity is Severity.ERROR
    assert first.confirmed
    assert first.place.line in (19, 20)
