"""Whole networks that were pickled: listed without --trust, loaded with it."""

import pickle
from pathlib import Path

import pytest
import torch

from tests.engine.loading.conftest import UNET, Place
from tests.functional.awkward import Payload, Shell, instance, saved, whole
from unetdoctor.engine.loading import RequestError

FORMS = {
    "zip": whole("pickled_nets"),
    "old torch": whole("pickled_nets", _use_new_zipfile_serialization=False),
    "pickle": whole("pickled_nets", raw=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_nothing_runs_without_trust(place: Place, form: str) -> None:
    (place.directory / "net.pt").write_bytes(FORMS[form])
    place.write({"pickled_nets.py": "raise SystemExit('it ran')"})
    error = place.refusal("net.pt")
    assert error.sentence.startswith(
        "net.pt is a pickled Python object, and reading it would run the code that it names: pickled_nets.UNet, "
    )
    assert error.commands[0] == "unetdoctor inspect net.pt --trust"
    assert place.stages == []


@pytest.mark.parametrize("form", FORMS)
def test_it_is_loaded_with_trust(place: Place, form: str) -> None:
    place.write({"pickled_nets.py": UNET})
    (place.directory / "net.pt").write_bytes(FORMS[form])
    loaded = place.load("net.pt", trust=True)
    assert (loaded.name, loaded.kind, loaded.target_kind) == ("UNet", "eager", "pickled module")
    assert loaded.how[0].startswith("ran the code that net.pt names (--trust): pickled_nets.UNet, ")
    assert place.stages == ["load", "load"]
    assert not loaded.model.training
    assert loaded.model.state_dict().keys() == {"head.weight", "head.bias"}


def test_the_class_of_a_script_is_found_beside_the_file(place: Place) -> None:
    (place.directory / "net.pt").write_bytes(whole("__main__"))
    place.write({"train.py": UNET + "\nif __name__ == '__main__':\n    raise SystemExit('trained')\n"})
    assert place.load("net.pt", trust=True).how[1] == (
        "took UNet, a class of the script that saved the file, from train.py"
    )
    place.write({"other.py": UNET})
    assert place.refusal("net.pt", trust=True).sentence == (
        f"net.pt needs the class UNet of the script that saved it; "
        f"copy the Python file that defines UNet into {place.directory}."
    )


def test_a_class_that_is_missing(place: Place) -> None:
    (place.directory / "net.pt").write_bytes(FORMS["zip"])
    assert place.refusal("net.pt", trust=True).sentence == (
        "net.pt needs pickled_nets.UNet, and there is no module pickled_nets; run unetdoctor in the directory from "
        "which pickled_nets.py can be imported, or install the library."
    )
    place.write({"pickled_nets.py": "SIZE = 3\n"})
    assert place.refusal("net.pt", trust=True).sentence == (
        "net.pt needs pickled_nets.UNet, and pickled_nets.py defines no UNet."
    )


def test_what_the_code_of_the_file_misses_is_its_own_error(place: Place) -> None:
    (place.directory / "net.pt").write_bytes(FORMS["zip"])
    place.write({"pickled_nets.py": "import not_there_at_all\n"})
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        place.load("net.pt", trust=True)


def test_several_networks_in_a_dict(place: Place) -> None:
    place.write({"train.py": UNET})
    (place.directory / "run.pt").write_bytes(whole("__main__", ("model", "ema")))
    (place.directory / "one.pt").write_bytes(whole("__main__", ("model",)))
    assert place.load("one.pt", trust=True).name == "UNet"
    assert place.load("run.pt:ema", trust=True).name == "UNet"
    error = place.refusal("run.pt", trust=True)
    assert error.sentence == "run.pt holds several networks; name one of: model, ema."
    assert error.commands == ("unetdoctor inspect run.pt:model --trust", "unetdoctor inspect run.pt:ema --trust")
    assert place.refusal("run.pt:teacher", trust=True).sentence == (
        "run.pt has no entry teacher; name one of: model, ema."
    )


def test_what_is_no_network(place: Place) -> None:
    (place.directory / "net.pt").write_bytes(saved(Path("weights")))
    assert place.refusal("net.pt", trust=True).sentence == "net.pt holds a PosixPath; expected an nn.Module."
    (place.directory / "net.pt").write_bytes(saved(torch.nn.Conv2d(3, 2, 1)))
    assert place.refusal("net.pt:head", trust=True).sentence == ("net.pt is one network, so :head names nothing in it.")
    assert place.refusal("net.pt", trust=True, kwargs={"n": 3}).sentence == (
        "net.pt holds a network that is built already, so -k n cannot change it."
    )


@pytest.mark.parametrize("kind", [Payload, Shell])
@pytest.mark.parametrize("write", [saved, pickle.dumps, lambda x: saved(x, _use_new_zipfile_serialization=False)])
def test_a_payload_never_runs_without_trust(place: Place, kind: type, write: object) -> None:
    marker = place.directory / "marker"
    for content in (kind(marker), {"state_dict": kind(marker)}, [kind(marker)]):
        (place.directory / "net.pt").write_bytes(write(content))  # type: ignore[operator]
        with pytest.raises(RequestError):
            place.load("net.pt")
        assert not marker.exists()
        assert place.stages == []


def test_what_no_model_needs_is_not_offered_to_be_trusted(place: Place) -> None:
    (place.directory / "net.pt").write_bytes(saved(Shell(place.directory / "marker")))
    error = place.refusal("net.pt")
    assert error.sentence == (
        "net.pt is a pickled Python object, and reading it would run posix.system, which no model needs; "
        "do not read it."
    )
    assert error.commands == ()


def test_weights_are_no_pickled_module(place: Place) -> None:
    (place.directory / "net.pt").write_bytes(saved(instance("anywhere").state_dict()))
    assert "state_dict" in place.refusal("net.pt").sentence
