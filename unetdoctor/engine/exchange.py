"""Arguments with other tensors in them."""

from typing import Any

from torch import Tensor


def with_inputs(args: tuple[Any, ...], kwargs: dict[str, Any], new: tuple[Tensor, ...]) -> tuple[Any, dict[str, Any]]:
    """Return the arguments with their tensors exchanged, in order."""
    queue = iter(new)

    def exchange(value: Any) -> Any:
        if isinstance(value, Tensor):
            return next(queue)
        if isinstance(value, (list, tuple)):
            return type(value)([exchange(item) for item in value])
        if isinstance(value, dict):
            return {key: exchange(item) for key, item in value.items()}
        return value

    return exchange(args), exchange(kwargs)
