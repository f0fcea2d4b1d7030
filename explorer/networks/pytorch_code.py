"""The PyTorch code of exactly the network on screen, which runs by itself.

Course networks: what the builder needs is cut out of the very files that built it, following
names from definition to definition. torchvision's: the call that builds it.
"""

import ast
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

from explorer import networks
from explorer.base import python_source
from explorer.base.inputs import Picture
from explorer.networks.registry import TORCHVISION, Architecture, Value
from explorer.networks.torchvision_models import KEYWORDS

_OURS = "explorer"


@dataclass
class _Excerpt:
    """Definitions to print, and imports of other packages that they need."""

    definitions: dict[str, str] = field(default_factory=dict)  # name → source text
    imports: dict[str, set[str]] = field(default_factory=dict)  # module → names taken from it


def pytorch(name: str, options: Mapping[str, object], picture: Picture, batch: int) -> str:
    """Source text that builds the network, runs it on zeros of (batch, *picture) and prints shapes.

    Raises:
        ValueError: unknown network, option or value.
    """
    architecture = networks.get(name)
    resolved = architecture.resolve(options)
    torchvision = name.startswith(TORCHVISION)
    body = _torchvision(architecture, resolved) if torchvision else _course(architecture, resolved)
    return f"{body}\n\n\n{_run(picture, batch)}"


def _course(architecture: Architecture, options: Mapping[str, Value]) -> str:
    build = architecture.build
    excerpt = _Excerpt()
    _collect(importlib.import_module(build.__module__), build.__name__, excerpt)
    arguments = ", ".join(f"{key}={_literal(value)}" for key, value in options.items())
    return "\n\n\n".join(
        [
            _imports(excerpt.imports),
            *excerpt.definitions.values(),
            f"net = {build.__name__}({arguments}).eval()",
        ]
    )


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _imports(taken: Mapping[str, set[str]]) -> str:
    """The standard library first, then torch."""
    lines = [f"from {module} import {', '.join(sorted(names))}" for module, names in taken.items()]
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


def _torchvision(architecture: Architecture, options: Mapping[str, Value]) -> str:
    name = architecture.name.removeprefix(TORCHVISION)
    keywords = {"weights": None, "num_classes": options["num_classes"], **KEYWORDS.get(name, {})}
    arguments = ", ".join(f"{key}={_literal(value)}" for key, value in keywords.items())
    lines = [
        "import torch",
        "from torchvision import models",
        "",
        f"net = models.{name}({arguments}).eval()",
    ]
    if options["in_channels"] != architecture.in_channels.default:
        lines += [
            "",
            "# A first convolution for another number of input channels.",
            "modules = net.named_modules()",
            "path, first = next((p, m) for p, m in modules if isinstance(m, torch.nn.Conv2d))",
            'parent, _, child = path.rpartition(".")',
            "setattr(",
            "    net.get_submodule(parent),",
            "    child,",
            "    torch.nn.Conv2d(",
            f"        {options['in_channels']},",
            "        first.out_channels,",
            "        first.kernel_size,",
            "        first.stride,",
            "        first.padding,",
            "        bias=first.bias is not None,",
            "    ),",
            ")",
        ]
    return "\n".join(lines)


def _run(picture: Picture, batch: int) -> str:
    shape = ", ".join(map(str, (batch, *picture)))
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
