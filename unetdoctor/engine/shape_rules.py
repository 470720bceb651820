"""The shape of what an operation returns, without the operation: tensors on the meta device carry the shapes.

In recent torch nearly every meta kernel is written in Python and imports sympy and torch._dynamo when it first
runs: seconds that a person waits for. Each rule here takes the arguments of one aten operation by their names in its
schema (tensors all on meta) and returns what it would return. It raises a RuntimeError in torch's own words where
the operation would refuse its operands. Operations without a rule go to torch's kernel, slow the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Arguments = dict[str, Any]
Rule = Callable[[Arguments], Any]


def like(x: Tensor, shape: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
    """Return an empty tensor of this shape on meta, in the memory layout of `x` where the number of dims is kept."""
    dtype = dtype or x.dtype
    if x.dim() != len(shape) or x.is_contiguous() or 0 in shape:
        return torch.empty(shape, dtype=dtype, device="meta")
    order = sorted(range(x.dim()), key=lambda d: (x.stride(d), x.shape[d]))
    strides, step = [0] * x.dim(), 1
    for d in order:
        strides[d], step = step, step * shape[d]
    return torch.empty_strided(tuple(shape), strides, dtype=dtype, device="meta")


def empty(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return an empty contiguous tensor on meta."""
    return torch.empty(tuple(shape), dtype=dtype, device="meta")


def broadcast(tensors: Sequence[Tensor]) -> list[int]:
    """Return the common shape of tensors, or raise what torch raises for operands that do not fit."""
    shape: list[int] = []
    for t in tensors:
        other = list(t.shape)
        width = max(len(shape), len(other))
        a, b = [1] * (width - len(shape)) + shape, [1] * (width - len(other)) + other
        for d, (m, n) in enumerate(zip(a, b, strict=True)):
            if m != n and 1 not in (m, n):
                raise RuntimeError(
                    f"The size of tensor a ({m}) must match the size of tensor b ({n}) at non-singleton dimension {d}"
                )
        shape = [n if m == 1 else m for m, n in zip(a, b, strict=True)]
    return shape


def each(values: int | Sequence[int], count: int) -> list[int]:
    """Return one value per dimension, where torch allows a single one for all of them."""
    values = [values] if isinstance(values, int) else list(values)
    return values if len(values) == count else values[:1] * count


def _convolution(a: Arguments) -> Tensor:
    x, weight, groups, transposed = a["input"], a["weight"], a["groups"], a["transposed"]
    if x.dtype != weight.dtype:
        raise RuntimeError(f"Input type ({x.dtype}) and weight type ({weight.dtype}) should be the same")
    if x.dim() != weight.dim():
        raise RuntimeError(f"Expected {weight.dim()}D input to convolution, but got input of size: {list(x.shape)}")
    channels = weight.shape[0] if transposed else weight.shape[1] * groups
    if x.shape[1] != channels:
        raise RuntimeError(
            f"Given groups={groups}, {'transposed=1, ' if transposed else ''}weight of size {list(weight.shape)}, "
            f"expected input{list(x.shape)} to have {channels} channels, but got {x.shape[1]} channels instead"
        )
    count = x.dim() - 2
    kernel, size = weight.shape[2:], []
    options = [each(a[key], count) for key in ("stride", "padding", "dilation", "output_padding")]
    for n, k, s, p, d, e in zip(x.shape[2:], kernel, *options, strict=True):
        if transposed:
            size.append((n - 1) * s - 2 * p + d * (k - 1) + e + 1)
        else:
            size.append((n + 2 * p - d * (k - 1) - 1) // s + 1)
    if min(size) < 1:
        padded = " x ".join(str(n + 2 * p) for n, p in zip(x.shape[2:], each(a["padding"], count), strict=True))
        raise RuntimeError(
            f"Calculated padded input size per channel: ({padded}). Kernel size: ({' x '.join(map(str, kernel))}). "
            "Kernel size can't be greater than actual input size"
        )
    return like(x, [x.shape[0], weight.shape[1] * groups if transposed else weight.shape[0], *size])


def _batch_norm(a: Arguments) -> tuple[Tensor, ...]:
    x = a["input"]
    for name in ("weight", "bias", "running_mean", "running_var"):
        tensor = a.get(name)
        if tensor is not None and tensor.numel() != x.shape[1]:
            raise RuntimeError(f"{name} should contain {x.shape[1]} elements not {tensor.numel()}")
    size = [x.shape[1] if a.get("training", True) else 0]
    return like(x, x.shape), empty(size, x.dtype), empty(size, x.dtype)


def _batch_norm_reserving(a: Arguments) -> tuple[Tensor, ...]:
    return (*_batch_norm(a), empty([0], torch.uint8))


def _group_norm(a: Arguments) -> tuple[Tensor, ...]:
    x, group = a["input"], a["group"]
    if a["C"] % group:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(x.shape)} and num_groups={group}"
        )
    if a["weight"] is not None and a["weight"].numel() != a["C"]:
        raise RuntimeError(
            f"Expected weight to be a vector of size equal to the number of channels in input, but got weight of "
            f"shape {list(a['weight'].shape)} and input of shape {list(x.shape)}"
        )
    return empty(x.shape, x.dtype), empty([a["N"], group], x.dtype), empty([a["N"], group], x.dtype)


def _layer_norm(a: Arguments) -> tuple[Tensor, ...]:
    x, normalized = a["input"], list(a["normalized_shape"])
    outer = list(x.shape[: x.dim() - len(normalized)])
    if list(x.shape[len(outer) :]) != normalized:
        raise RuntimeError(
            f"Given normalized_shape={normalized}, expected input with shape [*, {str(normalized)[1:-1]}], "
            f"but got input of size{list(x.shape)}"
        )
    outer += [1] * len(normalized)
    return empty(x.shape, x.dtype), empty(outer, x.dtype), empty(outer, x.dtype)


def _embedding(a: Arguments) -> Tensor:
    indices = a["indices"]
    if indices.dtype not in (torch.int64, torch.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; "
            f"but got {indices.dtype} instead (while checking arguments for embedding)"
        )
    return empty([*indices.shape, *a["weight"].shape[1:]], a["weight"].dtype)


def _product(a: Tensor, b: Tensor) -> list[int]:
    if a.dtype != b.dtype:
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {a.dtype} and {b.dtype}")
    if a.dim() == b.dim() == 2 and a.shape[1] == b.shape[0]:
        return [a.shape[0], b.shape[1]]
    if a.dim() == b.dim() == 3 and a.shape[0] == b.shape[0] and a.shape[2] == b.shape[1]:
        return [a.shape[0], a.shape[1], b.shape[2]]
    left, right = "x".join(map(str, a.shape)), "x".join(map(str, b.shape))
    raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({left} and {right})")


def _matmul(left: str, right: str) -> Rule:
    return lambda a: empty(_product(a[left], a[right]), a[left].dtype)


def _mv(a: Arguments) -> Tensor:
    return empty(_product(a["self"], a["vec"][:, None])[:1], a["self"].dtype)


def _attention(a: Arguments) -> tuple[Tensor, Tensor]:
    q, k, v = a["query"], a["key"], a["value"]
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise RuntimeError(f"attention over query {list(q.shape)}, key {list(k.shape)}, value {list(v.shape)}")
    out = q.transpose(1, 2).new_empty(q.shape[0], q.shape[2], q.shape[1], v.shape[-1]).transpose(1, 2)
    return out, empty([*q.shape[:-1], k.shape[-2]], q.dtype)


def _attention_flash(a: Arguments) -> tuple[Tensor, Tensor]:
    return _attention(a)[0], empty(a["query"].shape[:-1], torch.float32)


def reduced(x: Tensor, dim: Any, keepdim: bool) -> list[int]:
    """Return the shape of `x` after a reduction over `dim` (None or empty: all of them)."""
    chosen = range(x.dim()) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim
    if any(not -max(x.dim(), 1) <= d < max(x.dim(), 1) for d in chosen):
        raise IndexError(f"Dimension out of range (expected to be in range of [{-x.dim()}, {x.dim() - 1}], got {dim})")
    over = {d % max(x.dim(), 1) for d in chosen}
    return [1 if d in over else n for d, n in enumerate(x.shape) if keepdim or d not in over]


def _reduction(dtype: Callable[[Arguments], torch.dtype], count: int = 1) -> Rule:
    def rule(a: Arguments) -> Any:
        shape = reduced(a["self"], a.get("dim"), bool(a.get("keepdim", False)))
        outs = tuple(empty(shape, dtype(a)) for _ in range(count))
        return outs if count > 1 else outs[0]

    return rule


def _own(a: Arguments) -> torch.dtype:
    return a.get("dtype") or a["self"].dtype  # type: ignore[no-any-return]


def _summed(a: Arguments) -> torch.dtype:
    dtype = _own(a)
    return dtype if dtype.is_floating_point or dtype.is_complex or a.get("dtype") else torch.int64


def _extremum(a: Arguments) -> Any:
    """Return max and min: over everything, over one dimension with places, or of two tensors."""
    x = a["self"]
    if "other" in a:
        return empty(broadcast([x, a["other"]]), torch.promote_types(x.dtype, a["other"].dtype))
    if "dim" not in a:
        return empty([], x.dtype)
    shape = reduced(x, a["dim"], bool(a.get("keepdim", False)))
    return empty(shape, x.dtype), empty(shape, torch.int64)


def _topk(a: Arguments) -> tuple[Tensor, Tensor]:
    x, dim = a["self"], a["dim"] % max(a["self"].dim(), 1)
    if a["k"] > x.shape[dim]:
        raise RuntimeError("selected index k out of range")
    shape = [a["k"] if d == dim else n for d, n in enumerate(x.shape)]
    return empty(shape, x.dtype), empty(shape, torch.int64)


def _sort(a: Arguments) -> tuple[Tensor, Tensor]:
    return like(a["self"], a["self"].shape), like(a["self"], a["self"].shape, torch.int64)


def same(a: Arguments) -> Tensor:
    """Return a tensor like the first argument."""
    x = next(v for v in a.values() if isinstance(v, Tensor))
    layout = a.get("memory_format")
    if layout in (torch.contiguous_format, torch.channels_last, torch.channels_last_3d):
        return torch.empty(x.shape, dtype=a.get("dtype") or x.dtype, device="meta", memory_format=layout)
    return like(x, x.shape, a.get("dtype"))


def _softmax(a: Arguments) -> Tensor:
    reduced(a["self"], a["dim"], True)
    return same(a)


def first(a: Arguments) -> Tensor:
    """Return the first argument itself: an operation in place."""
    return next(v for v in a.values() if isinstance(v, Tensor))


def _dropout(a: Arguments) -> tuple[Tensor, Tensor]:
    return same(a), like(a["input"], a["input"].shape, torch.bool)


def _weight_norm(a: Arguments) -> tuple[Tensor, Tensor]:
    return same({"v": a["v"]}), empty(a["g"].shape, a["g"].dtype)


def _sized(a: Arguments) -> Tensor:
    return empty(a["size"], a.get("dtype") or torch.get_default_dtype())


RULES: dict[str, Rule] = {
    **dict.fromkeys(("convolution", "_convolution", "convolution_overrideable"), _convolution),
    **dict.fromkeys(("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training",
                     "miopen_batch_norm"), _batch_norm),
    **dict.fromkeys(("cudnn_batch_norm", "_batch_norm_with_update", "_batch_norm_no_update"), _batch_norm_reserving),
    "native_group_norm": _group_norm,
    "native_layer_norm": _layer_norm,
    "embedding": _embedding,
    "mm": _matmul("self", "mat2"),
    "bmm": _matmul("self", "mat2"),
    "addmm": _matmul("mat1", "mat2"),
    "baddbmm": _matmul("batch1", "batch2"),
    "mv": _mv,
    **dict.fromkeys(("_scaled_dot_product_flash_attention_for_cpu",), _attention_flash),
    **dict.fromkeys(("_scaled_dot_product_attention_math",), _attention),
    **dict.fromkeys(("sum", "prod", "nansum"), _reduction(_summed)),
    **dict.fromkeys(("mean", "amax", "amin", "var", "std", "logsumexp", "linalg_vector_norm", "norm"),
                    _reduction(_own)),
    **dict.fromkeys(("any", "all"), _reduction(lambda _: torch.bool)),
    **dict.fromkeys(("_is_all_true", "_is_any_true"), lambda _: empty([], torch.bool)),
    **dict.fromkeys(("argmax", "argmin"), _reduction(lambda _: torch.int64)),
    **dict.fromkeys(("var_mean", "std_mean", "aminmax"), _reduction(_own, 2)),
    **dict.fromkeys(("max", "min", "median", "cummax", "cummin"), _extremum),
    "topk": _topk,
    "sort": _sort,
    **dict.fromkeys(("_softmax", "_log_softmax", "_safe_softmax"), _softmax),
    **dict.fromkeys(("cumsum", "cumprod", "roll", "flip", "tril", "triu", "bernoulli", "zeros_like", "ones_like",
                     "rand_like", "randn_like", "full_like", "empty_like", "clone", "nan_to_num",
                     "_prelu_kernel", "masked_fill", "floor_divide", "_to_copy"), same),
    **dict.fromkeys(("bernoulli_", "uniform_", "normal_", "exponential_", "random_", "tril_", "triu_", "zero_", "fill_",
                     "copy_", "masked_fill_", "relu_", "scatter_", "scatter_add_", "index_put_",
                     "index_add_", "index_copy_", "resize_as_", "clamp_min_", "clamp_max_"), first),
    "native_dropout": _dropout,
    "_weight_norm_interface": _weight_norm,
    **dict.fromkeys(("randn", "rand", "zeros", "ones"), _sized),
    **dict.fromkeys(("dot", "vdot"), lambda a: empty([], a["self"].dtype)),
}  # fmt: skip
"""Operation name without overload -> its rule."""
