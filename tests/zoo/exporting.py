"""Writes a network of a file in another form: as TorchScript, or as an exported program. Run in a process of its own.

`python -m tests.zoo.exporting FILE FORM OUT`
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

FORMS = {"torchscript": ".ts", "pt2": ".pt2"}


def export(file: Path, form: str, out: Path) -> str:
    """Write `out` and say how it was made; raises what torch raises where it cannot."""
    import torch

    from unetdoctor.engine.inputs import choose_input, make_probes
    from unetdoctor.engine.loading import load
    from unetdoctor.facts import Request

    def guard(stage: str, function: Any) -> Any:
        return function()

    request = Request(target=str(file), directory=str(file.parent))
    loaded = load(request, guard)
    model = loaded.model.eval()
    probe = make_probes(choose_input(model, loaded.kind, request, None, guard), request, "cpu")[0]
    if form == "pt2":
        with torch.no_grad():
            torch.export.save(torch.export.export(model, probe.args, probe.kwargs, strict=False), out)
        return "exported"
    try:
        scripted = torch.jit.script(model)
        scripted(*probe.args, **probe.kwargs)
    except Exception:  # what torch cannot compile, it may be able to trace
        with torch.no_grad():
            scripted = torch.jit.trace(
                model, probe.args or None, example_kwarg_inputs=probe.kwargs or None, check_trace=False, strict=False
            )  # type: ignore[no-untyped-call]
        scripted.save(str(out))
        return "traced"
    scripted.save(str(out))
    return "scripted"


def main(file: str, form: str, out: str) -> None:
    """Export, and print one line of JSON: how, or why not."""
    warnings.simplefilter("ignore")
    try:
        found = {"how": export(Path(file).resolve(), form, Path(out))}
    except Exception as error:  # it is the answer
        found = {"why": f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:160]}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
