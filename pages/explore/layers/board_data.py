"""A summary → the layer board's data: rows, edges, and every word and number on them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal, TypedDict

from explorer.analysis import mismatch_words, wording
from explorer.analysis.operations import INPUT, SYMBOLS, Family, family
from explorer.analysis.summary import Block, Layer, Summary
from explorer.analysis.wording import Derivation
from explorer.base.language import _
from explorer.base.units import count, exact, size, times
from explorer.ui.boards.component import below
from explorer.ui.entries import entry

# The pages on which one learns what a layer of this family does.
LEARN: Mapping[str, Sequence[str]] = {
    "convolution": ("convolution", "padding-stride", "channels", "receptive-field"),
    "pooling": ("pooling", "padding-stride", "receptive-field"),
    "linear": ("channels",),
    "normalisation": ("batch-norm",),
    "merge": ("blocks",),
    "block": ("blocks",),
}
LISTED_PARTS = 12  # a block's sum is written out for up to this many parts


class Cell(TypedDict):
    text: str  # as read: "11.7 k"
    exact: str  # on hover: "11 712"
    share: float  # 0…1


@dataclass
class Row:
    """One layer or block. Rows come in pre-order: a block, then its members in running order."""

    id: int
    parent: int | None
    depth: int
    full_name: str
    type: str
    family: Family
    group: bool = False
    symbol: str = ""  # what a merge shows in the picture: "+", "cat", "×"
    settings: str = ""
    input: str = ""
    output: str = ""
    shape: list[int] = field(default_factory=list)  # [C, H, W], [tokens, C] or [features]
    cells: dict[str, Cell | None] = field(default_factory=dict)  # missing or None reads "–"
    why: list[Derivation] = field(default_factory=list)  # each lights up with its column's cell
    status: Literal["ok", "failed", "unused"] = "ok"
    note: str = ""
    name: str = field(init=False)  # the last part of the dotted name

    def __post_init__(self) -> None:
        self.name = self.full_name.rpartition(".")[2]


def columns() -> list[dict[str, Any]]:
    """The table's columns. The plain ones read the row's field of that name, the others its cells:
    those are numbers, with a bar under each: its share of the total.
    """
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
        {"key": key, "label": label, "help": more, "numeric": costly, "bars": costly}
        for group, costly in ((plain, False), (costs, True))
        for key, label, more in group
    ]


def counted_as_macs() -> str:
    """What is a multiply-add in every number of this project, and what is not."""
    return _(
        "Multiply-adds of convolutions, linear layers and matrix products, for one picture. "
        "Padded positions count; biases, normalisation, activations and pooling do not."
    )


def board(summary: Summary, title: str) -> dict[str, Any]:
    """Columns, rows (`Row`) and edges of the board of the network called `title`; edges lie between
    rows that are no blocks, and the picture is a row too.
    """
    rows = list(_rows(summary, title))
    ids = {row.full_name: row.id for row in rows if not row.group}
    return {
        "title": title,
        "columns": columns(),
        "rows": rows,
        "edges": list(_edges(summary, ids)),
        "learn": {kind: [*map(_link, urls)] for kind, urls in LEARN.items()},
    }


def learnable() -> frozenset[str]:
    """The addresses of all pages that rows lead to."""
    return frozenset(itertools.chain(*LEARN.values()))


def _link(url: str) -> dict[str, str]:
    return {"url": url, "href": below(url), "title": _(entry(url).title)}


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

    shape = wording.shape(summary.input)
    yield Row(0, None, 0, INPUT, _("picture"), "input", output=shape, shape=[*summary.input[1:]])
    for item in summary.tree:
        yield from part(item, None)


def _layer_row(layer: Layer, summary: Summary, title: str, number: int, parent: int | None) -> Row:
    operation = layer.operation
    kind = operation.type
    row = Row(
        number,
        parent,
        layer.depth,
        operation.name,
        kind,
        family(kind),
        symbol=SYMBOLS.get(kind, ""),
        settings=wording.settings(layer),
        input=" , ".join(map(wording.shape, operation.input_shapes)),
        output=wording.shape(operation.output_shape),
        shape=_drawn(layer),
        cells=_cells([layer], summary),
        why=list(wording.derivations(layer, summary.input)),
        status=layer.status,
        note=_never_runs() if layer.status == "unused" else "",
    )
    if layer.status == "failed" and summary.mismatch:
        text = mismatch_words.mismatch(summary.mismatch, title)
        row.note = text.headline
        arrived = _("arrived: {got}").format(got=text.got)
        needed = _("needed: {needs}").format(needs=text.needs)
        row.why.insert(0, Derivation("", text.headline, (arrived, needed), text.explanation))
    return row


def _never_runs() -> str:
    return _("Never runs in prediction; its weights are counted.")


def _drawn(layer: Layer) -> list[int]:
    """[channels, height, width] for the picture, wherever the channels lie; or [features]."""
    return list(layer.map_shape or (layer.operation.output_shape or (0,))[1:])


def _block_row(block: Block, summary: Summary, number: int, parent: int | None) -> Row:
    leaves = list(block.leaves())
    first, last = leaves[0].operation, leaves[-1].operation
    states = {leaf.status for leaf in leaves}
    status = next(state for state in ("failed", "ok", "unused") if state in states)
    return Row(
        number,
        parent,
        block.depth,
        block.name,
        block.type,
        "block",
        group=True,
        settings=_("{n} operations").format(n=len(leaves)),
        input=wording.shape(first.input_shapes[0]) if first.input_shapes else "",
        output=wording.shape(last.output_shape),
        shape=_drawn(leaves[-1]),
        cells=_cells(leaves, summary),
        why=list(_sums(block)),
        status=status,
        note=_never_runs() if status == "unused" else "",
    )


def _sums(block: Block) -> Iterator[Derivation]:
    """A block's numbers are the sums of its parts'."""
    parts = [list(part.leaves()) if isinstance(part, Block) else [part] for part in block.parts]
    for column, title in (("parameters", _("Parameters")), ("macs", _("MACs"))):
        terms = [term for leaves in parts if (term := sum(map(attrgetter(column), leaves)))]
        if len(terms) > 1:
            total = exact(sum(terms))
            line = _("{total}, the sum of {n} parts").format(total=total, n=len(terms))
            if len(terms) <= LISTED_PARTS:
                line = f"{total} = {' + '.join(map(exact, terms))}"
            yield Derivation(column, title, (line,), _("The sum of its parts."))


def _cells(leaves: Sequence[Layer], summary: Summary) -> dict[str, Cell | None]:
    sums = summary.totals
    memory = sum(leaf.activation_bytes for leaf in leaves)
    macs = sum(leaf.macs for leaf in leaves)
    return {
        "parameters": _cell(sum(leaf.parameters for leaf in leaves), sums.parameters),
        "macs": _cell(macs, sums.macs),
        "flops": _cell(2 * macs, sums.flops),
        "memory": _cell(memory, sums.activation_bytes, size(memory), " B"),
        "field": _field_cell(leaves[-1], summary),
    }


def _cell(number: int, total: int, text: str = "", unit: str = "") -> Cell | None:
    if not number:
        return None
    share = min(1.0, number / max(total, 1))  # a layer that failed has no part in the total
    return Cell(text=text or count(number), exact=exact(number) + unit, share=share)


def _field_cell(layer: Layer, summary: Summary) -> Cell | None:
    sight = layer.ungated
    if sight is None:
        return None
    text = times(sight.size)
    if not sight.is_map:
        whole = wording.sees_all(sight, summary.input)
        return Cell(text=_("all") if whole else text, exact=text, share=1.0)
    height, width = summary.input[2:]
    share = min(1.0, sight.size[0] * sight.size[1] / (height * width))
    gated = layer.field is not None and not layer.field.is_map
    note = _(" (through gates: the whole picture)") if gated else ""
    return Cell(text=text, exact=text + note, share=share)
