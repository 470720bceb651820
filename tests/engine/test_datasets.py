"""A person's Dataset, whatever it yields."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset

from unetdoctor.checks.samples import faults
from unetdoctor.engine.datasets import Failed, Sample, _made, made, sample_of, samples
from unetdoctor.engine.loading import RequestError
from unetdoctor.engine.yielded import Survey
from unetdoctor.facts import Declared, Task


def guard(stage: str, function: Callable[[], Any]) -> Any:
    return function()


class Pairs(Dataset[Any]):
    def __init__(self, count: int = 5) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        if index >= self.count:
            raise IndexError(index)
        return torch.full((3, 8, 8), float(index)), torch.zeros(8, 8, dtype=torch.long)


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        for index in range(4):
            yield {"img": np.full((8, 8, 3), index, np.uint8), "gt": np.ones((8, 8), np.uint8), "name": "x"}


def asked(source: Any, count: int = 10, seed: int = 0) -> list[Sample | Failed]:
    return list(samples(_made(source, "a.py:f", guard), count, seed, guard))


def taken(source: Any, count: int = 10, seed: int = 0) -> list[Sample]:
    return [sample for sample in asked(source, count, seed) if isinstance(sample, Sample)]


class Broken(Pairs):
    """Some of its samples raise."""

    def __init__(self, *broken: int) -> None:
        super().__init__(5)
        self.broken = broken

    def __getitem__(self, index: int) -> Any:
        if index in self.broken:
            raise KeyError("no such file")
        return super().__getitem__(index)


def test_a_sample_that_raises_is_named_and_the_others_come() -> None:
    found = asked(Broken(1, 3))
    assert [type(sample) for sample in found] == [Sample, Failed, Sample, Failed, Sample]
    assert isinstance(found[1], Failed)
    assert found[1].name == "sample 1"
    assert found[1].reason.startswith("KeyError: 'no such file' (test_datasets.py:")
    assert len(taken(DataLoader(Broken(1), batch_size=1))) == 4


def test_where_every_sample_raises_the_first_error_is_the_end() -> None:
    with pytest.raises(KeyError, match="no such file"):
        asked(Broken(*range(5)))


def test_the_first_two_arrays_of_a_sample_are_image_and_mask() -> None:
    for value in (("a.png", torch.ones(3, 8, 8), torch.zeros(8, 8)), (7, torch.ones(3, 8, 8), torch.zeros(8, 8))):
        found = sample_of(value, "sample 0")
        assert found.image is not None
        assert found.mask is not None
        assert (found.image.shape, found.mask.shape) == ((3, 8, 8), (8, 8))


def test_map_style() -> None:
    found = taken(Pairs())
    assert [sample.name for sample in found] == [f"sample {n}" for n in range(5)]
    assert found[3].image is not None
    assert found[3].image[0, 0, 0] == 3
    assert (found[0].image_dtype, found[0].mask_dtype) == ("float32", "int64")


def test_a_sample_of_a_map_is_drawn_by_the_seed() -> None:
    names = [[sample.name for sample in taken(Pairs(100), 5, seed)] for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]


def test_iterable_with_names_of_its_own() -> None:
    found = taken(Stream(), 3)
    assert len(found) == 3
    assert found[0].structure == "{'img', 'gt', 'name'}"
    assert found[2].image is not None
    assert found[2].image.max() == 2


@pytest.mark.parametrize("source", [Pairs(), Stream()])
def test_a_loader_is_taken_apart(source: Any) -> None:
    found = taken(DataLoader(source, batch_size=3))
    assert len(found) == len(list(taken(source)))
    assert found[1].image is not None
    assert found[1].image.ndim == 3


def test_a_list_of_pairs_is_a_dataset() -> None:
    assert len(taken([(np.zeros((4, 4)), np.zeros((4, 4)))] * 3)) == 3


def test_pictures_of_pillow() -> None:
    sample = sample_of((Image.new("RGB", (6, 4)), Image.new("L", (6, 4))), "sample 0")
    assert sample.image is not None
    assert sample.image.shape == (4, 6, 3)
    assert (sample.image_dtype, sample.mask_dtype) == ("PIL RGB", "PIL L")


def test_a_class_number_is_no_mask() -> None:
    assert sample_of((torch.zeros(3, 4, 4), 7), "sample 0").mask is None
    assert sample_of(torch.zeros(3, 4, 4), "sample 0").mask is None
    assert sample_of((torch.zeros(3, 4, 4, dtype=torch.bfloat16),), "sample 0").image_dtype == "bfloat16"


@pytest.mark.parametrize("value", [("a.png", "b.png"), {"path": 1}, None, ()])
def test_a_sample_without_an_image_is_refused(value: Any) -> None:
    with pytest.raises(RequestError, match="holds no image: expected"):
        sample_of(value, "sample 0")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("train.py", "names no function"),
        ("train.py:nothing", "has no nothing; it has make_dataset, other"),
        ("train.py:empty", r"no samples \(len\(\) is 0\)"),
        ("train.py:number", "gives int; expected a Dataset"),
        ("no.py:make", "no.py"),
    ],
)
def test_what_is_no_dataset_is_one_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "train.py").write_text(
        "from pathlib import Path\n"
        "def other(): return 1\n"
        "def make_dataset(n=1): return [(1, 2)] * n\n"
        "empty = []\nnumber = 3\n"
    )
    with pytest.raises(RequestError, match=sentence):
        made(name, tmp_path, guard)


def test_a_call_with_arguments(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("def make(n): return [(1, 2)] * n\n")
    assert made("train.py:make(n=4)", tmp_path, guard).length == 4


def notices(*images: Any, mask: Any = None, task: Task = Task.MULTICLASS) -> tuple[str, ...]:
    survey = Survey()
    mask = torch.zeros(8, 8, dtype=torch.long) if mask is None else mask
    for image in images:
        survey.take(sample_of((image, mask), "sample"))
    yielded = survey.facts(_made(Pairs(), "a", guard))
    return tuple(f"{said} {patch}" for said, _, _, patch in faults(yielded, Declared(task=task)))


def test_a_sound_dataset_has_no_notice() -> None:
    assert notices(torch.rand(3, 8, 8), torch.randn(3, 8, 8)) == ()
    assert notices(torch.rand(3, 8, 8), mask=torch.zeros(1, 8, 8), task=Task.BINARY) == ()


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        ([torch.rand(3, 8, 8), torch.rand(3, 8, 9)], "The images have 2 shapes (3x8x8, 3x8x9 ...)"),
        ([torch.rand(8, 8, 3)], "The images are [H, W, C] (8x8x3)"),
        ([torch.randint(0, 255, (3, 8, 8), dtype=torch.uint8)], "image.float() / 255"),
        ([torch.rand(3, 8, 8).double()], "The images are float64"),
        ([255 * torch.rand(3, 8, 8)], "0..255"),
        ([Image.new("RGB", (8, 8))], "pictures of Pillow"),
    ],
)
def test_what_a_network_stumbles_over_is_said(images: list[Any], sentence: str) -> None:
    assert any(sentence in notice for notice in notices(*images))


@pytest.mark.parametrize(
    ("mask", "task", "sentence"),
    [
        (torch.zeros(8, 8), Task.MULTICLASS, "mask.long()"),
        (torch.zeros(1, 8, 8, dtype=torch.long), Task.MULTICLASS, "mask.squeeze(0)"),
        (torch.zeros(1, 8, 8, dtype=torch.long), Task.BINARY, "mask.float()"),
    ],
)
def test_what_a_loss_stumbles_over_is_said(mask: Any, task: Task, sentence: str) -> None:
    assert any(sentence in notice for notice in notices(torch.rand(3, 8, 8), mask=mask, task=task))


def test_forms_hold_the_numbers_of_the_values() -> None:
    survey = Survey()
    for value in (0.0, 1.0):
        survey.take(sample_of((torch.full((3, 2, 2), value), torch.zeros(2, 2)), "sample"))
    form = survey.facts(_made(Pairs(), "a", guard)).images[0]
    assert (form.count, form.low, form.high, form.mean, form.shape) == (2, 0.0, 1.0, 0.5, (3, 2, 2))
