"""Raw pixels for the sample previews."""

import hashlib
import math

from unetdoctor.facts import Preview


def grey(width: int, height: int, level: int = 127, spread: int = 3) -> bytes:
    return bytes(level + (x * 7 + y * 13) % (spread + 1) for y in range(height) for x in range(width))


def waves(width: int, height: int, bands: int = 1, period: float = 9.0) -> bytes:
    return bytes(
        int(127 + 120 * math.sin((x * (1 + band) + 3 * math.cos(y / period) * y / 6) / period))
        for y in range(height)
        for x in range(width)
        for band in range(bands)
    )


def record(name: str, role: str, raw: bytes, size: tuple[int, int], mode: str = "L", **words: object) -> Preview:
    title = str(words.get("title", name))
    legend = words.get("legend", ())
    return Preview(
        name,
        title,
        str(words.get("caption", "")),
        *size,
        mode,
        role,
        f"{name}.raw",
        len(raw),
        hashlib.sha256(raw).hexdigest(),
        legend,  # type: ignore[arg-type]
    )


def generator() -> tuple[tuple[Preview, ...], dict[str, bytes]]:
    """Previews as the engine makes them for a generator: channels, the picture, the cured picture."""
    made: list[tuple[Preview, bytes]] = []

    def add(name: str, role: str, raw: bytes, size: tuple[int, int], mode: str = "L", **words: object) -> None:
        made.append((record(name, role, raw, size, mode, **words), raw))

    size = (32, 32)
    for index in range(3):
        add(
            f"latents-channel-{index}",
            "displayed",
            grey(*size),
            size,
            title=f"channel {index}",
            caption="-1..1 as 0..255",
        )
        add(
            f"latents-channel-{index}-stretched",
            "stretched",
            waves(*size, period=5 + index),
            size,
            title=f"channel {index}, stretched",
            caption="-0.0213..0.0187 as 0..255",
        )
    add(
        "latents-picture",
        "picture",
        bytes(b for g in grey(*size) for b in (g, g, g)),
        size,
        "RGB",
        title="picture",
        caption="-1..1 as 0..255",
    )
    add(
        "trial-1",
        "trial",
        waves(*size, bands=3),
        size,
        "RGB",
        title="fill the batch-norm statistics with 60 passes in train mode",
        caption="-1..1 as 0..255",
    )
    return tuple(p for p, _ in made), {p.file: raw for p, raw in made}


def segmentation() -> tuple[tuple[Preview, ...], dict[str, bytes]]:
    """Previews of a class map on a photograph."""
    made: list[tuple[Preview, bytes]] = []
    size = (320, 240)
    photo = waves(*size, bands=3, period=37)
    palette = ((0, 0, 0), (230, 159, 0), (86, 180, 233))
    classes = bytes(v for y in range(240) for x in range(320) for v in palette[(x // 70 + y // 90) % 3])
    legend = (("#000000", "class 0 (black)  61%"), ("#e69f00", "class 1  22%"), ("#56b4e9", "class 2  17%"))
    for index in range(21):
        raw = waves(64, 64, period=4 + index)
        made.append(
            (
                record(
                    f"image-1-channel-{index}",
                    "displayed",
                    raw,
                    (64, 64),
                    title=f"channel {index}",
                    caption="softmax, 0..1 as 0..255",
                ),
                raw,
            )
        )
        made.append(
            (
                record(
                    f"image-1-channel-{index}-stretched",
                    "stretched",
                    raw,
                    (64, 64),
                    title=f"channel {index}, stretched",
                    caption="0.01..0.9",
                ),
                raw,
            )
        )
    made.append(
        (record("image-1", "input", photo, size, "RGB", title="photograph.png", caption="320x240 RGB / 255"), photo)
    )
    made.append(
        (
            record(
                "image-1-classes",
                "classes",
                classes,
                size,
                "RGB",
                title="classes",
                caption="argmax over 3 channels; class 0 is black",
                legend=legend,
            ),
            classes,
        )
    )
    made.append((record("image-1-overlay", "overlay", photo, size, "RGB", title="overlay"), photo))
    return tuple(p for p, _ in made), {p.file: raw for p, raw in made}
