"""The small commands, and how the program starts and ends."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from unetdoctor import __version__
from unetdoctor.cli import env, main, running
from unetdoctor.cli.samples import sample

Command = Callable[..., "object"]
ROOT = Path(__file__).resolve().parents[2]


def spawn(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "unetdoctor", *arguments],
        **{"capture_output": True, "text": True, "cwd": ROOT, "timeout": 60, "check": False, **options},
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["-h"],
        ["--help"],
        ["inspect", "-h"],
        ["audit", "-h"],
        ["explain", "-h"],
        ["demo", "-h"],
        ["check", "-h"],
        ["report", "-h"],
        ["baseline", "-h"],
    ],
)
def test_help_fits_a_screen(command: Command, arguments: list[str]) -> None:
    ran = command(*arguments)
    assert ran.code == 0
    lines = ran.out.rstrip("\n").split("\n")
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 46
    assert ran.out.startswith("Usage: unetdoctor")


@pytest.mark.parametrize("name", ["inspect", "audit"])
def test_every_option_stands_in_one_section(command: Command, name: str) -> None:
    text = command(name, "--help").out
    sections = import_module(f"unetdoctor.cli.{name}").SECTIONS
    listed = [option for names in sections.values() for option in names.split()]
    assert len(set(listed)) == len(listed)
    assert [heading for heading in sections if f"\n{heading}:\n" not in text] == []
    assert "\nOther:" not in text
    assert max(map(len, text.split("\n"))) <= 80


@pytest.mark.parametrize("name", ["inspect", "audit"])
def test_the_short_help_names_the_long_one(command: Command, name: str) -> None:
    text = command(name, "-h").out
    assert text.endswith(f"\nAll options: unetdoctor {name} --help\n")
    assert len(text.split("\n")) <= 36
    most_used = import_module(f"unetdoctor.cli.{name}").MOST_USED.split()
    assert [option for option in most_used if f"--{option}" not in text] == []


def test_the_size_of_the_input_is_said_by_another_option(command: Command) -> None:
    said = command("inspect", "model.py", "--size", "64").err
    assert "unetdoctor inspect model.py --input 1,3,256,256" in said
    assert "unetdoctor sizes model.py --size 256,256" in said


def test_help_has_examples(command: Command) -> None:
    assert "unetdoctor inspect model.py:UNet -w weights.pt" in command("--help").out
    assert "unetdoctor inspect gen.pt --input 16,100,1,1" in command("inspect", "--help").out


def test_version(command: Command) -> None:
    assert command("--version").out == f"unetdoctor {__version__}\n"


def test_nothing_asked_shows_the_help(command: Command) -> None:
    ran = command()
    assert ran.code == 2
    assert "Usage: unetdoctor" in ran.out


def test_errors_are_one_line(command: Command) -> None:
    ran = command("inspect", "\x1b[31mno.py")
    assert ran.err == "error: TARGET: there is no file \\x1b[31mno.py.\n"
    ran = command("model.py")
    assert ran.err.splitlines() == ["error: There is no command 'model.py'.", "  unetdoctor inspect model.py"]


def test_rules(command: Command) -> None:
    assert "UD203  flat-picture " in command("rules").out
    assert "| UD203 | `flat-picture` | symptom |" in command("rules", "--format", "markdown").out
    assert {card["code"] for card in json.loads(command("rules", "--format", "JSON").out)} >= {"UD203", "UD308"}
    assert command("rules", "--format", "yaml").code == 2


def test_explain(command: Command) -> None:
    by_code, by_name = command("explain", "ud203").out, command("explain", "Flat-Picture").out
    assert by_code == by_name
    assert by_code.startswith("UD203 flat-picture  symptom\n\n")
    ran = command("explain", "flat-pictur")
    assert ran.code == 2
    assert "flat-picture" in ran.err


def test_schema(command: Command) -> None:
    schema = json.loads(command("schema").out)
    assert {"schema_version", "state", "verdict", "findings"} <= set(schema["properties"])


def test_demo(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = command("demo")
    assert ran.code == 0
    assert ran.out.startswith("○ UNTRAINED")
    assert Path("unetdoctor-out/generator_grey/sheet.png").exists()
    quiet = command("demo", "-q")
    assert quiet.out.startswith("○ UNTRAINED")
    assert len(quiet.out.splitlines()) < len(ran.out.splitlines())
    assert command("demo", "-q", "-v").code == 2
    assert command("demo", entry="ill").code == 0
    assert command("demo", entry="raises").code == 3


def test_the_sample_is_found_in_a_checkout_and_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert sample() == str(Path("sample_models") / "generator_grey.py")
    monkeypatch.chdir(tmp_path)
    assert Path(sample()).is_absolute()
    package = tmp_path / "site" / "unetdoctor"
    (package / "sample_models").mkdir(parents=True)
    monkeypatch.setattr("unetdoctor.__file__", str(package / "__init__.py"))
    assert main(["demo"]) == 2
    (package / "sample_models" / "generator_grey.py").write_text("x")
    assert sample() == str(Path("site") / "unetdoctor" / "sample_models" / "generator_grey.py")


def test_env_of_this_machine(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"torch": "2.9.0+cpu", "torchvision": "0.24.0+cpu", "gpus": [], "mps": False}
    monkeypatch.setattr(env, "probe", lambda: found)
    ran = command("env")
    assert ran.code == 0
    assert f"unetdoctor   {__version__}" in ran.out
    assert "torch        2.9.0+cpu" in ran.out
    assert "GPU          none" in ran.out
    found |= {"gpus": ["NVIDIA \x1b[31mH100"], "cuda": "13.2"}
    assert "NVIDIA \\x1b[31mH100" in command("env").out


@pytest.mark.parametrize(
    ("found", "words", "remedy"),
    [
        (
            {"torch_error": "ModuleNotFoundError: No module named 'torch'"},
            "torch cannot be imported",
            "install torch torchvision",
        ),
        ({"torch": "2.9.0", "torch_error": "OSError: libcudart.so.13"}, "libcudart.so.13", "--force-reinstall torch"),
        (
            {
                "torch": "2.9.0+cpu",
                "torchvision": "0.24.0",
                "requires": "torch==2.9.0",
                "vision_error": "RuntimeError: operator torchvision::nms does not exist",
            },
            "torch 2.9.0+cpu (built for the CPU) and torchvision 0.24.0 (PyPI's build) are different builds",
            '--force-reinstall --no-deps "torchvision==0.24.0" --index-url https://download.pytorch.org/whl/cpu',
        ),
        (
            {
                "torch": "2.9.0",
                "torchvision": "0.24.0+cpu",
                "requires": "torch==2.9.0",
                "vision_error": "RuntimeError: operator torchvision::nms does not exist",
            },
            "torchvision 0.24.0+cpu (built for the CPU) are different builds",
            '--force-reinstall --no-deps "torchvision==0.24.0"',
        ),
        (
            {
                "torch": "2.9.0+cu130",
                "torchvision": "0.20.0+cu121",
                "requires": "torch==2.5.0",
                "vision_error": "RuntimeError: operator torchvision::nms does not exist",
            },
            "torchvision 0.20.0+cu121 was made for torch 2.5.0, and torch 2.9.0+cu130 is installed",
            '--force-reinstall "torch==2.9.0" torchvision --index-url https://download.pytorch.org/whl/cu130',
        ),
        (
            {"torch": "2.9.0", "torchvision": "0.24.0", "vision_error": "ImportError: x"},
            "torchvision 0.24.0 cannot be imported: ImportError: x",
            '--force-reinstall "torch==2.9.0" torchvision',
        ),
    ],
)
def test_env_names_what_does_not_fit(
    command: Command, monkeypatch: pytest.MonkeyPatch, found: dict[str, str], words: str, remedy: str
) -> None:
    monkeypatch.setattr(env, "probe", lambda: found)
    ran = command("env")
    assert ran.code == 1
    assert words in ran.out
    assert ran.out.rstrip("\n").endswith(remedy)


def test_env_survives_its_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "PROBE", "import os; os._exit(3)")
    assert env.probe()["torch_error"].startswith("the process that imported torch ended with status 3")
    monkeypatch.setattr(env, "PROBE", "print('[1]')")
    assert "status 0" in env.probe()["torch_error"]
    monkeypatch.setattr(env, "PROBE", "print('no json')")
    assert "status 0" in env.probe()["torch_error"]
    monkeypatch.setattr(env, "PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(env, "TIMEOUT_S", 0.2)
    assert "took more than 0.2 s" in env.probe()["torch_error"]


def test_env_asks_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    found = env.probe()
    assert found["torch"]
    assert not found["torch_error"]


def test_an_error_of_ours_is_one_sentence(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError("division\x1b by zero\nsecond line")

    monkeypatch.setattr(running, "invoke", broken)
    ran = command("inspect", "model.py")
    assert ran.code == 101
    assert ran.err.startswith("error: unetdoctor met an error of its own: ZeroDivisionError at test_commands.py:")
    assert "division\\x1b by zero. Report id " in ran.err
    assert ran.err.endswith(". Run again with -v to see where.\n")
    assert "Traceback" in command("inspect", "model.py", "-v").err


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 2)])
def test_interrupts_and_pipes(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(running, "invoke", broken)
    assert command("rules", "--format", "text").code == code


def test_color_of_errors(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert command("zzz").code == 2


@pytest.mark.parametrize("arguments", [["rules"], ["--help"], ["schema"]])
def test_a_reader_that_leaves_is_no_error(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ran = spawn(*arguments, capture_output=False, stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert ran.stderr == ""


def test_a_full_disk_is_a_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        ran = spawn("rules", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 2
    assert ran.stderr == "error: Standard output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_an_ascii_locale(environment: dict[str, str]) -> None:
    ran = spawn("explain", "UD203", env={**os.environ, **environment}, text=False)
    assert ran.returncode == 0
    ran.stdout.decode("ascii")
    ran = spawn("inspect", "größe.py", env={**os.environ, **environment}, text=False)
    assert ran.returncode == 2
    ran.stderr.decode("ascii")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["inspect", "--help"], ["rules"], ["explain", "UD203"], ["schema"], ["--version"]]
)
def test_starts_without_torch(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom unetdoctor.cli import main\n"
        f"code = main({arguments!r})\n"
        "heavy = {'torch', 'torchvision', 'numpy', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\nsys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    from unetdoctor.cli.progress import Progress
    from unetdoctor.worker import Event

    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        progress = Progress(shown=True)
        progress.begin()
        progress._thread.join()
        time.sleep(0.2)
        progress.event(Event("stage", {"name": "check:UD203\x1b[31m"}))
        progress.event(Event("partial", {}))
        time.sleep(0.3)
        progress.end()
        seen = os.read(leader, 65536).decode()
        early = Progress(shown=True)
        early.begin()
        early.end()
        assert early._status is None
    os.close(leader)
    assert "starting PyTorch" in seen
    assert "examining UD203\\x1b[31m" in seen
    quiet = Progress(shown=False)
    quiet.begin()
    quiet.stage("forward")
    quiet.end()
    assert quiet._status is None
