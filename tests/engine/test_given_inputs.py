"""`--inputs`: a person's own values, from files and functions, reach forward() as they are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from unetdoctor.engine import given_inputs
from unetdoctor.engine.inputs import ChoiceError, choose_input, make_probes
from unetdoctor.engine.loading import RequestError
from unetdoctor.facts import InputSpec, Request

X = torch.rand(2, 3, 16, 16)
T = torch.tensor([3, 7])


class Timed(nn.Module):
    """A picture and a timestep."""

    def __init__(self) -> None:
        super().__init__()
        self.draw = nn.Conv2d(3, 2, 3, padding=1)
        self.table = nn.Embedding(10, 2)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> Any:
        return self.draw(x) + self.table(t)[:, :, None, None]


class Generator(nn.Module):
    """Latent vectors become pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.draw = nn.ConvTranspose2d(12, 3, 4)

    def forward(self, z: torch.Tensor) -> Any:
        return self.draw(z)


def run_as_it_is(_stage: str, function: Any) -> Any:
    return function()


def stored(folder: Path, name: str, value: Any) -> str:
    path = folder / name
    if name.endswith(".npz"):
        np.savez(path, **{key: item.numpy() for key, item in value.items()})
    elif name.endswith(".npy"):
        np.save(path, value.numpy())
    else:
        torch.save(value, path)
    return name


def request(folder: Path, source: str, **fields: Any) -> Request:
    return Request(target="net.py", directory=str(folder), inputs_from=source, **fields)


@pytest.mark.parametrize(
    ("name", "value", "names"),
    [
        ("x.pt", X, [""]),
        ("both.pt", (X, T), ["", ""]),
        ("named.pt", {"t": T, "x": X}, ["t", "x"]),
        ("nested.pt", {"batch": {"image": X}}, ["batch.image"]),
        ("named.npz", {"x": X, "t": T}, ["x", "t"]),
        ("x.npy", X, [""]),
    ],
)
def test_files_of_tensors_and_arrays(tmp_path: Path, name: str, value: Any, names: list[str]) -> None:
    given = given_inputs.read(stored(tmp_path, name, value), tmp_path, run_as_it_is)
    assert [key for key, _ in given] == names
    assert any(torch.equal(tensor, X) for _, tensor in given)


def test_a_function_gives_values(tmp_path: Path) -> None:
    (tmp_path / "feed.py").write_text(
        "import numpy as np\n\ndef batch(n=2):\n    return {'x': np.ones((n, 3, 4, 4))}\n"
    )
    ((name, tensor),) = given_inputs.read("feed.py:batch", tmp_path, run_as_it_is)
    assert (name, tuple(tensor.shape)) == ("x", (2, 3, 4, 4))
    ((_, tensor),) = given_inputs.read("feed.py:batch(n=5)", tmp_path, run_as_it_is)
    assert len(tensor) == 5


def test_what_holds_no_tensor_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feed.py").write_text("def text():\n    return 'mask'\n")
    with pytest.raises(RequestError, match=r"gives a str; expected a tensor"):
        given_inputs.read("feed.py:text", tmp_path, run_as_it_is)
    with pytest.raises(RequestError, match=r"has no function test; it has text") as caught:
        given_inputs.read("feed.py:test", tmp_path, run_as_it_is)
    assert caught.value.commands == ("--inputs feed.py:text",)
    with pytest.raises(RequestError, match=r"feed.py is a Python file; expected the name of one of its functions"):
        given_inputs.read("feed.py", tmp_path, run_as_it_is)
    with pytest.raises(RequestError, match=r"does not exist"):
        given_inputs.read("nowhere.pt", tmp_path, run_as_it_is)


@pytest.mark.parametrize("value", [(X, T), {"t": T, "x": X}, {"a": X, "b": T}])
def test_the_values_reach_forward_by_name_or_position(tmp_path: Path, value: Any) -> None:
    asked = request(tmp_path, stored(tmp_path, "feed.pt", value))
    chosen = choose_input(Timed(), "eager", asked, None, run_as_it_is)
    assert (chosen.choice.rung, chosen.choice.text) == ("--inputs", "feed.pt gives 2x3x16x16.")
    first, *others = make_probes(chosen, asked, "cpu")
    assert first.probe.name == "given"
    assert first.probe.real
    assert torch.equal(first.args[0], X)
    assert torch.equal(first.args[1], T)
    assert {probe.probe.name for probe in others} == {"noise", "natural", "second-noise", "zeros"}
    assert all(torch.equal(probe.args[1], T) for probe in others)


def test_latent_vectors_are_judged_as_declared(tmp_path: Path) -> None:
    z = 0.01 * torch.randn(4, 12, 1, 1)
    asked = request(tmp_path, stored(tmp_path, "z.pt", z))
    probes = make_probes(choose_input(Generator(), "eager", asked, None, run_as_it_is), asked, "cpu")
    assert [probe.probe.name for probe in probes] == ["given", "second-given", "zeros"]
    assert torch.equal(probes[0].args[0], z)
    assert probes[0].latent is not None
    assert probes[0].latent.declared
    assert probes[0].latent.std == pytest.approx(float(z.std(correction=0)))


def test_values_and_shapes_are_not_both_declared(tmp_path: Path) -> None:
    asked = request(tmp_path, stored(tmp_path, "x.pt", X), inputs=(InputSpec((1, 3, 8, 8)),))
    with pytest.raises(ChoiceError, match="leave one out"):
        choose_input(Timed(), "eager", asked, None, run_as_it_is)
