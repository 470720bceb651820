"""Networks of torch.export.save."""

import functools
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.engine.loading.conftest import Place
from tests.functional.awkward import Payload, saved
from unetdoctor.engine.inputs import choose_input
from unetdoctor.engine.recorder import Recorder
from unetdoctor.engine.source import layer_place
from unetdoctor.facts import Request


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.down = nn.Conv2d(4, 4, 3, 2, 1)
        self.up = nn.ConvTranspose2d(4, 4, 2, 2)
        self.act = nn.LeakyReLU(0.1)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = self.encoder(x)
        deep = self.act(self.up(self.act(self.down(skip))))
        return self.head(torch.cat([skip, deep], dim=1))


BATCH, HALF = torch.export.Dim("batch", min=1, max=8), torch.export.Dim("half", min=4, max=64)


def write(path: Path, model: nn.Module, example: Any = None, **options: Any) -> Path:
    program = torch.export.export(model, example or (torch.rand(3, 3, 16, 16),), **options)
    torch.export.save(program, path)
    return path


DYNAMIC = {"x": {0: BATCH, 2: 2 * HALF}}


@functools.cache
def exported(sizes_differ: bool = False) -> bytes:
    """Return the file of the network, made once."""
    with tempfile.TemporaryDirectory() as folder:
        options = {"dynamic_shapes": DYNAMIC} if sizes_differ else {}
        return write(Path(folder) / "net.pt2", Net().eval(), **options).read_bytes()


def put(path: Path, sizes_differ: bool = False) -> Path:
    path.write_bytes(exported(sizes_differ))
    return path


def test_an_exported_program(place: Place) -> None:
    put(place.directory / "net.pt2", sizes_differ=True)
    loaded = place.load("net.pt2")
    assert (loaded.kind, loaded.target_kind, loaded.name) == ("exported", "exported program", "Net")
    assert loaded.training_flags == {}
    assert place.stages == ["load", "load"]
    assert loaded.example_inputs is not None
    assert [tuple(x.shape) for x in loaded.example_inputs] == [(3, 3, 16, 16)]
    assert loaded.how == (
        "3x3x16x16 is the example that net.pt2 was exported with; "
        "dimension 0 of x (from 1 to 8), dimension 2 of x (from 8 to 128, multiples of 2) may differ",
    )


def test_it_is_told_by_its_content(place: Place) -> None:
    put(place.directory / "weights.bin")
    assert place.load("weights.bin").kind == "exported"
    assert place.refusal("weights.bin:Net").sentence == (
        "weights.bin is an exported program (.pt2): it holds one network, so :Net names nothing in it."
    )


@pytest.mark.parametrize(("sizes_differ", "batch"), [(True, 2), (False, 3)])
def test_the_example_gives_the_shape_and_a_static_batch_is_kept(place: Place, sizes_differ: bool, batch: int) -> None:
    put(place.directory / "net.pt2", sizes_differ)
    loaded = place.load("net.pt2")
    request = Request("net.pt2", directory=str(place.directory))
    chosen = choose_input(loaded.model, loaded.kind, request, loaded.example_inputs, place.guard)
    assert chosen.main.shape == (batch, 3, 16, 16)
    assert chosen.choice.rung == "exported example"
    assert chosen.choice.text == "The file was exported with 3x3x16x16."


def test_every_operation_has_the_layer_and_the_line_that_it_has_in_the_eager_network(place: Place) -> None:
    torch.manual_seed(0)
    model = Net().eval()
    write(place.directory / "net.pt2", model)
    x = torch.rand(3, 3, 16, 16)

    def recorded(network: nn.Module) -> list[tuple[str, str, str, int]]:
        recorder = Recorder(network, (x,), source_root=str(Path(__file__).parent))
        with torch.no_grad(), recorder:
            network(x)
        return [(e.func.__name__, e.layer, e.file, e.line) for e in recorder.tape.entries]

    eager, found = recorded(model), recorded(place.load("net.pt2").model)
    assert eager == found
    assert {"encoder.2", "act", "down", "up", "head"} <= {layer for _, layer, _, _ in found}


def test_a_layer_has_the_line_that_calls_it(place: Place) -> None:
    put(place.directory / "net.pt2")
    loaded = place.load("net.pt2")
    lines = Path(__file__).read_text().splitlines()
    found = {name: layer_place(loaded, name) for name in ("encoder.0", "encoder", "head", "nothing")}
    assert {name: lines[p.line - 1].strip() for name, p in found.items() if p.file == __file__} == {
        "encoder.0": "skip = self.encoder(x)",
        "encoder": "skip = self.encoder(x)",
        "head": "return self.head(torch.cat([skip, deep], dim=1))",
    }
    assert found["nothing"].file == ""


def test_train_mode_is_said(place: Place) -> None:
    write(place.directory / "net.pt2", Net().train())
    assert place.load("net.pt2").how[-1] == (
        "net.pt2 was exported in train mode, which no eval() can change afterwards"
    )


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change the records of an archive in place."""
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    change(records)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in records.items():
            archive.writestr(name, data)


def in_sample_inputs(payload: bytes, records: dict[str, bytes]) -> None:
    records[next(name for name in records if "/sample_inputs/" in name)] = payload


def in_pickled_weights(payload: bytes, records: dict[str, bytes]) -> None:
    config = next(name for name in records if name.endswith("weights_config.json"))
    records[config] = records[config].replace(b'"use_pickle": false', b'"use_pickle": true')
    records[next(name for name in records if name.endswith("weights/weight_0"))] = payload


def in_an_object(payload: bytes, records: dict[str, bytes]) -> None:
    root = next(iter(records)).partition("/")[0]
    records[f"{root}/data/constants/custom_obj_0"] = payload


def in_the_old_layout(payload: bytes, records: dict[str, bytes]) -> None:
    model = next(data for name, data in records.items() if name.endswith("models/model.json"))
    records.clear()
    records |= {
        "version": b"8.9",
        "serialized_exported_program.json": model,
        "serialized_state_dict.pt": saved({}),
        "serialized_constants.pt": saved({}),
        "serialized_example_inputs.pt": payload,
    }


@pytest.mark.parametrize("place_payload", [in_sample_inputs, in_pickled_weights, in_an_object, in_the_old_layout])
def test_a_payload_never_runs_without_trust(
    place: Place, place_payload: Callable[[bytes, dict[str, bytes]], None], tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    path = put(tmp_path / "net.pt2")
    payload = saved(((Payload(marker),), {}))
    rewritten(path, lambda records: place_payload(payload, records))
    error = place.refusal("net.pt2")
    assert "holds more than tensors: reading it would run code" in error.sentence
    assert "pathlib.Path" in error.sentence
    assert error.commands == ("unetdoctor inspect net.pt2 --trust",)
    assert place.stages == []
    assert not marker.exists()


def test_what_would_have_run_runs_with_trust(place: Place, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = put(tmp_path / "net.pt2")
    rewritten(path, lambda records: in_sample_inputs(saved(((Payload(marker),), {})), records))
    loaded = place.load("net.pt2", trust=True)
    assert marker.exists()
    assert loaded.how[0] == "let the records of the file run the code that they name (--trust)"


def test_a_number_of_the_example_is_given_again(place: Place) -> None:
    class Scaled(nn.Module):
        def forward(self, x: torch.Tensor, factor: float) -> torch.Tensor:
            return x * factor

    write(place.directory / "net.pt2", Scaled(), (torch.rand(1, 3, 8, 8), 2.0))
    loaded = place.load("net.pt2")
    assert loaded.example_names == ("x",)
    x = torch.rand(1, 3, 8, 8)
    assert torch.equal(loaded.model(x), 2 * x)


def test_a_file_of_another_torch(place: Place) -> None:
    path = put(place.directory / "net.pt2")

    def newer(records: dict[str, bytes]) -> None:
        name = next(name for name in records if name.endswith("models/model.json"))
        records[name] = records[name].replace(b'"schema_version": {"major": 8', b'"schema_version": {"major": 99')

    rewritten(path, newer)
    sentence = place.refusal("net.pt2").sentence
    assert sentence.startswith("net.pt2 cannot be read as an exported program (.pt2) by the installed torch ")
    assert "99" in sentence
