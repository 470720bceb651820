"""The JSON Schema of SARIF 2.1.0: release 5, and with what the OASIS standard of errata 01 demands beyond it.

The two were compared by hand for every object that a log of ours is made of: log, run, tool and its component, rule,
invocation and notification, result, location (physical and logical), artifact location, region, message, suppression,
automation details and property bag. They name the same properties and demand the same ones, but for what is below.
"""

import copy
import json
from pathlib import Path
from typing import Any

RELEASE_5: dict[str, Any] = json.loads(
    (Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text("utf-8")
)


def errata_01() -> dict[str, Any]:
    """Return the schema as errata 01 tightens it: a region starts somewhere, a language is one and no more."""
    schema = copy.deepcopy(RELEASE_5)
    objects = schema["definitions"]
    schema["properties"]["runs"]["type"] = ["array", "null"]
    objects["region"]["anyOf"] = [{"required": [start]} for start in ("startLine", "charOffset", "byteOffset")]
    for name in ("run", "toolComponent"):
        objects[name]["properties"]["language"]["pattern"] = r"^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"
    for known in objects.values():
        for value in known["properties"].values():
            if "enum" in value:
                value["type"] = "string"
    return schema
