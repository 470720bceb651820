"""Weights as people have them: mangled, averaged, nested, sharded, dropped in silence, or without a network."""

import itertools
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.functional.run import SAMPLES, errors, examine, first, ill
from unetdoctor.facts import Outcome, Report, Severity, State

TRAINED = SAMPLES / "trained_unet" / "model.py"
DROPPED = SAMPLES / "ud001_checkpoint_keys_mismatch.py"
HANDED_BACK = SAMPLES / "ud002_weights_never_loaded.py"

State_ = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def state() -> State_:
    """The weights of the trained U-Net."""
    return torch.load(TRAINED.parent / "weights.pt", weights_only=True)


def with_network(checkpoint: Path) -> Report:
    """Return the report on a checkpoint with the network that it belongs to."""
    return examine(checkpoint, arch=str(TRAINED))


class TestStrictFalse:
    """A load that drops everything says nothing; the report does, and proves it."""

    def test_a_prefix(self) -> None:
        report = examine(f"{DROPPED}:Ill")
        assert (report.state, report.exit_code) == (State.ILL, 1)
        diagnosis = first(report)
        assert (diagnosis.code, diagnosis.confirmed) == ("UD001", True)
        assert (
            diagnosis.place.line
            == DROPPED.read_text("utf-8").splitlines().index("        self.load_state_dict(_saved(), strict=False)") + 1
        )
        assert diagnosis.trial is not None
        assert (diagnosis.trial.outcome, diagnosis.trial.before, diagnosis.trial.after) == (Outcome.CURED, 22, 0)
        assert diagnosis.remedy is not None
        assert diagnosis.remedy.patch == (
            "model.load_state_dict({key.removeprefix('module.'): value for key, value in state.items()})"
        )
        assert "strict=False" in report.verdict
        assert "proved: load the weights with 'module.' stripped from the keys" in report.verdict
        assert "UD002" not in [d.code for d in report.diagnoses]  # the same cure: said once
        assert ill(report, "UD002")[0].severity is Severity.ERROR
        assert not any("give its trained weights" in notice for notice in report.notices)
        assert report.untouched, report.untouched_text

    def test_a_filter_that_keeps_nothing(self) -> None:
        report = examine(f"{HANDED_BACK}:Ill")
        assert (report.state, report.exit_code, first(report).code) == (State.ILL, 1, "UD001")
        assert "its own 25 tensors back" in report.verdict
        assert ill(report, "UD002")[0].readings[0].value == 100

    def test_keys_are_counted_where_forward_crashes(self, tmp_path: Path) -> None:
        source = DROPPED.read_text("utf-8").replace("self.encode(picture)", "self.encode(picture[:, :2])")
        source = source.replace("_train(model)", "torch.nn.init.normal_(model.head.weight)")
        (tmp_path / "crashes.py").write_text(source, encoding="utf-8")
        report = examine("crashes.py:Ill", directory=tmp_path)
        assert report.exit_code == 1
        assert report.crash is not None
        diagnosis = next(d for d in report.diagnoses if d.code == "UD001")
        assert diagnosis.confirmed
        assert diagnosis.trial is not None
        assert (diagnosis.trial.before, diagnosis.trial.after) == (22, 0)

    def test_a_head_of_one_s_own_on_a_pretrained_backbone(self, tmp_path: Path) -> None:
        source = DROPPED.read_text("utf-8").partition("class Ill")[0]
        source += (
            "class Tuned(_UNet):\n    def __init__(self):\n        super().__init__()\n"
            "        saved = {key[7:]: value for key, value in _saved().items()}\n"
            "        saved['fc.weight'], saved['fc.bias'] = saved.pop('head.weight'), saved.pop('head.bias')\n"
            "        self.load_state_dict(saved, strict=False)\n"
        )
        (tmp_path / "tuned.py").write_text(source, encoding="utf-8")
        report = examine("tuned.py:Tuned", directory=tmp_path)
        assert [finding.severity for finding in ill(report, "UD001")] == [Severity.NOTE]
        assert not ill(report, "UD002")
        assert not errors(report)


FITS: dict[str, Any] = {
    "nested": (lambda s: {"epoch": 3, "model_state_dict": s}, None),
    "nested twice": (lambda s: {"checkpoint": {"model": s}}, None),
    "a prefix": (lambda s: {f"module.{k}": v for k, v in s.items()}, "prefix 'module.' stripped"),
    "compiled": (lambda s: {f"_orig_mod.{k}": v for k, v in s.items()}, "_orig_mod. removed"),
    "an average alone": (lambda s: {"params_ema": s}, "entry params_ema"),
    "an entry of its own": (lambda s: {"best": s}, "entry best"),
}


@pytest.mark.parametrize("case", FITS)
def test_a_checkpoint_that_fits(case: str, state: State_, tmp_path: Path) -> None:
    make, label = FITS[case]
    torch.save(make(state), tmp_path / "w.pth")
    report = with_network(tmp_path / "w.pth")
    assert (report.state, report.exit_code, report.target.name) == (State.HEALTHY, 0, "TrainedUNet")
    assert not errors(report)
    found = ill(report, "UD001")
    entry = label is not None and label.startswith("entry")  # a script names it: that is no fault
    severity = Severity.NOTE if entry else Severity.WARNING
    assert [finding.severity for finding in found] == ([severity] if label else [])
    if label:
        assert label in found[0].message
    if label and not entry:
        assert first(report).confirmed
        assert first(report).trial is not None
        assert (first(report).trial.before, first(report).trial.after) == (0, 92)


def test_weights_of_an_encoder_alone(state: State_, tmp_path: Path) -> None:
    torch.save({k: v for k, v in state.items() if k.startswith(("encoder", "bottleneck"))}, tmp_path / "w.pth")
    report = with_network(tmp_path / "w.pth")
    assert (report.state, report.exit_code, first(report).code) == (State.ILL, 1, "UD001")
    blocks = ill(report, "UD002")[0]
    assert blocks.severity is Severity.WARNING
    assert blocks.message.endswith("(up3, decoder3, up2, decoder2, 2 more).")


def test_weights_of_another_number_of_classes(state: State_, tmp_path: Path) -> None:
    torch.save(state | {"head.weight": torch.randn(5, 10, 1, 1), "head.bias": torch.zeros(5)}, tmp_path / "w.pth")
    report = with_network(tmp_path / "w.pth")
    assert (report.exit_code, first(report).code) == (1, "UD001")
    assert "-k out_channels=5" in report.verdict
    assert examine(tmp_path / "w.pth", arch=str(TRAINED), kwargs={"out_channels": 5}).exit_code == 0


def test_a_raw_and_an_averaged_set(state: State_, tmp_path: Path) -> None:
    torch.save({"params_ema": {k: v.clone() for k, v in state.items()}, "params": state}, tmp_path / "w.pth")
    report = with_network(tmp_path / "w.pth")
    assert report.exit_code == 0
    assert any("took entry params; as many keys fit under entry params_ema" in how for how in report.target.how)
    assert [finding.severity for finding in ill(report, "UD001")] == [Severity.NOTE]


def test_an_averaged_set_that_cures_is_the_proof(state: State_, tmp_path: Path) -> None:
    raw = {key: value.clone() for key, value in state.items()}
    raw["head.weight"] *= 1e-4
    raw["head.bias"] *= 0
    torch.save({"params": raw, "params_ema": state}, tmp_path / "w.pth")
    diagnosis = first(with_network(tmp_path / "w.pth"))
    assert (diagnosis.code, diagnosis.confirmed, diagnosis.explains) == ("UD001", True, ("UD203",))
    assert diagnosis.remedy is not None
    assert diagnosis.remedy.patch.endswith("['params_ema']\nmodel.load_state_dict(state)")


def shards(state: State_, folder: Path) -> Path:
    """Write a state_dict as two safetensors shards with their index."""
    keys = list(state)
    where = {key: f"model-0000{1 + (2 * i >= len(keys))}-of-00002.safetensors" for i, key in enumerate(keys)}
    for name in set(where.values()):
        save_file({key: state[key].contiguous() for key in keys if where[key] == name}, folder / name)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": where}), encoding="utf-8")
    return index


def test_shards(state: State_, tmp_path: Path) -> None:
    report = with_network(shards(state, tmp_path))
    assert (report.state, report.exit_code) == (State.HEALTHY, 0)
    assert any("read all 2 shards" in how for how in report.target.how)


LIGHTNING = """
import lightning
import torch
from torch import nn


class Segmenter(lightning.LightningModule):
    def __init__(self, in_channels, num_classes, base=4, rate=1e-3):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, base, 3, padding=1), nn.BatchNorm2d(base), nn.ReLU(), nn.Conv2d(base, num_classes, 1)
        )

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, _):
        return self.net(batch).square().mean()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), self.hparams.rate)


if __name__ == "__main__":
    model = Segmenter(in_channels=1, num_classes=7, base=12)
    trainer = lightning.Trainer(
        max_steps=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, torch.utils.data.DataLoader(torch.randn(6, 1, 16, 16), batch_size=2))
    trainer.save_checkpoint("last.ckpt")
"""


def test_a_lightning_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import runpy

    monkeypatch.chdir(tmp_path)
    (tmp_path / "segmenter.py").write_text(LIGHTNING, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runpy.run_path("segmenter.py", run_name="__main__")
    report = examine("last.ckpt", directory=tmp_path, arch="segmenter.py:Segmenter")
    assert report.exit_code == 0, report.verdict
    for taken in ("in_channels=1", "num_classes=7", "base=12", "rate=0.001"):
        assert f"took {taken} from the hyper_parameters of last.ckpt" in report.target.how
    assert "loaded 9 tensors from last.ckpt, entry state_dict" in report.target.how
    given = examine("last.ckpt", directory=tmp_path, arch="segmenter.py:Segmenter", kwargs={"num_classes": 3})
    assert "those of the file are built with -k num_classes=7" in ill(given, "UD001")[0].message


def test_lightning_settings_for_a_network_of_one_s_own(state: State_, tmp_path: Path) -> None:
    settings = {"base": 10, "lr": 0.1, "out_channels": 1, "unknown": [1]}
    nested = {f"model.{key}": value for key, value in state.items()}
    torch.save({"state_dict": nested, "hyper_parameters": settings, "epoch": 3}, tmp_path / "w.ckpt")
    report = with_network(tmp_path / "w.ckpt")
    assert report.exit_code == 0
    assert any(how.startswith("took base=10 from the hyper_parameters of ") for how in report.target.how)
    assert "prefix 'model.' stripped" in ill(report, "UD001")[0].message


def bare_unet() -> State_:
    """The trained U-Net's weights."""
    return torch.load(TRAINED.parent / "weights.pt", weights_only=True)


def bare_torchvision(name: str, **arguments: Any) -> State_:
    """Weights of a fresh network of torchvision, small where that is possible."""
    from torchvision.models import get_model

    torch.manual_seed(0)
    return get_model(name, weights=None, **arguments).state_dict()


def bare_layers(shapes: dict[str, tuple[int, ...]]) -> State_:
    """Random weights of these shapes."""
    torch.manual_seed(0)
    return {key: torch.randn(shape) for key, shape in shapes.items()}


def dcgan() -> State_:
    """A generator of transposed 4x4 kernels."""
    widths = (100, 64, 32, 16)
    shapes: dict[str, tuple[int, ...]] = {}
    for index, pair in enumerate(itertools.pairwise(widths)):
        shapes[f"main.{3 * index}.weight"] = (*pair, 4, 4)
        shapes[f"main.{3 * index + 1}.weight"] = shapes[f"main.{3 * index + 1}.bias"] = pair[1:]
    return bare_layers(shapes | {"main.9.weight": (16, 3, 4, 4)})


BARE: dict[str, tuple[Any, str]] = {
    "unet": (bare_unet, "a U-Net with 4 levels and base width 10"),
    "unet of DataParallel": (
        lambda: {f"module.{key}": value for key, value in bare_unet().items()},
        "a U-Net with 4 levels and base width 10",
    ),
    "unet nested": (lambda: {"state_dict": bare_unet()}, "a U-Net with 4 levels and base width 10"),
    "resnet": (lambda: bare_torchvision("resnet18"), "a ResNet-18 classifier with 1000 classes"),
    "lraspp": (
        lambda: bare_torchvision("lraspp_mobilenet_v3_large", weights_backbone=None, num_classes=3),
        "LR-ASPP with MobileNetV3",
    ),
    "dcgan": (dcgan, "a DCGAN generator with 100 latents and width 16"),
    "esrgan": (
        lambda: bare_layers(
            {
                "conv_first.weight": (8, 3, 3, 3),
                "body.0.rdb1.conv1.weight": (4, 8, 3, 3),
                "body.1.rdb1.conv1.weight": (4, 8, 3, 3),
                "conv_last.weight": (3, 8, 3, 3),
            }
        ),
        "an ESRGAN generator (RRDBNet) with 2 blocks",
    ),
    "nobody's": (lambda: bare_layers({"a.weight": (8, 3, 3, 3), "b.weight": (2, 8, 3, 3)}), ""),
}


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("case", BARE)
def test_a_checkpoint_without_its_network(case: str, form: str, tmp_path: Path) -> None:
    make, name = BARE[case]
    content = make()
    if form == "safetensors":
        if "state_dict" in content:
            pytest.skip("safetensors has no entries")
        save_file({key: value.clone() for key, value in content.items()}, tmp_path / "w.bin")
    else:
        torch.save(content, tmp_path / "w.bin", _use_new_zipfile_serialization=form == "zip")
    report = examine("w.bin", directory=tmp_path)
    assert (report.state, report.exit_code) == (State.NOT_DIAGNOSABLE, 3)
    assert report.target.kind == "checkpoint"
    assert not report.target.runs_code
    assert (f"looks like {name}" in report.verdict) == bool(name)
    known = "torchvision:lraspp_mobilenet_v3_large" if name.startswith("LR-ASPP") else "model.py:NAME"
    assert (f"unetdoctor inspect w.bin --arch {known}" in report.verdict) == ("classifier" not in name)
    assert report.target.parameters > 0
    assert not [finding for finding in report.findings if finding.severity is Severity.ERROR]
    examined = {code for section in report.sections for code in section.codes}
    assert examined >= {"UD301", "UD303", "UD305", "UD307", "UD308"}
    assert {skipped.code for skipped in report.skipped} >= {"UD001", "UD203", "UD306"}
    assert not examined & {skipped.code for skipped in report.skipped}


def test_a_checkpoint_of_sick_weights(state: State_, tmp_path: Path) -> None:
    sick = {key: value.clone() for key, value in state.items()}
    sick["decoder2.0.weight"][0, 0, 0, 0] = float("nan")
    torch.save(sick, tmp_path / "w.pth")
    report = examine("w.pth", directory=tmp_path)
    assert (report.state, report.exit_code, first(report).code) == (State.ILL, 1, "UD307")
    assert report.notices == ("Examine it with its network: unetdoctor inspect w.pth --arch model.py:NAME",)
    equal = {**state, "head.weight": torch.ones(3, 10, 1, 1), "head.bias": torch.zeros(3)}
    torch.save(equal, tmp_path / "w.pth")
    assert first(examine("w.pth", directory=tmp_path)).code == "UD301"
    reset = {k: torch.zeros_like(v) if "mean" in k or "num_" in k else v for k, v in state.items()}
    reset = {k: torch.ones_like(v) if k.endswith("running_var") else v for k, v in reset.items()}
    torch.save(reset, tmp_path / "w.pth")
    assert first(examine("w.pth", directory=tmp_path)).code == "UD308"


def test_a_checkpoint_of_fresh_weights(tmp_path: Path) -> None:
    torch.save(
        torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3), torch.nn.Conv2d(16, 2, 3)).state_dict(), tmp_path / "w.pth"
    )
    report = examine("w.pth", directory=tmp_path)
    assert report.exit_code == 3
    assert "the network is untrained" in report.verdict
