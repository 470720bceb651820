"""Trains torchvision's DeepLabV3 from fresh weights on the scenes; the weights are kept in .cache/seed004."""

import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.seed004.scenes import CLASSES, UNSEEN, normalised, scenes

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "seed004"
WEIGHTS = CACHE / "deeplabv3.pt"
STEPS = 280
MOMENTUM = 0.1
"""Of the running statistics: with the 0.01 of this backbone they would lag behind so short a training."""


def network() -> nn.Module:
    """Return the network with fresh weights; nothing is downloaded."""
    from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large

    model: nn.Module = deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=CLASSES)
    return model


def dice(model: nn.Module) -> float:
    """Return the mean Dice of the two objects on pictures of photographs that training never saw."""
    pictures, truth = scenes(16, 77_777, UNSEEN)
    model.eval()
    with torch.no_grad():
        ids = model(normalised(pictures))["out"].argmax(1)
    found = [
        2 * ((ids == k) & (truth == k)).sum().item() / max(((ids == k).sum() + (truth == k).sum()).item(), 1)
        for k in (1, 2)
    ]
    return sum(found) / 2


def train(limit_s: float = 900.0) -> float:
    """Train until it is good, or for so long; return its score and keep the weights."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, start = network(), time.monotonic()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = MOMENTUM
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=STEPS)
    best = 0.0
    for step in range(STEPS):
        model.train()
        pictures, truth = scenes(8, step)
        loss: Tensor = F.cross_entropy(model(normalised(pictures))["out"], truth, torch.tensor([0.5, 1.0, 1.0]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 40 == 39:
            score = dice(model)
            print(f"step {step + 1}: loss {loss.item():.3f}, Dice {score:.3f}, {time.monotonic() - start:.0f} s",
                  file=sys.stderr, flush=True)  # fmt: skip
            if score > best:
                best = score
                CACHE.mkdir(parents=True, exist_ok=True)
                torch.save(model.state_dict(), WEIGHTS)
            if time.monotonic() - start > limit_s:
                break
    return best


def ensure() -> None:
    """Train the network where its weights are not there yet."""
    if not WEIGHTS.exists():
        print("training DeepLabV3 on three classes (some minutes, once)", file=sys.stderr, flush=True)
        train()


if __name__ == "__main__":
    train()
