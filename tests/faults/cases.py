"""Cases: one fault of one strength in one network, fresh or trained, written as what a user would have."""

import copy
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from tests.faults.building import Fed, built, trained
from tests.faults.fault import Fault, NotApplicableError, Strength, Subject
from tests.faults.networks import Network, named, networks
from tests.faults.operators import OPERATORS, operator
from tests.faults.symptoms import Seen, look
from tests.faults.training import good
from unetdoctor.facts import InputSpec, Intent, Request

SOUND = "sound"
"""Operator of a case without a fault."""
SCRIPTED_SHARE = 1 / 3
"""Share of the cases that are also handed over as TorchScript."""
OWN_CODE = """

_sound_model = build_model


def build_model():
    from tests.faults.cases import sick_model

    return sick_model({code!r}, {strength!r}, {network!r}, {trained!r}, _sound_model)
"""


@dataclass(frozen=True)
class Case:
    """One examination of the bench."""

    operator: str
    """Code of the fault, or SOUND."""
    strength: str
    network: str
    family: str
    trained: bool
    form: str = "eager"
    """`eager` or `torchscript`."""
    file: str = ""
    """Text of a file of the zoo, for a sound case that is none of the bench's own networks."""

    @property
    def title(self) -> str:
        """One line that names the case."""
        weights = "trained" if self.trained else "fresh"
        return f"{self.operator} {self.strength} | {self.network} {weights} {self.form}"


@dataclass(frozen=True)
class Handed:
    """What a case comes to: the sick module, and the request that examines it."""

    module: nn.Module
    fault: Fault
    given: Fed
    request: Request


def faulty_cases(codes: list[str], names: list[str], seed: int = 0) -> list[Case]:
    """Return every case of the operators and networks asked for (all where none is), in a fixed order."""
    chosen = [n for n in networks() if not names or any(part in n.name for part in names)]
    ready = {n.name for n in chosen if good(n)}
    found = []
    for op in OPERATORS:
        if codes and op.code not in codes:
            continue
        for strength in op.strengths:
            for network in chosen:
                for weights in (False, True) if network.name in ready else (False,):
                    case = Case(op.code, strength.name, network.name, network.family, weights)
                    found.append(case)
                    if random.Random(f"{seed} {case.title}").random() < SCRIPTED_SHARE:
                        found.append(Case(op.code, strength.name, network.name, network.family, weights, "torchscript"))
    return found


def sound_cases(names: list[str]) -> list[Case]:
    """Return the sound shelf: the bench's networks fresh and trained, and the zoo's self-written ones fresh."""
    from tests.zoo.collection import networks as zoo

    chosen = [n for n in networks() if not names or any(part in n.name for part in names)]
    found = [
        Case(SOUND, "", n.name, n.family, weights)
        for n in chosen
        for weights in ((False, True) if good(n) else (False,))
    ]
    found += [
        Case(SOUND, "", n.name, f"zoo: {n.family}", False, file=n.text)
        for n in zoo()
        if n.family in ("self-written", "smp") and not names
    ]
    return found


def strength_of(case: Case) -> Strength:
    """Return the strength of a case's operator."""
    return next(s for s in operator(case.operator).strengths if s.name == case.strength)


def sickened(code: str, strength: str, network: Network, module: nn.Module, weights: bool) -> Fault:
    """Apply an operator to a sound module, which it may change."""
    chosen = next(s for s in operator(code).strengths if s.name == strength)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(5)
        return chosen.apply(Subject(network, module, weights))


def sick_model(code: str, strength: str, name: str, weights: bool, sound: Callable[[], nn.Module]) -> nn.Module:
    """Build the sick network in a user's file; trained weights come with -w, but for networks that load their own.

    The fault goes where it goes in the trained network: an operator may choose its layer by what runs through it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = sound().eval()
    if weights:
        module.load_state_dict(trained(named(name)).state_dict())
    return sickened(code, strength, named(name), module, weights).module.eval()


@lru_cache(maxsize=2)
def _template(name: str, weights: bool) -> nn.Module:
    return trained(named(name)) if weights else built(named(name))


def sound_module(case: Case) -> nn.Module:
    """Return the network of a case without its fault, a copy that may be changed."""
    return copy.deepcopy(_template(case.network, case.trained))


@lru_cache(maxsize=2)
def sound_look(name: str, weights: bool) -> Seen:
    """Return what the sound network draws; the cases come network by network."""
    module = _template(name, weights)
    return look(named(name), module, Subject(named(name), module, weights).fed)


def hand_over(case: Case, folder: Path) -> Handed:
    """Build the case and write its files; raises NotApplicableError where the operator has nothing to act on."""
    network = named(case.network)
    module = sound_module(case)
    if case.operator == SOUND:
        fault = Fault(module)
    else:
        fault = sickened(case.operator, case.strength, network, module, case.trained)
    module = fault.module.eval()
    given = fault.change_input(Subject(network, module, case.trained).fed)
    target = write(case, network, folder)
    weights = None
    if case.form == "torchscript":
        if fault.own_weights:
            raise NotApplicableError("a TorchScript file holds its weights")
        target = folder / f"{network.name}.ts"
        traced(module, given, target)
    elif case.trained and not fault.own_weights:
        weights = str(folder / "weights.pt")
        torch.save(module.state_dict(), weights)
    return Handed(module, fault, given, request_of(case, network, fault, target, weights, folder))


def write(case: Case, network: Network, folder: Path) -> Path:
    """Write the file that a user would have."""
    target = folder / f"{network.name.replace('-', '_')}.py"
    text = network.text
    if case.operator != SOUND:
        text += OWN_CODE.format(code=case.operator, strength=case.strength, network=network.name, trained=case.trained)
    target.write_text(text, encoding="utf-8")
    return target


def traced(module: nn.Module, given: Fed, file: Path) -> None:
    """Write the module as TorchScript."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            program = torch.jit.trace(  # type: ignore[no-untyped-call]
                module, (given.first, *given.named.values()), check_trace=False, strict=False
            )
        except Exception as error:  # torch raises anything here
            raise NotApplicableError(f"torch cannot trace it: {type(error).__name__}") from None
        torch.jit.save(program, str(file))


def request_of(case: Case, network: Network, fault: Fault, target: Path, weights: str | None, folder: Path) -> Request:
    """Return what a user would ask for: the task, pictures for a trained network, else the size."""
    shape = fault.shape or network.shape
    pictured = case.trained and not network.latent and fault.shape is None
    low, high = fault.span or (None, None)
    inputs = () if pictured or network.others else (InputSpec(shape, low=low, high=high),)
    return Request(
        target=str(target),
        directory=str(folder),
        weights=weights,
        inputs=inputs,
        images=_pictures(network, folder) if pictured else (),
        intent=Intent(task=network.task, classes=network.classes),
        pictures=False,
    )


def _pictures(network: Network, folder: Path) -> tuple[str, ...]:
    """Write two held-out pictures of what the network was trained for."""
    from PIL import Image

    from tests.faults.building import fed

    files = []
    for number, picture in enumerate(fed(network, True).first[:2]):
        values = (picture * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        file = folder / f"picture_{number}.png"
        Image.fromarray(values if values.shape[2] == 3 else values[..., 0]).save(file)
        files.append(str(file))
    return tuple(files)


def request_of_zoo(case: Case, folder: Path) -> Request:
    """Return a request without a flag for a network of the zoo."""
    target = folder / f"{case.network.replace('-', '_')}.py"
    target.write_text(case.file, encoding="utf-8")
    return Request(target=str(target), directory=str(folder), pictures=False)
