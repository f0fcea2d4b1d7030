"""Records → words: a layer's settings, a network's totals, the arithmetic of every number."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.analysis.operations import Shape
from explorer.analysis.receptive_field import Field
from explorer.analysis.summary import Layer, Summary
from explorer.base.language import _
from explorer.base.units import count, exact, size, times

# -- settings and shapes ----------------------------------------------------------------------


def shape(value: Shape | None) -> str:
    """A tensor's shape without its batch: "96 × 54 × 54"."""
    return times(value[1:] or (1,)) if value else "–"


def _pair(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{value[0]}×{value[1]}" if value[0] != value[1] else str(value[0])
    return str(value)


def settings(layer: Layer) -> str:
    """What the layer was told, in a few words: "11×11, stride 4, padding 1"."""
    arguments = layer.operation.settings
    if "kernel" in arguments:
        return ", ".join(_window_words(arguments))
    if "output_size" in arguments:
        return _("to {size}").format(size=_pair(arguments["output_size"]))
    if "p" in arguments:
        return _("p = {p}, in training only").format(p=arguments["p"])
    if isinstance(arguments.get("features"), tuple):
        return _("{n} → {m}").format(n=arguments["features"][0], m=arguments["features"][1])
    if "args" in arguments:
        named = (f"{name}={value}" for name, value in arguments.items() if name != "args")
        return _shortened(", ".join([*map(str, arguments["args"]), *named]))
    return _shortened(", ".join(f"{name} {value}".strip() for name, value in arguments.items()))


def _window_words(settings: Mapping[str, Any]) -> Iterator[str]:
    """Kernel first, then whatever is not as usual; a pooling's stride always."""
    yield f"{settings['kernel'][0]}×{settings['kernel'][1]}"
    if settings["stride"] != (1, 1) or "ceil" in settings:
        yield _("stride {n}").format(n=_pair(settings["stride"]))
    if settings["padding"] != (0, 0):
        yield _("padding {n}").format(n=_pair(settings["padding"]))
    if settings["dilation"] != (1, 1):
        yield _("dilation {n}").format(n=_pair(settings["dilation"]))
    if settings.get("groups", 1) != 1:
        yield _("{n} groups").format(n=settings["groups"])
    if settings.get("bias") is False:
        yield _("no bias")
    if settings.get("ceil"):
        yield _("rounded up")


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


# -- totals, and what is seen of the picture -----------------------------------------------------


def totals(summary: Summary) -> str:
    """The network in one line: "46.8 M parameters · 187 MB · 938 M MACs · …"."""
    sums = summary.totals
    parts = [
        _("{n} parameters").format(n=count(sums.parameters)),
        size(sums.parameter_bytes),
        _("{n} MACs").format(n=count(sums.macs)),
        count(sums.flops, "FLOPs"),
        _("{n} activations").format(n=size(sums.activation_bytes)),
    ]
    if sums.receptive_field:
        parts.append(sight(sums.receptive_field, summary.input))
    return " · ".join(parts)


def sight(field: tuple[int, int], picture: Shape) -> str:
    """How much of the picture the last feature map sees: "sees 195 of 224"."""
    if field[0] >= picture[2] and field[1] >= picture[3]:
        return _("sees the whole picture (field {seen})").format(seen=_pair(field))
    return _("sees {seen} of {all}").format(seen=_pair(field), all=_pair(picture[2:]))


def sees_all(field: Field, picture: Shape) -> bool:
    """Whether a unit of this field sees the whole picture."""
    return (
        field.y.start <= 0 and field.x.start <= 0
        and field.y.last(1) >= picture[2] - 1 and field.x.last(1) >= picture[3] - 1
    )  # fmt: skip


# -- the arithmetic behind every number ---------------------------------------------------------


@dataclass(frozen=True)
class Derivation:
    """The arithmetic behind one number: lines to be set in a formula's type, then a note.

    `column` names the table's column that holds the number.
    """

    column: str
    title: str
    lines: tuple[str, ...]
    note: str = ""


def derivations(layer: Layer, picture: Shape) -> tuple[Derivation, ...]:
    """The arithmetic of every number of a layer, for a batch of shape `picture` (N, C, H, W)."""
    parts = _output(layer), _parameters(layer), _macs(layer), _memory(layer)
    return tuple(part for part in (*parts, _field(layer, picture)) if part)


def _output(layer: Layer) -> Derivation | None:
    operation = layer.operation
    settings, out, shapes = operation.settings, operation.output_shape, operation.input_shapes
    if out is None or not shapes:
        return None
    lines: tuple[str, ...] = (shape(out),)
    before, note = shapes[0], ""
    if "kernel" in settings and len(before) == 4 and isinstance(settings["padding"], tuple):
        lines, note = _window_lines(settings, before, out)
    elif operation.type == "cat" and settings.get("dim") == 1:
        lines = (f"{out[1]} = {' + '.join(str(each[1]) for each in shapes)}",)
        note = _("Channels are laid side by side.")
    elif operation.type in ("Flatten", "flatten") and out[1:] == (math.prod(before[1:]),):
        lines = (f"{exact(out[1])} = {'·'.join(map(str, before[1:]))}",)
    elif operation.type == "add" and len(shapes) == 2 and shapes[0] == shapes[1]:
        note = _("Added place by place: both shapes are the same.")
    elif "output_size" in settings:
        note = _("Asked for: whatever arrives is pooled to this size.")
    elif isinstance(settings.get("features"), tuple):
        note = _("As many numbers as the layer has outputs.")
    else:
        return None
    return Derivation("output", _("Output size"), lines, note)


def _window_lines(
    settings: Mapping[str, Any], before: Shape, out: Shape
) -> tuple[tuple[str, ...], str]:
    """The general formula, then each axis with its numbers (one line if both are the same)."""
    dilated, ceil = settings["dilation"] != (1, 1), bool(settings.get("ceil"))
    left, right = ("⌈", "⌉") if ceil else ("⌊", "⌋")
    reach = "d·(k − 1) − 1" if dilated else "k"
    lines, dropped = [], False
    for axis in (0, 1):
        k, s, p, d = (settings[name][axis] for name in ("kernel", "stride", "padding", "dilation"))
        steps = before[2 + axis] + 2 * p - d * (k - 1) - 1
        one_less = ceil and out[2 + axis] == -(-steps // s)
        span = f"{d}·({k} − 1) − 1" if dilated else f"{k}"
        inner = f"{left}({before[2 + axis]} + 2·{p} − {span}) / {s}{right} + 1"
        lines.append(f"{out[2 + axis]} = {inner}{' − 1' if one_less else ''}")
        dropped = dropped or one_less
    note = _("The last window would begin in the padding: it is left out.") if dropped else ""
    general = f"{left}(n + 2p − {reach}) / s{right} + 1"
    if lines[0] == lines[1]:
        return (general, lines[0]), note
    return (general, f"H: {lines[0]}", f"W: {lines[1]}"), note


def _parameters(layer: Layer) -> Derivation | None:
    operation, shared = layer.operation, layer.operation.shares_weights_with
    if not (operation.parameters or shared):
        return None
    total, settings = exact(operation.parameters), operation.settings
    lines: tuple[str, ...] = (total,)
    note = ""
    if shared and not operation.parameters:
        note = _("The same weights as {name}: counted there.").format(name=shared)
    elif shared:
        note = _("Others of its weights belong to {name} too: counted there.").format(name=shared)
    elif operation.kind == "function":
        note = _("Weights that the network uses by itself, outside any layer.")
    elif "channels" in settings or isinstance(settings.get("features"), tuple):
        line, note = _rule_of_parameters(settings)
        lines = (f"{total} = {line}",)
    elif len(operation.weights) > 1:
        parts = [f"{exact(math.prod(s))}  {name} {times(s)}" for name, s in operation.weights]
        summed = " + ".join(exact(math.prod(s)) for _name, s in operation.weights)
        lines = (f"{total} = {summed}", *parts)
    return Derivation("parameters", _("Parameters"), lines, note)


def _rule_of_parameters(settings: Mapping[str, Any]) -> tuple[str, str]:
    """The product of a convolution or a linear layer, and what its factors are."""
    if "channels" not in settings:
        inputs, outputs = settings["features"]
        if settings["bias"]:
            return f"{outputs} × ({inputs} + 1)", _("outputs × (inputs + 1 for the bias)")
        return f"{outputs} × {inputs}", _("outputs × inputs")
    inputs, outputs = settings["channels"]
    each = f"{_kernel(settings)}·{inputs // settings['groups']}"
    grouped = settings["groups"] > 1
    if settings["bias"] and grouped:
        note = _("outputs × (kernel · input channels of a group + 1 for the bias)")
    elif settings["bias"]:
        note = _("outputs × (kernel · input channels + 1 for the bias)")
    elif grouped:
        note = _("outputs × (kernel · input channels of a group)")
    else:
        note = _("outputs × (kernel · input channels)")
    return f"{outputs} × ({each}{' + 1' if settings['bias'] else ''})", note


def _kernel(settings: Mapping[str, Any]) -> str:
    return f"{settings['kernel'][0]}·{settings['kernel'][1]}"


def _macs(layer: Layer) -> Derivation | None:
    operation = layer.operation
    settings, out = operation.settings, operation.output_shape
    if out is None:
        return None
    counted = _("Only convolutions, linear layers and matrix products count; for one picture.")
    if not operation.reads_picture:
        counted = _("The picture has no part in it: counted once, whatever the batch.")
    if not layer.macs:
        return Derivation("macs", _("MACs"), ("0",), counted)
    total = exact(layer.macs)
    places = "·".join(map(str, out[1:] if operation.reads_picture else out))
    if "channels" in settings:
        weights, groups = _kernel(settings), settings["groups"]
        line = f"{total} = {places} × {weights}·{settings['channels'][0] // groups}"
    elif isinstance(settings.get("features"), tuple):
        line = f"{total} = {places} × {settings['features'][0]}"
    else:
        line = _("{total}, summed over the matrix products inside").format(total=total)
    return Derivation(
        "macs", _("MACs"), (line, f"FLOPs = 2 × {total} = {exact(layer.flops)}"), counted
    )


def _memory(layer: Layer) -> Derivation | None:
    out = layer.operation.output_shape
    if out is None:
        return None
    elements = layer.operation.output_elements
    alone = elements == math.prod(out)
    factors = "·".join(map(str, out)) if alone else exact(elements)
    line = f"{exact(layer.activation_bytes)} B = {factors} × 4 B"
    note = _("The output of the whole batch, in 32-bit numbers.")
    if not layer.operation.allocates:
        note += " " + _(
            "It lies in its input's memory, so nothing new is allocated; the sum of all outputs "
            "counts it all the same."
        )
    return Derivation("memory", _("Activation memory"), (line,), note)


def _field(layer: Layer, picture: Shape) -> Derivation | None:
    field, before, settings = layer.ungated, layer.before, layer.operation.settings
    if field is None:
        return None
    lines: tuple[str, ...] = (times(field.size),)
    if "kernel" in settings and before is not None:
        lines = tuple(_field_lines(settings, before, field))
        note = _("field before + (kernel − 1) × distance between neighbours, in pixels")
    elif not field.is_map:
        note = _("Every unit sees the whole picture.") if sees_all(field, picture) else ""
    elif len(layer.operation.inputs) > 1:
        note = _("The union of what the branches see.")
    else:
        note = _("As before: each place is treated by itself.")
    if layer.field is not None and layer.field.size != field.size:
        note = _("Behind a gate: through it every unit sees the whole picture.")
    return Derivation("field", _("Receptive field"), lines, note)


def _field_lines(settings: Any, before: Field, field: Field) -> Iterator[str]:
    axes = {}
    for axis, letter, old, new in ((0, "H", before.y, field.y), (1, "W", before.x, field.x)):
        k, d = settings["kernel"][axis], settings["dilation"][axis]
        if new.size != old.size + d * (k - 1) * old.jump:
            axes[letter] = f"{new.size}"  # after an uneven pooling no sum is exact
            continue
        factor = f"{d}·({k} − 1)" if d != 1 else f"({k} − 1)"
        axes[letter] = f"{new.size} = {old.size} + {factor} × {old.jump:g}"
    if axes["H"] == axes["W"]:
        yield axes["H"]
    else:
        yield from (f"{letter}: {line}" for letter, line in axes.items())
