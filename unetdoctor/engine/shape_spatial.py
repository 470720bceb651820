"""Shape rules of the operations that move, resize and join: pools, resampling, padding, gathering (shape_rules.py)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.shape_rules import Arguments, Rule, broadcast, each, empty, like, same


def pooled(n: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """Return the size of one dimension after a pool."""
    reach = n + 2 * padding - dilation * (kernel - 1) - 1
    size = (-(-reach // stride) if ceil else reach // stride) + 1
    if ceil and (size - 1) * stride >= n + padding:
        size -= 1
    return size


def _pool(count: int, indices: bool) -> Rule:
    def rule(a: Arguments) -> Any:
        x = a["self"]
        kernel = each(a["kernel_size"], count)
        stride = each(a["stride"], count) if a["stride"] not in ([], None) else kernel
        padding, dilation = each(a["padding"], count), each(a.get("dilation", 1), count)
        size = [
            pooled(*values, ceil=a["ceil_mode"])
            for values in zip(x.shape[-count:], kernel, stride, padding, dilation, strict=True)
        ]
        if min(size) < 1:
            raise RuntimeError(
                f"Given input size: ({'x'.join(map(str, x.shape[-count - 1 :]))}). Calculated output size: "
                f"({'x'.join(map(str, [x.shape[-count - 1], *size]))}). Output size is too small"
            )
        out = like(x, [*x.shape[:-count], *size])
        return (out, like(out, out.shape, torch.int64)) if indices else out

    return rule


def _adaptive(indices: bool) -> Rule:
    def rule(a: Arguments) -> Any:
        x, size = a["self"], list(a["output_size"])
        out = like(x, [*x.shape[: x.dim() - len(size)], *size])
        return (out, like(out, out.shape, torch.int64)) if indices else out

    return rule


def _resample(a: Arguments) -> Tensor:
    x = a.get("self", a.get("input"))
    assert x is not None
    size = a.get("output_size")
    if size is None:
        size = [math.floor(n * f) for n, f in zip(x.shape[2:], a["scale_factors"], strict=True)]
    if len(size) != x.dim() - 2 or min(size) < 1 or min(x.shape[2:]) < 1:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(x.shape[2:])} output {list(size)}"
        )
    return like(x, [*x.shape[:2], *size])


def _padded(a: Arguments, limited: bool) -> Tensor:
    x, padding = a["self"], a.get("pad", a.get("padding"))
    assert padding is not None
    shape = list(x.shape)
    for i in range(len(padding) // 2):
        before, after = padding[2 * i], padding[2 * i + 1]
        if limited and max(before, after) >= shape[-1 - i]:
            raise RuntimeError(
                "Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {len(shape) - 1 - i} of input {list(x.shape)}"
            )
        shape[-1 - i] += before + after
    if min(shape, default=0) < 0:
        raise RuntimeError(f"The input size {list(x.shape)}, plus negative padding {list(padding)}, is below 0")
    return like(x, shape)


def _cat(a: Arguments) -> Tensor:
    tensors = [t for t in a["tensors"] if t.shape != (0,)]
    if not tensors:
        return empty([0], a["tensors"][0].dtype)
    head = tensors[0]
    dim = a["dim"] % max(head.dim(), 1)
    dtype = head.dtype
    for i, t in enumerate(tensors[1:], start=1):
        dtype = torch.promote_types(dtype, t.dtype)
        if t.dim() != head.dim():
            raise RuntimeError(f"Tensors must have same number of dimensions: got {head.dim()} and {t.dim()}")
        for d, (m, n) in enumerate(zip(head.shape, t.shape, strict=True)):
            if d != dim and m != n:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {m} but got size {n} "
                    f"for tensor number {i} in the list."
                )
    shape = list(head.shape)
    shape[dim] = sum(t.shape[dim] for t in tensors)
    return like(head, shape, dtype)


def _stack(a: Arguments) -> Tensor:
    tensors = a["tensors"]
    if len({t.shape for t in tensors}) > 1:
        raise RuntimeError(
            f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 and "
            f"{list(next(t.shape for t in tensors if t.shape != tensors[0].shape))}"
        )
    shape = list(tensors[0].shape)
    shape.insert(a["dim"] % (len(shape) + 1), len(tensors))
    return empty(shape, tensors[0].dtype)


def _repeat(a: Arguments) -> Tensor:
    x, repeats = a["self"], list(a["repeats"])
    shape = [1] * (len(repeats) - x.dim()) + list(x.shape)
    return empty([n * r for n, r in zip(shape, repeats, strict=True)], x.dtype)


def _index(a: Arguments) -> Tensor:
    """Return the shape of x[i, :, j]: the indexed dimensions give way to the indices' common shape."""
    x, indices = a["self"], list(a["indices"])
    places = [d for d, i in enumerate(indices) if i is not None]
    shape = broadcast([indices[d] for d in places])
    kept = [n for d, n in enumerate(x.shape) if d not in places]
    together = places == list(range(places[0], places[-1] + 1))
    at = places[0] if together else 0
    return empty([*kept[:at], *shape, *kept[at:]], x.dtype)


def _gather(a: Arguments) -> Tensor:
    return empty(a["index"].shape, a["self"].dtype)


def _grid_sampler(a: Arguments) -> Tensor:
    x, grid = a["input"], a["grid"]
    return empty([*x.shape[:2], *grid.shape[1:-1]], x.dtype)


def _affine_grid(a: Arguments) -> Tensor:
    size = a["size"]
    return empty([size[0], *size[2:], len(size) - 2], a["theta"].dtype)


def _windows(size: Sequence[int], a: Arguments) -> list[int]:
    counts = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, a["kernel_size"], a["dilation"], a["padding"], a["stride"], strict=True)
    ]
    if min(counts) < 1:
        raise RuntimeError(f"spatial size {list(size)} is too small for kernel_size={list(a['kernel_size'])}")
    return counts


def _im2col(a: Arguments) -> Tensor:
    x = a["self"]
    columns = math.prod(_windows(x.shape[-2:], a))
    return empty([*x.shape[:-3], x.shape[-3] * math.prod(a["kernel_size"]), columns], x.dtype)


def _col2im(a: Arguments) -> Tensor:
    x, area = a["self"], math.prod(a["kernel_size"])
    expected = math.prod(_windows(a["output_size"], a))
    if x.shape[-1] != expected or x.shape[-2] % area:
        raise RuntimeError(
            f"Given output_size={list(a['output_size'])}, expected size of input's dimension 2 to match the "
            f"calculated number of sliding blocks {expected}, but got input.size(2)={x.shape[-1]}"
        )
    return empty([*x.shape[:-2], x.shape[-2] // area, *a["output_size"]], x.dtype)


def _pixel_shuffle(a: Arguments) -> Tensor:
    *outer, c, h, w = a["self"].shape
    f = a["upscale_factor"]
    if c % (f * f):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={c} is not divisible by {f * f}"
        )
    return empty([*outer, c // (f * f), h * f, w * f], a["self"].dtype)


def _pixel_unshuffle(a: Arguments) -> Tensor:
    *outer, c, h, w = a["self"].shape
    f = a["downscale_factor"]
    if h % f or w % f:
        raise RuntimeError(f"pixel_unshuffle expects height and width to be divisible by {f}, but got {h}x{w}")
    return empty([*outer, c * f * f, h // f, w // f], a["self"].dtype)


def _glu(a: Arguments) -> Tensor:
    shape = list(a["self"].shape)
    if shape[a["dim"]] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {a['dim']} is size {shape[a['dim']]}")
    shape[a["dim"]] //= 2
    return empty(shape, a["self"].dtype)


_COMPLEX = {torch.float16: torch.complex32, torch.float64: torch.complex128}
_REAL = {torch.complex32: torch.float16, torch.complex128: torch.float64}


def _fft_r2c(a: Arguments) -> Tensor:
    x, shape = a["self"], list(a["self"].shape)
    if a["onesided"]:
        shape[a["dim"][-1]] = shape[a["dim"][-1]] // 2 + 1
    return empty(shape, _COMPLEX.get(x.dtype, torch.complex64))


def _fft_c2r(a: Arguments) -> Tensor:
    x, shape = a["self"], list(a["self"].shape)
    shape[a["dim"][-1]] = a["last_dim_size"]
    return empty(shape, _REAL.get(x.dtype, torch.float32))


def _unpool(a: Arguments) -> Tensor:
    x, size = a["self"], list(a["output_size"])
    return empty([*x.shape[: x.dim() - len(size)], *size], x.dtype)


def _cdist(a: Arguments) -> Tensor:
    x, y = a["x1"], a["x2"]
    return empty([*x.shape[:-1], y.shape[-2]], x.dtype)


def _linspace(a: Arguments) -> Tensor:
    return empty([a["steps"]], a.get("dtype") or torch.get_default_dtype())


def _eye(a: Arguments) -> Tensor:
    return empty([a["n"], a["m"] if "m" in a else a["n"]], a.get("dtype") or torch.get_default_dtype())


_RESAMPLERS = (
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "upsample_linear1d", "upsample_bilinear2d",
    "upsample_trilinear3d", "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
    "_upsample_lanczos2d_aa",
)  # fmt: skip

RULES: dict[str, Rule] = {
    **{f"max_pool{n}d_with_indices": _pool(n, True) for n in (2, 3)},
    **{f"avg_pool{n}d": _pool(n, False) for n in (2, 3)},
    **{f"_adaptive_avg_pool{n}d": _adaptive(False) for n in (2, 3)},
    **{f"adaptive_max_pool{n}d": _adaptive(True) for n in (2, 3)},
    **dict.fromkeys(_RESAMPLERS, _resample),
    "constant_pad_nd": lambda a: _padded(a, limited=False),
    **{f"reflection_pad{n}d": lambda a: _padded(a, limited=True) for n in (1, 2, 3)},
    **{f"replication_pad{n}d": lambda a: _padded(a, limited=False) for n in (1, 2, 3)},
    "cat": _cat,
    "stack": _stack,
    "repeat": _repeat,
    "index": _index,
    "_unsafe_index": _index,
    "gather": _gather,
    **dict.fromkeys(("scatter", "scatter_add", "index_add", "index_put", "slice_scatter", "native_channel_shuffle",
                     "channel_shuffle", "_fft_c2c"), same),
    **dict.fromkeys(("grid_sampler_2d", "grid_sampler_3d"), _grid_sampler),
    "affine_grid_generator": _affine_grid,
    "im2col": _im2col,
    "col2im": _col2im,
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "glu": _glu,
    "_fft_r2c": _fft_r2c,
    "_fft_c2r": _fft_c2r,
    **dict.fromkeys(("max_unpool2d", "max_unpool3d"), _unpool),
    "_cdist_forward": _cdist,
    "linspace": _linspace,
    "eye": _eye,
}  # fmt: skip
"""Operation name without overload -> its rule."""
