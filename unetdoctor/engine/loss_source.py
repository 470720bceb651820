"""The loss that the user's own file applies to what the network returns: read from its text, never by running it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetdoctor.engine.statements import parse

KINDS = {
    "BCELoss": "bce",
    "binary_cross_entropy": "bce",
    "BCEWithLogitsLoss": "bce-with-logits",
    "SoftBCEWithLogitsLoss": "bce-with-logits",
    "binary_cross_entropy_with_logits": "bce-with-logits",
    "CrossEntropyLoss": "cross-entropy",
    "SoftCrossEntropyLoss": "cross-entropy",
    "cross_entropy": "cross-entropy",
    "NLLLoss": "nll",
    "NLLLoss2d": "nll",
    "nll_loss": "nll",
    "DiceLoss": "dice",
    "dice_loss": "dice",
    "FocalLoss": "focal",
    "sigmoid_focal_loss": "focal",
    "L1Loss": "l1",
    "l1_loss": "l1",
    "MSELoss": "mse",
    "mse_loss": "mse",
}
"""Name of a loss, as a class or as a function -> its kind."""
_NETWORKS = frozenset(("model", "net", "network", "unet", "self"))
_MOVES = frozenset(("to", "cuda", "cpu", "train", "eval", "float", "half", "double"))


@dataclass(frozen=True)
class LossUse:
    """One call of a loss on the result of a call of the network."""

    kind: str
    written: str
    """As the file spells it: `nn.CrossEntropyLoss`."""
    line: int


def applied_losses(file: Path | None, network: str = "") -> tuple[LossUse, ...]:
    """Return the losses that a file applies to what a network (of this class) returns, with nothing in between.

    Empty where there is no file, and where forward() returns something else in training: what the loss sees then is not
    what is examined.
    """
    tree = parse(file) if file is not None else None
    if tree is None or any(_is_training(node) for node in ast.walk(tree)):
        return ()
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    criteria = dict(_criteria(tree))
    networks = _networks(tree, classes, network)
    found: dict[tuple[str, int], LossUse] = {}
    for scope in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))]:
        returned = {name for name, call in _assigned(scope, own=True) if _is_network(call, networks)}
        for call in _calls(scope):
            use = _use(call, criteria)
            if use is not None and call.args and _is_returned(call.args[0], returned, networks):
                found.setdefault((use.kind, use.line), use)
    return tuple(found.values())


def _networks(tree: ast.AST, classes: set[str], network: str) -> set[str]:
    """Return the names under which the network is called; one that is given another class of the file is none."""
    made = [(name, _name(_unmoved(call).func)) for name, call in _assigned(tree)]
    others = {name for name, made_of in made if made_of in classes and network in classes - {made_of}}
    return {*_NETWORKS, *(name for name, made_of in made if made_of in classes)} - others


def _is_training(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "training" and isinstance(node.ctx, ast.Load)


def _name(node: ast.AST) -> str:
    """Return the last part of a dotted name: `BCELoss` of `nn.BCELoss`, `criterion` of `self.criterion`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _unmoved(call: ast.Call) -> ast.Call:
    """Return the call that makes an object, without the `.to(device)` behind it."""
    while isinstance(call.func, ast.Attribute) and call.func.attr in _MOVES and isinstance(call.func.value, ast.Call):
        call = call.func.value
    return call


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a scope itself, not in the functions within."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def _calls(scope: ast.AST) -> Iterator[ast.Call]:
    return (node for node in _own_nodes(scope) if isinstance(node, ast.Call))


def _assigned(scope: ast.AST, own: bool = False) -> Iterator[tuple[str, ast.Call]]:
    """Yield (name, call) of every `name = call(...)`."""
    for node in _own_nodes(scope) if own else ast.walk(scope):
        targets = node.targets if isinstance(node, ast.Assign) else []
        value = getattr(node, "value", None)
        if len(targets) == 1 and isinstance(value, ast.Call) and _name(targets[0]):
            yield _name(targets[0]), value


def _criteria(tree: ast.AST) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield (name, (kind, spelling)) of every `criterion = nn.SomeLoss(...)`."""
    for name, call in _assigned(tree):
        made = _unmoved(call).func
        if _name(made) in KINDS and _name(made)[0].isupper():
            yield name, (KINDS[_name(made)], ast.unparse(made))


def _use(call: ast.Call, criteria: dict[str, tuple[str, str]]) -> LossUse | None:
    """Return the loss that a call computes: of a function, of `criterion(...)`, of `nn.SomeLoss()(...)`."""
    name = _name(call.func)
    if name in KINDS and name[0].islower():
        return LossUse(KINDS[name], ast.unparse(call.func), call.lineno)
    if name in criteria:
        return LossUse(*criteria[name], call.lineno)
    if isinstance(call.func, ast.Call) and _name(call.func.func) in KINDS:
        return LossUse(KINDS[_name(call.func.func)], ast.unparse(call.func.func), call.lineno)
    return None


def _is_network(call: ast.expr, networks: set[str]) -> bool:
    """Return whether it is a call of the network itself: `model(x)`, `self(x)`, not `model.encoder(x)`."""
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in networks


def _is_returned(node: ast.expr, returned: set[str], networks: set[str]) -> bool:
    return (isinstance(node, ast.Name) and node.id in returned) or _is_network(node, networks)


def inferred_loss(file: Path | None, network: str, shown: Callable[[str], str]) -> dict[str, Any]:
    """Return the fields of Intent that say which one loss is applied, and where that was read; none where several are.

    A Dice or focal loss beside another one says nothing against it.
    """
    uses = applied_losses(file, network)
    if not uses:
        return {}
    name = shown(str(file))
    kinds = {use.kind for use in uses}
    main = kinds - {"dice", "focal"} or kinds
    if len(main) != 1:
        return {"inferred_loss_from": "; ".join(_said(use, name) for use in uses[:4])}
    use = next(use for use in uses if use.kind in main)
    return {"inferred_loss": use.kind, "inferred_loss_from": _said(use, name)}


def _said(use: LossUse, file: str) -> str:
    return f"{use.written} in {file}, line {use.line}"
