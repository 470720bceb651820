"""`unetdoctor env`: what is installed, seen from a child process, and whether it fits together."""

import json
import platform
import subprocess
import sys
from typing import Any

import typer

from unetdoctor import __version__
from unetdoctor.cli import streams

TIMEOUT_S = 180
PROBE = """
import json, platform
from importlib import metadata
found = {"torch": "", "torchvision": "", "cuda": "", "gpus": [], "mps": False, "torch_error": "",
         "vision_error": "", "requires": ""}
for name in ("torch", "torchvision"):
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
try:
    found["requires"] = next(r for r in metadata.requires("torchvision") or () if r.startswith("torch=="))
except (metadata.PackageNotFoundError, StopIteration):
    pass
try:
    import torch
    found["torch"] = torch.__version__
    found["cuda"] = torch.version.cuda or ""
    if torch.cuda.is_available():
        found["gpus"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    found["mps"] = torch.backends.mps.is_available()
except BaseException as error:
    found["torch_error"] = f"{type(error).__name__}: {error}"
else:
    try:
        import torchvision
        found["torchvision"] = torchvision.__version__
    except ModuleNotFoundError as error:
        found["vision_error"] = "" if error.name == "torchvision" else f"{type(error).__name__}: {error}"
    except BaseException as error:
        found["vision_error"] = f"{type(error).__name__}: {error}"
print("\\n" + json.dumps(found))
"""
INDEX = "https://download.pytorch.org/whl"


def env() -> None:
    """Show versions and GPUs, and what does not fit together."""
    found = probe()
    lines = [f"{name:<12} {value}" for name, value in described(found)]
    problems = mismatches(found)
    for sentence, remedy in problems:
        lines += ["", f"{sentence}"]
        lines += [f"    {remedy}"] if remedy else []
    streams.write("\n".join(_clean(line) for line in lines) + "\n")
    raise typer.Exit(1 if problems else 0)


def _clean(line: str) -> str:
    from unetdoctor.reporters.safe import SENTENCE_LIMIT, clean

    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return clean(line, SENTENCE_LIMIT, ascii_only=encoding.lower().replace("-", "") not in ("utf8", "utf16", "utf32"))


def probe() -> dict[str, Any]:
    """Return what a child process of this Python finds; a child that dies is one more finding."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROBE], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {"torch_error": f"importing torch took more than {TIMEOUT_S} s"}
    lines = done.stdout.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return {"torch_error": f"the process that imported torch ended with status {done.returncode}: {last}"}


def described(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (name, value) rows."""
    gpus = ", ".join(map(str, found.get("gpus") or ())) or ("Apple GPU (mps)" if found.get("mps") else "none")
    return [
        ("unetdoctor", __version__),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("platform", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("torch", str(found.get("torch") or "not installed")),
        ("torchvision", str(found.get("torchvision") or "not installed")),
        ("CUDA", str(found.get("cuda") or "none in this build of torch")),
        ("GPU", gpus),
    ]


def mismatches(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (sentence, command that helps) for everything that does not work."""
    pip = f"{sys.executable} -m pip install"
    torch = str(found.get("torch") or "")
    problems = []
    if found.get("torch_error"):
        sentence = f"torch cannot be imported: {found['torch_error']}."
        problems.append((sentence, f"{pip} torch torchvision" if not torch else f"{pip} --force-reinstall torch"))
    if found.get("vision_error"):
        problems.append(_vision(found, pip))
    return problems


def _vision(found: dict[str, Any], pip: str) -> tuple[str, str]:
    """Name the two that do not fit, and the line that installs what does."""
    torch, vision, error = (str(found.get(name) or "") for name in ("torch", "torchvision", "vision_error"))
    version, _, build = torch.partition("+")
    other, _, other_build = vision.partition("+")
    made_for = str(found.get("requires") or "").partition("==")[2]
    index = f" --index-url {INDEX}/{build}" if build else ""
    both = f'{pip} --force-reinstall "torch=={version}" torchvision{index}'
    if made_for and made_for != version:
        return f"torchvision {vision} was made for torch {made_for}, and torch {torch} is installed: {error}.", both
    if build != other_build:
        names = f"torch {torch} ({_build(build)}) and torchvision {vision} ({_build(other_build)})"
        one = f'{pip} --force-reinstall --no-deps "torchvision=={other}"{index}'
        return f"{names} are different builds: {error}.", one
    return f"torchvision {vision} cannot be imported: {error}.", both


def _build(tag: str) -> str:
    return "built for the CPU" if tag == "cpu" else f"built for CUDA, {tag}" if tag.startswith("cu") else "PyPI's build"
