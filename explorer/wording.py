"""Records → words: a layer's settings, the arithmetic of its numbers, the lesson of a misfit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from explorer.anatomy import Anatomy, Layer, Lesson
from explorer.arithmetic import Shape
from explorer.language import _, ngettext
from explorer.receptive_field import Field
from explorer.units import count, exact, size, times


@dataclass(frozen=True)
class Why:
    """The arithmetic behind one number: lines to be set in a formula's type, then a note.

    `column` names the table's column that holds the number.
    """

    column: str
    title: str
    lines: tuple[str, ...]
    note: str = ""


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
    told = layer.operation.settings
    if "kernel" in told:
        words = [f"{told['kernel'][0]}×{told['kernel'][1]}"]
        if told["stride"] != (1, 1) or "ceil" in told:
            words.append(_("stride {n}").format(n=_pair(told["stride"])))
        if told["padding"] not in ((0, 0), 0):
            words.append(_("padding {n}").format(n=_pair(told["padding"])))
        if told["dilation"] != (1, 1):
            words.append(_("dilation {n}").format(n=_pair(told["dilation"])))
        if told.get("groups", 1) != 1:
            words.append(_("{n} groups").format(n=told["groups"]))
        if told.get("bias") is False:
            words.append(_("no bias"))
        if told.get("ceil"):
            words.append(_("rounded up"))
        return ", ".join(words)
    if "output_size" in told:
        return _("to {size}").format(size=_pair(told["output_size"]))
    if "p" in told:
        return _("p = {p}, in training only").format(p=told["p"])
    if isinstance(told.get("features"), tuple):
        return _("{n} → {m}").format(n=told["features"][0], m=told["features"][1])
    if "args" in told:
        values = ", ".join(
            [*map(str, told["args"]), *(f"{k}={told[k]}" for k in told if k != "args")]
        )
        return values if len(values) < 60 else values[:57] + "…"
    return ", ".join(f"{name} {value}".strip() for name, value in told.items() if name != "bias")


# -- why this number? -------------------------------------------------------------------------


def why(layer: Layer, picture: Shape) -> tuple[Why, ...]:
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
            note
            or _(
                "field before + d·(kernel − 1) × distance between neighbours, in pixels of the picture"
            ),
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


def sees_all(field: Field, picture: Shape) -> bool:
    """Whether a unit of this field sees the whole picture."""
    return (
        field.y.start <= 0 and field.x.start <= 0
        and field.y.last(1) >= picture[2] - 1 and field.x.last(1) >= picture[3] - 1
    )  # fmt: skip


# -- totals and the lesson --------------------------------------------------------------------


def totals(anatomy: Anatomy) -> str:
    """The network in one line: "46.8 M parameters · 187 MB · 938 M MACs · …"."""
    sums = anatomy.totals
    parts = [
        _("{n} parameters").format(n=count(sums.parameters)),
        size(sums.parameter_bytes),
        _("{n} MACs").format(n=count(sums.macs)),
        count(sums.flops, "FLOPs"),
        _("{n} activations").format(n=size(sums.activation_bytes)),
    ]
    if sums.receptive_field:
        parts.append(sight(sums.receptive_field, anatomy.input))
    return " · ".join(parts)


def sight(seen: tuple[int, int], picture: Shape) -> str:
    """How much of the picture the last feature map sees: "sees 195 of 224"."""
    if seen[0] >= picture[2] and seen[1] >= picture[3]:
        return _("sees the whole picture (field {seen})").format(seen=_pair(seen))
    return _("sees {seen} of {all}").format(seen=_pair(seen), all=_pair(picture[2:]))


@dataclass(frozen=True)
class LessonText:
    """A lesson in words: the sentence, the arithmetic, what fits."""

    headline: str
    got: str
    needs: str
    explanation: str
    fits: str


def lesson(given: Lesson, title: str) -> LessonText:
    """Why the network called `title` cannot take this size."""
    layer = given.layer.operation
    arrived = shape(layer.input_shapes[0]) if layer.input_shapes else ""
    words = {"layer": layer.name, "got": given.got, "needs": given.needs, "shape": arrived}
    return LessonText(*_LESSONS[given.reason](given, words), fits(given, title))


def _features(given: Lesson, words: dict[str, Any]) -> tuple[str, str, str, str]:
    got, needs = exact(given.got or 0), exact(given.needs or 0)
    return (
        _("{layer} wants {needs} numbers, but {got} arrive.").format(layer=words["layer"], got=got, needs=needs),
        f"{'·'.join(map(str, given.arrived))} = {got}" if given.arrived else got,
        f"{needs} = {'·'.join(map(str, given.wanted))}" if given.wanted else needs,
        _("A linear layer has one weight for every number that enters it, so its input cannot change size. Convolutions and poolings do not mind."),
    )  # fmt: skip


def _channels(given: Lesson, words: dict[str, Any]) -> tuple[str, str, str, str]:
    template = ngettext(
        "{layer} was built for {needs} channel, but {got} arrive.",
        "{layer} was built for {needs} channels, but {got} arrive.",
        given.needs or 0,
    )
    return (
        template.format(**words),
        words["shape"],
        ngettext("{n} channel", "{n} channels", given.needs or 0).format(n=given.needs),
        _("A convolution has one kernel slice for every input channel."),
    )


def _window(given: Lesson, words: dict[str, Any]) -> tuple[str, str, str, str]:
    return (
        _("{layer}'s window is {needs} cells long, but only {got} arrive.").format(**words),
        words["shape"],
        _("at least {needs} cells each way, padding included").format(**words),
        _("Every stride and every pooling before it made the map smaller, until the window no longer fits."),
    )  # fmt: skip


def _shapes(given: Lesson, words: dict[str, Any]) -> tuple[str, str, str, str]:
    met = _(" and ").join(shape(each) for each in given.layer.operation.input_shapes)
    headline = _("At {layer} two branches meet with different shapes.").format(**words)
    return headline, met, _("the same height and width in every branch"), given.problem


def _refused(given: Lesson, words: dict[str, Any]) -> tuple[str, str, str, str]:
    headline = _("{layer} refuses this input.").format(**words)
    return headline, words["shape"], given.problem, _("The network checks its input by itself.")


_LESSONS = {
    "features": _features,
    "channels": _channels,
    "window": _window,
    "shapes": _shapes,
    "refused": _refused,
}


def fits(given: Lesson, title: str) -> str:
    """Which square sizes the network takes, in words."""
    if given.sides is None:
        return _("No square size near this one works.")
    low, high = given.sides
    if high is None:
        return _("{network} takes {low} × {low} and anything larger.").format(
            network=title, low=low
        )
    if low == high:
        return _("{network} takes {low} × {low}.").format(network=title, low=low)
    return _("{network} takes sizes from {low} × {low} to {high} × {high}.").format(
        network=title, low=low, high=high
    )
