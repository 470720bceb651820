"""What answers in the worker: a report and pictures that were prepared, so that nothing heavy is imported."""

import json
from pathlib import Path
from typing import Any

PREPARED = "prepared.json"


def answer(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Send stages, raw pictures and a report, as the pipeline does."""
    prepared = json.loads((Path(request["directory"]) / PREPARED).read_text("utf-8"))
    channel.partial({"findings": ["UD203"]})
    with channel.stage("forward"):
        for name, pixels in prepared["raw"].items():
            channel.raw(name, bytes.fromhex(pixels))
    report: dict[str, Any] = prepared["report"]
    return report
