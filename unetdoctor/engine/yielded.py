"""What the samples of a Dataset look like, taken together: types, shapes, ranges, and what a network stumbles over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from unetdoctor.engine.datasets import Made, Sample, Values
from unetdoctor.facts.audit import Form, Yielded
from unetdoctor.facts.dataset import Declared
from unetdoctor.facts.intent import Task

FORMS = 8
"""Forms that are kept."""
BYTES = 1.5
"""Largest value of an image in 0..1 that was normalised by no more than a rounding error; 0..255 lies far beyond."""
NORMALISED = 20.0
"""Largest value that a normalised image reaches; ImageNet's deviations make 2.64 of white."""
_Key = tuple[str, tuple[int, ...]]


@dataclass
class _Tally:
    count: int = 0
    low: float = float("inf")
    high: float = float("-inf")
    mean: float = 0.0
    std: float = 0.0


@dataclass
class Survey:
    """Takes in samples one by one, and keeps nothing of them but numbers."""

    images: dict[_Key, _Tally] = field(default_factory=dict)
    masks: dict[_Key, _Tally] = field(default_factory=dict)
    structure: str = ""
    count: int = 0
    without_mask: int = 0

    def take(self, sample: Sample) -> None:
        """Take a sample in."""
        self.count += 1
        self.structure = self.structure or sample.structure
        self.without_mask += sample.mask is None
        for tallies, values, dtype in (
            (self.images, sample.image, sample.image_dtype),
            (self.masks, sample.mask, sample.mask_dtype),
        ):
            if values is not None and values.size:
                _add(tallies.setdefault((dtype, values.shape), _Tally()), values)

    def facts(self, made: Made, declared: Declared) -> Yielded:
        """Return what was seen."""
        images, masks = _forms(self.images), _forms(self.masks)
        return Yielded(
            kind=made.kind,
            examined=self.count,
            structure=self.structure,
            images=images[:FORMS],
            masks=masks[:FORMS],
            notices=(*_of_images(images), *_of_masks(masks, declared)),
        )


def _add(tally: _Tally, values: Values) -> None:
    numbers = values.astype(np.float64)
    tally.count += 1
    tally.low, tally.high = min(tally.low, float(numbers.min())), max(tally.high, float(numbers.max()))
    tally.mean += (float(numbers.mean()) - tally.mean) / tally.count
    tally.std += (float(numbers.std()) - tally.std) / tally.count


def _forms(tallies: dict[_Key, _Tally]) -> tuple[Form, ...]:
    ranked = sorted(tallies.items(), key=lambda item: (-item[1].count, item[0]))
    return tuple(Form(dtype, shape, t.count, t.low, t.high, t.mean, t.std) for (dtype, shape), t in ranked)


def _of_images(forms: tuple[Form, ...]) -> Iterable[str]:
    """Say what a convolution or the default collate function refuses."""
    if not forms:
        return
    first = forms[0]
    shapes = list(dict.fromkeys(_shape(form) for form in forms))
    if len(shapes) > 1:
        yield (
            f"The images have {len(shapes)} shapes ({shapes[0]}, {shapes[1]} ...): "
            "the default collate function of DataLoader refuses a batch of them."
        )
    if first.dtype.startswith("PIL"):
        yield "The images are pictures of Pillow, which DataLoader refuses: v2.ToImage and v2.ToDtype make tensors."
    elif len(first.shape) == 3 and first.shape[-1] in (1, 3, 4) and first.shape[0] > 4:
        yield f"The images are [H, W, C] ({_shape(first)}), and a convolution reads [C, H, W]: image.permute(2, 0, 1)."
    if first.dtype in ("uint8", "int64", "int32", "float64"):
        fix = "image.float() / 255" if first.high > BYTES else "image.float()"
        yield f"The images are {first.dtype}, and the weights of a network are float32: {fix}."
    elif first.high > NORMALISED:
        yield f"The images reach {first.high:.4g}: 0..255, and networks are trained on 0..1 or normalised values."


def _of_masks(forms: tuple[Form, ...], declared: Declared) -> Iterable[str]:
    """Say what a loss refuses."""
    if not forms:
        return
    first = forms[0]
    if declared.task is Task.MULTICLASS and first.dtype not in ("int64", "uint8") and not declared.task.is_picture:
        yield f"The masks are {first.dtype}, and cross-entropy reads int64 ids: mask.long()."
    if declared.task is Task.BINARY and not first.dtype.startswith("float"):
        yield f"The masks are {first.dtype}, and binary cross-entropy reads floats: mask.float()."
    if declared.task is Task.MULTICLASS and len(first.shape) == 3 and first.shape[0] == 1:
        yield f"The masks are {_shape(first)}, and cross-entropy reads [H, W]: mask.squeeze(0)."


def _shape(form: Form) -> str:
    return "x".join(map(str, form.shape))
