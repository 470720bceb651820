"""The grammar of a target."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetdoctor.engine.loading import ParsedTarget, RequestError, parse_target
from unetdoctor.engine.loading.target import Call, quoted

PARSED = {
    "model.py": ParsedTarget("model.py"),
    "model.py:UNet": ParsedTarget("model.py", "UNet"),
    "model.py: UNet ": ParsedTarget("model.py", "UNet"),
    "model.py:Outer.Inner": ParsedTarget("model.py", "Outer.Inner"),
    "model.py:Größe": ParsedTarget("model.py", "Größe"),
    "model.py:make()": ParsedTarget("model.py", "make", Call()),
    "model.py:make ( ) ": ParsedTarget("model.py", "make", Call()),
    'model.py:make("x", n=3)': ParsedTarget("model.py", "make", Call(("x",), (("n", 3),))),
    "model.py:make(-1, [1, 2], (3,), {'a': None}, b=True)": ParsedTarget(
        "model.py", "make", Call((-1, [1, 2], (3,), {"a": None}), (("b", True),))
    ),
    'model.py:make("a:b(c)")': ParsedTarget("model.py", "make", Call(("a:b(c)",))),
    'model.py:make("C:/x.py:Net(1)")': ParsedTarget("model.py", "make", Call(("C:/x.py:Net(1)",))),
    "model.py:make(1e-3)": ParsedTarget("model.py", "make", Call((0.001,))),
    "package.module:Name": ParsedTarget("package.module", "Name"),
    "package.module:make(3)": ParsedTarget("package.module", "make", Call((3,))),
    "models/unet.py:UNet": ParsedTarget("models/unet.py", "UNet"),
    "../up/model.py": ParsedTarget("../up/model.py"),
    "/abs/model.py:UNet": ParsedTarget("/abs/model.py", "UNet"),
    r"C:\x.py": ParsedTarget(r"C:\x.py"),
    r"C:\x.py:Net": ParsedTarget(r"C:\x.py", "Net"),
    "C:/dir/x.py:Net": ParsedTarget("C:/dir/x.py", "Net"),
    r"c:\my models\x.py:make(n=1)": ParsedTarget(r"c:\my models\x.py", "make", Call((), (("n", 1),))),
    "my model (v2).py": ParsedTarget("my model (v2).py"),
    "my model (v2).py:UNet": ParsedTarget("my model (v2).py", "UNet"),
    "my model (v2)": ParsedTarget("my model (v2)"),
    "a:b (1).py:Net(2)": ParsedTarget("a:b (1).py", "Net", Call((2,))),
    "it's.py:UNet": ParsedTarget("it's.py", "UNet"),
    'say "hi".py:UNet': ParsedTarget('say "hi".py', "UNet"),
    "[a].py:UNet": ParsedTarget("[a].py", "UNet"),
    "odd:dir/model.py": ParsedTarget("odd:dir/model.py"),
    "odd:dir/model.py:UNet": ParsedTarget("odd:dir/model.py", "UNet"),
    "new\nline.py:UNet": ParsedTarget("new\nline.py", "UNet"),
    "model.ts": ParsedTarget("model.ts"),
}

REFUSED = {
    "": "The target is empty; name a Python file, package.module:Name or a TorchScript file.",
    "  ": "The target is empty; name a Python file, package.module:Name or a TorchScript file.",
    "model.py:": "The target model.py: has no name after its colon.",
    ":UNet": "The target :UNet has no file or module before its colon.",
    "model.py:3D": "model.py:3D: '3D' is neither a name nor a call with literal arguments.",
    "model.py:U-Net": "model.py:U-Net: 'U-Net' is neither a name nor a call with literal arguments.",
    "model.py:make(": "model.py:make(: the bracket of the call is not closed.",
    "model.py:make(3": "model.py:make(3: the bracket of the call is not closed.",
    "model.py:make(3))": "model.py:make(3)): 'make(3))' is not a well-formed call.",
    "model.py:make(n)": "model.py:make(n): argument 'n' is no literal; these are numbers, strings, True, False, None, "
    "and lists, tuples and dicts of them.",
    "model.py:make(n=load())": "model.py:make(n=load()): argument 'load()' is no literal; these are numbers, strings, "
    "True, False, None, and lists, tuples and dicts of them.",
    "model.py:make(1 + x)": "model.py:make(1 + x): argument '1 + x' is no literal; these are numbers, strings, True, "
    "False, None, and lists, tuples and dicts of them.",
    "model.py:make(**{})": "model.py:make(**{}): ** cannot be used in a target; write the arguments out.",
    "model.py:make(*[1])": "model.py:make(*[1]): argument '*[1]' is no literal; these are numbers, strings, True, "
    "False, None, and lists, tuples and dicts of them.",
    "model.py:make(1)(2)": "model.py:make(1)(2): 'make(1)(2)' is not a single call of a name.",
    "model.py:make(a=1, a=2)": "model.py:make(a=1, a=2): a is given twice.",
}


@pytest.mark.parametrize("text", PARSED)
def test_parses(text: str) -> None:
    assert parse_target(text) == PARSED[text]


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_target(text)
    assert caught.value.sentence == REFUSED[text]


@given(st.text(max_size=60))
def test_never_raises_anything_else(text: str) -> None:
    try:
        parsed = parse_target(text)
    except RequestError:
        return
    assert parsed.location in text
    assert all(part.isidentifier() for part in parsed.name.split(".") if parsed.name)


@given(st.text("ab():.,\"'[]=1 ", max_size=30))
def test_never_raises_anything_else_near_the_grammar(text: str) -> None:
    test_never_raises_anything_else.hypothesis.inner_test(text)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("word", "typed"),
    [("model.py:UNet", "model.py:UNet"), ("a b.py", "'a b.py'"), ("it's", "'it'\"'\"'s'"), ("", "''")],
)
def test_quotes_for_a_shell(word: str, typed: str) -> None:
    assert quoted(word) == typed
