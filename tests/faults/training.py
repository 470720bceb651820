"""`python -m tests.faults.training [NAME ...]`: train the bench's networks and keep the weights that are good."""

import sys
import time

import torch

from tests.faults.building import built, picture_of, weights_file
from tests.faults.lessons import LESSONS
from tests.faults.networks import Network, networks

LIMIT_S = 120.0
"""Longest training of one network."""
CHECK_EVERY = 50
"""Steps between two looks at the held-out pictures."""
MARGIN = {0.9: 0.03, 25.0: 1.0}
"""How far above the goal the score must be before training stops early."""


def train(network: Network, limit_s: float = LIMIT_S) -> float:
    """Train a network on seeded pictures until its held-out score is good; return that score and keep the weights."""
    torch.set_num_threads(1)
    lesson, start = LESSONS[network.lesson], time.monotonic()
    model = built(network)
    held, truth = lesson.draw(network, 16, 999)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3 if network.family != "Transformers" else 1e-3)
    score = step = 0
    best: tuple[float, dict[str, torch.Tensor]] = (-1.0, {})
    while time.monotonic() - start < limit_s:
        model.train()
        pictures, wanted = lesson.draw(network, 8, step)
        loss = lesson.loss(network, picture_of(model(pictures)), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % CHECK_EVERY == 0:
            model.eval()
            with torch.no_grad():
                score = lesson.score(network, picture_of(model(held)), truth)
            if score > best[0]:
                best = (score, {name: value.clone() for name, value in model.state_dict().items()})
            if score > lesson.good + MARGIN[lesson.good]:
                break
    weights_file(network).parent.mkdir(parents=True, exist_ok=True)
    seconds = time.monotonic() - start
    torch.save({"weights": best[1], "score": best[0], "steps": step, "seconds": seconds}, weights_file(network))
    return best[0]


def score_of(network: Network) -> float:
    """Return the held-out score of the cached weights, NaN where there are none."""
    file = weights_file(network)
    return float(torch.load(file, weights_only=True)["score"]) if file.exists() else float("nan")


def good(network: Network) -> bool:
    """Return whether the network has weights that draw what they have to."""
    return bool(network.lesson) and score_of(network) >= LESSONS[network.lesson].good


def train_missing(wanted: tuple[Network, ...]) -> None:
    """Train those of the networks that have a lesson and no weights yet."""
    for network in wanted:
        if network.lesson and not weights_file(network).exists():
            score = train(network)
            word = "kept" if score >= LESSONS[network.lesson].good else "not good enough, left out"
            print(f"trained {network.name}: {network.lesson} {score:.3g}, {word}", file=sys.stderr, flush=True)


def main(names: list[str]) -> None:
    """Train what was named anew, or everything."""
    chosen = tuple(n for n in networks() if n.lesson and (not names or n.name in names))
    for network in chosen:
        weights_file(network).unlink(missing_ok=True)
    train_missing(chosen)


if __name__ == "__main__":
    main(sys.argv[1:])
