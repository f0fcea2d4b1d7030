"""A summary → the layer board's data: rows, edges, and every word and number on them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from explorer.analysis import derivations, wording
from explorer.analysis.operations import INPUT, SYMBOLS, Family, family
from explorer.analysis.summary import Block, Layer, Summary
from explorer.base.language import _
from explorer.base.units import count, exact, size, times
from pages.explore.layers.board_types import Cell, Column, Content, Formula, Row

LISTED_PARTS = 12  # a block's sum is written out for up to this many parts


def columns() -> list[Column]:
    """The table's columns; costs carry a bar with their share of the total."""
    shape = _("channels × height × width")
    plain = (
        ("name", _("Layer"), ""),
        ("type", _("Type"), ""),
        ("settings", _("Settings"), ""),
        ("input", _("Input"), shape),
        ("output", _("Output"), shape),
    )
    costs = (
        ("parameters", _("Parameters"), _("trained numbers")),
        ("macs", _("MACs"), counted_as_macs()),
        ("flops", _("FLOPs"), _("2 × MACs, for one picture")),
        ("memory", _("Memory"), _("the output of the whole batch, in 32-bit numbers")),
        ("field", _("Receptive field"), _("what one unit sees, in pixels, borders ignored")),
    )
    return [
        *(Column(key=key, label=label, help=more) for key, label, more in plain),
        *(
            Column(key=key, label=label, help=more, numeric=True, bars=True)
            for key, label, more in costs
        ),
    ]


def counted_as_macs() -> str:
    """What is a multiply-add in every number of this project, and what is not."""
    return _(
        "Multiply-adds of convolutions, linear layers and matrix products, for one picture. "
        "Padded positions count; biases, normalisation, activations and pooling do not."
    )


def board(summary: Summary, title: str) -> Content:
    """Columns, rows and edges of the board of the network called `title`."""
    rows = list(_rows(summary, title))
    ids = {row["full_name"]: row["id"] for row in rows if not row["group"]}
    return {
        "title": title,
        "columns": columns(),
        "rows": rows,
        "edges": list(_edges(summary, ids)),
    }


def _edges(summary: Summary, ids: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Who reads whom. A concatenation that extends an earlier one is drawn from that one.

    In DenseNet every layer reads all layers before it; drawn as such, 200 layers are a black
    square, and the extended concatenation says the same.
    """
    joined: dict[tuple[str, ...], str] = {}
    for layer in summary.layers:
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


def _rows(summary: Summary, title: str) -> Iterator[Row]:
    """The picture, then each block before its members, in running order."""
    numbers = itertools.count(1)

    def part(item: Block | Layer, parent: int | None) -> Iterator[Row]:
        here = next(numbers)
        if isinstance(item, Block):
            yield _block_row(item, summary, here, parent)
            for inner in item.parts:
                yield from part(inner, here)
        else:
            yield _layer_row(item, summary, title, here, parent)

    yield _input_row(summary)
    for item in summary.tree:
        yield from part(item, None)


def _blank(
    number: int, parent: int | None, name: str, kind: str, its_family: Family, depth: int
) -> Row:
    return Row(
        id=number,
        parent=parent,
        depth=depth,
        group=False,
        name=name.rpartition(".")[2],
        full_name=name,
        type=kind,
        family=its_family,
        symbol="",
        settings="",
        input="",
        output="",
        shape=[],
        cells={},
        why=[],
        status="ok",
        note="",
    )


def _input_row(summary: Summary) -> Row:
    row = _blank(0, None, INPUT, _("picture"), "input", 0)
    row["output"] = wording.shape(summary.input)
    row["shape"] = list(summary.input[1:])
    return row


def _layer_row(layer: Layer, summary: Summary, title: str, number: int, parent: int | None) -> Row:
    operation = layer.operation
    kind = operation.type
    row = _blank(number, parent, operation.name, kind, family(kind), layer.depth)
    row["symbol"] = SYMBOLS.get(kind, "")
    row["settings"] = wording.settings(layer)
    row["input"] = " , ".join(wording.shape(shape) for shape in operation.input_shapes)
    row["output"] = wording.shape(operation.output_shape)
    row["shape"] = _drawn(layer)
    row["cells"] = _cells([layer], summary)
    row["why"] = [_formula(each) for each in derivations.numbers(layer, summary.input)]
    row["status"] = layer.status
    if layer.status == "unused":
        row["note"] = _never_runs()
    if layer.status == "failed" and summary.mismatch:
        text = wording.mismatch(summary.mismatch, title)
        row["note"] = text.headline
        row["why"].insert(0, _misfit(text))
    return row


def _never_runs() -> str:
    return _("Never runs in prediction; its weights are counted.")


def _drawn(layer: Layer) -> list[int]:
    """[channels, height, width] for the picture, wherever the channels lie; or [features]."""
    return list(layer.map_shape or (layer.operation.output_shape or (0,))[1:])


def _misfit(text: wording.MismatchText) -> Formula:
    arrived = _("arrived: {got}").format(got=text.got)
    needed = _("needed: {needs}").format(needs=text.needs)
    return Formula(title=text.headline, lines=[arrived, needed], note=text.explanation)


def _formula(given: derivations.Derivation) -> Formula:
    lines = list(given.lines)
    return {"title": given.title, "lines": lines, "note": given.note, "column": given.column}


def _block_row(block: Block, summary: Summary, number: int, parent: int | None) -> Row:
    leaves = list(block.leaves())
    first, last = leaves[0].operation, leaves[-1].operation
    row = _blank(number, parent, block.name, block.type, "block", block.depth)
    row["group"] = True
    row["settings"] = _("{n} operations").format(n=len(leaves))
    row["input"] = wording.shape(first.input_shapes[0]) if first.input_shapes else ""
    row["output"] = wording.shape(last.output_shape)
    row["shape"] = _drawn(leaves[-1])
    row["cells"] = _cells(leaves, summary)
    row["why"] = list(_sums(block))
    found = {leaf.status for leaf in leaves}
    row["status"] = "failed" if "failed" in found else "ok" if "ok" in found else "unused"
    row["note"] = _never_runs() if row["status"] == "unused" else ""
    return row


def _sums(block: Block) -> Iterator[Formula]:
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


def _cells(leaves: Sequence[Layer], summary: Summary) -> dict[str, Cell | None]:
    sums = summary.totals
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
        "field": _field_cell(leaves[-1], summary),
    }


def _cell(number: int, total: int) -> Cell | None:
    if not number:
        return None
    return {"text": count(number), "exact": exact(number), "share": number / max(total, 1)}


def _field_cell(layer: Layer, summary: Summary) -> Cell | None:
    field = layer.ungated
    if field is None:
        return None
    if not field.is_map:
        seen = wording.sees_all(field, summary.input)
        return {
            "text": _("all") if seen else times(field.size),
            "exact": times(field.size),
            "share": 1.0,
        }
    height, width = summary.input[2:]
    share = min(1.0, field.size[0] * field.size[1] / (height * width))
    gated = layer.field is not None and not layer.field.is_map
    note = _(" (through gates: the whole picture)") if gated else ""
    return {"text": times(field.size), "exact": times(field.size) + note, "share": share}
