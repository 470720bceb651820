import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.inputs import DTYPES, parse_input, parse_range
from unetdoctor.facts import InputSpec

FORM = "; the form is [NAME:]N,C,H,W[:DTYPE][:LOW..HIGH], for example --input 1,3,256,256:float32:0..1"


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("1,3,256,256", InputSpec((1, 3, 256, 256))),
        ("16,100", InputSpec((16, 100))),
        ("4", InputSpec((4,))),
        ("2x3x64x64", InputSpec((2, 3, 64, 64))),
        ("image:1x3x8x8:0..1", InputSpec((1, 3, 8, 8), "image", low=0.0, high=1.0)),
        ("x:1,3,8,8", InputSpec((1, 3, 8, 8), "x")),
        ("batch.image:1,3,8,8", InputSpec((1, 3, 8, 8), "batch.image")),
        ("noises.0:1,1,8,8", InputSpec((1, 1, 8, 8), "noises.0")),
        ("images.*:2,3,8,8", InputSpec((2, 3, 8, 8), "images.*")),
        ("1,3,8,8:uint8", InputSpec((1, 3, 8, 8), dtype="uint8")),
        ("1,3,8,8:torch.Long", InputSpec((1, 3, 8, 8), dtype="int64")),
        ("1,3,8,8:-1..1", InputSpec((1, 3, 8, 8), low=-1.0, high=1.0)),
        ("t:4:int64:0..1000", InputSpec((4,), "t", "int64", 0.0, 1000.0)),
        ("1,3,8,8:0..1:half", InputSpec((1, 3, 8, 8), dtype="float16", low=0.0, high=1.0)),
        (" 1,3,8,8 : 1e-3..2.5 ", InputSpec((1, 3, 8, 8), low=0.001, high=2.5)),
    ],
)
def test_inputs(text: str, spec: InputSpec) -> None:
    assert parse_input(text) == spec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the shape as whole numbers with commas (or x) between, not ''"),
        ("1x3,8x8", "the shape as whole numbers with commas (or x) between, not '1x3,8x8'"),
        ("1,3,8,8,", "the shape as whole numbers with commas (or x) between, not '1,3,8,8,'"),
        ("[1,3,8,8]", "the shape as whole numbers with commas (or x) between, not '[1,3,8,8]'"),
        ("1,3,-8,8", "the shape as whole numbers with commas (or x) between, not '1,3,-8,8'"),
        ("1,0,8,8", "sizes of at least 1, and 1,0,8,8 holds a 0"),
        ("1,1,1,1,1,1,1,1,1", "at most 8 sizes that fit a tensor"),
        ("9999999999,9999999999", "at most 8 sizes that fit a tensor"),
        ("9" * 5000, "sizes that a tensor can have"),
        ("my-name:1,3", "a parameter name of forward() or an entry of one (batch.image), and 'my-name' is none"),
        ("batch.:1,3", "a parameter name of forward() or an entry of one (batch.image), and 'batch.' is none"),
        (
            "1,3,8,8:flaot32",
            "a dtype (float32, float16, bfloat16, float64, uint8, ...) or LOW..HIGH, not 'flaot32', did you mean float32",  # noqa: E501
        ),
        ("1,3,8,8:uint8:3", "LOW..HIGH, not '3'"),
        ("1,3,8,8:uint8:int8", "one dtype, and found 'int8' as well"),
        ("1,3,8,8:0..1:0..2", "one range, and found '0..2' as well"),
        ("1,3,8,8:uint8:0..1:x", "nothing after dtype and range, and found 'x'"),
        ("1,3,8,8:1..0", "a range LOW..HIGH with LOW below HIGH, not '1..0'"),
        ("1,3,8,8:nan..1", "a range LOW..HIGH with LOW below HIGH, not 'nan..1'"),
        ("float32", "the shape as whole numbers with commas (or x) between, not 'float32'"),
    ],
)
def test_wrong_inputs(text: str, expected: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_input(text)
    assert caught.value.sentence == f"--input {text}: expected {expected}{FORM}"


@given(
    st.lists(st.integers(1, 4096), min_size=1, max_size=4),
    st.sampled_from(["", "image", "t"]),
    st.sampled_from(["", *DTYPES]),
    st.sampled_from([None, (-1.0, 1.0), (0.0, 255.0)]),
)
def test_what_is_written_is_read(shape: list[int], name: str, dtype: str, bounds: tuple[float, float] | None) -> None:
    parts = [name, ",".join(map(str, shape)), dtype, "" if bounds is None else f"{bounds[0]}..{bounds[1]}"]
    low, high = bounds or (None, None)
    spec = InputSpec(tuple(shape), name, dtype or "float32", low, high)
    assert parse_input(":".join(part for part in parts if part)) == spec


@given(st.text(max_size=40))
def test_anything_is_a_spec_or_a_sentence(text: str) -> None:
    try:
        found: InputSpec | str = parse_input(text)
    except RequestError as error:
        found = error.sentence
    assert found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", "--range expects LOW..HIGH, two numbers, not '1'; for example --range -1..1"),
        ("a..b", "--range expects LOW..HIGH, two numbers, not 'a..b'; for example --range -1..1"),
        ("0..inf", "--range expects two finite numbers LOW..HIGH, not '0..inf'; for example --range -1..1"),
        ("1..1", "--range expects LOW below HIGH, and 1 is not below 1; for example --range -1..1"),
    ],
)
def test_wrong_ranges(text: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_range(text)
    assert caught.value.sentence == message
    assert parse_range("-1..1") == (-1.0, 1.0)
