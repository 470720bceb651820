"""Running the user's Python file as a module of its own, so that nothing beside it can shadow a library."""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from types import ModuleType

from unetdoctor.facts.lasting import said

RESERVED = frozenset(
    (
        *("torch", "torchvision", "torchgen", "functorch", "triton", "nvidia", "numpy", "PIL", "safetensors", "sympy"),
        *("pydantic", "pydantic_core", "annotated_types", "typing_inspection", "typing_extensions", "typer", "click"),
        *("rich", "markdown_it", "mdurl", "pygments", "unetdoctor", "mpmath", "networkx", "jinja2", "markupsafe"),
        *("fsspec", "filelock", "setuptools", "pkg_resources", "packaging"),
    )
)
"""Libraries that we or torch may import later: a file of the user with such a name must not take their place."""

_PACKAGES = {
    "cv2": "opencv-python",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules whose library has another name."""
_PRIVATE = "unetdoctor_target_"
_numbers = count()


class _Siblings:
    """Finds the user's own top-level modules before installed ones of the same name, except RESERVED and standard."""

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.running = ""
        """The file that is the target: never found by its own imports."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a file or package (with `__init__.py`) in the user's folders."""
        if path is not None or "." in name or name in RESERVED or name in sys.stdlib_module_names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, self.folders, target)
        if spec is None or spec.origin is None or spec.origin == self.running:
            return None  # a file einops.py that imports einops means the library
        return spec


_siblings = _Siblings()


def add_folders(folders: Sequence[Path]) -> None:
    """Make the user's folders importable: appended to sys.path, and preferred for names that belong to nobody else."""
    if _siblings not in sys.meta_path:
        sys.meta_path.insert(0, _siblings)
    for folder in map(str, folders):
        if folder not in _siblings.folders:
            _siblings.folders.append(folder)
        if folder not in sys.path:
            sys.path.append(folder)
    importlib.invalidate_caches()


def import_file(path: Path, directory: Path) -> ModuleType:
    """Run a Python file under a private module name, or as a part of the package that it lies in."""
    packages = package_chain(path)
    root = packages[0].parent if packages else path.parent
    add_folders(list(dict.fromkeys((path.parent, root, directory))))
    _siblings.running = str(path)
    with _as_script(path), _failures_explained(path, directory):
        if packages:
            return _import_in_package(path, packages)
        parent = _private_package([path.parent])
        return _execute(f"{parent}.{_identifier(path.stem)}", path)


def import_name(name: str, directory: Path) -> ModuleType:
    """Import a dotted module name, the person's directory included."""
    add_folders([directory])
    with _as_script(directory / name), _failures_explained(directory / name, directory):
        return importlib.import_module(name)


def package_chain(path: Path) -> list[Path]:
    """Return the directories of the packages around a file, outermost first."""
    chain: list[Path] = []
    folder = path.parent
    while folder.name.isidentifier() and (folder / "__init__.py").is_file() and folder != folder.parent:
        chain.insert(0, folder)
        folder = folder.parent
    return chain


def _import_in_package(path: Path, packages: list[Path]) -> ModuleType:
    top = packages[0]
    name = top.name if _is_free(top) else _private_alias(top)
    parent = importlib.import_module(".".join((name, *(folder.name for folder in packages[1:]))))
    if path.name == "__init__.py":
        return parent
    full = f"{parent.__name__}.{_identifier(path.stem)}"
    loaded = sys.modules.get(full)
    if loaded is not None and _is_from(loaded, path):
        return loaded
    return _execute(full, path)


def _is_free(package: Path) -> bool:
    """Return whether the package's own name leads to it and to nothing else."""
    if package.name in RESERVED or package.name in sys.stdlib_module_names:
        return False
    loaded = sys.modules.get(package.name)
    return loaded is None or _is_from(loaded, package / "__init__.py")


def _is_from(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    try:
        return isinstance(file, str) and Path(file).samefile(path)
    except OSError:
        return False


def _private_alias(package: Path) -> str:
    """Import a package under a name of ours, because its own belongs to another library."""
    name = f"{_private_package([])}.{package.name}"
    _execute(name, package / "__init__.py", [str(package)])
    return name


def _private_package(folders: Sequence[Path]) -> str:
    """Make an empty parent package over these folders, so that `from .sibling import x` finds a file beside."""
    name = f"{_PRIVATE}{next(_numbers)}"
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = list(map(str, folders))
    sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


def _execute(name: str, path: Path, search: list[str] | None = None) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader, submodule_search_locations=search)
    if spec is None:  # never with a loader given; for the type checker
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _identifier(stem: str) -> str:
    """Return a module name for a file name: `3d-unet (v2)` becomes `_3d_unet__v2_`."""
    name = re.sub(r"\W", "_", stem)
    return name if name.isidentifier() else f"_{name}"


@contextlib.contextmanager
def _as_script(path: Path) -> Iterator[None]:
    """Show the file a command line without arguments: it may read sys.argv at import."""
    saved = sys.argv
    sys.argv = [str(path)]
    try:
        yield
    finally:
        sys.argv = saved


@contextlib.contextmanager
def _failures_explained(path: Path, directory: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        explain_relative_path(error, directory)
        raise
    except ImportError as error:
        _explain_import(error, path)
        raise


def _explain_import(error: ImportError, path: Path) -> None:
    """Say in the error itself what to install or where to run: the module is the person's own, or a library's."""
    name = error.name or ""
    if "beyond top-level package" in said(error) or "no known parent package" in said(error):
        error.msg = f"{error.msg}: {path.parent} has no __init__.py, so {path.name} is no part of a package"
        return
    if not isinstance(error, ModuleNotFoundError) or not name:
        return
    if name.startswith(_PRIVATE):
        beside = name.partition(".")[2].replace(".", "/")
        error.msg = f"there is no {beside}.py beside {path.name}"
        return
    top = name.partition(".")[0]
    home = next((p for p in path.parents if (p / f"{top}.py").is_file() or (p / top).is_dir()), None)
    if home is not None and top not in sys.modules:
        error.msg = f"{error.msg}; {top} lies in {home}: run unetdoctor there"
    elif importlib.util.find_spec(top) is None:
        error.msg = f"{error.msg}; if it is a library: {sys.executable} -m pip install {_PACKAGES.get(top, top)}"


def explain_relative_path(error: FileNotFoundError, directory: Path) -> None:
    """Say in the error itself that the model's code does not run in the person's directory."""
    name = error.filename
    if not isinstance(name, str) or not name or Path(name).is_absolute():
        return
    there = ", where it exists" if (directory / name).exists() else ""
    error.strerror = (
        f"No such file (the model's code runs in an empty directory, not in {directory}{there}: "
        "build the path from __file__)"
    )
