"""The mode that records a tape while a model runs, without changing a bit of what the model computes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as module_hooks
from torch.utils.weak import WeakTensorKeyDictionary

from unetdoctor.engine import replaced
from unetdoctor.engine.mode import Mode, with_numbers
from unetdoctor.engine.program import Site, sites
from unetdoctor.engine.tape import (
    DETACH,
    Entry,
    Failure,
    Leaf,
    LeafTensor,
    Ref,
    Tape,
    Traits,
    argument,
    owner,
    references,
    tensors,
    traits,
)
from unetdoctor.facts.lasting import said

_TORCH = str(Path(torch.__file__).parent)
_OURS = str(Path(__file__).parent.parent) + os.sep
_BENEATH = (__file__, replaced.__file__)
"""What stands between an operation and the code that called it."""
_FRAME_LIMIT = 80


class Recorder(Mode):
    """Records a tape while the model runs; the observed output is bit-identical to the unobserved one.

    `observe(op, entry, result)` is called after each operation. Parameters, buffers and inputs that the pass writes to
    are copied before the first write; `restore()` puts them back.
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: tuple[Tensor, ...],
        observe: Callable[[int, Entry, Any], None] | None = None,
        source_root: str = "",
    ) -> None:
        super().__init__()
        self.tape = Tape()
        self._observe = observe
        self._scripted = isinstance(model, torch.jit.ScriptModule)
        self._source_root = source_root
        self._origin: WeakTensorKeyDictionary = WeakTensorKeyDictionary()
        self._leaf_ids: dict[int, int] = {}
        self._saved: dict[int, Tensor] = {}
        self._names: dict[tuple[int, torch.Size], str] = {}
        for name, tensor in (*model.named_parameters(), *model.named_buffers()):
            if tensor.layout is torch.strided and tensor.numel():
                self._names.setdefault((tensor.data_ptr(), tensor.shape), name)
        self._modules = {id(m): name for name, m in model.named_modules(remove_duplicate=True)}
        self._stack: list[str] = []
        self._code_kinds: dict[CodeType, int] = {}
        self._sites = sites(model)
        self._hooks: list[Any] = []
        for number, tensor in enumerate(inputs):
            self._add_leaf(tensor, "input", str(number))

    def __enter__(self) -> "Recorder":
        self._hooks = [
            module_hooks.register_module_forward_pre_hook(self._push),
            module_hooks.register_module_forward_hook(self._pop, always_call=True),
        ]
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        for hook in self._hooks:
            hook.remove()

    def restore(self) -> bool:
        """Undo every write to a leaf; return whether there was one."""
        with torch.no_grad():
            for index, saved in self._saved.items():
                self.tape.leaves[index].tensor.copy_(saved)
        return bool(self._saved)

    def origin(self, tensor: Tensor) -> Ref | Leaf | None:
        """Return where a tensor came from."""
        found: Ref | Leaf | None = self._origin.get(tensor)
        if found is None and id(tensor) in self._leaf_ids:
            found = Leaf(self._leaf_ids[id(tensor)])
        return found

    def _push(self, module: nn.Module, _args: Any) -> None:
        name = self._modules.get(id(module))
        self._stack.append(name if name is not None else (self._stack[-1] if self._stack else ""))

    def _pop(self, _module: nn.Module, _args: Any, _output: Any) -> None:
        if self._stack:
            self._stack.pop()

    def _add_leaf(self, tensor: Tensor, kind: str, name: str) -> Leaf:
        index = len(self.tape.leaves)
        self.tape.leaves.append(LeafTensor(tensor, kind, name))
        self._leaf_ids[id(tensor)] = index
        return Leaf(index)

    def _encode(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            known = self.origin(value)
            if known is not None:
                return known
            name = ""
            if value.layout is torch.strided and value.numel() and value.device.type != "meta":
                name = self._names.get((value.data_ptr(), value.shape), "")
            return self._add_leaf(value, "parameter" if name else "constant", name)
        if isinstance(value, (list, tuple)):
            encoded = [self._encode(item) for item in value]
            return encoded if isinstance(value, list) else tuple(encoded)
        return value

    def _site(self) -> tuple[str, str, int]:
        """Return (module, file, line) of what calls the operation."""
        frame = sys._getframe(2) if self._sites else None
        while frame is not None:
            if frame.f_code in self._sites:  # an exported program runs generated code, which has no modules
                site = self._sites[frame.f_code].get(frame.f_lineno, Site("", "", 0))
                return site.module, site.file, site.line
            frame = frame.f_back
        return self._stack[-1] if self._stack else "", *self._source_line()

    def _source_line(self) -> tuple[str, int]:
        frame = sys._getframe(3)
        library: tuple[str, int] = ("", 0)
        for _ in range(_FRAME_LIMIT):
            code = frame.f_code
            kind = self._code_kinds.get(code)
            if kind is None:
                kind = self._code_kind(code.co_filename)
                self._code_kinds[code] = kind
            if kind == 2:
                return code.co_filename, frame.f_lineno
            if kind == 1 and not library[0]:
                library = (code.co_filename, frame.f_lineno)
            if kind == 3 or frame.f_back is None:
                break
            frame = frame.f_back
        return library

    def _code_kind(self, file: str) -> int:
        if file.startswith((_TORCH, "<")) or file in _BENEATH:
            return 0
        if file.startswith(_OURS) and "sample_models" not in file:
            return 3
        if self._source_root and file.startswith(self._source_root) and "site-packages" not in file:
            return 2
        return 1

    def _save_written(self, known: Traits, encoded: tuple[Any, ...], kwargs: dict[str, Any], train: bool) -> None:
        names = {known.arguments[position] for position in known.mutated}
        if train:
            names |= {"running_mean", "running_var"}
        for name in names:
            for ref in references(argument(encoded, kwargs, known, name)):
                index = ref.index if isinstance(ref, Leaf) else self.tape.roots.get(ref)
                if index is not None and index not in self._saved:
                    self._saved[index] = self.tape.leaves[index].tensor.detach().clone()
                    self.tape.mutated_leaves.add(index)

    @replaced.ours
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is DETACH:
            out = func(*args)
            known = self.origin(args[0])
            if known is not None:
                self._origin[out] = known
            return out
        if self._scripted:
            args = with_numbers(args)
        func_traits = traits(func)
        encoded = tuple([self._encode(a) for a in args])
        encoded_kwargs = {key: self._encode(value) for key, value in kwargs.items()} if kwargs else {}
        training = argument(args, kwargs, func_traits, "training")
        if training is None:
            training = argument(args, kwargs, func_traits, "train")
        if func_traits.mutated or training:
            self._save_written(func_traits, encoded, encoded_kwargs, bool(training))
        module, file, line = self._site()
        entry = Entry(func, encoded, encoded_kwargs, func_traits, module, file, line, training=training)
        self._own(entry, args)
        try:
            out = func(*args, **kwargs)
        except Exception as error:
            operands = [(tuple(t.shape), self._encode(t)) for t in tensors([*args, *kwargs.values()])]
            self.tape.failure = Failure(entry, tuple(operands), said(error))
            raise
        self._register(entry, out)
        return out

    def _own(self, entry: Entry, args: tuple[Any, ...]) -> None:
        """Note the parameters that an operation consumes and the shapes of its activations."""
        names: list[str] = []
        shapes = []
        static = not entry.traits.random
        for ref, tensor in zip(references(entry.args), tensors(args), strict=False):
            made_by = self.tape.entries[ref.op] if isinstance(ref, Ref) else None
            if made_by is not None and made_by.static:
                names.extend(made_by.parameters)
            elif made_by is None and isinstance(ref, Leaf) and self.tape.leaves[ref.index].kind == "parameter":
                names.append(self.tape.leaves[ref.index].name)
            elif isinstance(ref, Ref) or self.tape.leaves[ref.index].kind == "input":
                shapes.append(tuple(tensor.shape))
                static = False
        entry.parameters = tuple(dict.fromkeys(names))
        entry.input_shapes = tuple(shapes)
        entry.static = static
        entry.layer = owner(names[0]) if names else entry.module

    def _register(self, entry: Entry, out: Any) -> None:
        op = len(self.tape.entries)
        self.tape.entries.append(entry)
        first: Tensor | None = None
        for slot, tensor in enumerate(tensors(out)):
            ref = Ref(op, slot)
            if entry.traits.view or entry.traits.mutated:
                name = entry.traits.arguments[entry.traits.mutated[0]] if entry.traits.mutated else ""
                written = argument(entry.args, entry.kwargs, entry.traits, name) if name else entry.args
                source = next(references(written), None)
                root = source.index if isinstance(source, Leaf) else self.tape.roots.get(source) if source else None
                if root is not None:
                    self.tape.roots[ref] = root
            self._origin[tensor] = ref
            if first is None:
                first = tensor
        if first is not None:
            entry.shape = tuple(first.shape)
            entry.floating = first.is_floating_point()
        if self._observe is not None:
            self._observe(op, entry, out)
