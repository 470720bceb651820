"""Train the coin finder on photographs that come with scikit-image, and write its weights beside this script.

Coins are cut out of one photograph and laid on others: eighteen of them on nine photographs for training, the other
six on a tenth, the cat, for the held-out picture. About three minutes on one core; every number is seeded.
"""

import logging
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch
from model import TrainedUNet
from numpy.typing import NDArray
from scipy import ndimage
from skimage import data, filters, io, measure, segmentation, transform
from torch.nn import functional as F

HERE = Path(__file__).parent
STEPS, BATCH, SIDE, SEED = 800, 8, 80, 0
METALS = np.array([[1.0, 0.80, 0.42], [0.95, 0.95, 0.97], [0.90, 0.58, 0.42]])  # gold, silver, copper
TINTS = {"camera": (1.0, 0.95, 0.9), "brick": (1.3, 0.9, 0.75), "grass": (0.9, 1.1, 0.6), "gravel": (1.1, 1.0, 0.9)}
SCALES = (0.3, 0.5, 0.8)
Array = NDArray[np.float64]


def cut_out_coins() -> list[Array]:
    """Return each of the 24 coins as [h, w, 2]: its grey levels and its mask, both from 0 to 1."""
    photograph = data.coins()
    markers = np.where(photograph < 30, 1, np.where(photograph > 150, 2, 0))
    found = ndimage.binary_fill_holes(segmentation.watershed(filters.sobel(photograph), markers) == 2)
    coins = []
    for region in measure.regionprops(measure.label(found)):
        if region.area > 500:
            top, left, bottom, right = region.bbox
            grey = photograph[top:bottom, left:right] / 255.0
            coins.append(np.pad(np.dstack([grey, region.image_convex]), ((3, 3), (3, 3), (0, 0))))
    return coins


def lay_coins(ground: Array, coins: list[Array], count: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Lay coins of random metal, size and turn on a photograph; return the picture and the mask of all coins."""
    picture, mask = ground.copy(), np.zeros(ground.shape[:2])
    for _ in range(count):
        coin = transform.rescale(coins[random.integers(len(coins))], random.uniform(0.35, 0.75), channel_axis=2)
        coin = np.clip(transform.rotate(coin, random.uniform(0, 360), resize=True), 0, 1)
        height, width = coin.shape[:2]
        top = random.integers(-height // 3, mask.shape[0] - height * 2 // 3)
        left = random.integers(-width // 3, mask.shape[1] - width * 2 // 3)
        rows = slice(max(top, 0), min(top + height, mask.shape[0]))
        columns = slice(max(left, 0), min(left + width, mask.shape[1]))
        piece = coin[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        grey, alpha = piece[..., :1], piece[..., 1:]
        if (mask[rows, columns] * alpha[..., 0]).any():
            continue
        metal = METALS[random.integers(len(METALS))] + random.normal(0, 0.05, 3)
        metal = np.clip(grey * metal * random.uniform(0.9, 1.4), 0, 1)
        shadow = 1 - 0.5 * ndimage.gaussian_filter(alpha, (2, 2, 0))
        picture[rows, columns] = alpha * metal + (1 - alpha) * shadow * picture[rows, columns]
        mask[rows, columns] = np.maximum(mask[rows, columns], alpha[..., 0] > 0.5)
    return picture, mask


def grounds() -> list[Array]:
    """Return the training photographs [H, W, 3] from 0 to 1, each at three scales; the cat is not among them."""
    colours = [data.astronaut(), data.coffee(), data.rocket(), data.stereo_motorcycle()[0], data.immunohistochemistry()]
    photographs = [photograph / 255.0 for photograph in colours]
    photographs += [getattr(data, name)()[..., None] / 255.0 * tint for name, tint in TINTS.items()]
    return [transform.rescale(p, scale, channel_axis=2, anti_aliasing=True) for p in photographs for scale in SCALES]


def sample(photographs: list[Array], coins: list[Array], random: np.random.Generator) -> tuple[Array, Array]:
    """Return one training picture [SIDE, SIDE, 3] and its mask: a crop of a photograph with up to six coins."""
    photograph = photographs[random.integers(len(photographs))]
    top, left = (random.integers(length - SIDE + 1) for length in photograph.shape[:2])
    crop = photograph[top : top + SIDE, left : left + SIDE][:, :: random.choice([-1, 1])]
    light = random.uniform(0.7, 1.2) * random.uniform(0.75, 1.25, 3)
    return lay_coins(np.clip(crop * light, 0, 1), coins, int(random.integers(0, 7)), random)


def held_out(coins: list[Array]) -> tuple[Array, Array]:
    """Return the cat [168, 256, 3] with coins that training never saw, and the mask of these coins."""
    ground = transform.resize(data.chelsea()[3:297, 1:449] / 255.0, (168, 256), anti_aliasing=True)
    return lay_coins(ground, coins, 16, np.random.default_rng(7))


def to_batch(pictures: list[Array]) -> torch.Tensor:
    """Stack pictures [H, W, C] into a batch [N, C, H, W]."""
    return torch.from_numpy(np.stack(pictures)).float().permute(0, 3, 1, 2)


def train(photographs: list[Array], coins: list[Array]) -> TrainedUNet:
    """Train with smoothed targets, which keep the logits within a few units, and return the model in eval mode."""
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    model = TrainedUNet()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=STEPS)
    for step in range(STEPS):
        pictures, masks = zip(*(sample(photographs, coins, random) for _ in range(BATCH)), strict=True)
        targets = to_batch([mask[..., None] for mask in masks])
        loss = F.binary_cross_entropy_with_logits(model(to_batch(list(pictures))), 0.02 + 0.96 * targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            logging.info("step %d: loss %.3f", step + 1, loss.item())
    return model.eval()


def drop_debug_records(archive: Path) -> None:
    """Rewrite a TorchScript archive without its debug records, which name folders of the machine that wrote it."""
    with zipfile.ZipFile(archive) as source:
        records = {name: source.read(name) for name in source.namelist() if not name.endswith(".debug_pkl")}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for name, content in records.items():
            target.writestr(zipfile.ZipInfo(name), content)


def main() -> None:
    """Train, measure on the held-out picture, and write the weights, the scripted model and the picture."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    coins = cut_out_coins()
    model = train(grounds(), coins[:18])
    picture, mask = held_out(coins[18:])
    pixels = np.round(picture * 255).astype(np.uint8)
    with torch.no_grad():
        logits = model(to_batch([pixels / 255.0]))[0, 0].numpy()
    found = logits > 0
    dice = 2 * (found * mask).sum() / (found.sum() + mask.sum())
    logging.info("held-out Dice %.3f, standard deviation of the logits %.1f", dice, logits.std())
    torch.save(model.state_dict(), HERE / "weights.pt")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated")
        torch.jit.script(model).save(HERE / "scripted.pt")
    drop_debug_records(HERE / "scripted.pt")
    io.imsave(HERE / "unseen.png", pixels, check_contrast=False)


if __name__ == "__main__":
    main()
