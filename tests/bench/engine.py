"""The engine as the bench drives it: one observed pass, and one trial on the last layer."""

from collections.abc import Callable
from itertools import cycle

import torch
from torch import nn

from unetdoctor.engine.evaluation import Change, evaluate
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.observation import verify_now
from unetdoctor.engine.recorder import Recorder
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.engine.statistics import Statistics
from unetdoctor.facts import Place, Probe, Remedy, Request

REMEDIES = tuple(
    Remedy("initialise", parameters={"scheme": scheme, "layers": "last"})
    for scheme in ("xavier_uniform", "kaiming_fan_in")
)
"""Two that take turns, since the engine keeps the last change it made."""


def observe(model: nn.Module, picture: torch.Tensor) -> object:
    """Run a model once as an examination does: its tape and the numbers of every operation."""
    statistics = Statistics()
    recorder = Recorder(model, (picture,), statistics)
    with torch.no_grad(), recorder:
        model(picture)
    recorder.restore()
    return statistics.collect()


def last_layer_trials(model: nn.Module, inputs: torch.Tensor) -> dict[str, Callable[[], object]]:
    """Return what one trial on the last layer takes: evaluating the tape, and the same with reading the picture anew.

    The tape is recorded, proved and its snapshot taken here, as an examination does once for all its trials.
    """
    setting = Setting(model, "cpu", 0, "", ".")
    latent = inputs.dim() == 2
    subject = Subject(model, "bench", "eager", False, latent, False, lambda layer: Place(layer))
    examination = Examination(setting, subject, Request("bench"))
    probe = Probe("latents" if latent else "noise", tuple(inputs.shape), real=False, constant=False)
    seen = examination.observe(probe, (inputs,), {}, None)
    examination.evidence()
    if seen.verified is None:  # a slow network is verified by its corner until a trial needs the whole
        verify_now(setting, seen)
    drawing, snapshot = seen.drawing, seen.snapshot
    assert seen.verified
    assert drawing is not None
    assert snapshot is not None
    assert drawing.drawn_by is not None
    name = seen.tape.entries[drawing.drawn_by].parameters[0]
    weight = dict(model.named_parameters())[name].detach()
    changes = cycle((Change(leaves={name: weight * 2}), Change(leaves={name: weight * 3})))
    remedies = cycle(REMEDIES)

    def evaluation() -> object:
        with torch.no_grad():
            return evaluate(seen.tape, (drawing.output, drawing.raw), change=next(changes), snapshot=snapshot)

    def trial() -> object:
        examination._tried.clear()  # each round is to be evaluated, not remembered
        return examination.counterfactual((next(remedies),))

    return {"evaluation": evaluation, "trial": trial}
