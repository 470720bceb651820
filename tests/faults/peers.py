"""Other tools on the same sick modules: torch-audit, torchlens' audit and model-clinic, each where it is installed."""

import contextlib
import importlib.util
import io
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.faults.building import Fed
from tests.faults.scoring import at

Said = list[tuple[str, str]]
"""(what it says, the layer that it says it of) for everything above a remark."""

NAMES: dict[str, dict[str, set[str]]] = {
    "torch-audit": {
        "M05": {"TA302"},
        "M13": {"TA301"},
        "M17": {"TA405"},
        "M18": {"TA100"},
        "M19": {"TA100", "TA203"},
        "M20": {"TA105"},
        "M24": {"TA203"},
        "M03": {"TA405"},
    },
    "torchlens": {
        "M04": {"dtype_range"},
        "M18": {"find_nan", "bisect_nan", "dtype_nonfinite"},
        "M19": {"find_nan", "bisect_nan", "dtype_nonfinite", "dtype_range", "dtype_overflow"},
        "M24": {"forward_failure"},
    },
    "model-clinic": {
        "M02": {"identical_rows", "duplicate_rows"},
        "M03": {"vanishing_norm", "dead_neurons"},
        "M04": {"exploding_norm", "identical_rows"},
        "M11": {"norm_drift", "exploding_norm"},
        "M17": {"dead_neurons", "vanishing_norm"},
        "M18": {"nan_inf"},
        "M20": {"dead_neurons", "norm_drift"},
        "M24": {"mixed_dtypes", "dtype_mismatch"},
    },
}
"""What of each tool's vocabulary names a fault, read generously."""


def _torch_audit(module: nn.Module, given: Fed) -> Said:
    from torch_audit import Auditor, Severity

    auditor = Auditor(module, every_n_steps=1, suppress_internal_errors=True)
    with auditor:
        auditor.audit_static()
        with contextlib.suppress(RuntimeError), torch.no_grad():
            auditor.forward(given.first, **given.named)
    found = auditor.finish(report=False).findings
    return [(f.rule_id, f.module_path or "") for f in found if f.severity != Severity.INFO]


def _torchlens(module: nn.Module, given: Fed) -> Said:
    import torchlens

    traced = torchlens.trace(module, [given.first], input_kwargs=dict(given.named))
    audit = torchlens.debug.audit_trace(traced)
    return [
        (finding.check, _plain(name))
        for finding in audit.findings
        if finding.severity != "info"
        for name in (finding.modules or ("",))
    ]


def _plain(name: str) -> str:
    """Return a layer's name without the number of its call."""
    return name.partition(":")[0]


def _model_clinic(module: nn.Module, given: Fed) -> Said:
    from model_clinic import diagnose

    found = diagnose(dict(module.state_dict()), plugins=False)
    return [(f.condition, f.param_name.rpartition(".")[0]) for f in found if f.severity in ("ERROR", "WARN")]


PEERS: dict[str, tuple[str, Callable[[nn.Module, Fed], Said]]] = {
    "torch-audit": ("torch_audit", _torch_audit),
    "torchlens": ("torchlens", _torchlens),
    "model-clinic": ("model_clinic", _model_clinic),
}
"""Every peer: its package, and how it is asked."""


def missing() -> list[str]:
    """Return the peers that are not installed."""
    return [name for name, (package, _) in PEERS.items() if importlib.util.find_spec(package) is None]


def ask(module: nn.Module, given: Fed, code: str, truth: frozenset[str]) -> dict[str, dict[str, object]]:
    """Return what each installed peer found of a fault: found, named, how many alarms, why it could not run."""
    absent = missing()
    return {name: judged(name, _said(name, module, given), code, truth) for name in PEERS if name not in absent}


def _said(name: str, module: nn.Module, given: Fed) -> Said | str:
    noise = io.StringIO()
    try:
        with contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise):
            return PEERS[name][1](module, given)
    except Exception as error:  # what a peer cannot run on is told
        return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:120]


def judged(name: str, said: Said | str, code: str, truth: frozenset[str]) -> dict[str, Any]:
    """Hold what a peer said against the truth, by the same rules as for unetdoctor.

    It has found the fault where it complains of the faulty place (of anything, where the fault has no place), and
    named it where one of its complaints there is of the right kind; unlike ours, it need not be the first.
    """
    if isinstance(said, str):
        return {"found": False, "named": False, "alarms": 0, "why": said}
    there = [what for what, layer in said if not truth or at(layer, truth)]
    right = NAMES[name].get(code, set())
    return {"found": bool(there), "named": any(what in right for what in there), "alarms": len(said), "why": ""}
