"""Training of the bench's networks: some seconds each, on one core, from seeded crops."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.fingerprint.held_out import build
from tests.fingerprint.networks import PREPROCESSINGS, Network
from tests.fingerprint.pictures import crops

STEPS = 240
BATCH = 12


def train(network: Network, steps: int = STEPS) -> None:
    """Train a network and keep its weights."""
    torch.set_num_threads(1)
    model, prepare = build(network).train(), PREPROCESSINGS[network.preprocessing]
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=8e-3, total_steps=steps)
    for step in range(steps):
        pixels, wanted = crops(network.domain, network.task, BATCH, step, unseen=False, side=network.side)
        loss = _loss(network, model(prepare(pixels)), wanted)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    network.weights.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), network.weights)


def _loss(network: Network, drawn: Tensor, wanted: Tensor) -> Tensor:
    if network.segments:
        return F.binary_cross_entropy_with_logits(drawn, wanted)
    return F.mse_loss(drawn, wanted)


def score(network: Network, drawn: Tensor, wanted: Tensor) -> float:
    """Return the Dice of a mask, or the PSNR of a picture in decibels."""
    if network.segments:
        mask = (drawn > 0).float()
        return float((2 * (mask * wanted).sum() + 1) / (mask.sum() + wanted.sum() + 1))
    return float(-10 * torch.log10((drawn.clamp(0, 1) - wanted).square().mean()))
