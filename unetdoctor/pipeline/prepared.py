"""A user's network as an examination runs it, for a script that goes on with it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from unetdoctor.engine.chosen import ChosenInput
from unetdoctor.engine.inputs import choose_input, make_probes
from unetdoctor.engine.loading import LoadedModel, load
from unetdoctor.engine.probes import ProbeInput
from unetdoctor.engine.returned import choose, find_tensors
from unetdoctor.facts import Remedy, Request
from unetdoctor.pipeline.course import examination_of
from unetdoctor.pipeline.loading import setting_of


@dataclass(frozen=True)
class Prepared:
    """A loaded network in evaluation mode, and what it is fed; tensors and the module are torch's own."""

    request: Request
    """What was asked."""
    loaded: LoadedModel
    """The network."""
    chosen: ChosenInput
    """How its inputs were found."""
    probes: tuple[ProbeInput, ...]
    """What it is fed, the main probe first."""

    @property
    def model(self) -> Any:
        """The torch.nn.Module; the caller's own from here on."""
        return self.loaded.model

    @property
    def x(self) -> Any:
        """What the main probe feeds: pictures [N, C, H, W] or latents."""
        return _first(self.probes[0])

    @property
    def batches(self) -> tuple[Any, ...]:
        """The same of every probe that is not constant, for lines that loop over a loader."""
        return tuple(_first(p) for p in self.probes if not p.probe.constant)

    def run(self, model: Any, x: Any) -> Any:
        """Return the output that is the picture, x fed as the main probe is; raises what forward() raises."""
        main = self.probes[0]
        setting = replace(setting_of(self.loaded, self.request), model=model)
        if main.args:
            found = find_tensors(setting.call((x, *main.args[1:]), main.kwargs))
        else:
            found = find_tensors(setting.call((), {**main.kwargs, next(iter(main.kwargs)): x}))
        number, rule = choose(found, tuple(x.shape), self.request.output)
        if number is None:
            raise ValueError(f"forward() returned no tensor to look at: {rule}")
        return found[number][1]

    def under(self, *remedies: Remedy) -> Any:
        """Return the output under an experiment on the recorded pass: nothing is written into the model."""
        main = self.probes[0]
        examination = examination_of(self.loaded, self.chosen, self.request)
        examination.observe(main.probe, main.args, main.kwargs, main.latent)
        found = examination.picture_under(remedies)
        if found is None:
            raise ValueError("this experiment draws no picture beside the present one")
        return found[0]


def prepare(request: Request) -> Prepared:
    """Load a target and choose its inputs as an examination does.

    Raises RequestError where the request is wrong, and whatever the user's own code raises.
    """

    def guard(stage: str, function: Callable[[], Any]) -> Any:
        return function()

    loaded = load(request, guard)
    chosen = choose_input(loaded.model, loaded.kind, request, loaded.example_inputs, guard, loaded.example_names)
    return Prepared(request, loaded, chosen, make_probes(chosen, request, request.device))


def _first(probe: ProbeInput) -> Any:
    return probe.args[0] if probe.args else next(iter(probe.kwargs.values()))
