"""`[tool.unetdoctor]` of pyproject.toml and the variables UNETDOCTOR_*: what holds where the command line is silent.

The file is looked for from the working directory upwards. The command line wins over the environment, that over a
target's own table, and that over the table of all.
"""

import os
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from unetdoctor.cli.arguments import Options
from unetdoctor.cli.errors import RequestError, did_you_mean
from unetdoctor.cli.files import working_directory
from unetdoctor.cli.preprocessing import Typed

TABLE = "tool.unetdoctor"
PREFIX = "UNETDOCTOR_"
_CHAIN = "chain."


@dataclass(frozen=True)
class Key:
    """One key of the file."""

    option: str
    """The field of Options that it sets, `chain.` before one of its preprocessing."""
    expected: str
    """What a person should write."""
    read: Callable[[Any], Any]
    """From a TOML value to that of the field; raises TypeError for another kind."""
    environment: bool = False
    """Whether a variable sets it too."""


def _kind(*kinds: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError
        return value

    return read


def _texts(value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise TypeError
    return tuple(listed)


def _channels(value: Any) -> str:
    """Return one number, or one for each channel, as it is typed behind an option."""
    if isinstance(value, str):
        return value
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in listed):
        raise TypeError
    return ",".join(map(str, listed))


def _keywords(value: Any) -> tuple[str, ...]:
    if not isinstance(value, dict):
        raise TypeError
    return tuple(f"{name}={item!r}" for name, item in value.items())


_TEXT, _LIST = "a text", "a list of texts"
KEYS = {
    "select": Key("select", _LIST, _texts, environment=True),
    "ignore": Key("ignore", _LIST, _texts, environment=True),
    "fail-on": Key("fail_on", "error, warning, note or never", _kind(str), environment=True),
    "timeout": Key("timeout", "seconds", _kind(int, float), environment=True),
    "budget": Key("budget", "a number of forward passes", _kind(int, float), environment=True),
    "device": Key("device", _TEXT, _kind(str), environment=True),
    "seed": Key("seed", "a whole number", _kind(int), environment=True),
    "batch": Key("batch", "a whole number", _kind(int), environment=True),
    "task": Key("task", _TEXT, _kind(str)),
    "classes": Key("classes", "a whole number", _kind(int)),
    "range": Key("range_", "a text LOW..HIGH", _kind(str)),
    "loss": Key("loss", _TEXT, _kind(str)),
    "weights": Key("weights", "the path of a file", _kind(str)),
    "arch": Key("arch", "a target", _kind(str)),
    "kwarg": Key("kwarg", "a table of constructor arguments", _keywords),
    "input": Key("inputs", _LIST, _texts),
    "inputs": Key("inputs_from", _TEXT, _kind(str)),
    "image": Key("image", _LIST, _texts),
    "mask": Key("mask", _LIST, _texts),
    "palette": Key("palette", _TEXT, _kind(str)),
    "threshold": Key("threshold", "a number", _kind(int, float)),
    "ignore-index": Key("ignore_index", "a whole number", _kind(int)),
    "scale": Key("chain.scale", "a number", _kind(int, float)),
    "mean": Key("chain.mean", "a list of numbers, or a text R,G,B", _channels),
    "std": Key("chain.std", "a list of numbers, or a text R,G,B", _channels),
    "channels": Key("chain.channels", "rgb or bgr", _kind(str)),
    "resize": Key("chain.resize", "a text HxW", _kind(str)),
    "preprocess": Key("chain.function", "a text SCRIPT:FN", _kind(str)),
    "output": Key("output", _TEXT, _kind(str)),
    "postprocess": Key("postprocess", "a text SCRIPT:FN", _kind(str)),
    "trust": Key("trust", "true or false", _kind(bool)),
}
"""Keys of the table, and of the table of one target."""
OF_ALL = ("targets", "baseline")
"""Keys that the table of all has besides."""


@dataclass(frozen=True)
class Settings:
    """What the file and the environment say."""

    root: Path
    """The folder of the file, to which its paths are relative; the working directory without one."""
    file: str = ""
    """The file; empty without one."""
    general: Mapping[str, Any] = field(default_factory=dict)
    """Field of Options -> value, for every target."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """The same of the environment."""
    targets: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """(target, its own values)."""
    baseline: str | None = None
    """File of known findings, below `root`."""

    def defaults(self, names: Collection[str]) -> dict[str, Any]:
        """Return the values of these options for a command that is given its target on the command line."""
        found = {**self.general, **self.environment}
        if self.baseline is not None:
            found["baseline"] = str(self.root / self.baseline)
        return {name: found[name] for name in names if name in found}

    def options(self, target: str, own: Mapping[str, Any], typed: Mapping[str, Any]) -> Options:
        """Return the options of one target; `typed` stood on the command line."""
        values = {**self.general, **own, **self.environment, **typed}
        chain = {name: values.pop(name) for name in list(values) if name.startswith(_CHAIN)}
        if chain:
            values["chain"] = Typed(**{name.removeprefix(_CHAIN): value for name, value in chain.items()})
        return replace(Options(target=target, pictures=False), **values)


def load(start: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that hold in a folder; raises RequestError with one sentence for the first that is wrong."""
    here = (start or working_directory()).resolve()
    from_environment, baseline = _environment(environment)
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        table = _table(path) if os.path.isfile(path) else None  # noqa: PTH113 - Path.is_file raises
        if table is not None:
            settings = _read(path, table)
            return replace(settings, environment=from_environment, baseline=baseline or settings.baseline)
    return Settings(here, environment=from_environment, baseline=baseline)


def _table(path: Path) -> dict[str, Any] | None:
    """Return the table of a file, None where it has none."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RequestError(f"{path} cannot be read: {error}.") from None
    found = values.get("tool", {})
    found = found.get("unetdoctor") if isinstance(found, dict) else None
    if found is not None and not isinstance(found, dict):
        raise RequestError(f"{path}: {TABLE} must be a table, not {found!r}.")
    return found


def _read(path: Path, table: dict[str, Any]) -> Settings:
    where = f"{path.name}: [{TABLE}]"
    general = {key: value for key, value in table.items() if key not in OF_ALL}
    baseline = table.get("baseline")
    if baseline is not None and not isinstance(baseline, str):
        raise RequestError(f"{where}: baseline must be the path of a file, not {baseline!r}.")
    listed = table.get("targets", [])
    if not isinstance(listed, list):
        raise RequestError(f"{where}: targets must be a list of texts or tables, not {listed!r}.")
    values = _values(where, general, (*KEYS, *OF_ALL))
    return Settings(path.parent, str(path), values, {}, tuple(_target(where, one) for one in listed), baseline)


def _target(where: str, value: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(value, str):
        return value, {}
    if not isinstance(value, dict) or not isinstance(value.get("target"), str):
        example = '{ target = "model.py:UNet", weights = "unet.pt" }'
        raise RequestError(f"{where}: an entry of targets must be a text, or a table such as {example}, not {value!r}.")
    own = {key: item for key, item in value.items() if key != "target"}
    return value["target"], _values(f"{where}: target {value['target']}", own, ("target", *KEYS))


def _values(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    found = {}
    for name, value in table.items():
        key = KEYS.get(name)
        if key is None:
            advice = did_you_mean(name.replace("_", "-"), known) or f" Known: {', '.join(known)}."
            raise RequestError(f"{where} has no key {name!r}.{advice}")
        try:
            found[key.option] = key.read(value)
        except TypeError:
            raise RequestError(f"{where}: {name} must be {key.expected}, not {value!r}.") from None
    return found


def _environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], str | None]:
    """Return what the variables say: lists are separated by commas."""
    found: dict[str, Any] = {}
    for name, key in KEYS.items():
        variable = PREFIX + name.replace("-", "_").upper()
        text = environment.get(variable, "").strip()
        if key.environment and text:
            found[key.option] = _from_text(variable, text, key)
    return found, environment.get(f"{PREFIX}BASELINE", "").strip() or None


def _from_text(variable: str, text: str, key: Key) -> Any:
    if key.expected == _LIST:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(getattr(Options(""), key.option), str):
        return text
    try:
        return int(text) if key.expected == "a whole number" else float(text)
    except ValueError:
        raise RequestError(f"{variable} must be {key.expected}, not {text!r}.") from None
