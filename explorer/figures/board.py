"""An anatomy → the layer board's data: rows, edges, and every word and number on them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from explorer import wording
from explorer.anatomy import Anatomy, Block, Layer
from explorer.graph import INPUT
from explorer.language import _
from explorer.units import count, exact, size, times

# What an operation does, for its colour in the picture: the first word that its type holds.
FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("attention", ("Attention", "scaled_dot_product", "softmax")),
    ("convolution", ("Conv", "conv")),
    ("linear", ("Linear", "linear", "matmul", "einsum", "bmm")),
    ("pooling", ("Pool", "pool", "mean")),
    ("normalisation", ("Norm", "norm")),
    ("dropout", ("Drop", "drop", "StochasticDepth")),
    ("activation", ("LU", "lu", "igmoid", "anh", "wish", "clamp")),
    ("reshape", ("latten", "view", "reshape", "ermute", "transpose", "chunk", "split", "getitem",
                 "expand", "contiguous", "roll", "pad", "squeeze", "Swap", "swap", "Partition")),
)  # fmt: skip
SYMBOLS = {"add": "+", "cat": "cat", "mul": "×", "sub": "−", "div": "÷"}
LISTED_PARTS = 12  # a block's sum is written out for up to this many parts


def family(kind: str) -> str:
    """The family of an operation of type `kind`."""
    if kind in SYMBOLS:
        return "merge"
    return next((name for name, words in FAMILIES if any(w in kind for w in words)), "other")


def columns() -> list[dict[str, Any]]:
    """The table's columns; costs carry a bar with their share of the total."""
    cost = {"numeric": True, "bars": True}
    return [
        {"key": "name", "label": _("Layer")},
        {"key": "type", "label": _("Type")},
        {"key": "settings", "label": _("Settings")},
        {"key": "input", "label": _("Input"), "help": _("channels × height × width")},
        {"key": "output", "label": _("Output"), "help": _("channels × height × width")},
        {"key": "parameters", "label": _("Parameters"), "help": _("trained numbers"), **cost},
        {"key": "macs", "label": _("MACs"), "help": _("Multiply-adds of convolutions, linear layers and matrix products, for one picture. Padded positions count; biases, normalisation, activations and pooling do not."), **cost},
        {"key": "flops", "label": _("FLOPs"), "help": _("2 × MACs, for one picture"), **cost},
        {"key": "memory", "label": _("Memory"), "help": _("the output of the whole batch, in 32-bit numbers"), **cost},
        {"key": "field", "label": _("Receptive field"), "help": _("pixels of the picture that one unit sees, its border ignored"), **cost},
    ]  # fmt: skip


def board(anatomy: Anatomy, title: str) -> dict[str, Any]:
    """Columns, rows and edges of the board of the network called `title`."""
    rows = list(_rows(anatomy, title))
    ids = {row["full_name"]: row["id"] for row in rows if not row["group"]}
    return {
        "title": title,
        "columns": columns(),
        "rows": rows,
        "edges": list(_edges(anatomy, ids)),
    }


def _edges(anatomy: Anatomy, ids: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Who reads whom. A concatenation that extends an earlier one is drawn from that one.

    In DenseNet every layer reads all layers before it; drawn as such, 200 layers are a black
    square, and the extended concatenation says the same.
    """
    joined: dict[tuple[str, ...], str] = {}
    for layer in anatomy.layers:
        operation = layer.operation
        sources = tuple(dict.fromkeys(operation.inputs))
        if operation.type == "cat":
            joined[sources] = operation.name
            for length in range(len(sources) - 1, 1, -1):
                if earlier := joined.get(sources[:length]):
                    sources = (earlier, *sources[length:])
                    break
        for source in sources:
            yield ids[source], ids[operation.name]


def _rows(anatomy: Anatomy, title: str) -> Iterator[dict[str, Any]]:
    number = 0

    def part(item: Block | Layer, parent: int | None) -> Iterator[dict[str, Any]]:
        nonlocal number
        number += 1
        here = number
        if isinstance(item, Block):
            yield {"id": here, "parent": parent, **_block_row(item, anatomy)}
            for inner in item.parts:
                yield from part(inner, here)
        else:
            yield {"id": here, "parent": parent, **_layer_row(item, anatomy, title)}

    yield {"id": 0, "parent": None, **_input_row(anatomy)}
    for item in anatomy.tree:
        yield from part(item, None)


def _input_row(anatomy: Anatomy) -> dict[str, Any]:
    shown = wording.shape(anatomy.input)
    return {
        **_blank(INPUT, _("picture"), "input", 0),
        "input": "",
        "output": shown,
        "shape": list(anatomy.input[1:]),
    }


def _blank(name: str, kind: str, its_family: str, depth: int) -> dict[str, Any]:
    return {
        "name": name.rsplit(".", maxsplit=1)[-1],
        "full_name": name,
        "type": kind,
        "family": its_family,
        "depth": depth,
        "group": False,
        "symbol": "",
        "settings": "",
        "input": "",
        "output": "",
        "shape": [],
        "cells": {},
        "why": [],
        "status": "ok",
        "note": "",
    }


def _layer_row(layer: Layer, anatomy: Anatomy, title: str) -> dict[str, Any]:
    operation = layer.operation
    inputs = [wording.shape(shape) for shape in operation.input_shapes]
    row = {
        **_blank(operation.name, operation.type, family(operation.type), layer.depth),
        "symbol": SYMBOLS.get(operation.type, ""),
        "settings": wording.settings(layer),
        "input": " , ".join(inputs),
        "output": wording.shape(operation.output_shape),
        "shape": list((operation.output_shape or (0,))[1:]),
        "cells": _cells([layer], anatomy),
        "why": [_formula(each) for each in wording.why(layer, anatomy.input)],
        "status": layer.status,
    }
    if layer.status == "unused":
        row["note"] = _("Never runs in prediction; its weights are counted.")
    if layer.status == "failed" and anatomy.lesson:
        text = wording.lesson(anatomy.lesson, title)
        row["note"] = text.headline
        lines = [
            _("arrived: {got}").format(got=text.got),
            _("needed: {needs}").format(needs=text.needs),
        ]
        row["why"].insert(0, {"title": text.headline, "lines": lines, "note": text.explanation})
    return row


def _formula(why: wording.Why) -> dict[str, Any]:
    return {"title": why.title, "lines": list(why.lines), "note": why.note, "column": why.column}


def _block_row(block: Block, anatomy: Anatomy) -> dict[str, Any]:
    leaves = list(block.leaves())
    first, last = leaves[0].operation, leaves[-1].operation
    return {
        **_blank(block.name, block.type, "block", block.depth),
        "group": True,
        "settings": _("{n} operations").format(n=len(leaves)),
        "input": wording.shape(first.input_shapes[0]) if first.input_shapes else "",
        "output": wording.shape(last.output_shape),
        "shape": list((last.output_shape or (0,))[1:]),
        "cells": _cells(leaves, anatomy),
        "why": list(_sums(block)),
        "status": "failed" if any(leaf.status == "failed" for leaf in leaves) else "ok",
    }


def _sums(block: Block) -> Iterator[dict[str, Any]]:
    """A block's numbers are the sums of its parts'."""
    parts = [list(part.leaves()) if isinstance(part, Block) else [part] for part in block.parts]
    for column, title, value in (
        ("parameters", _("Parameters"), _parameters),
        ("macs", _("MACs"), _macs),
    ):
        terms = [term for leaves in parts if (term := sum(map(value, leaves)))]
        if len(terms) > 1:
            total = exact(sum(terms))
            listed = " + ".join(map(exact, terms)) if len(terms) <= LISTED_PARTS else ""
            line = (
                f"{total} = {listed}"
                if listed
                else _("{total}, the sum of {n} parts").format(total=total, n=len(terms))
            )
            yield {
                "title": title,
                "lines": [line],
                "note": _("The sum of its parts."),
                "column": column,
            }


def _parameters(layer: Layer) -> int:
    return layer.operation.parameters


def _macs(layer: Layer) -> int:
    return layer.macs


def _cells(leaves: Sequence[Layer], anatomy: Anatomy) -> dict[str, Any]:
    sums = anatomy.totals
    memory = sum(leaf.activation_bytes for leaf in leaves)
    macs = sum(map(_macs, leaves))
    return {
        "parameters": _cell(sum(map(_parameters, leaves)), sums.parameters),
        "macs": _cell(macs, sums.macs),
        "flops": _cell(2 * macs, sums.flops),
        "memory": {
            "text": size(memory),
            "exact": f"{exact(memory)} B",
            "share": memory / max(sums.activation_bytes, 1),
        }
        if memory
        else None,
        "field": _field_cell(leaves[-1], anatomy),
    }


def _cell(number: int, total: int) -> dict[str, Any] | None:
    if not number:
        return None
    return {"text": count(number), "exact": exact(number), "share": number / max(total, 1)}


def _field_cell(layer: Layer, anatomy: Anatomy) -> dict[str, Any] | None:
    field = layer.ungated
    if field is None:
        return None
    if not field.is_map:
        seen = wording.sees_all(field, anatomy.input)
        return {
            "text": _("all") if seen else times(field.size),
            "exact": times(field.size),
            "share": 1.0,
        }
    height, width = anatomy.input[2:]
    share = min(1.0, field.size[0] * field.size[1] / (height * width))
    gated = layer.field is not None and not layer.field.is_map
    note = _(" (through gates: the whole picture)") if gated else ""
    return {"text": times(field.size), "exact": times(field.size) + note, "share": share}
