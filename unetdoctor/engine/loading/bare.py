"""A checkpoint without a network: what was read, and which of its entries is the one to look at."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from unetdoctor.engine.loading import matching, weights
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.matching import Tensors
from unetdoctor.engine.loading.sniff import Content


@dataclass(frozen=True)
class Bare:
    """Weights that no network was named for."""

    shown: str
    """The file as it was asked for."""
    form: str
    """How it was written: `a zip file of torch.save`, `safetensors`."""
    entries: tuple[tuple[tuple[str, ...], int], ...]
    """(keys that lead to it, number of tensors) of every state_dict in it, the largest first."""
    tensors: Tensors
    """The first of these, its keys as they are saved."""
    ordered: bool
    """Whether the keys stand in the order of the network; safetensors sorts them."""
    remarks: tuple[str, ...]
    """What was seen while reading it."""
    damaged: tuple[str, ...] | None = None
    """Keys whose bytes differ from their checksum; None where no checksum was recorded."""


def read(file: FoundFile) -> Bare:
    """Read a checkpoint; raises RequestError where it cannot be read or holds no state_dict."""
    given = weights.read(file)
    found = sorted(
        matching.state_dicts(given.checkpoint), key=lambda pair: (-len(pair[1]), matching.is_averaged(pair[0]))
    )
    tensors = {key: tensor for key, tensor in found[0][1].items() if _is_stored(tensor)}
    odd = len(found[0][1]) - len(tensors)
    return Bare(
        shown=file.shown,
        form=_FORMS.get(file.content, "shards"),
        entries=tuple((entry, len(tensors)) for entry, tensors in found),
        tensors=tensors,
        ordered=file.content in (Content.ZIP, Content.LEGACY_TORCH, Content.PICKLE),
        remarks=(*given.remarks, *([f"left out {odd} tensors that are no plain arrays of numbers"] if odd else [])),
        damaged=given.damaged if given.damaged is None else tuple(key for key in given.damaged if key in tensors),
    )


def _is_stored(tensor: torch.Tensor) -> bool:
    """Return whether every value of a tensor is in the file: a tensor of stride 0 declares any number of them."""
    if tensor.layout is not torch.strided or tensor.is_quantized:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


_FORMS = {
    Content.ZIP: "a zip file of torch.save",
    Content.LEGACY_TORCH: "a file of torch.save before 1.6",
    Content.PICKLE: "a pickle file",
    Content.SAFETENSORS: "a safetensors file",
}
