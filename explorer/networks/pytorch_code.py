"""The PyTorch code of exactly the network on screen, which runs by itself.

Its source says how it is built. For the course's networks, what the builder needs is cut out of the
very files that built it, following names from definition to definition.
"""

import ast
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType

from torch import nn

from explorer.base import python_source
from explorer.base.cache import shared
from explorer.base.inputs import InputSize
from explorer.networks.registry import SOURCES, NetworkSpec, Value

_OURS = "explorer"


@dataclass
class _Excerpt:
    """Definitions to print, and imports of other packages that they need."""

    definitions: dict[str, str] = field(default_factory=dict)  # name → source text
    imports: dict[str, set[str]] = field(default_factory=dict)  # module → names taken from it


@shared(most=128)
def pytorch(spec: NetworkSpec, size: InputSize, batch: int) -> str:
    """Source text that builds the network, runs it on zeros of (batch, *size) and prints shapes."""
    body = SOURCES[spec.source].code(spec.key, spec.values)
    return f"{body}\n\n\n{_run(size, batch)}"


def excerpt(build: Callable[..., nn.Module], options: Mapping[str, Value]) -> str:
    """The definitions that `build` needs, and its call with `options`."""
    parts = _Excerpt()
    _collect(importlib.import_module(build.__module__), build.__name__, parts)
    return "\n\n\n".join(
        [
            _imports(parts.imports),
            *parts.definitions.values(),
            f"net = {build.__name__}({arguments(options)}).eval()",
        ]
    )


def arguments(keywords: Mapping[str, object]) -> str:
    """Keyword arguments as they are typed."""
    return ", ".join(f"{key}={_literal(value)}" for key, value in keywords.items())


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _imports(modules: Mapping[str, set[str]]) -> str:
    """The standard library first, then torch."""
    lines = [f"from {name} import {', '.join(sorted(parts))}" for name, parts in modules.items()]
    ours = sorted(line for line in lines if line.startswith("from torch"))
    standard = sorted(set(lines) - set(ours))
    return "\n".join([*standard, *([""] if standard else []), "import torch", *ours])


def _collect(module: ModuleType, name: str, excerpt: _Excerpt) -> None:
    """Add the definition called `name` in `module`, after everything that it refers to."""
    if name in excerpt.definitions:
        return
    text = python_source.text_of(module)
    for node in python_source.statements(text):
        if name not in _defined(node):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            _collect_import(node, name, excerpt)
            return
        source = _source(text, node)
        excerpt.definitions[name] = ""  # keeps a function that calls itself from going round
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        for reference in sorted(names - {name, "_"}):
            _collect(module, reference, excerpt)
        del excerpt.definitions[name]  # now it stands after what it needs
        excerpt.definitions[name] = source
        return


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def _collect_import(node: ast.Import | ast.ImportFrom, name: str, excerpt: _Excerpt) -> None:
    source = node.module if isinstance(node, ast.ImportFrom) else None
    if source and source.split(".")[0] == _OURS:
        _collect(importlib.import_module(source), name, excerpt)
    elif source:
        excerpt.imports.setdefault(source, set()).add(name)


def _source(text: str, node: ast.stmt) -> str:
    """The lines of a definition, comments included, its messages no longer translated."""
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    calls = [
        each.func
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "_"
    ]
    for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset), reverse=True):
        row = call.lineno - node.lineno
        lines[row] = lines[row][: call.col_offset] + lines[row][call.col_offset + 1 :]
    return "\n".join(lines)


def _run(size: InputSize, batch: int) -> str:
    shape = ", ".join(map(str, (batch, *size)))
    return f"""\
def show(name):
    def hook(module, inputs, output):
        if isinstance(output, torch.Tensor):
            print(f"{{name:32}} {{type(module).__name__:20}} {{tuple(output.shape)}}")

    return hook


for name, module in net.named_modules():
    if not list(module.children()):
        module.register_forward_hook(show(name))

with torch.no_grad():
    net(torch.zeros({shape}))
"""
