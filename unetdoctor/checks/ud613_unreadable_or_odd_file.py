"""UD613: files that cannot be read, and files that usual readers read wrongly."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.datasets import agreed, beginning, of, paste, place, portion, such_as, tally
from unetdoctor.facts import Dataset, Evidence, Fault, Finding, Kind, Oddity, Severity, named

_ROLES = (("image", "pictures"), ("mask", "masks"))
_CHANNELS = {"1": 1, "L": 1, "LA": 2, "P": 1, "RGB": 3, "RGBA": 4, "CMYK": 4, "I;16": 1, "I": 1, "F": 1, "I;16B": 1}
_LEAVE_OUT = "files = [f for f in files if f.name not in bad]  # or fetch them"
_FAULTS = {
    Fault.MISSING: "do not exist",
    Fault.NO_FILE: "are no regular files",
    Fault.DENIED: "may not be read (permission denied)",
    Fault.EMPTY: "are empty",
    Fault.NO_PICTURE: "are no pictures in a format that is read",
    Fault.FLOATS: "have several channels of floats, which Pillow does not read",
    Fault.TOO_LARGE: "have more pixels than are decoded (64 million)",
    Fault.TRUNCATED: "are truncated",
    Fault.DAMAGED: "are damaged",
    Fault.CODE: "hold Python objects that only pickle reads",
    Fault.RAISED: "raise an error when the Dataset is asked for them",
}
_Oddities = dict[Oddity, tuple[Severity, str, str]]
_ODD_PICTURES: _Oddities = {
    Oddity.DEEP: (
        Severity.WARNING,
        "have 16 bits: convert('RGB') makes them white, ToTensor does not divide them",
        "image = np.array(Image.open(path)).astype(np.float32) / 65535",
    ),
    Oddity.FLOAT: (
        Severity.WARNING,
        "hold floating-point numbers: convert('RGB') makes them black",
        "image = np.array(Image.open(path), dtype=np.float32)",
    ),
    Oddity.PALETTE: (
        Severity.WARNING,
        "are palette pictures: np.array gives indices instead of colours",
        'image = Image.open(path).convert("RGB")',
    ),
    Oddity.CMYK: (
        Severity.WARNING,
        "are in CMYK or another colour space: np.array gives no RGB",
        'image = Image.open(path).convert("RGB")',
    ),
    Oddity.NON_FINITE: (Severity.WARNING, "hold NaN or Inf", "image = np.nan_to_num(image)"),
    Oddity.ANIMATED: (Severity.NOTE, "have several frames, of which readers take the first", "image.seek(0)"),
    Oddity.SUFFIX: (
        Severity.NOTE,
        "have the suffix of another format: readers that go by the suffix fail",
        "# rename them by their content",
    ),
}


_ODD_MASKS: _Oddities = {
    Oddity.DEEP: (
        Severity.NOTE,
        "have 16 bits or more, unlike the others: convert('L') cuts ids beyond 255",
        "mask = np.array(Image.open(path)).astype(np.int64)",
    ),
    **{kind: _ODD_PICTURES[kind] for kind in (Oddity.ANIMATED, Oddity.SUFFIX)},
    Oddity.NON_FINITE: (Severity.WARNING, "hold NaN or Inf", "mask = np.nan_to_num(mask)"),
}


class UnreadableOrOddFile(Check):
    """Files cannot be read, or usual readers make something else of them than a person sees.

    Symptom
        A loader that stops in the middle of an epoch; white or black pictures among sound ones; "stack expects each
        tensor to be equal size" because of a fourth channel.
    Cause
        Truncated downloads, placeholders, 16-bit scans, CMYK or palette pictures, an alpha channel, animations, files
        with a wrong suffix, decompression bombs.
    Remedy
        Fetch broken files again or leave them out; read the others explicitly.
    Source
        Pillow's `convert("RGB")` turns 16-bit pictures white (94 % of the pixels become 255) and floating-point ones
        black.
    """

    code = "UD613"
    name = "unreadable-or-odd-file"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each kind of fault or oddity of pictures and masks; one that is well for none."""
        data = evidence.data
        if data is None or not data.totals.pairs:
            return
        found = [*_faults(data), *_odd(data), *_channels(data)]
        yield from found
        if not found:
            files = data.totals.images + data.totals.masks
            yield cls.finding(
                f"{beginning(of(files, files, 'files'))} can be read.", portion("files with a fault", 0, files)
            )


def _faults(data: Dataset) -> Iterator[Finding]:
    for role, what in _ROLES:
        whole = data.totals.images if role == "image" else data.totals.masks
        for fault, words in _FAULTS.items():
            found = tally(data, named(role, fault))
            if found.count:
                yield UnreadableOrOddFile.finding(
                    f"{beginning(of(found.count, whole, what))} {agreed(words, found.count)}"
                    f"{_first_error(data) if fault is Fault.RAISED else such_as(found)}.",
                    portion(f"{what} that cannot be read", found.count, whole),
                    place=place(found),
                    remedies=paste(UnreadableOrOddFile.code, "leave them out, or fetch them again", _LEAVE_OUT, found),
                )


def _first_error(data: Dataset) -> str:
    """Return what the first sample raised that did: `; sample 5: ValueError: no such label (train.py:27)`."""
    raised = data.yielded.raised if data.yielded is not None else ()
    return f"; {raised[0].rstrip('.')}" if raised else ""


def _odd(data: Dataset) -> Iterator[Finding]:
    yield from _of_role(data, "image", "pictures", data.totals.images, _ODD_PICTURES)
    yield from _of_role(data, "mask", "masks", data.totals.masks, _ODD_MASKS)


def _of_role(data: Dataset, role: str, what: str, whole: int, table: _Oddities) -> Iterator[Finding]:
    for oddity, (severity, words, patch) in table.items():
        found = tally(data, named(role, oddity))
        usual = role == "mask" and oddity is Oddity.DEEP and found.count == whole
        if found.count and not usual:
            yield UnreadableOrOddFile.finding(
                f"{beginning(of(found.count, whole, what))} {agreed(words, found.count)}{such_as(found)}.",
                portion(f"odd {what}", found.count, whole),
                place=place(found),
                severity=severity,
                remedies=paste(UnreadableOrOddFile.code, "read them explicitly", patch, found),
            )


def _channels(data: Dataset) -> Iterator[Finding]:
    """Say that pictures differ in their number of channels, or have an alpha channel."""
    counts: dict[int, int] = {}
    for name, number in data.totals.modes.items():
        role, _, mode = name.split(" ", 2)
        if role == "image" and mode in _CHANNELS:
            counts[_CHANNELS[mode]] = counts.get(_CHANNELS[mode], 0) + number
    alpha = tally(data, named("image", Oddity.ALPHA))
    if len(counts) > 1:
        said = ", ".join(f"{number:,} have {channels}" for channels, number in sorted(counts.items()))
        few = min(counts.values())
        yield UnreadableOrOddFile.finding(
            f"The pictures differ in their number of channels: {said}{such_as(alpha)}.",
            portion("pictures with another number of channels", few, data.totals.images),
            place=place(alpha),
            severity=Severity.WARNING,
            remedies=paste(
                UnreadableOrOddFile.code,
                "read all of them with three channels",
                'image = Image.open(path).convert("RGB")',
                alpha,
            ),
        )
    elif alpha.count:
        yield UnreadableOrOddFile.finding(
            f"{beginning(of(alpha.count, data.totals.images, 'pictures'))} have an alpha channel, a fourth input"
            f" channel where three are usual{such_as(alpha)}.",
            portion("pictures with alpha", alpha.count, data.totals.images),
            place=place(alpha),
            severity=Severity.WARNING,
            remedies=paste(
                UnreadableOrOddFile.code, "drop the alpha channel", 'image = Image.open(path).convert("RGB")', alpha
            ),
        )
