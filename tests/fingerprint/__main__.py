"""`python -m tests.fingerprint [NAME ...]`: what the fingerprint says of single unseen pictures, and what it is worth.

For each network that was trained for real: how many of 20 single pictures the fingerprint names rightly, and the mask's
Dice (or the picture's PSNR) under the true preprocessing, under a wrong one as a person would declare it, and under the
one that the fingerprint names. Networks without weights are trained first, some seconds each.
"""

import sys
import time
from statistics import mean, median
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tests.fingerprint.networks import NETWORKS, PREPROCESSINGS, Network
from tests.fingerprint.pictures import crops
from tests.fingerprint.training import score, train
from unetdoctor.engine.chains import UNIT, applied, candidates
from unetdoctor.engine.observation import observe
from unetdoctor.engine.preprocessing import ranked
from unetdoctor.engine.setting import Setting
from unetdoctor.facts import Chain, Fingerprint, Probe

PICTURES = 20
SEED = 777
GOAL = 0.97
NAMES = {
    "ImageNet": ("ImageNet mean and std", False),
    "ImageNet, BGR": ("ImageNet mean and std", True),
    "0..1, BGR": ("0..1", True),
    "Caffe": ("0..255 minus the mean (Caffe)", True),
}
"""How the tool names what the training script does, where that differs."""
WRONG = {
    "0..1": "0..255",
    "0..255": "0..1",
    "-1..1": "0..1",
    "ImageNet": "0..1",
    "ImageNet, BGR": "ImageNet",
    "0..1, BGR": "0..1",
    "Caffe": "0..255",
}
"""What a person declares instead: the usual mistake."""


class Row(NamedTuple):
    """One network's line of the table."""

    network: Network
    right: int
    """Pictures whose winner is the true preprocessing."""
    margin: float
    """Median nats between the winner and the next best."""
    innocent: float
    """Most nats by which the true one scored worse than the winner."""
    accused: int
    """Pictures on which the wrong one is found wrong."""
    scores: tuple[float, float, float]
    """Under the true one, the wrong one and the winner."""
    misnamed: tuple[str, ...]


def told(model: nn.Module, pixels: Tensor, fed: Chain = UNIT) -> Fingerprint:
    """Return what the fingerprint says of one picture [1, 3, H, W] in 0..1."""
    setting = Setting(model, "cpu", 0, "", "")
    probe = Probe("image-1", tuple(pixels.shape), True, False)
    seen = observe(setting, probe, (applied(fed, pixels),), {}, verify=False)
    return ranked([seen], {"image-1": pixels}, fed, declared=True)


def chain_of(preprocessing: str) -> Chain:
    """Return the tool's candidate of a preprocessing of the training script."""
    name, turned = NAMES.get(preprocessing, (preprocessing, False))
    return next(c for c in candidates(3) if c.name == name and c.flipped is turned)


def examine(network: Network) -> Row:
    """Examine one network."""
    model = network.built()
    model.load_state_dict(torch.load(network.weights, weights_only=True))
    model.eval()
    true, wrong = chain_of(network.preprocessing), chain_of(WRONG[network.preprocessing])
    pixels, wanted = crops(network.domain, network.task, PICTURES, SEED, unseen=True)
    right, accused, margins, behind, misnamed = 0, 0, [], [], []
    scores: list[tuple[float, float, float]] = []
    for picture, want in zip(pixels, wanted, strict=True):
        found = told(model, picture[None] / 255)
        ranking = found.candidates
        right += ranking[0].chain == true
        if ranking[0].chain != true:
            misnamed.append(ranking[0].chain.text)
        margins.append(ranking[1].score - ranking[0].score)
        by_chain = {c.chain: c.score for c in ranking}
        behind.append(by_chain[true] - ranking[0].score)
        accused += by_chain[wrong] - ranking[0].score > 1
        with torch.no_grad():
            feeds = (
                PREPROCESSINGS[network.preprocessing](picture[None]),
                PREPROCESSINGS[WRONG[network.preprocessing]](picture[None]),
                applied(ranking[0].chain, picture[None] / 255),
            )
            first, second, third = (score(network, model(x), want[None]) for x in feeds)
        scores.append((first, second, third))
    columns = list(zip(*scores, strict=True))
    return Row(
        network,
        right,
        median(margins),
        max(behind),
        accused,
        (mean(columns[0]), mean(columns[1]), mean(columns[2])),
        tuple(misnamed),
    )


def main(names: list[str]) -> int:
    """Train what is missing, print the table, and return 1 where the goal is missed."""
    torch.set_num_threads(1)
    chosen = [n for n in NETWORKS if not names or n.name in names]
    rows = []
    for network in chosen:
        if not network.weights.exists():
            start = time.monotonic()
            train(network)
            print(f"trained {network.name} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        rows.append(examine(network))
    print(f"{PICTURES} single unseen pictures each; score: Dice, of denoise PSNR in dB; nats between candidates\n")
    print(
        "| network | trained on | fed | named rightly | to the next | true behind by | wrong fed | accused |"
        " score true | score wrong | score under the winner |"
    )
    print("|---|---|---|--:|--:|--:|---|--:|--:|--:|--:|")
    for row in rows:
        n, s = row.network, row.scores
        print(
            f"| {n.name} | {n.domain}, {n.task} | {n.preprocessing} | {row.right}/{PICTURES} | {row.margin:.2f} | "
            f"{row.innocent:.2f} | {WRONG[n.preprocessing]} | {row.accused}/{PICTURES} | {s[0]:.2f} | {s[1]:.2f} | "
            f"{s[2]:.2f} |{' ' + ', '.join(row.misnamed) if row.misnamed else ''}"
        )
    total = sum(row.right for row in rows)
    share = total / (PICTURES * len(rows))
    print(f"\n{total} of {PICTURES * len(rows)} named rightly: {100 * share:.1f} % (goal {100 * GOAL:.0f} %)")
    return 0 if share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
