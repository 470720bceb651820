"""The mask, what the output says beside it, and where the two differ: as it is and under the best trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.marking import Marked, marks
from unetdoctor.engine.outputs import channels_first
from unetdoctor.engine.palette import palette, rgb
from unetdoctor.engine.pixels import as_pictures, cleaned, levels, source_range, thinned
from unetdoctor.engine.scores import confusion, mean_dice
from unetdoctor.facts import Preview, Trial

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

WriteRaw = Callable[[str, bytes], dict[str, Any]]
MISSED, EXTRA, CONFUSED, IGNORED = "#56b4e9", "#d55e00", "#f0e442", "#666666"
"""Colours of errors: in the mask alone, in the output alone, another class, not judged."""
LISTED = 12


@dataclass(frozen=True)
class _Artist:
    """Draws previews of one picture with its mask."""

    write_raw: WriteRaw
    colours: tuple[str, ...]

    def preview(self, name: str, role: str, title: str, caption: str, pixels: Tensor, legend: Any) -> Preview:
        written = self.write_raw(f"{name}.raw", pixels.contiguous().numpy().tobytes())
        height, width = pixels.shape[:2]
        where = (str(written["file"]), int(written["size"]), str(written["sha256"]))
        return Preview(name, title, caption, width, height, "RGB", role, *where, legend=tuple(legend))

    def classes(self, name: str, role: str, title: str, caption: str, ids: Tensor) -> Preview:
        """Draw class ids in the colours of the masks."""
        small = thinned(ids)
        table = torch.tensor([*(rgb(c) for c in self.colours), rgb(IGNORED)], dtype=torch.uint8)
        pixels = table[torch.where(small < 0, len(self.colours), small.clamp(max=len(self.colours) - 1))]
        counts = torch.bincount(ids[ids >= 0].flatten(), minlength=len(self.colours))
        order = [k for k in counts.argsort(descending=True).tolist() if counts[k] and k < len(self.colours)][:LISTED]
        legend = [(self.colours[k], f"class {k}: {100 * int(counts[k]) / ids.numel():.1f} %") for k in order]
        return self.preview(name, role, title, caption, pixels, legend)

    def errors(self, name: str, role: str, title: str, mark: Marked, behind: Tensor | None) -> Preview:
        """Draw where the output differs from the mask, over the photograph in grey."""
        truth, drawn = mark.truth.ids, mark.drawn.ids
        kinds = (
            ("missed", MISSED, (truth > 0) & (drawn == 0)),
            ("too much", EXTRA, (truth == 0) & (drawn > 0)),
            ("another class", CONFUSED, (truth > 0) & (drawn > 0) & (truth != drawn)),
            ("not judged", IGNORED, truth < 0),
        )
        grey = torch.full(truth.shape, 96.0) if behind is None else behind
        colour = thinned(grey * 0.6)[..., None].expand(-1, -1, 3).clone()
        legend = []
        for label, paint, hit in kinds:
            colour[thinned(hit)] = torch.tensor(rgb(paint), dtype=torch.float32)
            share = 100 * hit.float().mean().item()
            if share:
                legend.append((paint, f"{label}: {share:.2g} %"))
        score = mean_dice(confusion(truth, drawn, max(int(truth.max()), int(drawn.max())) + 1))
        caption = f"mean Dice {score:.3f} on this picture" if score == score else "nothing to find, and nothing found"
        return self.preview(name, role, title, caption, colour.round().clamp(0, 255).to(torch.uint8), legend)


def mask_pictures(examination: Examination, trial: Trial | None, write_raw: WriteRaw) -> list[Preview]:
    """Return the first picture's mask, what was drawn of it and the errors; the errors once more under the trial."""
    evidence = examination.evidence()
    if evidence.scores is None:
        return []
    mark = marks(examination, evidence, examination.outputs())[0]
    count = max(len(evidence.scores.classes), mark.drawn.classes)
    known = evidence.scores.palette
    colours = known[:count] if len(known) >= count else palette(count)
    if count == 2 and not known:
        colours = ("#000000", "#ffffff")
    artist = _Artist(write_raw, colours)
    behind = _grey(examination, mark)
    found = [
        artist.classes("mask", "truth", f"Mask: {mark.truth.name}", mark.truth.encoding, mark.truth.ids),
        artist.classes("mask-drawn", "read", "What the output says", mark.drawn.how, mark.drawn.ids),
        artist.errors("mask-errors", "errors", "Where they differ", mark, behind),
    ]
    after = _under(examination, trial, mark.probe) if trial is not None else None
    if after is not None and trial is not None:
        found += [
            artist.classes("mask-trial", "read", "After the experiment", trial.title, after.drawn.ids),
            artist.errors("mask-trial-errors", "errors", "What differs after it", after, behind),
        ]
    return found


def _under(examination: Examination, trial: Trial, probe: str) -> Marked | None:
    """Return the picture under a trial's remedies; None where that is not the pass that is drawn."""
    try:
        evidence = examination.counterfactual(trial.remedies, compared=False)
        drawn = examination.picture_under(trial.remedies)
    except (NotApplicableError, RuntimeError, ValueError):
        return None
    if drawn is None or examination.main.probe.name != probe:
        return None
    runs = tuple(replace(r, output=drawn[1]) for r in evidence.runs if r.probe.name == probe)
    return next(iter(marks(examination, replace(evidence, runs=runs), {probe: drawn[0]})), None)


def _grey(examination: Examination, mark: Marked) -> Tensor | None:
    """Return the brightness of the picture that was fed, [H, W] in 0..255 at the mask's size."""
    seen = next((s for s in examination.seen if s.probe.name == mark.probe), None)
    if seen is None or not seen.inputs or seen.inputs[0].dim() != 4:
        return None
    x = as_pictures(channels_first(seen.inputs[0][:1], seen.probe.shape))[0]
    clean, _ = cleaned(x[:3])
    grey = levels(clean, *source_range(clean)).mean(dim=0).clamp(0, 255)
    size = tuple(mark.truth.ids.shape)
    return F.interpolate(grey[None, None], size=size, mode="bilinear", antialias=True)[0, 0]
