"""Checksums that prove that an examination left the model as it was."""

import zlib
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy


def model_digest(model: nn.Module) -> dict[str, Any]:
    """Return checksums of every parameter and buffer, the training flags and torch's random state."""
    sums: dict[str, Any] = {}
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if is_lazy(tensor) or tensor.layout is not torch.strided:
            continue
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        sums[name] = zlib.crc32(flat.view(torch.uint8).numpy().data) if flat.numel() else 0
    sums["training flags"] = tuple(getattr(m, "training", None) for m in model.modules())  # a frozen program has none
    sums["random state"] = zlib.crc32(torch.get_rng_state().numpy().data)
    return sums
