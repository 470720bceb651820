"""Reads the package's source as syntax trees: nothing is imported, so a broken module reads as well as a sound one."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "unetdoctor"


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    name: str
    """Dotted: `unetdoctor.checks.ud203_flat_picture`."""
    path: str
    """Relative to the repository, with forward slashes."""
    text: str
    """Its source."""
    is_package: bool = False
    """Whether it is an `__init__.py`."""

    @property
    def room(self) -> str:
        """`facts`, `checks`, ...; `root` for the package's own `__init__` and `__main__`."""
        parts = self.name.split(".")
        return "root" if len(parts) == 1 or parts[1] in ("__main__", "testing") else parts[1]

    @property
    def tree(self) -> ast.Module:
        """The parsed source."""
        return ast.parse(self.text, self.path)


def modules() -> list[Module]:
    """Every source file of the package."""
    found = []
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found.append(Module(name, path.relative_to(ROOT).as_posix(), path.read_text("utf-8"), is_package))
    return found


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Yield (dotted name, line) of every import: at any depth, relative, for type checkers only, or by `import_module`.

    `from a import b` yields `a.b`: whether b is a module or a name in one makes no difference to who may know it.
    """
    package = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{start}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in ("import_module", "__import__"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, node.lineno


def dotted(node: ast.expr) -> str:
    """`sys.stdout.write` for the expression that says so; empty for anything but names and attributes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        start = dotted(node.value)
        return f"{start}.{node.attr}" if start else ""
    return ""


def prints(module: Module) -> Iterator[tuple[str, int]]:
    """Yield (call, line) of everything that writes to the terminal: print, sys.stdout, os.write to 1 or 2, rich."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        first = node.args[0] if node.args else None
        to_terminal = isinstance(first, ast.Constant) and first.value in (1, 2)
        if (
            name in ("print", "pprint", "pprint.pprint")
            or name.startswith(("sys.stdout.", "sys.stderr.", "sys.__stdout__.", "sys.__stderr__."))
            or (name == "os.write" and to_terminal)
        ):
            yield name, node.lineno


def broad_handlers(module: Module) -> Iterator[tuple[str, int]]:
    """Yield (function, line) of every handler of Exception or BaseException, bare or suppressed, tuples included.

    One that ends in a bare `raise` swallows nothing and is left out.
    """

    def is_broad(node: ast.expr | None) -> bool:
        if isinstance(node, ast.Tuple):
            return any(is_broad(item) for item in node.elts)
        return node is None or dotted(node).rpartition(".")[2] in ("Exception", "BaseException")

    def passes_on(handler: ast.ExceptHandler) -> bool:
        last = handler.body[-1]
        return isinstance(last, ast.Raise) and last.exc is None

    def walk(node: ast.AST, owner: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            inner = owner
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{owner}.{child.name}".lstrip(".")
            if isinstance(child, ast.ExceptHandler) and is_broad(child.type) and not passes_on(child):
                yield owner, child.lineno
            if isinstance(child, ast.Call) and dotted(child.func).rpartition(".")[2] == "suppress":
                yield from ((owner, child.lineno) for argument in child.args if is_broad(argument))
            yield from walk(child, inner)

    yield from walk(module.tree, "")


def undocumented(module: Module) -> Iterator[tuple[str, int]]:
    """Yield (name, line) of the module itself and of every public function, class and method without a docstring."""
    if ast.get_docstring(module.tree) is None:
        yield module.name, 1

    def walk(node: ast.AST, owner: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if child.name.startswith("_"):
                    continue
                name = f"{owner}.{child.name}"
                decorators = {dotted(item).rpartition(".")[2] for item in child.decorator_list}
                if ast.get_docstring(child) is None and not decorators & {"overload", "override", "setter"}:
                    yield name, child.lineno
                if isinstance(child, ast.ClassDef):
                    yield from walk(child, name)
            elif isinstance(child, ast.If | ast.Try):
                yield from walk(child, owner)

    yield from walk(module.tree, module.name)
