"""Examines a target in this process, as the worker would in its own, and reads the report."""

import importlib.util
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from unetdoctor.facts import Diagnosis, Finding, Intent, Kind, Report, Request, Severity, Task, Trial

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_models"


def examine(target: Path | str, *, directory: Path = ROOT, **fields: Any) -> Report:
    """Return the report on a target; `fields` are those of Request."""
    from unetdoctor.pipeline import examine_in_process

    return examine_in_process(Request(target=str(target), directory=str(directory), pictures=False, **fields))


def examine_as_typed(target: Path | str, arguments: tuple[str, ...], *, directory: Path = ROOT) -> Report:
    """Return the report on a target with the arguments that a person would type behind it."""
    from unetdoctor.cli.arguments import request_from_arguments
    from unetdoctor.pipeline import examine_in_process

    request = request_from_arguments(["inspect", str(target), *arguments])
    return examine_in_process(replace(request, directory=str(directory), pictures=False))


def build(file: Path) -> Any:
    """Return the network that a file builds, with seeded weights: its `build_model()`, else its last class."""
    import torch

    name = f"built_{file.stem}"  # a proper name, since it goes into TorchScript files
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    classes = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return (getattr(module, "build_model", None) or classes[-1])()


def export(model: Any, file: Path, example: Any = None) -> Path:
    """Write a network as TorchScript, traced on an example or, without one, scripted; return the file."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other people's networks say while torch compiles them is not ours
        exported = torch.jit.script(model) if example is None else torch.jit.trace(model, example)  # type: ignore[no-untyped-call]
        torch.jit.save(exported, file)
    return file


def task(name: str) -> Intent:
    """The intent that `--task NAME` declares."""
    return Intent(task=Task(name))


def ill(report: Report, code: str) -> list[Finding]:
    """The findings of a check that found something."""
    return [finding for finding in report.findings if finding.code == code and finding.ill]


def errors(report: Report) -> list[str]:
    """Every error and diagnosed error of a report, as sentences."""
    said: tuple[Finding | Diagnosis, ...] = (*report.findings, *report.diagnoses)
    return [f"{item.code} {item.message}" for item in said if item.severity is Severity.ERROR]


def causes(report: Report) -> list[str]:
    """Codes of the diagnoses, as ranked."""
    return [diagnosis.code for diagnosis in report.diagnoses]


def first(report: Report) -> Diagnosis:
    """The first diagnosis; fails with the whole list of findings where there is none."""
    assert report.diagnoses, [f"{f.code} {f.severity} {f.message}" for f in report.findings if f.kind is not Kind.NOTE]
    return report.diagnoses[0]


def tried(report: Report, *words: str, symptom: str = "") -> list[Trial]:
    """Single trials whose remedy says every word, in its title, action or parameters; of one symptom, where named."""
    found = []
    for trial in report.trials:
        if len(trial.remedies) == 1 and symptom in ("", trial.symptom):
            remedy = trial.remedies[0]
            said = f"{remedy.title} {remedy.action} {sorted(remedy.parameters.items())}".lower().replace("-", "_")
            if all(word.replace("-", "_") in said for word in words):
                found.append(trial)
    return found


def assert_no_false_alarm(report: Report) -> None:
    """A fresh, sound network: untrained, without one error, exit 0, and left as it was found."""
    assert not errors(report)
    assert report.state == "untrained", report.verdict
    assert report.exit_code == 0
    assert report.verdict
    assert report.untouched, report.untouched_text
