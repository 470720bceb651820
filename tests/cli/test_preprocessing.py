from typing import Any

import pytest

from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.preprocessing import Typed, preprocessing
from unetdoctor.facts import Preprocessing


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ({}, Preprocessing()),
        ({"scale": 1.0}, Preprocessing(scale=1.0)),
        ({"mean": "0.5", "std": "0.5"}, Preprocessing(mean=(0.5,), std=(0.5,))),
        ({"mean": "[0.1, 0.2, 0.3]"}, Preprocessing(mean=(0.1, 0.2, 0.3))),
        ({"scale": 1.0, "mean": "123.7,116.8,103.9"}, Preprocessing(scale=1.0, mean=(123.7, 116.8, 103.9))),
        ({"channels": "BGR"}, Preprocessing(channels="bgr")),
        ({"resize": "64x96"}, Preprocessing(resize=(64, 96))),
        ({"resize": "64x96:nearest"}, Preprocessing(resize=(64, 96), interpolation="nearest")),
        ({"function": "prepare.py:fn"}, Preprocessing(function="prepare.py:fn")),
    ],
)
def test_what_is_declared(typed: dict[str, Any], meant: Preprocessing) -> None:
    assert preprocessing(Typed(**typed)) == meant
    assert meant.declared is bool(set(typed) - {"resize"})


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"scale": 0.0}, "--scale must be a finite number above 0"),
        ({"std": "0"}, "--std must be above 0"),
        ({"mean": "a,b"}, "--mean expects one number"),
        ({"mean": "123.7,116.8,103.9"}, "Say --scale 1 as well"),
        ({"mean": "0.1,0.2", "std": "1,1,1"}, "one for each channel"),
        ({"channels": "rbg"}, "--channels"),
        ({"resize": "64"}, "--resize expects HEIGHTxWIDTH"),
        ({"resize": "0x64"}, "--resize expects HEIGHTxWIDTH"),
        ({"scale": 255.0, "function": "a.py:f"}, "are left out"),
    ],
)
def test_what_is_wrong_is_said(typed: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as error:
        preprocessing(Typed(**typed))
    assert said in error.value.sentence
