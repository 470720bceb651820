"""The ladder that finds what a network is fed; the first rung that answers is reported.

`--input` -> `--image` -> what the file was traced with -> the framework's own -> first consumed parameter -> probing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from unetdoctor.engine import given_inputs
from unetdoctor.engine.answers import Answer, with_tables
from unetdoctor.engine.arguments import ArgumentSpec, Specs
from unetdoctor.engine.candidates import Search
from unetdoctor.engine.chosen import ChoiceError, ChosenInput, Size, is_latent, resized, shown
from unetdoctor.engine.given_inputs import Given, assigned
from unetdoctor.engine.images import image_size
from unetdoctor.engine.loading.errors import Guard, guarded
from unetdoctor.engine.loading.target import quoted
from unetdoctor.engine.probes import ProbeInput, make_probes
from unetdoctor.engine.probing import LATENT_BATCH, probe
from unetdoctor.engine.shapes import sweep
from unetdoctor.engine.sides import usual
from unetdoctor.engine.signature import Parameter, numbers, parameters
from unetdoctor.facts import InputChoice, InputSpec, Request

__all__ = ["ChoiceError", "ChosenInput", "ProbeInput", "choose_input", "make_probes"]

IMAGE_BATCH = 2
_LARGEST_SIDE = 1024
"""Photographs with a longer side are made smaller: a pass over 12 megapixels takes minutes."""
_SIZES, _CHANNELS = ("sample_size", "image_size"), ("in_channels", "num_channels")
_LARGEST_CONFIGURED = 128
"""Side up to which the size that a config names is taken; a smaller one is found by probing where that passes."""
_FRAMEWORK = ("pretrained_cfg", "default_cfg")
_RECORDED = {"torchscript": ("traced inputs", "traced"), "exported": ("exported example", "exported")}


def choose_input(
    model: nn.Module,
    kind: str,
    request: Request,
    example_inputs: tuple[Tensor, ...] | None,
    guard: Guard,
    example_names: tuple[str, ...] = (),
    given: Given = (),
) -> ChosenInput:
    """Find the arguments of forward(); raises ChoiceError where nothing that was tried passed.

    Where every candidate crashes alike, the most natural one is returned: its crash is the finding then. `given` are
    values that are there already; `request.inputs_from` then only names them.
    """
    if request.inputs_from is not None and not given:
        given = given_inputs.read(request.inputs_from, Path(request.directory), guard)
    return guarded(guard, "probe", _Ladder(model, kind, request, example_inputs, example_names, given).climb)


@dataclass
class _Ladder:
    """The rungs, highest first."""

    model: nn.Module
    kind: str
    request: Request
    examples: tuple[Tensor, ...] | None
    names: tuple[str, ...] = ()
    given: Given = ()

    def __post_init__(self) -> None:
        self.parameters = parameters(self.model)
        self.batch = self.request.batch or IMAGE_BATCH
        self.search = Search(self.model, self.parameters, self.batch)

    def climb(self) -> ChosenInput:
        """Return what the first rung that answers says."""
        if self.given:
            return self._from_values()
        rungs = (self._declared,) if self.request.inputs else (self._traced, self._framework, self._probed)
        chosen = next(found for rung in rungs if (found := rung()) is not None)
        return self._with_image(chosen) if self.request.images else chosen

    def _declared(self) -> ChosenInput:
        """Take what `--input` says, in the order of forward() unless it is named; fill in the rest."""
        self._open({s.name: s for s in self.request.inputs if s.name})
        leaves = self._leaves()
        named = assigned(self.request.inputs, leaves)
        main = next(p for p in leaves if p.role == "main")
        if main.name not in named:
            named[main.name] = InputSpec(self._probed().main.shape)
        given = named[main.name]
        specs: list[ArgumentSpec] = []
        for p in leaves:
            s = named.get(p.name)
            if s is not None:
                keyword = p.keyword_only or not p.required
                specs.append(ArgumentSpec(p.name, s.shape, s.dtype, p.role, keyword, s.low, s.high))
            elif p.required:
                answer = self.search.with_main(given.shape, given.dtype)
                specs.append(next(x for x in with_tables(answer) if x.name == p.name))
        given_inputs.refuse_unbatched(given.shape, tuple(specs), self.search, self.request.inputs_from)
        latent = is_latent(given.shape) and "float" in given.dtype
        chosen = self._chosen(tuple(specs), latent, "--input", f"--input says {shown(given.shape)}.", None)
        return replace(chosen, declared=True)

    def _from_values(self) -> ChosenInput:
        """Feed what `--inputs` gives; shapes and types are those of the values."""
        if self.request.inputs or self.request.images:
            other = "--input" if self.request.inputs else "--image"
            raise ChoiceError(f"--inputs gives the values to feed, so {other} says a second time; leave one out.")
        pairs = given_inputs.specs(self.given, frozenset(p.name for p in self.parameters))
        self.request = replace(self.request, inputs=tuple(spec for spec, _ in pairs))
        chosen = self._declared()
        fed = {id(spec): x for spec, x in pairs}
        values = {name: fed[id(spec)] for name, spec in assigned(self.request.inputs, self._leaves()).items()}
        text = f"{self.request.inputs_from} gives {shown(chosen.main.shape)}."
        return replace(chosen, choice=replace(chosen.choice, rung="--inputs", text=text), values=values)

    def _open(self, named: Mapping[str, InputSpec]) -> None:
        """Take the entries of dicts and lists from the names that are declared, or ask forward() for them."""
        for name in named:
            top, dot, entry = name.partition(".")
            if dot and entry not in self.search.containers.setdefault(top, []):
                self.search.containers[top].append(entry)
        if not self.search.containers:
            for p in self.parameters:
                if p.required and p.container == "dict":
                    self.search.opened(p)
        if self.search.containers:
            main = next(p.name for p in self.search.leaves if p.role == "main")
            self.search.with_main(named[main].shape if main in named else (self.batch, 3, 64, 64))

    def _leaves(self) -> tuple[Parameter, ...]:
        """Return the tensors of forward(), those that need not be given last in their order."""
        leaves = self.search.leaves
        given = {p.name.partition(".")[0] for p in leaves}
        return (*leaves, *(p for p in self.parameters if p.name not in given and not p.required))

    def _traced(self) -> ChosenInput | None:
        """Take what a program was traced or exported with, with our own batch where that passes."""
        leaves = [p for p in self.parameters if p.required]
        if self.names and self.examples:
            fed = {n: InputSpec(tuple(x.shape), n) for n, x in zip(self.names, self.examples, strict=True)}
            self._open(fed)
            leaves = [next(p for p in self._leaves() if p.name == name) for name in self.names]
        if not self.examples or len(leaves) != len(self.examples):
            return None
        main = next((i for i, p in enumerate(leaves) if p.role == "main"), 0)
        shape = tuple(self.examples[main].shape)
        latent = is_latent(shape)
        for batch in dict.fromkeys((self.request.batch or (LATENT_BATCH if latent else self.batch), *shape[:1])):
            specs = []
            for p, x in zip(leaves, self.examples, strict=True):
                own = (batch, *x.shape[1:]) if x.dim() and x.shape[0] == shape[0] else tuple(x.shape)
                value = usual(p, floating=x.is_floating_point())
                keyword = p.keyword_only or not p.required
                specs.append(ArgumentSpec(p.name, own, str(x.dtype)[6:], p.role, keyword, value, value))
            answer = self.search.ask(tuple(specs))
            if answer.ok or (batch == shape[0] and self.search.confirmed(answer)):
                rung, verb = _RECORDED.get(self.kind, _RECORDED["torchscript"])
                text = f"The file was {verb} with {shown(shape)}."
                return self._chosen(with_tables(answer), latent, rung, text, True)
        return None

    def _framework(self) -> ChosenInput | None:
        """Take what the framework keeps: Lightning's `example_input_array`, timm's `pretrained_cfg["input_size"]`."""
        if isinstance(self.model, torch.jit.ScriptModule):
            return None
        example = getattr(self.model, "example_input_array", None)
        if isinstance(example, (tuple, list)) and example:
            example = example[0]
        if isinstance(example, Tensor) and example.dim() > 1:
            shape = tuple(example.shape)
            answer = self.search.with_main(shape, str(example.dtype)[6:])
            if answer.ok:
                text = f"The model's example_input_array is {shown(shape)}."
                return self._chosen(with_tables(answer), is_latent(shape), "example_input_array", text, True)
        for name in _FRAMEWORK:
            config = getattr(self.model, name, None)
            size = config.get("input_size") if isinstance(config, dict) else getattr(config, "input_size", None)
            if isinstance(size, (tuple, list)) and len(size) == 3:
                answer = self.search.with_main((self.batch, *(int(n) for n in size)))
                if answer.ok:
                    text = f"The model's {name} names the input size {shown(tuple(size))}."
                    return self._chosen(with_tables(answer), False, name, text, True)
        return self._configured()

    def _configured(self) -> ChosenInput | None:
        """Take the size and the channels that a `config` names, as those of diffusers and transformers do."""
        config = getattr(self.model, "config", None)
        for side in (n for n in numbers(config, _SIZES) if n <= _LARGEST_CONFIGURED):
            for channels in (*numbers(config, _CHANNELS), 3):
                answer = self.search.with_main((self.batch, channels, side, side))
                if answer.ok:
                    text = f"The model's config names {channels} channels and the size {side}."
                    return self._chosen(with_tables(answer), False, "config", text, True)
        return None

    def _probed(self) -> ChosenInput:
        """Let the first weight, and what is refused, say what is wanted."""
        found = probe(self.search, self.request.batch)
        answer = found.answer
        if not answer.ok and not found.alike:
            raise self._nothing(answer)
        shape, stem = answer.main.shape, answer.stem
        rung, text = "probing", f"{shown(shape)} {'passes' if answer.ok else 'is the most natural input'}."
        if stem is not None:
            rung = "first consumed parameter"
            layer = f" {stem.layer}" if stem.layer else ""
            what = "latent vectors" if found.latent else "pictures" if len(shape) == 4 else "tensors"
            text = f"The first weight ({stem.op}{layer}, {shown(stem.weight)}) reads {what}: {shown(shape)}."
        if not answer.ok:
            text += f" Nothing that was tried passes: {answer.message}"
        if self.search.unknown:
            text += f" Real forward passes were needed: {self.search.unknown}."
        return self._chosen(with_tables(answer), found.latent, rung, text, answer.ok)

    def _nothing(self, answer: Answer) -> ChoiceError:
        tried = "; ".join(self._tried()[:3])
        specs = [s if s.role == "main" else replace(s, shape=(self.batch, *s.shape[1:])) for s in answer.specs]
        inputs = [("" if len(specs) == 1 else f"{s.name}:") + ",".join(map(str, s.shape)) for s in specs]
        command = " ".join(["unetdoctor inspect", quoted(self.request.target), *(f"--input {text}" for text in inputs)])
        return ChoiceError(
            f"No input was found that forward({', '.join(p.name for p in self.parameters)}) takes. Tried: {tried}. "
            f"Declare the shapes with their own numbers: {command}",
            (command,),
        )

    def _with_image(self, chosen: ChosenInput) -> ChosenInput:
        """Feed photographs at the size of the first; where that does not pass, at the next valid size as well."""
        shape = chosen.main.shape
        if chosen.latent or len(shape) != 4:
            what = "a latent vector" if chosen.latent else "no picture"
            raise ChoiceError(f"The network takes {what} ({shown(shape)}), so --image cannot be fed. Leave it out.")
        path = Path(self.request.directory, self.request.images[0])
        own = image_size(path)
        wanted = self.request.preprocessing.resize
        size: Size = wanted or ((shape[2], shape[3]) if chosen.declared else _limited(own))
        answer = self.search.ask(resized(chosen.specs, size, 1))
        asked, fitted = size, None if answer.ok else self._fitted(chosen, size)
        if fitted is not None and size == _limited(own) != own and self.search.ask(resized(chosen.specs, own, 1)).ok:
            size, fitted = fitted, None  # the photograph itself passes: what does not is the size that we made of it
        text = f"{path.name} is {own[1]}x{own[0]}, read with {shape[1]} channel{'s' * (shape[1] != 1)}."
        if size != own:
            text += f" It is resized to {size[1]}x{size[0]}."
        if fitted is not None:
            batch = f" in a batch of {chosen.main.shape[0]}" if fitted == size else ""
            text += f" {size[1]}x{size[0]} does not pass; {fitted[1]}x{fitted[0]} does{batch}."
        specs = resized(chosen.specs, fitted or size, self.request.batch or 1)
        rung = chosen.choice.rung if chosen.declared else "--image"
        choice = InputChoice((1, shape[1], *size), rung, False, text, self._tried())
        return replace(chosen, specs=specs, choice=choice, passes=answer.ok or size != asked, image=size, fitted=fitted)

    def _fitted(self, chosen: ChosenInput, size: Size) -> Size | None:
        """Return a size near that of the photograph that passes: the next valid one, else the one found before."""
        known = (chosen.main.shape[2], chosen.main.shape[3])
        found = sweep(self.model, chosen.make, size, known if chosen.passes else None, chosen.make_named)
        return found.next_valid or found.previous_valid or (known if chosen.passes else None)

    def _chosen(self, specs: Specs, latent: bool, rung: str, text: str, passes: bool | None) -> ChosenInput:
        main = next(s for s in specs if s.role == "main")
        timestep = any(p.role in ("time", "level") for p in self.parameters)
        choice = InputChoice(main.shape, rung, latent, text, self._tried())
        seen = self.search.ask(specs).seen
        return ChosenInput(specs, latent, timestep, choice, passes, grows=seen is not None and seen.made)

    def _tried(self) -> tuple[str, ...]:
        """Return what was asked and what became of it; what passed comes last, refusals alike are not repeated."""
        passed: list[str] = []
        refused: dict[tuple[str, str], list[Answer]] = {}
        for answer in self.search.answers.values():
            if answer.ok:
                passed.append(f"{shown(answer.main.shape)}: passes")
            else:
                refused.setdefault(answer.signature, []).append(answer)
        lines = []
        for alike in refused.values():
            shapes = ", ".join(dict.fromkeys(shown(a.main.shape) for a in alike))
            at = f" at {alike[0].op}" if alike[0].op else ""
            lines.append(f"{shapes}: refused{at}: {alike[0].message}")
        return (*lines, *dict.fromkeys(passed))


def _limited(size: Size) -> Size:
    scale = _LARGEST_SIDE / max(size)
    return size if scale >= 1 else (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
