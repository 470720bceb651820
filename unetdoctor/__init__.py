"""unetdoctor finds out why a PyTorch model draws grey, black, flat or broken pictures, and proves it by experiment.

Data flows one way, and each room only imports those that stand left of it or are named in the table:

    argv -> Request =pipe=> load -> LoadedModel -> probes -> Run* -> Evidence -> check* -> Finding*
                                                              ^                               |
                                                              +-- remedies (on the tape) <----+-> Trial* -> Diagnosis*
            exit code <- reporters <- Report <=pipe= ------------------------------------------------------------+

| room | what it is | imports of ours | never |
|---|---|---|---|
| `facts` | what flows: frozen dataclasses, a docstring under each field | none | a tensor, an open file, logic |
| `checks` | the catalogue, one file per check: Evidence in, Findings out | facts | torch, files, clocks, each other |
| `engine` | the only home of torch | facts | codes, limits, severities, wording |
| `pipeline` | an examination in a straight line; `sizes` and `trace` | facts, checks, engine | print, parse, format |
| `judging` | a report under other rules: suppressed, re-judged | facts | a measurement, a file |
| `worker` | the process boundary, both ends | facts; pipeline in the child | torch in the parent |
| `reporters` | Report to text, JSON, SARIF, JUnit, SVG, PNG | facts | torch, a measurement, an exit code |
| `cli` | one module per command | facts, checks, worker, judging, reporters | a tensor, a verdict |
| `api`, `testing` | the Python interface | facts, cli, pipeline, reporters | a measurement |

The engine, by what is asked of it:

| question | modules |
|---|---|
| How does a target become a network? | `loading/` (its docstring has the table), `surroundings` |
| What is it fed? | `inputs` (the ladder), `candidates`, `probing`, `sides`, `signature`, `given_inputs`, `probes` |
| What ran? | `recorder` records the `tape`; `observation`, `statistics`, `drawing`, `returned`, `outputs` read it |
| What ends it? | `head`, `finishing`, `tail`, `casting`, `painting`, `repainting`, `postprocessing`, `losses` |
| What is a skip worth? | `skips` finds the joins, `ablation` and `crossing` measure, `passing` says where one is lost |
| What else is measured? | `measures` lists it: `finiteness`, `liveliness`, `chance`, `flatness`, `tiling`, ... |
| What if? | `evaluation` runs the tape under a change; `remedies` lists what makes one, `price` its cost |
| What is read anew? | `running` (batch statistics), `remodelling` (weights), `reloading`, `geometry` (crashes) |
| Which shapes pass? | `shape_mode` runs on meta; `shape_pass`, `shapes`, `sizes`, `size_laws` ask |
| What do the weights say? | `weights`, `fingerprints`, `constants`, `registration`, `bare_facts`, `likeness` |

Nothing is written into the user's model: remedies stand in for operations while the tape is evaluated, and checksums
before and after are part of the report. The parent never imports torch, so that a crash, a hang or a flood of prints
in the user's code is a sentence in the report. Architecture tests keep the table.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {"inspect": "unetdoctor.api", "InspectionError": "unetdoctor.api", "Report": "unetdoctor.facts"}
"""Public names, each imported when it is first asked for: a bare `import unetdoctor` imports nothing."""

__all__ = ["InspectionError", "Report", "__version__", "inspect"]

if TYPE_CHECKING:
    from unetdoctor.api import InspectionError, inspect
    from unetdoctor.facts import Report


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
