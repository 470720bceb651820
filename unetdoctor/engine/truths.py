"""The masks that a person gave, as class ids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetdoctor.data.decoding import UnreadableError
from unetdoctor.data.masks import RawMask, Usage, ids_of, palette_of, read_mask, usage_of
from unetdoctor.data.palettes import NAMES, named
from unetdoctor.engine.images import ImageError
from unetdoctor.engine.objects import components
from unetdoctor.facts import Coding, Declared, Intent, Request, Task

IGNORED = -1
"""What stands in ids for a place that is to be ignored."""
MOST_CLASSES = 255
"""The largest id of a mask."""
TWO_COLOURS = 2


@dataclass(frozen=True)
class Truth:
    """One mask."""

    name: str
    """Its file."""
    ids: Tensor
    """Class of each place, [H, W]; below 0: ignored."""
    encoding: str = ""
    """How the file stores it."""
    palette: tuple[str, ...] = ()
    """Colours of its classes, where the file has any."""
    notes: tuple[str, ...] = ()
    """What is odd about it."""

    @cached_property
    def objects(self) -> tuple[NDArray[np.int64], int]:
        """The number of the object at each place, and how many there are."""
        return components(self.ids.numpy())


def _raw(path: Path) -> RawMask:
    try:
        return read_mask(path)
    except UnreadableError as error:
        raise ImageError(error.sentence) from None


def _refuse_to_number(usage: Usage, declared: Declared) -> None:
    """Raise ImageError for colours that nobody gave numbers, unless they are black and one other.

    Any order would be a guess, and the output would be blamed for it.
    """
    black_and_one = len(usage.colours) == TWO_COLOURS and 0 in usage.colours
    if usage.colours and not black_and_one and not palette_of(usage.colours, declared)[1]:
        raise ImageError(
            f"The masks hold {len(usage.colours)} colours of no known palette: say which colour is which class with "
            "--palette FILE (a line for each class: R G B)."
        )


def _truth(name: str, raw: RawMask, declared: Declared, usage: Usage) -> Truth:
    """Return a mask of a set as class ids; raises ImageError where its values are no ids."""
    labels = ids_of(raw, declared, usage)
    ids = torch.from_numpy(np.ascontiguousarray(labels.ids))
    hidden = {value for value in (labels.ignore, declared.ignore_index) if value is not None}
    if int(ids.max()) > MOST_CLASSES and not hidden >= set(ids[ids > MOST_CLASSES].unique().tolist()):
        raise ImageError(
            f"{name} holds the value {int(ids.max())}: a mask of class ids has at most {MOST_CLASSES}. It is"
            f" {labels.how}; save it as one channel of ids, or name its colours with --palette."
        )
    for value in hidden:
        ids = torch.where(ids == value, IGNORED, ids)
    notes = [f"{100 * labels.unknown:.3g} % of its places have a colour of no class"] if labels.unknown else []
    notes += raw.notes
    return Truth(name, ids, labels.how, _colours(raw, declared, usage), tuple(f"{name}: {x}" for x in notes))


def _colours(raw: RawMask, declared: Declared, usage: Usage) -> tuple[str, ...]:
    """Return the colours of the classes: those that were declared, else those that the file has."""
    colours = declared.colours or raw.palette
    if not colours and raw.coding is Coding.COLOURS:
        colours = palette_of(usage.colours, declared)[1]
    kept = colours[: MOST_CLASSES + 1]
    return tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in kept) if len(set(kept)) > 2 else ()


def declared_of(intent: Intent, directory: Path) -> Declared:
    """Return what a person said of the masks; raises ImageError for a palette that cannot be read."""
    colours: tuple[tuple[int, int, int], ...] = ()
    if intent.palette:
        name = intent.palette if intent.palette in NAMES else str(directory / intent.palette)
        try:
            colours = named(name, intent.classes or MOST_CLASSES)
        except (ValueError, OSError) as error:
            raise ImageError(str(error)) from None
    return Declared(
        task=intent.task,
        classes=intent.classes,
        ignore_index=intent.ignore_index,
        palette=intent.palette,
        colours=colours,
    )


def truths_of(request: Request) -> dict[str, Truth]:
    """Return the masks of a request by the name of the probe that feeds their picture.

    Raises ImageError for one that cannot be read.
    """
    if not any(request.masks):
        return {}
    found: dict[str, Truth] = {}
    declared = declared_of(request.intent, Path(request.directory))
    paths = {number: Path(request.directory, name) for number, name in enumerate(request.masks, start=1) if name}
    masks = {number: _raw(path) for number, path in paths.items()}
    usage = usage_of(masks.values())
    _refuse_to_number(usage, declared)
    for number, raw in masks.items():
        truth = _truth(paths[number].name, raw, declared, usage)
        found[f"image-{number}"] = found[f"image-{number}-fitted"] = truth
    return found


def task_of(truths: dict[str, Truth], shape: tuple[int, ...], task: Task, reason: str) -> tuple[Task, str]:
    """Return what the output is meant to be, where a mask says that it is no picture."""
    if not truths or task.is_segmentation:
        return task, reason
    channels = shape[1] if len(shape) > 3 else 1
    return (Task.BINARY if channels == 1 else Task.MULTICLASS), "a mask was given"
