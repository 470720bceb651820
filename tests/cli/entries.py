"""Entry functions that stand in for the pipeline: they run in the worker and answer with sample reports."""

import time
from dataclasses import replace
from typing import Any

from tests.reporters import answers, build, pixels
from unetdoctor.facts.contract import dump, load_request


def untrained(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Answer as for the grey generator, with previews; the report tells what was asked."""
    asked = load_request(request)
    channel.stage("forward")
    previews, raw = pixels.generator()
    for preview in previews:
        channel.raw(preview.file, raw[preview.file])
    report = replace(build.untrained(), previews=previews if asked.pictures else (), log="")
    return {**dump(replace(report, target=replace(report.target, target=asked.target)))}


def ill(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Answer as for identical filters: exit code 1."""
    return {**dump(replace(build.ill(), previews=()))}


def wrong(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Refuse: two candidates."""
    return {
        "request_error": "model.py defines 2 modules: UNet, Critic. Choose one:",
        "commands": ["unetdoctor inspect model.py:UNet", "unetdoctor inspect model.py:Critic"],
    }


def partial_then_crash(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Report in part, then die as an extension in C may."""
    import os
    import signal

    channel.partial({"report": dump(replace(build.untrained(), previews=()))})
    channel.partial({"other": 1})
    channel.stage("trial")
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def raises(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Meet an exception of the user's."""

    def user() -> None:
        raise ModuleNotFoundError("No module named 'lightning'\x1b[31m")

    channel.guard("import", user)
    return {}


def hangs(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Report in part, then wait for Ctrl-C."""
    channel.partial({"report": dump(replace(build.untrained(), previews=()))})
    channel.stage("forward")
    time.sleep(60)
    return {}


def missing_pixels(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Name a picture whose file never comes, and one with other bytes than recorded."""
    previews, raw = pixels.generator()
    channel.raw(previews[1].file, b"x" * previews[1].size)
    for preview in previews[2:]:
        channel.raw(preview.file, raw[preview.file])
    return {**dump(replace(build.untrained(), previews=previews))}


def no_report(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Answer with something else."""
    return {"state": "healthy"}


def codes_then_crash(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Name findings, then leave."""
    import os

    channel.partial({"findings": ["UD203", "UD308", 3]})
    channel.partial({"findings": "odd"})
    os._exit(0)


def sizes(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Answer with the sizes of a network of four levels; a size that was asked for stands in the place of the first."""
    asked = load_request(request)
    found = answers.sizes()
    wanted = tuple(replace(found.asked[0], size=size) for size in asked.sizes if len(size) == 2)
    answer: dict[str, Any] = dump(replace(found, asked=(*wanted, *found.asked)))
    return answer


def trace(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Answer with a trace of five operations."""
    answer: dict[str, Any] = dump(answers.trace())
    return answer


def by_target(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Answer for several targets: `bad` in the name is ill, `no_input` a wrong request, everything else healthy."""
    asked = load_request(request)
    if "no_input" in asked.target:
        return wrong(request, channel)
    report = build.ill() if "bad" in asked.target else build.healthy()
    target = replace(report.target, target=asked.target)
    return {**dump(replace(report, target=target, previews=(), fail_on=asked.selection.fail_on))}
