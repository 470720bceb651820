"""A script that applies the chosen remedy to the user's own model, and shows the picture before and after."""

import ast
import builtins
import dataclasses
from enum import Enum, StrEnum
from typing import Any

from jinja2 import Environment, StrictUndefined

from unetdoctor.facts import Diagnosis, Remedy, Report, Request
from unetdoctor.reporters.safe import clean

KNOWN = frozenset({"model", "loader", "torch", "nn", "F", "x", "y", "latent", *dir(builtins)})
"""Names that the script has at hand for lines to paste."""


_VERDICT_LIMIT = 2000
_TYPES = ("InputSpec", "Intent", "Limits", "Place", "Remedy", "Request", "Selection", "Task")


class How(StrEnum):
    """Where the lines of a remedy belong."""

    MODEL = "model"
    """They change the model."""
    INPUT = "input"
    """They change what it is fed."""
    CALL = "call"
    """They stand around the call of the model."""
    SOURCE = "source"
    """They belong into the user's source: the script shows the experiment instead."""


def chosen(report: Report) -> tuple[Diagnosis, Remedy] | None:
    """Return the first diagnosis whose remedy can be applied or shown, confirmed ones first; None without one."""
    able = [d for d in report.diagnoses if d.remedy is not None and (d.remedy.patch or d.confirmed)]
    first = next((d for d in able if d.confirmed), next(iter(able), None))
    return None if first is None or first.remedy is None else (first, first.remedy)


def how(patch: str) -> How:
    """Tell from the names that lines to paste read and write where they belong."""
    try:
        tree = ast.parse(patch)
    except (SyntaxError, ValueError):  # a name with a lone surrogate is no source
        return How.SOURCE
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    written = {n.id for n in names if not isinstance(n.ctx, ast.Load)}
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    if not tree.body or read - written - KNOWN or not read & {"model", "x", "y", "latent"}:
        return How.SOURCE
    if "y" in written and "model" in read:
        return How.CALL
    if written & {"x", "latent"} and "model" not in read:
        return How.INPUT
    return How.MODEL if "model" in read and not written & {"x", "y", "latent"} else How.SOURCE


def to_fix_script(report: Report, request: Request) -> str:
    """Return the script as Python source; raises ValueError where no diagnosis has a remedy."""
    found = chosen(report)
    if found is None:
        raise ValueError("no diagnosis has a remedy that could be applied")
    diagnosis, remedy = found
    tried = diagnosis.trial.remedies if diagnosis.trial is not None else (remedy,)
    display = report.outputs[0][1].display if report.outputs else None
    kind = how(remedy.patch)
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    asked = _source(dataclasses.replace(request, pictures=False))
    remedies = ", ".join(_source(r) for r in tried) if kind is How.SOURCE else ""
    return environment.from_string(_SCRIPT).render(
        verdict=_docstring(report.verdict),
        version=report.environment.unetdoctor,
        title=_docstring(remedy.title),
        how=kind.value,
        patch=remedy.patch.splitlines() if kind is not How.SOURCE else [],
        said=repr(remedy.patch or remedy.title),
        request=asked,
        remedies=remedies,
        types=[name for name in _TYPES if f"{name}(" in asked + remedies or f"{name}." in asked],
        low=display.low if display else 0.0,
        high=display.high if display else 1.0,
        decode=repr(display.decode if display else "as is"),
        latent="latent" in remedy.patch,
    )


def _docstring(text: str) -> str:
    return clean(text, _VERDICT_LIMIT).replace("\\", "\\\\").replace('"""', "'''")


def _source(value: Any) -> str:
    """Return the expression of a fact, with the fields that differ from their defaults."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return "(" + ", ".join(_source(x) for x in value) + ("," if len(value) == 1 else "") + ")"
    if not dataclasses.is_dataclass(value):
        return repr(value)
    parts = []
    for f in dataclasses.fields(value):
        default = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
        if getattr(value, f.name) != default:
            parts.append(f"{f.name}={_source(getattr(value, f.name))}")
    return f"{type(value).__name__}({', '.join(parts)})"


_SCRIPT = '''\
"""{{ verdict }}

Written by unetdoctor {{ version }}. This script loads the model as the examination did, applies one remedy

    {{ title }}

and shows the picture before and after it: in numbers here, and as before.png and after.png in the folder it runs in.
"""

import torch
from PIL import Image
{% if how != "source" %}
from torch import nn
from torch.nn import functional as F
{% endif %}
from unetdoctor.facts import {{ types | join(", ") }}
from unetdoctor.pipeline.prepared import prepare

REQUEST = {{ request }}
LOW, HIGH, DECODE = {{ low }}, {{ high }}, {{ decode }}  # the output values that are shown as black and white


{% if how == "model" %}
def fix(model, loader):
    """Change the model itself; save it afterwards with torch.save(model.state_dict(), "fixed.pt")."""
{% for line in patch %}
    {{ line }}
{% endfor %}
{% elif how == "input" %}
def fix({{ "latent" if latent else "x" }}):
    """Change what the model is fed."""
{% for line in patch %}
    {{ line }}
{% endfor %}
    return {{ "latent" if latent else "x" }}
{% elif how == "call" %}
def fix(model, x):
    """Change what stands around the call of the model."""
{% for line in patch %}
    {{ line }}
{% endfor %}
    return y
{% else %}
REMEDIES = ({{ remedies }},)
IN_YOUR_SOURCE = {{ said }}
{% endif %}


def levels(y):
    """Return [C, H, W] on the 0..255 scale, not clipped."""
    y = y[0].detach().float().cpu()
    if DECODE == "sigmoid":
        return torch.sigmoid(y) * 255
    if DECODE == "softmax":
        return torch.softmax(y, dim=0) * 255
    return (y - LOW) * 255 / (HIGH - LOW)


def show(name, y):
    """Print what a person sees of the picture, and save it."""
    picture = levels(y)
    finite = picture[torch.isfinite(picture)]
    seen = finite.clamp(0, 255)
    print(f"{name:>6}: {tuple(y.shape)}", end="  ")
    if finite.numel() < picture.numel():
        print(f"{picture.numel() - finite.numel()} values are NaN or infinite", end="  ")
    if finite.numel():
        some = seen[:: max(seen.numel() // 100_000, 1)]
        low, high = torch.quantile(some, torch.tensor([0.01, 0.99])).tolist()
        ends = 100 * ((seen <= 1) | (seen >= 254)).float().mean()
        print(f"contrast {high - low:.1f} of 255 levels, std {seen.std():.2f}, {ends:.1f} % at an end", end="")
    if picture.dim() == 3 and picture.shape[0] > 1:
        print(f", channels differ by up to {(picture.amax(0) - picture.amin(0)).nan_to_num().max():.1f}", end="")
        print(f", {picture.argmax(0).unique().numel()} of {picture.shape[0]} channels win somewhere", end="")
    print()
    if picture.dim() == 3:
        pixels = picture.nan_to_num(0).clamp(0, 255).round().to(torch.uint8)
        pixels = pixels[:3] if picture.shape[0] in (3, 4) else pixels[:1]
        array = pixels.permute(1, 2, 0).numpy()
        Image.fromarray(array if array.shape[2] == 3 else array[..., 0]).save(f"{name}.png")


def main():
    """Show the picture before and after the remedy."""
    ready = prepare(REQUEST)
    model, x = ready.model, ready.x
    try:
        show("before", ready.run(model, x))
    except Exception as error:
        print(f"before: forward() raises {type(error).__name__}: {str(error).splitlines()[0]}")
{% if how == "model" %}
    fix(model, ready.batches * 20)
    model.eval()
    show("after", ready.run(model, x))
{% elif how == "input" %}
    show("after", ready.run(model, fix(x)))
{% elif how == "call" %}
    show("after", fix(lambda x: ready.run(model, x), x))
{% else %}
    show("after", ready.under(*REMEDIES))
    print(f"The remedy belongs into your source; above, the recorded pass was run with it. There:\\n{IN_YOUR_SOURCE}")
{% endif %}


if __name__ == "__main__":
    main()
'''
