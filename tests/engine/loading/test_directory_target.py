"""Directories: of Hugging Face, of torch.hub, of a package, of Python files."""

import json
import sys
import warnings
from pathlib import Path

import pytest

from tests.engine.loading.conftest import UNET, Place

SMALL = {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 1, 1]}
HUB = """
dependencies = ["torch"]
from nets_of_hub import UNet as _UNet


def unet(n_classes=2):
    return _UNet(n_classes=n_classes)
"""


@pytest.fixture
def segformer(place: Place) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import SegformerConfig, SegformerForSemanticSegmentation

        model = SegformerForSemanticSegmentation(SegformerConfig(**SMALL, decoder_hidden_size=8, num_labels=3))
        model.save_pretrained(place.directory / "one")
        model.save_pretrained(place.directory / "sharded", max_shard_size="40KB")
    return place.directory


def test_a_transformers_directory(place: Place, segformer: Path) -> None:
    assert len(list((segformer / "sharded").glob("*.safetensors"))) > 1
    first, second = place.load("hf:one"), place.load("sharded/")
    assert (first.name, first.target_kind) == ("SegformerForSemanticSegmentation", "Hugging Face directory")
    assert first.weights_given
    assert first.weights == "one"
    assert first.how == ("loaded the weights of one with transformers",)
    assert all((value == second.model.state_dict()[name]).all() for name, value in first.model.state_dict().items())
    assert place.refusal("hf:one", kwargs={"num_labels": 2}).sentence == (
        "one is built as its config.json says, so -k num_labels cannot change it."
    )


def test_weights_that_are_not_there(place: Place, segformer: Path) -> None:
    (segformer / "one" / "model.safetensors").unlink()
    loaded = place.load("one")
    assert not loaded.weights_given
    assert loaded.how == ("no weights are beside config.json: they are fresh",)


def test_a_network_that_the_file_fills_in_part(place: Place, segformer: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = segformer / "one" / "model.safetensors"
    tensors = load_file(weights)
    del tensors["decode_head.classifier.bias"]
    save_file(tensors, weights, metadata={"format": "pt"})
    assert place.load("hf:one").how[1] == ("1 tensors are not in the file and are fresh: decode_head.classifier.bias")


def test_a_diffusers_pipeline_and_its_network(place: Place) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

        network = UNet2DModel(
            block_out_channels=(8, 8),
            down_block_types=("DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D"),
            norm_num_groups=4,
            layers_per_block=1,
        )
        DDPMPipeline(network, DDPMScheduler()).save_pretrained(place.directory / "pipe")
    error = place.refusal("hf:pipe")
    assert error.sentence == "pipe is a diffusers pipeline (DDPMPipeline), and its networks are unet; name one."
    assert error.commands == ("unetdoctor inspect hf:pipe/unet",)
    loaded = place.load("hf:pipe/unet")
    assert loaded.name == "UNet2DModel"
    assert loaded.how == ("loaded the weights of unet with diffusers",)
    (place.directory / "pipe/unet/diffusion_pytorch_model.safetensors").unlink()
    assert place.load("pipe/unet").how == ("no weights are beside config.json: they are fresh",)
    assert place.refusal("pipe").sentence == (
        "pipe is a diffusers pipeline (DDPMPipeline), and none of its networks is there."
    )


def test_code_of_the_directory_runs_with_trust_alone(place: Place, tmp_path: Path) -> None:
    folder = place.directory / "own"
    folder.mkdir()
    automatic = {"AutoConfig": "modeling_own.OwnConfig", "AutoModelForImageSegmentation": "modeling_own.OwnModel"}
    (folder / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": automatic}))
    (folder / "modeling_own.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\n")
    error = place.refusal("hf:own")
    assert error.sentence == (
        "own brings its own code (modeling_own.py), which runs only if you trust it; give --trust."
    )
    assert error.commands == ("unetdoctor inspect hf:own --trust",)
    assert place.stages == []
    assert not (tmp_path / "marker").exists()


def test_a_hub_repository(place: Place) -> None:
    place.write({"repo/hubconf.py": HUB, "repo/nets_of_hub.py": UNET})
    only = place.load("repo")
    assert only.name == "UNet"
    assert only.target_kind == "entry point of hubconf.py"
    assert only.how == ("called unet(), the only entry point of repo/hubconf.py",)
    named = place.load("repo:unet(n_classes=5)")
    assert named.model.state_dict()["head.weight"].shape[0] == 5
    assert place.refusal("repo:unet(n=5)").sentence == "unet has no argument n. It takes: n_classes."


def test_a_hub_repository_with_several_entry_points(place: Place) -> None:
    place.write({"repo/hubconf.py": f"{HUB}\n\ndef unet_big():\n    return _UNet()\n"})
    error = place.refusal("./repo")
    assert error.sentence == "./repo/hubconf.py has 2 entry points: unet, unet_big. Name one."
    assert error.commands == ("unetdoctor inspect ./repo:unet", "unetdoctor inspect ./repo:unet_big")
    assert place.stages == []
    place.write({"repo/hubconf.py": "dependencies = ['torch']\n"})
    assert place.refusal("repo").sentence == "repo/hubconf.py has no entry point."


def test_a_hub_repository_that_needs_more(place: Place) -> None:
    place.write({"repo/hubconf.py": HUB.replace('["torch"]', '["torch", "not_there_at_all"]')})
    error = place.refusal("repo:unet")
    assert error.sentence == "repo/hubconf.py depends on not_there_at_all, not installed for this Python."
    assert error.commands == (f"{sys.executable} -m pip install not_there_at_all",)
    assert place.stages == []


def test_a_package_by_its_path(place: Place) -> None:
    place.write({"src/nets_here/__init__.py": "from .unet import UNet\n", "src/nets_here/unet.py": UNET})
    assert place.load("src/nets_here:UNet").name == "UNet"
    assert place.refusal("src/nets_here").commands == (
        "unetdoctor inspect src/nets_here/__init__.py",
        "unetdoctor inspect src/nets_here/unet.py",
    )


def test_a_directory_that_is_not_there(place: Place) -> None:
    error = place.refusal("hf:org/name")
    assert error.sentence == (
        "hf:org/name: there is no directory org/name, and nothing is downloaded from the hub; download it first."
    )
    assert error.commands == ("hf download org/name --local-dir name", "unetdoctor inspect hf:name")
