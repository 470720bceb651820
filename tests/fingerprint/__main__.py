"""`python -m tests.fingerprint [NAME ...]`: what the fingerprint says of single unseen pictures, and what it is worth.

For each network that was trained for real: how many of 20 single pictures the fingerprint names rightly where nothing
was declared; on how many the true one is at least said to fit as well, in whichever order of channels where the picture
does not tell it; how often the true one would be accused, and a wrong one as a person would declare it; and the mask's
Dice (or the picture's PSNR) under either and under the one that is named. A table for the networks on which its numbers
were chosen, one for networks on which nothing was, and one for networks that were made after what the second showed was
mended. Those without weights are trained first, some seconds each.
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from statistics import mean, median
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tests.fingerprint.held_out import HELD_OUT, SECOND, build_model
from tests.fingerprint.networks import NETWORKS, PREPROCESSINGS, Network
from tests.fingerprint.pictures import crops
from tests.fingerprint.training import score, train
from tests.named import names_asked
from unetdoctor.checks.feeding import EXCESS_LIMIT, as_good, best, beyond, is_turned, order_is_certain
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
    "0..1, grey": ("0..1", False),
    "0..255, grey": ("0..255", False),
    "Caffe": ("0..255 minus the mean (Caffe)", True),
    "CLIP": ("CLIP mean and std", False),
    "each picture": ("each picture to mean 0 and deviation 1", False),
}
"""How the tool names what the training script does, where that differs."""
WRONG = {
    "0..1": "0..255",
    "0..255": "0..1",
    "-1..1": "0..1",
    "ImageNet": "0..1",
    "ImageNet, BGR": "ImageNet",
    "0..1, BGR": "0..1",
    "0..1, grey": "0..255, grey",
    "Caffe": "0..255",
    "CLIP": "0..1",
    "each picture": "0..1",
}
"""What a person declares instead: the usual mistake."""


class Row(NamedTuple):
    """One network's line of the table."""

    network: Network
    right: int
    """Pictures whose winner is the true preprocessing; of a network without statistics, that nothing is told of."""
    margin: float
    """Median nats between the winner and the next best."""
    innocent: float
    """Most nats by which the true one scored worse than the winner."""
    slandered: int
    """Pictures on which the true one, declared, is found wrong, its order of channels included."""
    named: int
    """Pictures on which what is fed, and what is said to be as good, is the true one."""
    accused: int
    """Pictures on which the wrong one, declared, is found wrong."""
    scores: tuple[float, float, float]
    """Under the true one, the wrong one and the winner."""
    misnamed: tuple[str, ...]
    """Winners that are not the true one."""


def told(model: nn.Module, pixels: Tensor, declared: Chain | None) -> Fingerprint:
    """Return what the fingerprint says of one picture [1, C, H, W] in 0..1, fed as declared, else as 0..1."""
    fed = declared or UNIT
    setting = Setting(model, "cpu", 0, "", "")
    probe = Probe("image-1", tuple(pixels.shape), True, False)
    seen = observe(setting, probe, (applied(fed, pixels),), {}, verify=False)
    return ranked([seen], {"image-1": pixels}, fed, declared=declared is not None)


def misfed(found: Fingerprint) -> bool:
    """Return whether UD601 or UD602 would accuse what is fed."""
    turned = is_turned(found, found.fed) and order_is_certain(found)
    return beyond(found, found.fed) > EXCESS_LIMIT or turned


def chain_of(preprocessing: str, channels: int) -> Chain:
    """Return the tool's candidate of a preprocessing of the training script."""
    name, turned = NAMES.get(preprocessing, (preprocessing, False))
    return next(c for c in candidates(channels) if c.name == name and c.flipped is turned)


def examine(network: Network) -> Row:
    """Examine one network."""
    model = build_model(network.name)
    channels = 1 if network.preprocessing.endswith("grey") else 3
    true, wrong = (chain_of(x, channels) for x in (network.preprocessing, WRONG[network.preprocessing]))
    pixels, wanted = crops(network.domain, network.task, PICTURES, SEED, unseen=True, side=network.side)
    right, named, accused, slandered, margins, behind, misnamed = 0, 0, 0, 0, [0.0], [0.0], []
    scores: list[tuple[float, float, float]] = []
    for picture, want in zip(pixels, wanted, strict=True):
        shown = picture[None, :channels] / 255
        found = told(model, shown, true)
        free = told(model, shown, None)
        winner = true if free.winner is None else free.winner.chain
        if network.knows:
            right += winner == true
            margins.append(free.candidates[1].score - free.candidates[0].score)
            own = found.of(true)
            behind.append(own.score - found.candidates[0].score if own is not None else float("nan"))
            slandered += misfed(found)
            said = best(free, true.flipped)
            named += said == true or true.name in as_good(free)
            accused += misfed(told(model, shown, wrong))
        else:
            right += found.winner is None and bool(found.reason)
            named += found.winner is None and bool(found.reason)
        if network.knows and winner != true:
            misnamed.append(winner.text)
        with torch.no_grad():
            feeds = (
                PREPROCESSINGS[network.preprocessing](picture[None]),
                PREPROCESSINGS[WRONG[network.preprocessing]](picture[None]),
                applied(winner, shown),
            )
            first, second, third = (score(network, model(x), want[None]) for x in feeds)
        scores.append((first, second, third))
    columns = list(zip(*scores, strict=True))
    return Row(
        network,
        right,
        median(margins),
        max(behind),
        slandered,
        named,
        accused,
        (mean(columns[0]), mean(columns[1]), mean(columns[2])),
        tuple(misnamed),
    )


def table(title: str, chosen: Sequence[Network]) -> float:
    """Train what is missing, print the table of one set, and return the share that is named rightly."""
    rows = []
    for network in chosen:
        if not network.weights.exists():
            start = time.monotonic()
            train(network)
            print(f"trained {network.name} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        rows.append(examine(network))
    print(f"\n{title}\n")
    print(
        "| network | trained on | fed | named rightly | or not told apart | to the next | true behind by |"
        " true accused | wrong fed | accused | score true | score wrong | score under the winner |"
    )
    print("|---|---|---|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|")
    for row in rows:
        n, s = row.network, row.scores
        misnamed = ", ".join(f"{name} ({count})" for name, count in Counter(row.misnamed).items())
        print(
            f"| {n.name} | {n.domain}, {n.task}, {n.side} | {n.preprocessing} | {row.right}/{PICTURES} | "
            f"{row.named}/{PICTURES} | {row.margin:.2f} | {row.innocent:.2f} | {row.slandered}/{PICTURES} | "
            f"{WRONG[n.preprocessing]} | "
            f"{row.accused}/{PICTURES} | {s[0]:.2f} | {s[1]:.2f} | {s[2]:.2f} | {misnamed}"
        )
    total, whole = sum(row.right for row in rows), PICTURES * len(rows)
    told_of = sum(row.named for row in rows)
    print(
        f"\n{total} of {whole} named rightly: {100 * total / whole:.1f} %; {told_of} with the order that pictures do"
        f" not tell and what is said to fit as well: {100 * told_of / whole:.1f} % (goal {100 * GOAL:.0f} %);"
        f" the true one accused: {sum(row.slandered for row in rows)}",
        flush=True,
    )
    return told_of / whole


def main(names: list[str]) -> int:
    """Print a table for each set, and return 1 where the goal is missed in either."""
    torch.set_num_threads(1)
    print(f"{PICTURES} single unseen pictures each; score: Dice, of denoise PSNR in dB; nats between candidates")
    sets = {
        "Networks on which its numbers were chosen": NETWORKS,
        "Held-out networks": HELD_OUT,
        "Held out once more": SECOND,
    }
    shares = []
    for title, networks in sets.items():
        chosen = [n for n in networks if not names or n.name in names]
        if chosen:
            shares.append(table(title, chosen))
    return 0 if min(shares) >= GOAL else 1


if __name__ == "__main__":
    every = [network.name for network in (*NETWORKS, *HELD_OUT, *SECOND)]
    sys.exit(main(names_asked("tests.fingerprint", __doc__, every)))
