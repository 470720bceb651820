"""`python -m tests.fingerprint.photographs [FOLDER ...]`: what real pictures are, beside what the tool takes for usual.

Mean pixel, red over green, green over blue, red over blue and deviation of every colour photograph that scikit-image
and matplotlib bundle, and of the JPEG files of folders that are given; below it their mean and spread, the mean over
training sets of the bench, and the constants of the fingerprint. Greys, drawings and near-black skies are left out.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fingerprint.pictures import DOMAINS, HOPPER, SPLIT, crops, photograph
from unetdoctor.engine.preprocessing import BRIGHTNESS, CHROMA, CONTRAST

BUNDLED = (
    "astronaut.png",
    "coffee.png",
    "chelsea.png",
    "rocket.jpg",
    "motorcycle_left.png",
    "ihc.png",
    "retina.jpg",
    HOPPER,
)


def numbers(pixels: np.ndarray) -> np.ndarray:
    """Return (mean, red - green, green - blue, red - blue, deviation) of pixels [..., 3] in 0..255."""
    flat = pixels.reshape(-1, 3).astype(float)
    red, green, blue = flat.mean(axis=0)
    return np.array([flat.mean(), red - green, green - blue, red - blue, flat.std(axis=0).mean()])


def line(name: str, values: np.ndarray) -> str:
    """Return one line of the table."""
    return f"{name:24}" + "".join(f"{value:8.1f}" for value in values)


def main(folders: list[str]) -> None:
    """Print the table."""
    found = {name: numbers(photograph(name)) for name in BUNDLED}
    for file in sorted(f for folder in folders for f in Path(folder).rglob("*.jp*g")):
        with Image.open(file) as picture:
            found[file.name] = numbers(np.asarray(picture.convert("RGB")))
    print(f"{'':24}" + "".join(f"{name:>8}" for name in ("mean", "R-G", "G-B", "R-B", "std")))
    for name, values in found.items():
        print(line(name, values))
    print(line(f"mean of {len(found)}", np.mean(list(found.values()), axis=0)))
    print(line("spread", np.std(list(found.values()), axis=0, ddof=1)))
    for domain in (*DOMAINS, *(d for d in SPLIT if d != "grey")):
        pixels = crops(domain, "none", 64, 12345, unseen=False).pixels
        print(line(f"set: {domain}", numbers(pixels.permute(0, 2, 3, 1).numpy())))
    imagenet = 255 * np.array([0.485, 0.456, 0.406])
    print(line("ImageNet", np.array([imagenet.mean(), *-np.diff(imagenet), imagenet[0] - imagenet[2], 255 * 0.226])))
    print(f"taken: mean {BRIGHTNESS}, R-G and G-B {CHROMA[0] / 2:g} each ({CHROMA[1]:g}), std {CONTRAST}")


if __name__ == "__main__":
    main(sys.argv[1:])
