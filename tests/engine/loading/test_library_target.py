"""Networks of installed libraries: built without a download, or refused with what to type."""

import importlib.util
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.engine.loading.conftest import UNET, Place
from unetdoctor.engine.loading import library_target

LOADED: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "torchvision:lraspp_mobilenet_v3_large": ({}, "lraspp_mobilenet_v3_large", ()),
    "torchvision:fcn_resnet50(num_classes=5)": ({}, "fcn_resnet50", ()),
    'smp:Unet("resnet18", classes=3)': ({}, "Unet", ()),
    "segmentation_models_pytorch:FPN": ({"encoder_name": "resnet18"}, "FPN", ()),
    "timm:resnet18(features_only=True)": ({}, "resnet18", ()),
    "monai:BasicUNet(spatial_dims=2)": ({}, "BasicUNet", ()),
    "monai:UNet": (
        {},
        "UNet",
        ("spatial_dims=2", "in_channels=3", "out_channels=2", "channels=[32, 64, 128, 256]", "strides=[2, 2, 2]"),
    ),
    "monai:DynUNet": (
        {"spatial_dims": 2, "in_channels": 1, "out_channels": 4},
        "DynUNet",
        ("kernel_size=[3, 3, 3, 3]", "strides=[1, 2, 2, 2]", "upsample_kernel_size=[2, 2, 2]"),
    ),
    "monai:FlexibleUNet": ({}, "FlexibleUNet", ("in_channels=3", "out_channels=2", "backbone='resnet18'")),
    "diffusers:AutoencoderKL": ({}, "AutoencoderKL", ()),
    "transformers:SegformerForSemanticSegmentation(num_labels=4)": (
        {"decoder_hidden_size": 16},
        "SegformerForSemanticSegmentation",
        (),
    ),
}


@pytest.mark.parametrize("target", LOADED)
def test_builds(place: Place, target: str) -> None:
    kwargs, name, guessed = LOADED[target]
    loaded = place.load(target, kwargs=kwargs)
    assert loaded.name == name
    assert loaded.kind == "eager"
    assert loaded.target_kind == f"{target.partition(':')[0]} network"
    assert [sentence.split(" (")[0] for sentence in loaded.how] == [f"guessed {guess}" for guess in guessed]
    assert not loaded.weights_given


def test_arguments_arrive(place: Place) -> None:
    classes = {
        "smp:Unet(classes=3)": "segmentation_head.0.weight",
        "torchvision:lraspp_mobilenet_v3_large(num_classes=3)": "classifier.low_classifier.weight",
    }
    for target, name in classes.items():
        assert dict(place.load(target).model.named_parameters())[name].shape[0] == 3
    segformer = place.load("transformers:SegformerForSemanticSegmentation", kwargs={"num_labels": 3})
    assert segformer.model.state_dict()["decode_head.classifier.weight"].shape[0] == 3


def test_the_same_seed_gives_the_same_weights(place: Place) -> None:
    first, second = (place.load("timm:resnet18").model.state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


REFUSED = {
    "smp:unet": "has no network unet; did you mean Unet?",
    "timm:resnett18": "has no network resnett18; did you mean resnet18 or resnet18d or skresnet18?",
    "monai:Nothing_like_it": "has no network Nothing_like_it; it has for example UNet.",
    "transformers:SegformerConfig": "has no network SegformerConfig; "
    "it has for example SegformerForSemanticSegmentation.",
    'smp:Unet(encoder_weights="imagenet")': "smp:Unet would download weights because of encoder_weights='imagenet', "
    "and nothing is ever downloaded: leave encoder_weights out and give a weights file with -w.",
    "timm:resnet18(pretrained=True)": "timm:resnet18 would download weights because of pretrained=True, "
    "and nothing is ever downloaded: leave pretrained out and give a weights file with -w.",
    "timm:resnet18(colour=1)": "resnet18 has no argument colour. It takes: pretrained and what it passes on.",
    "monai:Generator": "no value for latent_shape, start_shape can be guessed. Give them with -k.",
}


@pytest.mark.parametrize("target", REFUSED)
def test_refuses(place: Place, target: str) -> None:
    assert place.refusal(target).sentence.endswith(REFUSED[target])


def test_an_argument_that_a_library_swallows_is_said(place: Place) -> None:
    assert place.load("smp:Unet(clases=3)").how == (
        "passed clases on in the ** of Unet, which has no clases of its own; did you mean classes?",
    )


def test_a_library_that_is_not_installed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "segmentation_models_pytorch", raising=False)
    monkeypatch.setattr(library_target, "importlib", SimpleNamespace(util=SimpleNamespace(find_spec=lambda _: None)))
    error = place.refusal("smp:Unet")
    assert error.sentence == ("smp:Unet needs segmentation-models-pytorch, which is not installed for this Python.")
    assert error.commands == (f"{sys.executable} -m pip install segmentation-models-pytorch",)
    assert importlib.util.find_spec("torch") is not None


def test_a_module_of_the_person_comes_first(place: Place) -> None:
    place.write({"smp.py": UNET})
    loaded = place.load("smp:UNet")
    assert loaded.target_kind == "import path"
    assert loaded.source_file == place.directory / "smp.py"
