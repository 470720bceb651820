"""Who may know whom, who may print, who may catch everything: the table of rooms, enforced on the source itself.

Every rule is a function from one module to its offences, so that beside the test of the package stands a test that the
rule can fail: it is fed a small module that breaks it.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from tests.architecture.source import PACKAGE, Module, broad_handlers, imports, modules, prints, undocumented

LONGEST_FILE = 300
"""Lines; a module that needs more has two subjects."""


@dataclass(frozen=True)
class Room:
    """What the modules of one room may import beside the standard library."""

    own: tuple[str, ...]
    """Rooms of ours; with a dot, one module or name of that room alone."""
    others: tuple[str, ...]
    """Top-level packages of others."""


MODEL_ZOOS = ("torchvision", "timm", "segmentation_models_pytorch", "monai", "diffusers", "transformers")

ROOMS = {
    "root": Room(("facts", "cli", "api", "reporters"), ()),
    "api": Room(("facts", "cli", "pipeline", "engine.chosen", "engine.loading.errors"), ()),
    "facts": Room(("facts",), ("pydantic", "pydantic_core")),
    "checks": Room(("facts", "checks"), ()),
    "engine": Room(("facts", "data", "engine"), ("torch", "numpy", "PIL", "safetensors", *MODEL_ZOOS)),
    "data": Room(("facts", "data"), ("numpy", "PIL", "fsspec", "ray")),
    "pipeline": Room(("facts", "checks", "engine", "data", "judging", "pipeline"), ()),
    "judging": Room(("facts", "judging", "pipeline.verdict"), ()),
    "worker": Room(("worker", "facts"), ()),
    "reporters": Room(
        ("facts", "reporters"), ("rich", "PIL", "numpy", "jinja2", "markupsafe", "sarif_pydantic", "junitparser")
    ),
    "cli": Room(
        ("facts", "checks", "data", "pipeline.audit", "worker", "judging", "reporters", "cli"),
        ("typer", "rich", "click"),
    ),
}

PRINTING_ROOMS = ("cli", "reporters")

BROAD_HANDLERS: dict[tuple[str, str], str] = {
    ("unetdoctor/engine/datasets.py", "_tried.tried"): "a sample that raises is one record; its code raises anything",
    ("unetdoctor/facts/lasting.py", "said"): "__str__ of foreign exceptions may raise anything",
    ("unetdoctor/cli/running.py", "run"): "the last line of the tool: a bug of ours, in one sentence and exit code 101",
    ("unetdoctor/data/shards.py", "record_of"): "one pair that we cannot measure: its record says so",
    ("unetdoctor/data/shards.py", "_drawn"): "one pair that we cannot draw: words in the place of its picture",
    ("unetdoctor/data/remote.py", "file_system"): "each file system of fsspec raises its own: one sentence",
    ("unetdoctor/data/remote.py", "opened"): "the same, while a file is read: the reason of its record",
    ("unetdoctor/data/remote.py", "kind"): "the same",
    ("unetdoctor/data/remote.py", "below"): "the same",
    ("unetdoctor/data/remote.py", "one"): "the same",
    (
        "unetdoctor/engine/loading/checkpoints.py",
        "_refuse_abuse",
    ): "a damaged file: a dozen types of exceptions mean the same",
    ("unetdoctor/engine/loading/declared.py", "_opcodes"): "a damaged file: a dozen types of exceptions mean the same",
    (
        "unetdoctor/engine/loading/files.py",
        "_second_format",
    ): "a damaged file: a dozen types of exceptions mean the same",
    ("unetdoctor/engine/loading/integrity.py", "damaged"): "a damaged file: a dozen types of exceptions mean the same",
    ("unetdoctor/engine/loading/files.py", "_records"): "a damaged file: a dozen types of exceptions mean the same",
    (
        "unetdoctor/engine/loading/pickle_names.py",
        "foreign_globals",
    ): "a damaged file: a dozen types of exceptions mean the same",
    (
        "unetdoctor/engine/loading/pickle_names.py",
        "root_name",
    ): "a damaged file: a dozen types of exceptions mean the same",
    (
        "unetdoctor/engine/loading/torchscript_file.py",
        "file_operations",
    ): "a damaged file: a dozen types of exceptions mean the same",
    ("unetdoctor/engine/loading/checkpoints.py", "read"): "a damaged file: a dozen types of torch.load mean the same",
    ("unetdoctor/engine/loading/lazy.py", "_settled"): "user code: what forward() raises is a refusal",
    ("unetdoctor/engine/loading/exported_file.py", "_load"): "a damaged or foreign file: a dozen types mean the same",
    ("unetdoctor/engine/loading/exported_file.py", "_read"): "the same, to find what torch only logs; raised again",
    ("unetdoctor/engine/loading/exported_file.py", "_is_plain"): "a record that the allow-list loader refuses",
    ("unetdoctor/engine/loading/torchscript_file.py", "read_traced_inputs"): "a damaged example inside a user's file",
    ("unetdoctor/engine/isolation.py", "called"): "user code: a network that refuses one sample says nothing",
    ("unetdoctor/engine/postprocessing.py", "attempted"): "user code: its error is one sentence with its line",
    ("unetdoctor/engine/observation.py", "observe"): "user code: what forward() raises is evidence",
    ("unetdoctor/engine/ablation.py", "_Ablation._run"): "user code may run again: the branch is then not measured",
    ("unetdoctor/engine/observation.py", "verify_now"): "an evaluation of user operations: the tape is then not used",
    ("unetdoctor/engine/shape_pass.py", "output_shape"): "user code: what forward() raises is the answer",
    ("unetdoctor/engine/size_questions.py", "run_really"): "user code: what forward() raises is a refusal",
    ("unetdoctor/engine/source.py", "layer_place"): "user code: odd classes have no source line",
    ("unetdoctor/pipeline/checking.py", "examine"): "one check: becomes Skipped",
    ("unetdoctor/pipeline/trials.py", "Laboratory._evaluate"): "one trial: becomes not tried, with the reason",
    ("unetdoctor/worker/channel.py", "_message"): "user code: the text of its exception",
    ("unetdoctor/worker/channel.py", "_note"): "user code: what was added to its exception",
    ("unetdoctor/worker/channel.py", "_syntax_place"): "user code: properties of its exception",
    ("unetdoctor/worker/channel.py", "Channel.guard"): "user code: becomes UserCodeError",
    ("unetdoctor/worker/child.py", "main"): "the last line of the child: becomes a failure frame",
}
"""(file, function) -> why it catches everything: user code, one check, one trial, or the child's last line."""


def foreign_imports(module: Module) -> list[str]:
    """Name every import that the table of rooms does not allow."""
    room = ROOMS.get(module.room)
    if room is None:
        return [f"{module.path}: the table of rooms does not know `{module.room}`"]
    return [
        f"{module.path}:{line}: {module.room} must not import {name}"
        for name, line in imports(module)
        if not _allowed(name, module, room)
    ]


def _allowed(name: str, module: Module, room: Room) -> bool:
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return parts[0] in sys.stdlib_module_names or parts[0] in room.others
    if len(parts) == 1:
        return module.room in ("root", "cli", "worker")
    if parts[1] == "__version__":
        return True
    if module.room == "checks" and any(part.startswith("ud") and part[2:5].isdigit() for part in parts[2:]):
        return module.is_package
    if module.room == "cli" and parts[1] == "checks":
        return not any(part.startswith("ud") and part[2:5].isdigit() for part in parts[2:])
    return any(name == own or name.startswith(f"{own}.") for own in (f"{PACKAGE}.{entry}" for entry in room.own))


def terminal_writes(module: Module) -> list[str]:
    """Name every write to the terminal outside the rooms that may."""
    if module.room in PRINTING_ROOMS:
        return []
    return [f"{module.path}:{line}: {name} outside cli and reporters" for name, line in prints(module)]


def unexplained_handlers(module: Module) -> list[str]:
    """Name every handler of everything that has no reason on the list."""
    return [
        f"{module.path}:{line}: {function or 'the module'} catches everything without a reason on the list"
        for function, line in broad_handlers(module)
        if (module.path, function) not in BROAD_HANDLERS
    ]


def too_long(module: Module) -> list[str]:
    """Name a file that is longer than one subject."""
    lines = module.text.count("\n")
    return [f"{module.path}: {lines} lines, at most {LONGEST_FILE}"] if lines > LONGEST_FILE else []


def silent(module: Module) -> list[str]:
    """Name everything public without a docstring."""
    return [f"{module.path}:{line}: {name} has no docstring" for name, line in undocumented(module)]


RULES: tuple[Callable[[Module], list[str]], ...] = (
    foreign_imports,
    terminal_writes,
    unexplained_handlers,
    too_long,
    silent,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps(rule: Callable[[Module], list[str]]) -> None:
    offences = [offence for module in modules() for offence in rule(module)]
    assert not offences, "\n" + "\n".join(offences)


def test_every_reason_to_catch_everything_is_still_needed() -> None:
    present = {(module.path, function) for module in modules() for function, _ in broad_handlers(module)}
    assert set(BROAD_HANDLERS) <= present


def _module(name: str, text: str, *, is_package: bool = False) -> Module:
    return Module(f"{PACKAGE}.{name}", f"{PACKAGE}/{name.replace('.', '/')}.py", text, is_package)


def _imports_of(name: str, *lines: str, is_package: bool = False) -> list[str]:
    return foreign_imports(_module(name, "\n".join(lines), is_package=is_package))


FORBIDDEN: Iterable[tuple[str, str]] = (
    ("facts.report", "import numpy"),
    ("facts.report", "from unetdoctor.checks import CHECKS"),
    ("facts.report", "from ..engine import tape"),
    ("checks.ud203_flat_picture", "import torch"),
    ("checks.ud203_flat_picture", "import numpy as np"),
    ("checks.ud203_flat_picture", "def f():\n    import torch"),
    ("checks.ud203_flat_picture", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
    ("checks.ud203_flat_picture", "from unetdoctor.checks.ud204_low_contrast import LowContrast"),
    ("checks.ud203_flat_picture", "from . import ud204_low_contrast"),
    ("checks.ud203_flat_picture", "from unetdoctor.engine.tape import Recorder"),
    ("engine.tape", "from unetdoctor.checks import CHECKS"),
    ("engine.tape", "import unetdoctor.pipeline"),
    ("engine.tape", "import rich"),
    ("engine.loading.torchscript", "from ...worker import Channel"),
    ("data.audit", "import torch"),
    ("data.audit", "from unetdoctor.engine import images"),
    ("pipeline", "import torch"),
    ("pipeline", "from unetdoctor.reporters import text"),
    ("worker.parent", "import torch"),
    ("worker.child", "from unetdoctor import pipeline"),
    ("worker.child", "import importlib\nimportlib.import_module('unetdoctor.pipeline')"),
    ("worker.child", "__import__('torch')"),
    ("reporters.text", "import torch"),
    ("reporters.text", "import torchvision.utils"),
    ("reporters.text", "from unetdoctor.engine import statistics"),
    ("cli.inspect", "import torch"),
    ("cli.inspect", "from unetdoctor.pipeline import examine"),
    ("cli.inspect", "from unetdoctor.checks.ud203_flat_picture import FlatPicture"),
    ("attic.old", "import math"),
)


@pytest.mark.parametrize(("name", "text"), FORBIDDEN)
def test_an_import_across_rooms_is_found(name: str, text: str) -> None:
    assert _imports_of(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("checks.ud203_flat_picture", "import math\nfrom unetdoctor.facts import Evidence\nfrom .check import Check"),
        ("engine.tape", "import torch\nfrom torch.utils import _pytree\nfrom ..facts import Op"),
        ("cli.inspect", "import typer\nfrom unetdoctor.checks import CHECKS\nfrom unetdoctor.worker import supervise"),
        ("pipeline", "from unetdoctor.engine.tape import Recorder"),
        ("engine.images", "from unetdoctor.data import decoding"),
        ("cli.audit", "from unetdoctor.pipeline.audit import audited"),
    ],
)
def test_an_import_within_the_table_is_not_found(name: str, text: str) -> None:
    assert not _imports_of(name, text)


def test_the_catalogue_alone_may_list_the_checks() -> None:
    line = "from unetdoctor.checks.ud203_flat_picture import FlatPicture"
    assert not _imports_of("checks", line, is_package=True)
    assert _imports_of("checks.ud204_low_contrast", line)


@pytest.mark.parametrize(
    "text",
    ["print(1)", "import sys\nsys.stdout.write('x')", "import sys\nsys.stderr.flush()", "import os\nos.write(2, b'')"],
)
def test_a_write_to_the_terminal_is_found(text: str) -> None:
    assert terminal_writes(_module("engine.tape", text))
    assert not terminal_writes(_module("cli.inspect", text))


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    x()\nexcept Exception:\n    y()",
        "try:\n    x()\nexcept (OSError, BaseException) as error:\n    y()",
        "try:\n    x()\nexcept:\n    y()",
        "import contextlib\ndef f():\n    with contextlib.suppress(Exception):\n        y()",
    ],
)
def test_a_handler_of_everything_is_found(text: str) -> None:
    assert unexplained_handlers(_module("engine.tape", text))


@pytest.mark.parametrize("handler", ["except OSError:\n    y()", "except Exception:\n    y()\n    raise"])
def test_a_handler_that_swallows_little_is_not_found(handler: str) -> None:
    assert not unexplained_handlers(_module("engine.tape", f"try:\n    x()\n{handler}"))


def test_a_long_file_is_found() -> None:
    assert too_long(_module("engine.tape", "x = 1\n" * (LONGEST_FILE + 1)))


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        '"""Doc."""\ndef open_file(): ...',
        '"""Doc."""\nclass Tape: ...',
        '"""Doc."""\nclass Tape:\n    """Doc."""\n    def run(self): ...',
        '"""Doc."""\nif True:\n    def run(): ...',
    ],
)
def test_a_missing_docstring_is_found(text: str) -> None:
    assert silent(_module("engine.tape", text))


def test_private_names_need_no_docstring() -> None:
    assert not silent(_module("engine.tape", '"""Doc."""\ndef _run(): ...\nclass _Tape:\n    def run(self): ...'))
