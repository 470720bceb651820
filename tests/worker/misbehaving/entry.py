"""What stands in for the pipeline in the worker: it loads, builds and runs a model as that does, without torch."""

import importlib.util
import json
from pathlib import Path
from typing import Any


def examine(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Answer with a report that was prepared, once the model has run twice."""
    folder = Path(request["directory"])
    report: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    module = channel.guard("import", lambda: _load(folder / request["target"]))
    model = channel.guard("construct", module.Net)
    channel.partial({"findings": ["UD301"]})
    for _ in range(2):
        channel.guard("forward", lambda: model(1))
    return report


def _load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("model", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
