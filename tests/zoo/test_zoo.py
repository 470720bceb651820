"""The zoo is wide enough, its files are sound Python, and some of its networks are examined here without a flag."""

import ast
import json
from collections import Counter

import pytest

from tests.functional.run import errors, examine
from tests.zoo.collection import OWN, Network, networks
from tests.zoo.exporting import export
from tests.zoo.running import Inspected, advised
from tests.zoo.table import HEAD, differences, numbers, printed, row_of

AT_LEAST = {"torchvision": 7, "smp": 13, "monai": 13, "diffusers": 3, "transformers": 6, "timm": 3, "self-written": 20}


def test_the_zoo_is_wide_enough():
    count = Counter(network.family for network in networks())
    assert {family for family, least in AT_LEAST.items() if count[family] < least} == set()
    assert sum(count.values()) >= 66
    assert len({network.name for network in networks()}) == sum(count.values())


def test_every_segmentation_network_of_torchvision_is_there():
    from torchvision.models import list_models, segmentation

    texts = "".join(network.text for network in networks() if network.family == "torchvision")
    assert [name for name in list_models(module=segmentation) if f"{name}(" not in texts] == []


@pytest.mark.parametrize("network", networks(), ids=lambda network: network.name)
def test_each_file_is_python_that_downloads_nothing(network: Network):
    tree = ast.parse(network.text)
    given = [keyword for call in ast.walk(tree) if isinstance(call, ast.Call) for keyword in call.keywords]
    named = {k.arg: k.value.value for k in given if isinstance(k.value, ast.Constant)}
    assert not any(named.get(name) for name in ("weights", "weights_backbone", "encoder_weights", "pretrained"))
    if "segmentation_models_pytorch" in network.text:
        assert "encoder_weights" in named
    if "timm.create_model" in network.text:
        assert named["pretrained"] is False


FED = {
    "dcgan": (16, 100, 1, 1),
    "batch_dict": (2, 3, 64, 64),
    "keyword_only": (2, 3, 64, 64),
    "ddpm_unet": (2, 3, 64, 64),
    "lazy_unet": (2, 3, 64, 64),
    "many_bands": (2, 12, 64, 64),
    "super_resolution_reference": (2, 1, 64, 64),
    "text_to_image": (2, 4, 64, 64),
    "unet_1d": (2, 2, 256),
    "unet_3d": (2, 1, 32, 32, 32),
}


@pytest.mark.parametrize("name", FED)
def test_a_self_written_network_is_examined_without_a_flag(name):
    report = examine(OWN / f"{name}.py")
    assert report.input is not None
    assert report.input.shape == FED[name]
    assert report.outputs
    assert errors(report) == []
    assert report.state == "untrained"


def test_what_judges_pictures_alone_is_listed_where_none_was_fed():
    signal, volume = examine(OWN / "unet_1d.py"), examine(OWN / "unet_3d.py")
    assert {"UD102", "UD201", "UD213"} <= {skipped.code for skipped in signal.skipped}
    assert {skipped.reason for skipped in signal.skipped} == {"judges pictures, and the input is a signal (2x2x256)"}
    assert signal.intent.inferred_task == "multiclass"
    assert [skipped.code for skipped in volume.skipped] == [
        "UD102",
        "UD108",
        "UD109",
        "UD110",
        "UD211",
        "UD214",
        "UD215",
    ]
    assert "The output is a volume: its slice 16 of 32 stands for it in pictures and numbers." in volume.notices


@pytest.mark.usefixtures("torchscript")
def test_an_exported_network_says_the_same(tmp_path):
    file = OWN / "many_bands.py"
    assert export(file, "torchscript", tmp_path / "net.ts") == "scripted"
    eager, scripted = ({(f.code, f.severity) for f in examine(x).findings} for x in (file, tmp_path / "net.ts"))
    assert eager == scripted


def test_flags_are_read_from_what_a_message_gives():
    said = "error: No input was found. Declare it.\n  unetdoctor inspect 'a b.py' --input x:2,3,64,64 --input t:2:int64"
    assert advised(said) == ("--input", "x:2,3,64,64", "--input", "t:2:int64")
    assert advised("error: it is no Python") == ()


def found(severity: str = "ok", flags: tuple[str, ...] = ()) -> Inspected:
    report = {
        "state": "untrained",
        "input": {"shape": [2, 3, 64, 64], "rung": "config"},
        "intent": {"inferred_task": "binary"},
        "outputs": [["noise", {"path": "output", "shape": [2, 1, 64, 64]}]],
        "findings": [{"code": "UD203", "severity": severity}],
    }
    return Inspected(0, 2.0, report, flags=flags)


def test_the_goals():
    network = Network("net", "self-written", "")
    free, told, ill = (row_of(network, "eager", x) for x in (found(), found(flags=("--input", "1,3")), found("error")))
    refused = row_of(network, "eager", Inspected(2, 1.0, said="error: no input\nmore"))
    assert numbers([free] * 19 + [told]).good(0.95)
    assert not numbers([free] * 18 + [told] * 2).good(0.95)
    assert not numbers([free] * 99 + [refused]).good(0.95)
    assert not numbers([free, ill]).good(0.95)
    assert (ill.errors, refused.remark, told.remark) == ("UD203", "error: no input", "typed --input 1,3")
    assert numbers([free, told]).text.startswith("2 examined, 1 of them without a flag; 1 needed one")


def test_the_table():
    row = row_of(Network("net", "self-written", ""), "eager", found())
    cells = (
        "net",
        "self-written",
        "eager",
        "2x3x64x64",
        "config",
        "output 2x1x64x64",
        "binary",
        "2.0",
        "untrained",
        "0",
    )
    assert row.cells[: len(cells)] == cells
    assert printed([row], "table").splitlines()[0].split()[:2] == list(HEAD[:2])
    assert printed([row], "markdown").splitlines()[2].startswith("| net | self-written | eager |")
    assert json.loads(printed([row], "json"))[0]["rung"] == "config"


def test_a_note_may_differ_only_in_what_the_form_changed():
    def said(*codes: tuple[str, str]) -> Inspected:
        return Inspected(0, 1.0, {"findings": [{"code": code, "severity": severity} for code, severity in codes]})

    eager = said(("UD102", "note"), ("UD203", "note"))
    assert differences(eager, said(("UD102", "note"), ("UD203", "note")), "traced") == ([], [])
    assert differences(eager, said(("UD203", "note")), "traced")[0] == []
    assert differences(eager, said(("UD203", "note")), "scripted")[0] == ["UD102 note"]
    assert differences(eager, said(("UD102", "note")), "traced")[0] == ["UD203 note"]
    assert differences(eager, said(("UD102", "error"), ("UD203", "note")), "traced")[0] == ["UD102 error"]
