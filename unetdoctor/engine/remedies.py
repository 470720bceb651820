"""Remedies: what a `Remedy` (data) does to a counterfactual run. One table: action -> function.

An action returns a `Change` of the tape; it never writes into the model. What changes a shape is in `geometry.py`.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from unetdoctor.engine.activations import centre_input, leaky_slope
from unetdoctor.engine.axes import ACTIONS as MOVING
from unetdoctor.engine.bench import Bench, NotApplicableError, on_batch_statistics
from unetdoctor.engine.blocks import ACTIONS as BLOCK_ACTIONS
from unetdoctor.engine.casting import ACTIONS as SCALING
from unetdoctor.engine.chance import as_in_eval, without_chance
from unetdoctor.engine.colours import ACTIONS as COLOURING
from unetdoctor.engine.evaluation import Change, isolated_random_state
from unetdoctor.engine.filters import filled
from unetdoctor.engine.finishing import ACTIONS as FINISHING
from unetdoctor.engine.finiteness import ACTIONS as GUARDING
from unetdoctor.engine.grid_remedies import ACTIONS as GRID_ACTIONS
from unetdoctor.engine.mask_remedies import ACTIONS as MASKING
from unetdoctor.engine.misread import ACTIONS as PAINTING
from unetdoctor.engine.normalising import ACTIONS as NORMALISING
from unetdoctor.engine.precision import compute_in
from unetdoctor.engine.preprocessing import ACTIONS as PREPROCESSING
from unetdoctor.engine.skip_remedies import ACTIONS as SKIP_ACTIONS
from unetdoctor.engine.tape import Leaf, Ref
from unetdoctor.engine.weights import WeightUse, default_fan, normalisations, resolve
from unetdoctor.engine.widening import ACTIONS as WIDENING
from unetdoctor.facts import Remedy


def batch_statistics(bench: Bench, remedy: Remedy) -> Change:
    """Normalise with the statistics of the batch at hand, as train() does."""
    operations = [op for op in normalisations(bench.tape) if not bench.tape.entries[op].training]
    if not operations:
        raise NotApplicableError("no layer normalises with stored statistics")
    return Change(interventions=dict.fromkeys(operations, on_batch_statistics))


def recalibrate(bench: Bench, remedy: Remedy) -> Change:
    """Fill the running statistics by averaging over the probes."""
    if not normalisations(bench.tape):
        raise NotApplicableError("no layer keeps running statistics")
    return Change(leaves=bench.running())


def _chosen(bench: Bench, layers: str) -> list[WeightUse]:
    if layers == "last":
        layers = bench.model.last_layer
    found = list(bench.uses.values()) if layers == "all" else [u for u in bench.uses.values() if u.layer == layers]
    if not found:
        raise NotApplicableError(
            f"no weighted layer named {layers!r} ran" if layers else "no weighted layer drew the output"
        )
    return found


def _exchange(bench: Bench, change: Change, use: WeightUse, make: Callable[[Tensor], Tensor]) -> None:
    """Put `make(weight)` in the place of a layer's weight: its parameter, or the argument of its operation."""
    tape = bench.tape
    leaf = use.weight.index if isinstance(use.weight, Leaf) else tape.roots.get(use.weight)
    if leaf is not None and tape.leaves[leaf].name:
        stored = tape.leaves[leaf]
        change.leaves[stored.name] = make(stored.tensor.detach()).to(stored.tensor)
        return
    weight = resolve(tape, use.weight, bench.values)
    if weight is None:
        raise NotApplicableError(f"the weight of {use.layer} is computed from the input")
    new = make(weight.detach()).to(weight)
    position = next(i for i, a in enumerate(tape.entries[use.op].args) if a == use.weight)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(*args[:position], new, *args[position + 1 :], **kwargs)

    change.interventions[use.op] = act


_SCHEMES: dict[str, Callable[[Tensor], Any]] = {
    "default": lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5)),
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_fan_in": lambda w: nn.init.kaiming_normal_(w, mode="fan_in", nonlinearity="relu"),
    "kaiming_fan_out": lambda w: nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
}


def initialise(bench: Bench, remedy: Remedy) -> Change:
    """Draw the weights of one or all layers anew; `default` draws the bias as well, as reset_parameters() does."""
    scheme = str(remedy.parameters["scheme"])
    change = Change()
    with isolated_random_state(bench.seed):
        for use in _chosen(bench, str(remedy.parameters.get("layers", "last"))):
            _exchange(bench, change, use, lambda w: _SCHEMES[scheme](torch.empty(w.shape)))
            if scheme == "default":
                _fresh_bias(bench, change, use)
    return change


def refill_filters(bench: Bench, remedy: Remedy) -> Change:
    """Draw those filters of a layer anew that have no weight, as large as its others are."""
    change = Change()
    with isolated_random_state(bench.seed):
        for use in _chosen(bench, str(remedy.parameters["layers"])):
            _exchange(bench, change, use, lambda w, u=use: filled(w, u.transposed, u.groups))  # type: ignore[misc]
    return change


def _fresh_bias(bench: Bench, change: Change, use: WeightUse) -> None:
    bias = next((x for x in bench.tape.leaves if x.name == f"{use.layer}.bias"), None)
    weight = resolve(bench.tape, use.weight, bench.values)
    if bias is not None and weight is not None:
        stored = weight.t() if use.linear and isinstance(use.weight, Ref) else weight
        bound = 1 / math.sqrt(default_fan(stored))
        change.leaves[bias.name] = torch.empty(bias.tensor.shape).uniform_(-bound, bound).to(bias.tensor)


def spectral_norm(bench: Bench, remedy: Remedy) -> Change:
    """Divide a layer's weight by its largest singular value, as torch.nn.utils.parametrizations.spectral_norm does."""
    change = Change()
    for use in _chosen(bench, str(remedy.parameters.get("layers", "last"))):
        _exchange(bench, change, use, lambda w, t=use.transposed: _normed(w, t, bench.seed))  # type: ignore[misc]
    return change


def _normed(weight: Tensor, transposed: bool, seed: int) -> Tensor:
    with isolated_random_state(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        holder = nn.Module()
        holder.weight = nn.Parameter(weight.detach().clone().to("cpu"))
        dim = 1 if transposed else 0
        nn.utils.parametrizations.spectral_norm(holder, "weight", dim=dim).eval()
        result: Tensor = holder.weight.detach()
        return result


def final_activation(bench: Bench, remedy: Remedy) -> Change:
    """Put another function in the place of the final activation, or after the last operation where there is none."""
    kind, drawing = str(remedy.parameters["kind"]), bench.drawing
    present = drawing.activation or "identity"
    if kind == present:
        raise NotApplicableError(
            f"the final activation is {kind} already" if drawing.activation else "there is none already"
        )
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "identity": torch.Tensor.clone,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "log_softmax": lambda x: torch.log_softmax(x, dim=1),
    }
    function = functions[kind]
    if drawing.activation_op is not None:

        def instead(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return function(args[0])

        return Change(interventions={drawing.activation_op: instead})

    def after(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if isinstance(out, Tensor):
            return function(out)
        slot = drawing.output.slot
        return type(out)([function(x) if i == slot else x for i, x in enumerate(out)])

    return Change(interventions={drawing.output.op: after})


def rescale(bench: Bench, remedy: Remedy) -> Change:
    """Scale a layer's weight to the standard deviation that a fresh layer of its shape has."""
    change = Change()
    for use in _chosen(bench, str(remedy.parameters.get("layers", "last"))):
        facts = bench.model.layer(use.layer)
        if facts is None or not facts.std > 0:
            raise NotApplicableError(f"the weights of {use.layer} do not vary")
        factor = facts.default_std / facts.std
        _exchange(bench, change, use, lambda w, k=factor: w * k)  # type: ignore[misc]
    return change


def rescale_input_of_activation(bench: Bench, remedy: Remedy) -> Change:
    """Divide what the final activation reads by its own standard deviation, sample by sample, around its mean."""
    if bench.drawing.activation_op is None:
        raise NotApplicableError("the network has no final activation")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x = args[0]
        dims = tuple(range(1, x.dim()))
        std, mean = torch.std_mean(x, dim=dims, keepdim=True)
        return func((x - mean) / std.clamp_min(1e-12), *args[1:], **kwargs)

    return Change(interventions={bench.drawing.activation_op: act})


def zero_bias(bench: Bench, remedy: Remedy) -> Change:
    """Set a layer's bias to zero."""
    change = Change()
    wanted = str(remedy.parameters.get("layers", "last"))
    normalising = set(normalisations(bench.tape).values())
    layers = [wanted] if wanted in normalising else [use.layer for use in _chosen(bench, wanted)]
    for layer in layers:
        bias = next((x for x in bench.tape.leaves if x.name == f"{layer}.bias"), None)
        if bias is not None:
            change.leaves[bias.name] = torch.zeros_like(bias.tensor)
    if not change.leaves:
        raise NotApplicableError("the layer has no bias")
    return change


def replace_non_finite(bench: Bench, remedy: Remedy) -> Change:
    """Put fresh values in the place of NaN and infinite ones."""
    wanted = str(remedy.parameters.get("layers", "all"))
    change = Change()
    with isolated_random_state(bench.seed):
        for name, tensor in bench.non_finite.items():
            if wanted not in ("all", name) and not name.startswith(f"{wanted}."):
                continue
            if name.endswith("running_var"):
                fresh = torch.ones(tensor.shape)
            elif tensor.dim() >= 2:
                fresh = _SCHEMES["default"](torch.empty(tensor.shape))
            else:
                fresh = torch.zeros(tensor.shape)
            change.leaves[name] = torch.where(torch.isfinite(tensor), tensor.detach(), fresh.to(tensor))
    if not change.leaves:
        raise NotApplicableError("every parameter and buffer is finite")
    return change


def latent(bench: Bench, remedy: Remedy) -> Change:
    """Feed another latent distribution: N(0, 1), U(-1, 1), or the given one times ten."""
    if not bench.latent:
        raise NotApplicableError("the network has no latent input")
    kind, first = str(remedy.parameters["distribution"]), bench.inputs[0]
    with isolated_random_state(bench.seed + 1 + bench.pass_number):
        if kind == "normal":
            new = torch.randn(first.shape)
        elif kind == "uniform":
            new = torch.rand(first.shape) * 2 - 1
        else:
            new = first.detach() * 10
    return Change(inputs=(new.to(first), *bench.inputs[1:]))


def load_weights(bench: Bench, remedy: Remedy) -> Change:
    """Put in what another reading of the loaded weights holds."""
    return Change(leaves=bench.stored(remedy))


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "batch_statistics": batch_statistics,
    "recalibrate": recalibrate,
    "initialise": initialise,
    "refill_filters": refill_filters,
    "spectral_norm": spectral_norm,
    "final_activation": final_activation,
    "rescale": rescale,
    "rescale_input_of_activation": rescale_input_of_activation,
    "zero_bias": zero_bias,
    "replace_non_finite": replace_non_finite,
    "latent": latent,
    "load_weights": load_weights,
    **MOVING,
    "leaky_slope": leaky_slope,
    "centre_input": centre_input,
    **GUARDING,
    "as_in_eval": as_in_eval,
    "without_chance": without_chance,
    **FINISHING,
    **NORMALISING,
    **COLOURING,
    **SCALING,
    **PAINTING,
    **MASKING,
    **SKIP_ACTIONS,
    "compute_in": compute_in,
    **GRID_ACTIONS,
    **BLOCK_ACTIONS,
    **WIDENING,
    **PREPROCESSING,
}
"""Every remedy that a tape can be evaluated under."""


def change_for(bench: Bench, remedies: tuple[Remedy, ...]) -> Change:
    """Return one change for several remedies together; raises NotApplicableError where one has nothing to act on."""
    whole = Change()
    for remedy in remedies:
        if remedy.action not in ACTIONS:
            raise NotApplicableError(f"{remedy.action} is not an experiment on the tape")
        part = ACTIONS[remedy.action](bench, remedy)
        whole.interventions.update(part.interventions)
        whole.leaves.update(part.leaves)
        whole.inputs = part.inputs if part.inputs is not None else whole.inputs
    return whole
