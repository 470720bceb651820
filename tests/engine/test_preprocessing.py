"""The fingerprint on small networks whose statistics were filled under a known preprocessing."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tests.functional.run import examine, ill
from unetdoctor.engine.chains import UNIT, applied, candidates, declared_chain, recovered
from unetdoctor.engine.observation import observe
from unetdoctor.engine.preprocessing import ranked
from unetdoctor.engine.setting import Setting
from unetdoctor.facts import Chain, Fingerprint, Preprocessing, Probe


class Small(nn.Module):
    """A convolution, a normalisation, a head."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.look = nn.Conv2d(channels, 12, 3, padding=1)
        self.norm = nn.BatchNorm2d(12, momentum=None)
        self.draw = nn.Conv2d(12, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures into one channel."""
        drawn: Tensor = self.draw(self.norm(self.look(x)).relu())
        return drawn


def pictures(count: int, channels: int = 3) -> Tensor:
    """Smooth pictures in 0..1 that are redder than blue, as photographs are."""
    coarse = torch.rand(count, channels, 6, 6, generator=torch.Generator().manual_seed(count))
    smooth = nn.functional.interpolate(coarse, size=32, mode="bicubic").clamp(0, 1)
    return 0.6 * smooth + torch.tensor([0.35, 0.2, 0.05][:channels]).view(1, -1, 1, 1)


def filled(chain: Chain, channels: int = 3) -> Small:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Small(channels).train()
        with torch.no_grad():
            model(applied(chain, pictures(48, channels)))
    return model.eval()


def told(model: nn.Module, picture: Tensor, fed: Chain = UNIT) -> Fingerprint:
    torch.set_num_threads(1)
    probe = Probe("image-1", tuple(picture.shape), real=True, constant=False)
    seen = observe(Setting(model, "cpu", 0, "", ""), probe, (applied(fed, picture),), {}, verify=False)
    return ranked([seen], {"image-1": picture}, fed, declared=True)


USUAL = [c for c in candidates(3) if c.kind == "affine" and not c.name.startswith(("CLIP",))]


@pytest.mark.parametrize("chain", USUAL, ids=lambda chain: chain.text)
def test_the_true_preprocessing_is_named(chain: Chain) -> None:
    found = told(filled(chain), pictures(1))
    assert found.winner is not None
    assert found.winner.chain == chain
    assert found.winner.pixels == pytest.approx((166, 127, 89), abs=6)


def test_one_channel() -> None:
    found = told(filled(candidates(1)[1], 1), pictures(1, 1))
    assert found.winner is not None
    assert found.winner.chain.name == "-1..1"


def test_what_cannot_be_told_says_why() -> None:
    assert "never filled" in told(Small().eval(), pictures(1)).reason
    assert "no layer normalises" in told(nn.Conv2d(3, 1, 3), pictures(1)).reason
    assert "even tone" in told(filled(UNIT), torch.full((1, 3, 16, 16), 0.5)).reason


def test_a_curve_in_front_leaves_the_mean_pixels_unknown() -> None:
    class Curved(Small):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.square())

    model = Curved().train()
    with torch.no_grad():
        model(pictures(48))
    found = told(model.eval(), pictures(1))
    assert found.candidates
    assert all(not c.pixels for c in found.candidates)


@pytest.mark.parametrize("chain", [USUAL[1], USUAL[2], candidates(3)[11]], ids=lambda chain: chain.text)
def test_a_line_is_recovered_from_what_a_function_does(chain: Chain) -> None:
    picture = pictures(1)
    assert recovered(picture, applied(chain, picture), "mine") == chain
    small = nn.functional.interpolate(picture, size=24, mode="bilinear", antialias=True)
    assert recovered(picture, applied(chain, small), "mine") == chain


def test_a_curve_is_no_line() -> None:
    assert recovered(pictures(1), pictures(1) ** 2.2, "mine").kind == "function"


def test_what_is_declared_has_its_usual_name() -> None:
    asked = Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), channels="bgr")
    assert declared_chain(asked, 3).text == "ImageNet mean and std, BGR"
    assert declared_chain(Preprocessing(scale=127.5, mean=(1.0,)), 3).name == "-1..1"
    assert declared_chain(Preprocessing(scale=100.0), 3).name == "declared"


MODEL = """
import torch
from tests.engine.test_preprocessing import candidates, filled

def build_model():
    return filled(candidates(3)[2])

def prepare(picture):
    return torch.tensor(__import__("numpy").array(picture)).permute(2, 0, 1).float() / 255

def turned(picture):
    return torch.tensor(__import__("numpy").array(picture)).permute(2, 1, 0).float() / 127.5 - 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    for number in (1, 2):
        picture = (pictures(number)[0].permute(1, 2, 0) * 255).round().byte().numpy()
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    return tmp_path


def test_nothing_declared_feeds_what_the_statistics_remember(folder: Path) -> None:
    report = examine("model.py:build_model()", directory=folder, images=("1.png",))
    assert any("fed as the statistics of norm" in x.message for x in ill(report, "UD601"))
    assert report.exit_code == 0


def test_a_persons_own_function_is_placed_among_the_candidates(folder: Path) -> None:
    asked = Preprocessing(function="model.py:prepare")
    report = examine("model.py:build_model()", directory=folder, images=("1.png", "2.png"), preprocessing=asked)
    found = ill(report, "UD601")
    assert found
    assert "fed as 0..1, and the network was trained on -1..1: the statistics of norm" in found[0].message
    cured = [t for t in report.trials if t.symptom == "UD601" and t.outcome == "cured"]
    assert cured
    assert report.untouched


def test_a_function_that_no_line_tells_fits_as_it_feeds(folder: Path) -> None:
    asked = Preprocessing(function="model.py:turned")
    report = examine("model.py:build_model()", directory=folder, images=("1.png", "2.png"), preprocessing=asked)
    assert not report.failure
    assert not ill(report, "UD601")
