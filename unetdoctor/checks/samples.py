"""What a network or a loss refuses of the samples that a Dataset yields."""

from collections.abc import Iterator

from unetdoctor.facts import Declared, Form, Severity, Task, Yielded

BYTES = 1.5
"""Largest value of an image in 0..1 that was normalised by no more than a rounding error; 0..255 lies far beyond."""
NORMALISED = 20.0
"""Largest value that a normalised image reaches; ImageNet's deviations make 2.64 of white."""
REFUSED = ("uint8", "int8", "int16", "int32", "int64", "bool", "float64")
"""Types that a convolution with weights of float32 refuses. Half types are left out: autocast takes them."""
Fault = tuple[str, Severity, int, str]
"""What is said, how bad it is, of how many samples, and the line to paste."""


def faults(yielded: Yielded, declared: Declared) -> Iterator[Fault]:
    """Yield everything that a network, a loss or the default collate function stumbles over."""
    if yielded.images:
        yield from _of_images(yielded.images)
    if yielded.masks:
        yield from _of_masks(yielded.masks, declared)


def _of_images(forms: tuple[Form, ...]) -> Iterator[Fault]:
    first = forms[0]
    shapes = list(dict.fromkeys(shape(form) for form in forms))
    if len(shapes) > 1:
        said = (
            f"The images have {len(shapes)} shapes ({shapes[0]}, {shapes[1]} ...): "
            "the default collate function of DataLoader refuses a batch of them."
        )
        yield said, Severity.WARNING, _but(forms, first.shape), "v2.Resize((512, 512))  # or batch_size=1"
    if first.dtype.startswith("PIL"):
        said = "The images are pictures of Pillow, which DataLoader refuses: v2.ToImage and v2.ToDtype make tensors."
        yield said, Severity.ERROR, first.count, "v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])"
        return
    if len(first.shape) == 3 and first.shape[-1] in (1, 3, 4) and first.shape[0] > 4:
        said = f"The images are [H, W, C] ({shape(first)}), and a convolution reads [C, H, W]."
        yield said, Severity.ERROR, first.count, "image = image.permute(2, 0, 1)"
    if first.dtype in REFUSED:
        fix = "image = image.float() / 255" if first.high > BYTES else "image = image.float()"
        said = f"The images are {first.dtype}, and the weights of a network are float32."
        yield said, Severity.ERROR, first.count, fix
    elif first.high > NORMALISED:
        said = f"The images reach {first.high:.4g}: 0..255, and networks are trained on 0..1 or normalised values."
        yield said, Severity.WARNING, first.count, "image = image / 255"


def _of_masks(forms: tuple[Form, ...], declared: Declared) -> Iterator[Fault]:
    first, task = forms[0], declared.task
    if task is Task.MULTICLASS and first.dtype not in ("int64", "uint8") and not _is_one_hot(first, declared):
        said = f"The masks are {first.dtype}, and cross-entropy reads int64 ids."
        yield said, Severity.ERROR, first.count, "mask = mask.long()"
    if task is Task.BINARY and not first.dtype.startswith("float"):
        said = f"The masks are {first.dtype}, and binary cross-entropy reads floats."
        yield said, Severity.WARNING, first.count, "mask = mask.float()"
    if task is Task.MULTICLASS and len(first.shape) == 3 and first.shape[0] == 1:
        said = f"The masks are {shape(first)}, and cross-entropy reads [H, W]."
        yield said, Severity.ERROR, first.count, "mask = mask.squeeze(0)"


def _is_one_hot(form: Form, declared: Declared) -> bool:
    """Return whether masks have a channel for each class: cross-entropy reads these as floats."""
    return len(form.shape) == 3 and form.shape[0] > 1 and form.shape[0] == (declared.classes or form.shape[0])


def _but(forms: tuple[Form, ...], usual: tuple[int, ...]) -> int:
    return sum(form.count for form in forms if form.shape != usual)


def shape(form: Form) -> str:
    """Return a shape as it is spoken: `3x64x64`."""
    return "x".join(map(str, form.shape))
