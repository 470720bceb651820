"""Scores equal those of other people's libraries, where these say what they count."""

import math
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from unetdoctor.engine.assignment import assigned
from unetdoctor.engine.objects import by_size, components, recalls
from unetdoctor.engine.scores import Counts, best_order, best_threshold, class_scores, confusion, mean_dice, overlap
from unetdoctor.engine.shifts import edges_of, moved, shift_of


def blobs(seed: int, classes: int = 4, size: int = 48) -> Tensor:
    """Ids [H, W] in smooth regions."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, classes, 6, 6, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(size, size + 8), mode="bicubic")[0].argmax(0)


def noisy(ids: Tensor, seed: int = 9, share: float = 0.2, classes: int = 4) -> Tensor:
    """The same with some places changed."""
    generator = torch.Generator().manual_seed(seed)
    other = torch.randint(0, classes, ids.shape, generator=generator)
    return torch.where(torch.rand(ids.shape, generator=generator) < share, other, ids)


class TestOverlap:
    """Dice, IoU and the confusion."""

    def test_equals_torchmetrics_over_several_pictures(self) -> None:
        from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassF1Score, MulticlassJaccardIndex

        pairs = [(blobs(seed), noisy(blobs(seed), seed + 50)) for seed in range(3)]
        for truth, _ in pairs:
            truth[:5, :7] = -1
        total = sum((confusion(a, b, 4) for a, b in pairs), torch.zeros(4, 4, dtype=torch.long))
        dice, iou = overlap(total)
        theirs = {
            "dice": MulticlassF1Score(num_classes=4, average=None, ignore_index=-1),
            "iou": MulticlassJaccardIndex(num_classes=4, average=None, ignore_index=-1),
            "confusion": MulticlassConfusionMatrix(num_classes=4, ignore_index=-1),
        }
        for truth, ids in pairs:
            for metric in theirs.values():
                metric.update(ids, truth)
        assert torch.allclose(dice.float(), theirs["dice"].compute(), atol=1e-6)
        assert torch.allclose(iou.float(), theirs["iou"].compute(), atol=1e-6)
        assert torch.equal(total, theirs["confusion"].compute())

    def test_equals_monai_on_one_picture(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from monai.metrics import compute_dice, compute_iou
        truth, ids = blobs(1), noisy(blobs(1))
        one, other = (torch.nn.functional.one_hot(x, 4).permute(2, 0, 1)[None].float() for x in (truth, ids))
        dice, iou = overlap(confusion(truth, ids, 4))
        assert torch.allclose(dice.float(), compute_dice(other, one)[0], atol=1e-6)
        assert torch.allclose(iou.float(), compute_iou(other, one)[0], atol=1e-6)

    def test_a_class_in_neither_has_no_score_and_one_in_only_one_has_none_of_it(self) -> None:
        truth, ids = torch.zeros(8, 8, dtype=torch.long), torch.zeros(8, 8, dtype=torch.long)
        truth[:2] = 1
        ids[6:] = 2
        dice, iou = overlap(confusion(truth, ids, 4))
        assert dice[1:3].tolist() == [0, 0]
        assert math.isnan(dice[3])
        assert math.isnan(iou[3])
        assert mean_dice(confusion(truth, ids, 4)) == 0

    def test_an_empty_mask_that_is_drawn_empty_has_no_score(self) -> None:
        empty = torch.zeros(8, 8, dtype=torch.long)
        assert math.isnan(mean_dice(confusion(empty, empty, 2)))

    def test_boundary_iou_is_the_published_one(self) -> None:
        from skimage.morphology import erosion

        truth, ids = blobs(2, 2, 96), noisy(blobs(2, 2, 96), share=0.02, classes=2)
        width = max(1, round(0.02 * math.hypot(*truth.shape)))

        def band(mask: Tensor) -> np.ndarray:
            padded = np.pad(mask.numpy().astype(bool), 1)
            inner = padded
            for _ in range(width):
                inner = erosion(inner, np.ones((3, 3)), mode="min")
            return (padded & ~inner)[1:-1, 1:-1]

        scores = class_scores(Counts.of(truth, ids, 2), ("a", "b"))
        for number in (0, 1):
            a, b = band(truth == number), band(ids == number)
            assert scores[number].boundary_iou == pytest.approx((a & b).sum() / (a | b).sum(), abs=1e-6)

    def test_counts_add_up(self) -> None:
        one, other = (Counts.of(blobs(seed), noisy(blobs(seed)), 4) for seed in (1, 2))
        both = one + other
        assert torch.equal(both.confusion, one.confusion + other.confusion)
        assert both.band_either.sum() > one.band_either.sum()


class TestThreshold:
    """The best threshold of one channel."""

    def test_equals_the_best_f1_of_torchmetrics(self) -> None:
        from torchmetrics.classification import BinaryAUROC, BinaryPrecisionRecallCurve

        truth = (blobs(3, 2) == 1).long().flatten()
        generator = torch.Generator().manual_seed(0)
        values = (truth * 2.0 - 6 + torch.randn(truth.shape, generator=generator)).sigmoid()
        curve = BinaryPrecisionRecallCurve()
        curve.update(values, truth)
        precision, recall, _ = curve.compute()
        best = (2 * precision * recall / (precision + recall).clamp_min(1e-9)).max()
        area = BinaryAUROC()
        area.update(values, truth)
        found = best_threshold(torch.logit(values), truth, 0.0)
        assert found is not None
        assert found.best_dice == pytest.approx(best.item(), abs=2e-3)
        assert found.auc == pytest.approx(area.compute().item(), abs=1e-3)
        assert found.dice < 0.1
        assert -6 < found.best < -4

    def test_the_middle_of_a_gap_is_chosen(self) -> None:
        values = torch.tensor([-5.0, -4.9, -4.8, 3.0, 3.1])
        found = best_threshold(values, torch.tensor([0, 0, 0, 1, 1]), 0.0)
        assert found is not None
        assert found.best_dice == 1
        assert -2 < found.best < 0

    def test_nothing_is_said_without_a_finite_value(self) -> None:
        assert best_threshold(torch.tensor([math.nan]), torch.tensor([1]), 0.0) is None


class TestOrder:
    """Which channel is which class."""

    def test_a_permutation_is_found(self) -> None:
        truth = blobs(4)
        swapped = torch.tensor([0, 3, 1, 2])[noisy(truth, share=0.05)]
        order = best_order(confusion(truth, swapped, 4))
        assert order.classes == (0, 2, 3, 1)
        assert order.best_dice > 0.9 > 0.5 > order.dice

    def test_a_missing_background_is_found(self) -> None:
        truth = blobs(5) + 1
        order = best_order(confusion(truth, truth - 1, 5))
        assert order.classes[:4] == (1, 2, 3, 4)
        assert order.best_dice == 1

    def test_the_order_stays_where_nothing_speaks_against_it(self) -> None:
        assert best_order(torch.zeros(5, 5, dtype=torch.long)).classes == (0, 1, 2, 3, 4)

    def test_the_assignment_is_scipys(self) -> None:
        optimize = pytest.importorskip("scipy.optimize")
        for seed in range(5):
            gain = torch.rand(7, 7, generator=torch.Generator().manual_seed(seed)).double()
            rows, columns = optimize.linear_sum_assignment(gain.numpy(), maximize=True)
            assert assigned(gain.tolist()) == columns[np.argsort(rows)].tolist()


class TestObjects:
    """Connected places, by size."""

    def test_are_those_of_skimage(self) -> None:
        from skimage.measure import label

        ids = blobs(6, 3, 64)
        labels, count = components(ids.numpy())
        theirs = label(ids.numpy(), connectivity=2, background=0)
        sizes = np.bincount(theirs.ravel())[1:]
        assert count == (sizes >= 4).sum()
        pairs = set(zip(labels[labels > 0].tolist(), theirs[labels > 0].tolist(), strict=True))
        assert len(pairs) == count

    def test_are_counted_by_their_size(self) -> None:
        ids = np.zeros((60, 60), dtype=np.int64)
        ids[2:4, 2:5], ids[10:40, 10:40] = 1, 1
        labels, count = components(ids)
        right = ids > 0
        right[2:4, 2:5] = False
        sizes = by_size([recalls(labels, count, right)])
        assert [(x.name, x.objects, x.found) for x in sizes] == [("small", 1, 0), ("medium", 0, 0), ("large", 1, 1)]


class TestShift:
    """Sub-pixel places of outlines."""

    @pytest.mark.parametrize("offset", [(0.5, 0.5), (-0.5, 0.25), (2.0, -1.5), (0.0, 0.0)])
    def test_is_found(self, offset: tuple[float, float]) -> None:
        pairs = []
        for seed in range(3):
            generator = torch.Generator().manual_seed(seed)
            coarse = torch.rand(1, 2, 7, 7, generator=generator)
            values = torch.nn.functional.interpolate(coarse, size=(96, 96), mode="bicubic")[0]
            pairs.append((values.argmax(0), moved(values, (-offset[0], -offset[1], 0, 0)).argmax(0)))
        found = shift_of(pairs)
        assert found is not None
        assert found.down == pytest.approx(offset[0], abs=0.12)
        assert found.right == pytest.approx(offset[1], abs=0.12)

    def test_growth_is_no_shift(self) -> None:
        pairs = []
        for seed in range(3):
            coarse = torch.rand(1, 2, 7, 7, generator=torch.Generator().manual_seed(seed))
            values = torch.nn.functional.interpolate(coarse, size=(96, 96), mode="bicubic")[0]
            pairs.append((values.argmax(0), (values[1] > values[0] - 0.05).long()))
        found = shift_of(pairs)
        assert found is not None
        assert found.largest < 0.15

    def test_errors_along_outlines_are_told_from_those_inside(self) -> None:
        truth = (blobs(7, 2, 96) == 1).long()
        ragged = truth.clone()
        line = torch.zeros_like(truth, dtype=torch.bool)
        line[1:] |= truth[1:] != truth[:-1]
        ragged[line] = 1 - ragged[line]
        found = edges_of([(truth, ragged)])
        assert found is not None
        assert found.wrong_in_band == 1
        assert found.interior == 0
        inside = truth.clone()
        inside[40:44, 40:44] = 1 - inside[40:44, 40:44]
        far = edges_of([(truth, inside)])
        assert far is not None
        assert far.wrong_in_band < 1
