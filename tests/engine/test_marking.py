"""Outputs beside masks: how they become classes, how masks are read, and what remedies make of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.checks.build import output
from unetdoctor.data.palettes import voc
from unetdoctor.engine.images import ImageError
from unetdoctor.engine.mask_remedies import _inverted, _reordered
from unetdoctor.engine.reading_masks import Drawn, read
from unetdoctor.engine.truths import Truth, task_of, truths_of
from unetdoctor.facts import DisplayRange, Intent, Output, Painting, Request, Task

LOGITS = DisplayRange(0.0, 1.0, "sigmoid", "logits")
UNIT = DisplayRange(0.0, 1.0, "as is", "sigmoid")


def described(display: DisplayRange) -> Output:
    """An output of which only its range is read."""
    return output(display=display)


def drawn(x: Tensor, display: DisplayRange = LOGITS, size: tuple[int, int] = (4, 4), **fields: Any) -> Drawn:
    """What is read, of an input of the mask's size."""
    found = read(x, (1, 3, 4, 4), described(display), fields.pop("task", Task.AUTO), size, **fields)
    assert found is not None
    return found


class TestReading:
    """From an output to class ids."""

    def test_logits_are_cut_at_zero(self) -> None:
        x = torch.tensor([[-3.0, -0.1], [0.1, 3.0]])[None, None]
        assert drawn(x, size=(2, 2)).ids.tolist() == [[0, 0], [1, 1]]

    def test_a_declared_threshold_is_a_probability(self) -> None:
        x = torch.tensor([[-3.0, -0.1], [0.1, 3.0]])[None, None]
        found = drawn(x, size=(2, 2), threshold=0.9)
        assert found.ids.tolist() == [[0, 0], [0, 1]]
        assert found.shown(found.used) == pytest.approx(0.9, abs=1e-6)

    def test_probabilities_are_cut_as_they_are(self) -> None:
        x = torch.tensor([[0.2, 0.49], [0.51, 0.9]])[None, None]
        assert drawn(x, UNIT, (2, 2)).ids.tolist() == [[0, 0], [1, 1]]

    def test_values_in_0_to_1_are_probabilities_whatever_drew_them(self) -> None:
        x = torch.tensor([[0.2, 0.49], [0.51, 0.9]])[None, None]
        assert drawn(x, LOGITS, (2, 2)).ids.tolist() == [[0, 0], [1, 1]]

    def test_bytes_are_cut_in_their_middle(self) -> None:
        x = torch.tensor([[0, 100], [200, 255]], dtype=torch.uint8)[None, None]
        found = drawn(x, DisplayRange(0.0, 255.0, "as is", "bytes"), (2, 2))
        assert found.ids.tolist() == [[0, 0], [1, 1]]

    def test_ids_are_not_mixed_when_they_grow(self) -> None:
        x = torch.tensor([[0, 2], [2, 0]])[None, None]
        assert set(drawn(x).ids.flatten().tolist()) == {0, 2}

    def test_channels_are_resized_before_the_largest_is_chosen(self) -> None:
        x = torch.zeros(1, 2, 1, 2)
        x[0, 0], x[0, 1] = torch.tensor([4.0, 0.0]), torch.tensor([0.0, 1.0])
        ids = drawn(x, size=(1, 8)).ids[0]
        assert ids.tolist() == [0, 0, 0, 0, 0, 1, 1, 1]

    def test_channels_of_their_own_leave_a_background(self) -> None:
        x = torch.tensor([[[[5.0, -5.0]], [[-5.0, -5.0]]]])
        assert drawn(x, size=(1, 2), task=Task.MULTILABEL).ids.tolist() == [[1, 0]]

    def test_colours_that_look_alike_are_one_class(self) -> None:
        colours = ((0.0, 0.0, 0.0), (200.0, 0.0, 0.0), (201.0, 0.0, 0.0))
        painting = Painting(1, 2, True, colours, 3, "uint8", False)
        x = torch.tensor([[0, 200], [201, 0]], dtype=torch.uint8)[None, None].repeat(1, 3, 1, 1)
        x[:, 1:] = 0
        found = drawn(x, DisplayRange(0.0, 255.0, "as is", "bytes"), (2, 2), painting=painting)
        assert found.ids.tolist() == [[0, 1], [1, 0]]

    def test_ids_are_no_colours_that_look_alike(self) -> None:
        painting = Painting(1, 2, False, ((0.0,), (1.0,), (2.0,)), 1, "int64", False)
        found = drawn(torch.tensor([[0, 2], [1, 0]])[None, None], size=(2, 2), painting=painting)
        assert found.ids.tolist() == [[0, 2], [1, 0]]

    def test_what_is_no_map_is_not_read(self) -> None:
        assert read(torch.zeros(2, 5), (1, 3, 4, 4), described(LOGITS), Task.AUTO, (4, 4)) is None


class TestTruth:
    """From a file to class ids."""

    def save(self, folder: Path, values: Any, name: str = "m.png") -> Path:
        Image.fromarray(np.array(values, dtype=np.uint8)).save(folder / name)
        return folder / name

    def truth(self, folder: Path, *masks: Any, intent: Intent | None = None) -> Truth:
        """The first of some masks of one set."""
        names = [self.save(folder, values, f"m{number}.png").name for number, values in enumerate(masks)]
        given = Request("x", str(folder), images=tuple(names), masks=tuple(names), intent=intent or Intent())
        return truths_of(given)["image-1"]

    def test_black_and_white_is_0_and_1(self, tmp_path: Path) -> None:
        truth = self.truth(tmp_path, [[0, 255]])
        assert truth.ids.tolist() == [[0, 1]]
        assert "0 and 255" in truth.encoding

    def test_255_beside_ids_is_ignored(self, tmp_path: Path) -> None:
        assert self.truth(tmp_path, [[0, 1, 2, 255]]).ids.tolist() == [[0, 1, 2, -1]]

    def test_255_is_what_the_whole_set_says(self, tmp_path: Path) -> None:
        assert self.truth(tmp_path, [[0, 255]], [[0, 1, 2, 255]]).ids.tolist() == [[0, -1]]
        assert self.truth(tmp_path, [[255, 255]], [[0, 255]]).ids.tolist() == [[1, 1]]

    @pytest.mark.parametrize("intent", [Intent(task=Task.BINARY), Intent(classes=2)])
    def test_255_beside_0_and_1_is_ignored_in_a_binary_task(self, tmp_path: Path, intent: Intent) -> None:
        assert self.truth(tmp_path, [[0, 1, 255]], intent=intent).ids.tolist() == [[0, 1, -1]]
        assert self.truth(tmp_path, [[0, 1]], [[0, 1, 255]], intent=intent).ids.tolist() == [[0, 1]]
        assert self.truth(tmp_path, [[0, 255]], [[0, 1, 255]], intent=intent).ids.tolist() == [[0, -1]]
        assert self.truth(tmp_path, [[0, 9, 250, 255]], intent=intent).ids.tolist() == [[0, 0, 1, 1]]

    def test_colours_that_nobody_numbered_are_refused(self, tmp_path: Path) -> None:
        red, blue, black = (200, 30, 30), (30, 30, 200), (0, 0, 0)
        with pytest.raises(ImageError, match=r"3 colours of no known palette.*--palette"):
            self.truth(tmp_path, [[red, black]], [[blue, black]])
        assert self.truth(tmp_path, [[red, red]], [[red, black]]).ids.tolist() == [[1, 1]]

    def test_a_well_known_palette_is_that_of_the_whole_set(self, tmp_path: Path) -> None:
        first, second = [[voc(3)[2]]], [[voc(2)[1], voc(1)[0]]]
        assert self.truth(tmp_path, first, second).ids.tolist() == [[2]]

    def test_a_declared_id_is_ignored(self, tmp_path: Path) -> None:
        assert self.truth(tmp_path, [[0, 1, 7]], intent=Intent(ignore_index=7)).ids.tolist() == [[0, 1, -1]]

    def test_a_file_that_is_no_mask_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "m.png").write_bytes(b"no picture")
        with pytest.raises(ImageError):
            truths_of(Request("x", str(tmp_path), masks=("m.png",)))

    def test_each_belongs_to_the_probe_of_its_photograph(self, tmp_path: Path) -> None:
        self.save(tmp_path, [[0, 1]])
        found = truths_of(Request("x", str(tmp_path), images=("a", "b"), masks=("", "m.png")))
        assert set(found) == {"image-2", "image-2-fitted"}

    def test_a_palette_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        self.save(tmp_path, [[0, 1]])
        with pytest.raises(ImageError, match="palette"):
            truths_of(Request("x", str(tmp_path), masks=("m.png",), intent=Intent(palette="none.txt")))

    def test_it_says_that_the_output_is_a_mask(self, tmp_path: Path) -> None:
        truths = {"image-1": self.truth(tmp_path, [[0, 1]])}
        assert task_of(truths, (1, 3, 8, 8), Task.RGB, "guess")[0] is Task.MULTICLASS
        assert task_of(truths, (1, 1, 8, 8), Task.RGB, "guess")[0] is Task.BINARY
        assert task_of({}, (1, 3, 8, 8), Task.RGB, "guess") == (Task.RGB, "guess")


class TestRemedies:
    """What is done to an output."""

    def test_channels_change_places(self) -> None:
        x = torch.tensor([[[[1.0]], [[2.0]], [[3.0]]]])
        assert _reordered(x, [0, 2, 1]).flatten().tolist() == [1, 3, 2]

    def test_a_missing_background_is_never_chosen(self) -> None:
        x = torch.tensor([[[[1.0]], [[2.0]]]])
        out = _reordered(x, [1, 2, 0])
        assert out.shape[1] == 3
        assert int(out.argmax(1)) == 2

    def test_a_mask_is_inverted_in_its_own_range(self) -> None:
        assert _inverted(torch.tensor([-2.0, 3.0])).tolist() == [2, -3]
        assert _inverted(torch.tensor([0.25, 1.0])).tolist() == [0.75, 0]
        assert _inverted(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [255, 0]
