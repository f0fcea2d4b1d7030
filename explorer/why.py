"""The arithmetic behind every number of a layer, written out with its numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from explorer.anatomy import Layer
from explorer.arithmetic import Shape
from explorer.language import _
from explorer.receptive_field import Field
from explorer.units import exact, times
from explorer.wording import sees_all, shape


@dataclass(frozen=True)
class Why:
    """The arithmetic behind one number: lines to be set in a formula's type, then a note.

    `column` names the table's column that holds the number.
    """

    column: str
    title: str
    lines: tuple[str, ...]
    note: str = ""


def numbers(layer: Layer, picture: Shape) -> tuple[Why, ...]:
    """The arithmetic of every number of a layer, for a batch of shape `picture` (N, C, H, W)."""
    return tuple(
        part
        for part in (
            _why_output(layer),
            _why_parameters(layer),
            _why_macs(layer),
            _why_memory(layer),
            _why_field(layer, picture),
        )
        if part
    )


def _why_output(layer: Layer) -> Why | None:
    operation = layer.operation
    told, out = operation.settings, operation.output_shape
    before = operation.input_shapes[0] if operation.input_shapes else ()
    title = _("Output size")
    if out is None:
        return None
    if "kernel" in told and len(before) == 4 and isinstance(told["padding"], tuple):
        return Why("output", title, tuple(_window_lines(layer, before, out)))
    if operation.type == "cat" and told.get("dim") == 1:
        terms = " + ".join(str(each[1]) for each in operation.input_shapes)
        return Why("output", title, (f"{out[1]} = {terms}",), _("Channels are laid side by side."))
    if operation.type in ("Flatten", "flatten") and len(before) == 4:
        return Why("output", title, (f"{exact(out[1])} = {'·'.join(map(str, before[1:]))}",))
    if operation.type == "add" and len(operation.input_shapes) == 2:
        return Why(
            "output", title, (shape(out),), _("Added place by place: both shapes are the same.")
        )
    if "output_size" in told:
        return Why(
            "output", title, (shape(out),), _("Asked for: whatever arrives is pooled to this size.")
        )
    if isinstance(told.get("features"), tuple):
        return Why("output", title, (shape(out),), _("As many numbers as the layer has outputs."))
    return None


def _window_lines(layer: Layer, before: Shape, out: Shape) -> Iterator[str]:
    told = layer.operation.settings
    dilated = told["dilation"] != (1, 1)
    left, right = ("⌈", "⌉") if told.get("ceil") else ("⌊", "⌋")
    reach = "d·(k − 1) − 1" if dilated else "k"
    yield f"{left}(n + 2p − {reach}) / s{right} + 1"
    axes = {}
    for axis, letter in ((0, "H"), (1, "W")):
        k, s, p, d = (told[name][axis] for name in ("kernel", "stride", "padding", "dilation"))
        span = f"{d}·({k} − 1) − 1" if dilated else f"{k}"
        axes[letter] = (
            f"{out[2 + axis]} = {left}({before[2 + axis]} + 2·{p} − {span}) / {s}{right} + 1"
        )
    if axes["H"] == axes["W"]:
        yield axes["H"]
    else:
        yield from (f"{letter}: {line}" for letter, line in axes.items())


def _why_parameters(layer: Layer) -> Why | None:
    operation = layer.operation
    title, module = _("Parameters"), operation.module
    if operation.shares_weights_with and not operation.parameters:
        note = _("The same weights as {name}: counted there.")
        return Why("parameters", title, ("0",), note.format(name=operation.shares_weights_with))
    if not operation.parameters:
        return None
    total, told = exact(operation.parameters), operation.settings
    if isinstance(module, nn.Conv2d):
        inputs = f"{_kernel(told)}·{module.in_channels // module.groups}"
        note = _("outputs × (kernel height · width · input channels")
        note += _(" of a group") if module.groups > 1 else ""
        note += _(" + 1 for the bias)") if told["bias"] else ")"
        term = f"({inputs} + 1)" if told["bias"] else f"({inputs})"
        return Why("parameters", title, (f"{total} = {module.out_channels} × {term}",), note)
    if isinstance(module, nn.Linear):
        term = f"({module.in_features} + 1)" if told["bias"] else f"{module.in_features}"
        note = _("outputs × (inputs + 1 for the bias)") if told["bias"] else _("outputs × inputs")
        return Why("parameters", title, (f"{total} = {module.out_features} × {term}",), note)
    if module is None:
        return Why(
            "parameters",
            title,
            (total,),
            _("Weights that the network uses by itself, outside any layer."),
        )
    parts = [
        f"{exact(p.numel())}  {name} {times(tuple(p.shape))}"
        for name, p in module.named_parameters()
    ]
    lines = (f"{total} = {' + '.join(exact(p.numel()) for p in module.parameters())}", *parts)
    return Why("parameters", title, lines if len(parts) > 1 else (total,))


def _kernel(told: Any) -> str:
    return f"{told['kernel'][0]}·{told['kernel'][1]}"


def _why_macs(layer: Layer) -> Why | None:
    operation = layer.operation
    module, out = operation.module, operation.output_shape
    if out is None:
        return None
    counted = _("Only convolutions, linear layers and matrix products count; for one picture.")
    if not layer.macs:
        return Why("macs", _("MACs"), ("0",), counted)
    total = exact(layer.macs)
    if isinstance(module, nn.Conv2d):
        each = f"{_kernel(operation.settings)}·{module.in_channels // module.groups}"
        line = f"{total} = {'·'.join(map(str, out[1:]))} × {each}"
    elif isinstance(module, nn.Linear):
        line = f"{total} = {'·'.join(map(str, out[1:]))} × {module.in_features}"
    else:
        line = _("{total}, summed over the matrix products inside").format(total=total)
    return Why("macs", _("MACs"), (line, f"FLOPs = 2 × {total} = {exact(layer.flops)}"), counted)


def _why_memory(layer: Layer) -> Why | None:
    out = layer.operation.output_shape
    if out is None:
        return None
    line = f"{exact(layer.activation_bytes)} B = {'·'.join(map(str, out))} × 4 B"
    note = _("The output of the whole batch, in 32-bit numbers.")
    if not layer.operation.allocates:
        note += " " + _("It shares its input's memory, so nothing new is allocated.")
    return Why("memory", _("Activation memory"), (line,), note)


def _why_field(layer: Layer, picture: Shape) -> Why | None:
    field, before, told = layer.ungated, layer.before, layer.operation.settings
    title = _("Receptive field")
    if field is None:
        return None
    gated = layer.field is not None and layer.field.size != field.size
    note = _("Behind a gate: through it every unit sees the whole picture.") if gated else ""
    if "kernel" in told and before is not None:
        lines = tuple(_field_lines(told, before, field))
        return Why(
            "field",
            title,
            lines,
            note or _("field before + (kernel − 1) × distance between neighbours, in pixels"),
        )
    if not field.is_map:
        text = _("Every unit sees the whole picture.") if sees_all(field, picture) else ""
        return Why("field", title, (times(field.size),), note or text)
    if len(layer.operation.inputs) > 1:
        return Why(
            "field", title, (times(field.size),), note or _("The union of what the branches see.")
        )
    return Why(
        "field",
        title,
        (times(field.size),),
        note or _("As before: each place is treated by itself."),
    )


def _field_lines(told: Any, before: Field, field: Field) -> Iterator[str]:
    axes = {}
    for axis, letter, old, new in ((0, "H", before.y, field.y), (1, "W", before.x, field.x)):
        k, d = told["kernel"][axis], told["dilation"][axis]
        factor = f"{d}·({k} − 1)" if d != 1 else f"({k} − 1)"
        axes[letter] = f"{new.size} = {old.size} + {factor} × {old.jump:g}"
    if axes["H"] == axes["W"]:
        yield axes["H"]
    else:
        yield from (f"{letter}: {line}" for letter, line in axes.items())
