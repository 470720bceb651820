"""From a network of the bench to a module that runs, and what is fed to it."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.faults.networks import Network

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "faults"
"""Where trained weights lie; made on demand, never committed."""


@dataclass(frozen=True)
class Fed:
    """What goes into forward()."""

    first: Tensor
    named: dict[str, Tensor]
    truth: Tensor | None = None
    """What a trained network has to draw."""


def built(network: Network) -> nn.Module:
    """Return the network with seeded, fresh weights, in evaluation mode."""
    space: dict[str, Any] = {"__name__": f"network_{network.name.replace('-', '_')}"}
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        exec(compile(network.text, f"{network.name}.py", "exec"), space)
        module: nn.Module = space["build_model"]()
    return module.eval()


def weights_file(network: Network) -> Path:
    """Return where the trained weights of a network lie."""
    return CACHE / f"{network.name}.pt"


def trained(network: Network) -> nn.Module:
    """Return the network with its trained weights."""
    module = built(network)
    module.load_state_dict(torch.load(weights_file(network), weights_only=True)["weights"])
    return module.eval()


def fed(network: Network, with_lesson: bool) -> Fed:
    """Return held-out pictures with their truth for a trained network, noise (or latents) for a fresh one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        if with_lesson:
            from tests.faults.lessons import LESSONS

            pictures, truth = LESSONS[network.lesson].draw(network, 4, 12345)
            return Fed(pictures, {}, truth)
        first = torch.randn(network.shape) if network.latent else _smooth(network.shape)
        return Fed(first, {name: torch.full(network.shape[:1], value) for name, value in network.others})


def _smooth(shape: tuple[int, ...]) -> Tensor:
    coarse = torch.rand(*shape[:2], shape[2] // 8, shape[3] // 8)
    smooth = nn.functional.interpolate(coarse, size=shape[2:], mode="bilinear")
    return (smooth + 0.1 * torch.rand(shape)).clamp(0, 1)


def called(module: nn.Module, given: Fed) -> Tensor:
    """Return the first picture-like tensor that the module draws."""
    with torch.no_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(2)
        return picture_of(module(given.first, **given.named))


def picture_of(returned: Any) -> Tensor:
    """Return the tensor that a person would look at in what forward() returned."""
    if isinstance(returned, Tensor):
        return returned
    for key in ("out", "logits", "sample", "reconstruction", "predicted_depth"):
        if hasattr(returned, key):
            return picture_of(getattr(returned, key))
        if isinstance(returned, dict) and key in returned:
            return picture_of(returned[key])
    values = list(returned.values()) if isinstance(returned, dict) else list(returned)
    return picture_of(values[0])
