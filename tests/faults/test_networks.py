"""The networks of the bench are many and various, and what the table says of them is true."""

from collections import Counter

import pytest
import torch
from torch import nn

from tests.faults.building import built, called, fed
from tests.faults.lessons import LESSONS, dice, psnr_db
from tests.faults.networks import Network, named, networks

QUICK = ("own-simple-unet", "own-resunet", "own-espcn", "own-transunet", "own-dcgan", "own-vae")


def test_there_are_enough_networks_of_enough_families():
    families = Counter(network.family for network in networks())
    assert sum(families.values()) >= 24
    assert len(families) >= 8
    assert len({network.name for network in networks()}) == sum(families.values())
    third = [n for n in networks() if not n.name.startswith("own-")]
    assert len(third) > len(networks()) / 2
    assert sum(bool(n.lesson) for n in networks()) >= 8


@pytest.mark.parametrize("name", QUICK)
def test_the_table_names_the_layers_that_are_there(name):
    network = named(name)
    module, ran = built(network), []
    for layer_name, layer in module.named_modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            layer.register_forward_hook(lambda *_, n=layer_name: ran.append(n))
    out = called(module, fed(network, False))
    assert torch.isfinite(out).all()
    assert ran[-1] == network.head
    assert ran[0] == network.stem
    if network.skip is not None:
        consumer = module.get_submodule(network.skip.consumer)
        assert {network.skip.deep.stop, network.skip.skip.stop} >= {consumer.in_channels}
    if network.up:
        assert isinstance(module.get_submodule(network.up), nn.ConvTranspose2d)


@pytest.mark.parametrize("network", [n for n in networks() if n.lesson], ids=lambda n: n.name)
def test_lessons_are_seeded_and_varied(network: Network):
    lesson = LESSONS[network.lesson]
    first, again, other = (lesson.draw(network, 2, seed) for seed in (1, 1, 2))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])
    assert first[0].shape[1:] == network.shape[1:]
    assert first[1].float().std() > 0.05


def test_a_score_is_one_for_the_truth_and_low_for_nothing():
    binary, classes, picture = named("own-simple-unet"), named("monai-segresnet"), named("monai-denoiser")
    _, mask = LESSONS["mask"].draw(binary, 4, 0)
    _, ids = LESSONS["classes"].draw(classes, 4, 0)
    noisy, clean = LESSONS["restore"].draw(picture, 4, 0)
    assert dice(binary, mask * 2 - 1, mask) == 1
    assert dice(binary, -torch.ones_like(mask), mask) == 0
    assert dice(classes, nn.functional.one_hot(ids, 3).movedim(-1, 1).float(), ids) == 1
    assert psnr_db(picture, clean, clean) > 100
    assert psnr_db(picture, noisy, clean) < LESSONS["restore"].good
