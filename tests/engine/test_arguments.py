"""Flat specifications of arguments become what forward() takes, and keep step with the picture."""

import pytest
import torch

from unetdoctor.engine.arguments import ArgumentSpec, arrange, followed, sources


def spec(name: str, keyword: bool = False) -> ArgumentSpec:
    return ArgumentSpec(name, (2, 3), keyword=keyword)


def test_names_with_dots_become_containers():
    specs = (spec("x"), spec("batch.image"), spec("batch.depth"), spec("noises.0"), spec("noises.1"), spec("t", True))
    args, kwargs = arrange(specs, lambda s: s.name)
    assert args == ("x", {"image": "batch.image", "depth": "batch.depth"}, ["noises.0", "noises.1"])
    assert kwargs == {"t": "t"}


def test_a_list_of_samples():
    (images,), _ = arrange((spec("images.*"),), ArgumentSpec.on_meta)
    assert [tuple(image.shape) for image in images] == [(3,), (3,)]
    assert all(isinstance(image, torch.Tensor) for image in images)


def test_each_specification_has_its_bits():
    assert sources((spec("t", True), spec("x"), spec("images.*"), spec("y"))) == {
        "x": 0b1,
        "images.*": 0b110,
        "y": 0b1000,
        "t": 0b10000,
    }


@pytest.mark.parametrize(
    ("shape", "before", "after", "expected"),
    [
        ((2,), (2, 3, 64, 64), (5, 3, 64, 64), (5,)),
        ((2, 1, 64, 64), (2, 3, 64, 64), (2, 3, 96, 128), (2, 1, 96, 128)),
        ((2, 3, 256, 256), (2, 1, 64, 64), (1, 1, 16, 32), (1, 3, 64, 128)),
        ((2, 16, 16, 16), (2, 3, 64, 64), (2, 3, 128, 128), (2, 16, 32, 32)),
        ((2, 16, 7, 7), (2, 3, 64, 64), (2, 3, 96, 96), (2, 16, 7, 7)),
        ((2, 16, 64, 64), (2, 64), (16, 64), (16, 16, 64, 64)),
        ((), (2, 3, 64, 64), (1, 3, 64, 64), ()),
    ],
)
def test_a_side_argument_keeps_step_with_the_picture(shape, before, after, expected):
    assert followed(shape, before, after) == expected
