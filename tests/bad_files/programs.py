"""Files that hold a program: TorchScript is code, and runs in the worker alone."""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.bad_files.case import TARGET_ONLY, Case, Make

FED = ("--input", "1,3,8,8", "--no-pictures")
FORWARD = """
from torch import nn
import torch


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(3, 2, 1)

    def forward(self, x):
        {body}
        return self.head(x)
"""


def scripted(body: str) -> bytes:
    """Return a TorchScript file whose forward() begins with these lines."""
    import linecache

    source = FORWARD.format(body=body.replace("\n", "\n        "))
    name = f"<program {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # TorchScript reads the source
    space: dict[str, Any] = {"__name__": "bad"}
    exec(compile(source, name, "exec"), space)
    model: nn.Module = space["Net"]()
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(model.eval()), stream)  # type: ignore[no-untyped-call]
    return stream.getvalue()


def _edited(change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a TorchScript file of which each record was changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(scripted("pass"))) as old, zipfile.ZipFile(stream, "w") as new:
        for record in old.infolist():
            new.writestr(record.filename, change(record.filename.split("/", 1)[-1], old.read(record)))
    return stream.getvalue()


def _nested(_marker: Path) -> bytes:
    def change(name: str, data: bytes) -> bytes:
        if not name.endswith(".py") or b"return" not in data:
            return data
        start = data.rindex(b"return ") + len(b"return ")
        return data[:start] + b"(" * 200_000 + data[start:].rstrip() + b")" * 200_000 + b"\n"

    return _edited(change)


def _newer(_marker: Path) -> bytes:
    return _edited(lambda name, data: b"999\n" if name in ("version", ".data/version") else data)


def _body(text: str) -> Make:
    return lambda marker: scripted(text.replace("MARKER", str(marker)))


def programs() -> Iterator[Case]:
    """Yield the files 55-62."""

    def case(number: int, title: str, make: Make, code: int, says: str, *after: str, whole: bool = True) -> Case:
        long = number in (56, 57, 60)
        return Case(number, title, make, code, says, "m.pt", TARGET_ONLY, (*FED, *after), whole=whole, long=long)

    yield case(55, "nested parentheses", _nested, 3, "segmentation fault")
    endless = _body("while x.sum() < 1e38:\n    x = x * 1")
    yield case(56, "endless loop", endless, 3, "did not end within", "--timeout", "12")
    yield case(57, "100 GB", _body("x = x + torch.zeros([25000000000]).sum()"), 3, "allocate")
    read = "x = x + torch.from_file('/etc/passwd', False, 3, dtype=torch.uint8).sum()"
    yield case(58, "reads a file", _body(read), 0, "aten::from_file", whole=False)
    yield case(59, "writes a file", _body("torch.save(x, 'MARKER')"), 3, "calls aten::save")
    yield case(60, "100,000 prints", _body("for i in range(100000):\n    print('spam', i)"), 0, "m.pt")
    yield case(61, "version 999", _newer, 2, "newer torch", whole=False)
    yield case(62, "mobile", lambda _m: b"\x1c\x00\x00\x00PTMF" + bytes(64), 2, "mobile TorchScript", whole=False)
