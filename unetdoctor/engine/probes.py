"""What is fed: noise, smooth natural-looking noise, zeros, photographs and latent vectors, all from one seed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.arguments import ArgumentSpec, Shape, Specs, arrange, sources
from unetdoctor.engine.chosen import ChosenInput, resized
from unetdoctor.engine.images import image_mode
from unetdoctor.engine.photographs import Photograph, photographs
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.signature import last_name
from unetdoctor.facts import Latent, Probe, Request

_CHROMA = 0.35
"""Spread of colour over that of brightness in natural-looking noise."""

_MASKS = {"mask", "masks", "hole", "holes"}
"""Words in the name of an argument that holds 0 and 1."""
_AREA = 8
"""Side of an even area of such a mask, in places."""


@dataclass(frozen=True)
class ProbeInput:
    """One probe with its tensors."""

    probe: Probe
    """What it is."""
    args: tuple[Any, ...]
    """Positional arguments of forward()."""
    kwargs: dict[str, Any]
    """Arguments given by name."""
    latent: Latent | None = None
    """Numbers of the latent vectors, on the first latent probe."""
    pixels: Tensor | None = None
    """The photograph in 0..1 that it was made of."""


def make_probes(
    chosen: ChosenInput, request: Request, device: str | torch.device, found: Sequence[Photograph] | None = None
) -> tuple[ProbeInput, ...]:
    """Make every probe, the main one first: photographs, what was declared, noise or latents; zeros come last.

    `found` are the photographs as they are fed, read here without them. Everything is drawn by generators of its own,
    seeded by the request: the global random state is not touched. Raises ImageError for a photograph that cannot be
    read.
    """
    if found is None:
        found = photographs(chosen, request)[0]
    maker = _Maker(chosen, request, torch.device(device), found)
    if chosen.latent:
        return maker.latents()
    return (*maker.photographs(), *maker.fed(), *maker.pictures())


@dataclass(frozen=True)
class _Maker:
    """Makes the probes of one examination."""

    chosen: ChosenInput
    request: Request
    device: torch.device
    given: Sequence[Photograph] = ()

    def latents(self) -> tuple[ProbeInput, ...]:
        """Return two draws of latent vectors, and zeros."""
        main = self.chosen.main
        values = self.chosen.values.get(main.name)
        declared = main.low is not None or values is not None
        first = "given" if declared else "latents"
        draws = [self._drawn(first) if values is None else self._given(values), self._drawn(f"second-{first}")]
        x = self._main(draws[0]).float()
        latent = Latent(
            shape=main.shape,
            std=x.std(correction=0).item(),
            minimum=x.min().item(),
            maximum=x.max().item(),
            declared=declared,
        )
        return replace(draws[0], latent=latent), draws[1], self._zeros()

    def fed(self) -> tuple[ProbeInput, ...]:
        """Return what the person feeds, where that is no latent vector."""
        values = self.chosen.values.get(self.chosen.main.name)
        return () if values is None else (self._given(values),)

    def _given(self, values: Tensor) -> ProbeInput:
        probe = self._probe("given", values, f"values of {self.request.inputs_from}")
        return replace(probe, probe=replace(probe.probe, real=True))

    def pictures(self) -> tuple[ProbeInput, ...]:
        """Return what was declared with a range, else noise; natural-looking noise; zeros."""
        main = self.chosen.main
        if not main.dtype.startswith(("float", "bfloat")) or main.low is not None:
            return self._drawn("given"), self._drawn("second-given"), self._zeros()
        probes = [self._drawn("noise")]
        if len(main.shape) > 2:
            values = natural(main.shape, self._generator("natural"))
            probes.append(self._probe("natural", values, "smooth 1/f noise in 0..1"))
        return *probes, self._drawn("second-noise"), self._zeros()

    def photographs(self) -> tuple[ProbeInput, ...]:
        """Return the photographs that were given."""
        found = []
        for given in self.given:
            specs = resized(self.chosen.specs, tuple(given.values.shape[2:]), 1)
            probe = self._probe(given.name, given.values, given.text, specs, file=given.file)
            found.append(replace(probe, pixels=given.pixels))
        return tuple(found)

    def _drawn(self, name: str) -> ProbeInput:
        main = self.chosen.main
        values, text = _values(main, self._generator(name))
        constant = bool((values == values.flatten()[0]).all()) if values.numel() else False
        return self._probe(name, values, text, constant=constant)

    def _zeros(self) -> ProbeInput:
        main = self.chosen.main
        return self._probe("zeros", torch.zeros(main.shape), "zeros", constant=True)

    def _probe(
        self,
        name: str,
        values: Tensor,
        text: str,
        specs: Specs | None = None,
        *,
        file: Path | None = None,
        constant: bool = False,
    ) -> ProbeInput:
        """Return a probe whose main argument has these values; the other arguments are the same in all of them."""

        def made(spec: ArgumentSpec) -> Tensor:
            value = values if spec.role == "main" else self.chosen.values.get(spec.name)
            if value is None:
                value = _values(spec, self._generator(spec.name))[0]
            return value.to(getattr(torch, spec.dtype)).to(self.device)

        args, kwargs = arrange(specs or self.chosen.specs, made)
        mode = image_mode(file) if file is not None else ""
        probe = Probe(name, tuple(values.shape), file is not None, constant, text, mode)
        return ProbeInput(probe, args, kwargs)

    def _main(self, probe: ProbeInput) -> Tensor:
        bits = sources(self.chosen.specs)[self.chosen.main.name]
        fed = find_tensors((probe.args, probe.kwargs))
        return torch.stack([t for i, (_, t) in enumerate(fed) if bits >> i & 1])

    def _generator(self, name: str) -> torch.Generator:
        generator = torch.Generator()
        return generator.manual_seed(self.request.seed * 1_000_003 + zlib.crc32(name.encode()) % 1_000_003)


def _values(spec: ArgumentSpec, generator: torch.Generator) -> tuple[Tensor, str]:
    """Return the values of one argument, and how they were made."""
    low, high = spec.low, spec.high
    if not spec.dtype.startswith(("float", "bfloat")):
        low, high = int(low or 0), int(high if high is not None else 1)
        if spec.role == "main":
            return torch.randint(low, high + 1, spec.shape, generator=generator), f"integers in {low}..{high}"
        values = torch.arange(max(1, _count(spec.shape))) % (high - low + 1) + low
        return values[: _count(spec.shape)].reshape(spec.shape), f"{low}..{high}"
    if low is None and spec.role != "main" and _is_mask(spec):
        return _mask(spec.shape, generator), "a mask of 0 and 1"
    if low is None or high is None:
        return torch.randn(spec.shape, generator=generator), "N(0, 1)"
    if low == high and spec.role == "label" and len(spec.shape) == 2:
        hot = torch.nn.functional.one_hot(torch.arange(spec.shape[0]) % spec.shape[1], spec.shape[1])
        return hot.float(), "one hot"
    return torch.rand(spec.shape, generator=generator) * (high - low) + low, f"uniform in {low:g}..{high:g}"


def _is_mask(spec: ArgumentSpec) -> bool:
    """Return whether an argument is called a mask and has places."""
    return len(spec.shape) > 3 and not _MASKS.isdisjoint(last_name(spec.name).split("_"))


def _mask(shape: Shape, generator: torch.Generator) -> Tensor:
    """Return even areas of 0 and of 1, alike in all channels, either of them about half of the places."""
    coarse = torch.rand((shape[0], 1, *[max(1, side // _AREA) for side in shape[2:]]), generator=generator)
    flat = coarse.flatten(1)
    areas = (coarse > flat.median(dim=1).values.reshape(-1, *[1] * (coarse.dim() - 1))).float()
    return torch.nn.functional.interpolate(areas, size=tuple(shape[2:]), mode="nearest").expand(shape).clone()


def _count(shape: Shape) -> int:
    return int(torch.Size(shape).numel())


def natural(shape: Shape, generator: torch.Generator) -> Tensor:
    """Return smooth noise in 0..1 with about the spectrum of photographs; its channels share the brightness.

    The amplitude of photographs falls as 1/f; half a power is added for the blur of lens and demosaicing.

    Source: Field, "Relations between the statistics of natural images and the response properties of cortical cells",
    1987.
    """
    sides = shape[2:]
    grids = torch.meshgrid(*[torch.fft.fftfreq(n) * n for n in sides], indexing="ij")
    radius = torch.stack(list(grids)).square().sum(dim=0).sqrt().clamp(min=1)
    dims = tuple(range(2, len(shape)))

    def field(channels: int) -> Tensor:
        white: Tensor = torch.randn((shape[0], channels, *sides), generator=generator)
        smooth: Tensor = torch.fft.ifftn(
            torch.fft.fftn(white, dim=dims) / radius ** (len(sides) / 2 + 0.5), dim=dims
        ).real
        smooth -= smooth.mean(dim=dims, keepdim=True)
        return smooth / smooth.std(dim=dims, keepdim=True, correction=0).clamp(min=1e-6)

    brightness = field(1).expand(shape)
    mixed = brightness if shape[1] == 1 else (brightness + _CHROMA * field(shape[1])) / (1 + _CHROMA**2) ** 0.5
    return (0.45 + 0.22 * mixed).clamp(0, 1)
