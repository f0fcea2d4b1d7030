"""Blocks as small true pictures: every operation that ran, with the arithmetic of its numbers.

Drawn in the browser. Element to wait for in a test: `[data-blocks-painted="<key>"]`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

from explorer.analysis import derivations, summary, wording
from explorer.analysis.graph import INPUT, Graph
from explorer.analysis.operations import Family, family
from explorer.base.language import _
from explorer.base.units import count, exact
from explorer.lessons.blocks import Block, Meeting
from explorer.ui.boards.component import FAMILIES, Component

BLOCKS = Component(Path(__file__).with_suffix(".js"), "blocks", styles=(FAMILIES,))

WIDE, HIGH, THIN, GAP, LANE = 86, 24, 17, 8, 94  # of the drawing, in its own units
CLOSE = 2  # between a convolution and what belongs to it


class Node(TypedDict):
    """One operation: a box around (x, y), with what is said when it is pointed at."""

    x: float
    y: float
    w: float
    h: float
    family: Family
    text: str
    title: str
    lines: list[str]
    failed: NotRequired[bool]


class Card(TypedDict):
    """A block: its picture and its sums. `share` compares the parameters with the largest."""

    name: str
    title: str
    into: str
    out: str
    width: float
    height: float
    nodes: list[Node]
    wires: list[list[list[float]]]  # each a line through points
    facts: list[list[str]]  # label, as read, exactly
    share: float
    note: str


def _depths(graph: Graph) -> dict[str, int]:
    """The longest way from the input to each operation, in operations."""
    depths = {INPUT: 0}
    for operation in graph.operations:
        depths[operation.name] = 1 + max(depths.get(name, 0) for name in operation.inputs)
    return depths


def _lanes(graph: Graph) -> dict[str, float]:
    """Paths that begin at the input stand side by side; where they meet, they are in the middle."""
    first = [op.name for op in graph.operations if op.inputs == (INPUT,)]
    lanes = {INPUT: 0.0}
    for operation in graph.operations:
        if operation.inputs == (INPUT,):
            lanes[operation.name] = first.index(operation.name) - (len(first) - 1) / 2
        else:
            joined = len(operation.inputs) > 1
            lanes[operation.name] = 0.0 if joined else lanes[operation.inputs[0]]
    return lanes


def _label(layer: summary.Layer) -> tuple[str, bool]:
    """What stands in an operation's box, and whether the box is a thin one."""
    operation = layer.operation
    told, kind = operation.settings, operation.type
    if kind == "Conv2d":
        return f"{told['kernel'][0]}×{told['kernel'][1]}, {told['channels'][1]}", False
    if "kernel" in told:
        pool = _("max {k}×{k}") if kind.startswith("Max") else _("mean {k}×{k}")
        return pool.format(k=told["kernel"][0]), False
    plain = {"add": "+", "cat": _("concatenate"), "BatchNorm2d": _("batch norm")}
    return plain.get(kind, "ReLU" if kind.lower() == "relu" else kind), kind not in ("add", "cat")


def picture(graph: Graph) -> tuple[list[Node], list[list[list[float]]], float, float]:
    """Nodes, wires, width and height of the block's drawing, from the top down."""
    layers = [layer for layer in summary.measure_graph(graph) if layer.status != "unused"]
    depths, lanes = _depths(graph), _lanes(graph)
    spread = max(lanes.values()) - min(lanes.values())
    bypass = _bypass(graph, depths, lanes)
    width = spread * LANE + WIDE + 12 + (2 * 22 if bypass else 0)
    middle = width / 2
    boxes: dict[str, Node] = {}
    bottoms = {INPUT: float(GAP)}
    for layer in layers:
        operation = layer.operation
        text, thin = _label(layer)
        high = THIN if thin else HIGH
        top = max(bottoms[name] for name in operation.inputs) + (CLOSE if thin else GAP)
        bottoms[operation.name] = top + high
        joins = operation.type == "cat" and spread > 0
        boxes[operation.name] = Node(
            x=middle + lanes[operation.name] * LANE,
            y=top + high / 2,
            w=spread * LANE + WIDE if joins else HIGH if operation.type == "add" else WIDE,
            h=high,
            family=family(operation.type),
            text=text,
            title=_title(layer),
            lines=_lines(layer, graph),
        )
        if layer.status == "failed":
            boxes[operation.name]["failed"] = True
    high_in_all = max(bottoms.values()) + 2 * GAP
    wires = _wires(graph, boxes, depths if bypass else {}, (middle, high_in_all))
    return list(boxes.values()), wires, width, high_in_all


def _bypass(graph: Graph, depths: Mapping[str, int], lanes: Mapping[str, float]) -> bool:
    """Whether a wire passes by operations of its own lane, and so has to go around them."""
    return any(
        depths[operation.name] - depths[source] > 1
        and lanes[source] == 0
        and lanes[operation.name] == 0
        and not any(lanes.values())
        for operation in graph.operations
        for source in operation.inputs
    )


def _wires(
    graph: Graph,
    boxes: Mapping[str, Node],
    depths: Mapping[str, int],
    size: tuple[float, float],
) -> list[list[list[float]]]:
    """Lines through points; with `depths`, what skips operations goes around them."""
    middle, high = size
    wires = []
    for operation in graph.operations:
        to = boxes[operation.name]
        top = to["y"] - to["h"] / 2
        for name in operation.inputs:
            if name == INPUT:
                x, y = middle, 0.0
            else:
                x, y = boxes[name]["x"], boxes[name]["y"] + boxes[name]["h"] / 2
            if depths and depths[operation.name] - depths[name] > 1:  # into the side
                side = middle + WIDE / 2 + 14
                wires.append(
                    [[x, y + 3], [side, y + 3], [side, to["y"]], [to["x"] + to["w"] / 2, to["y"]]]
                )
            elif x == to["x"] or to["w"] > WIDE:
                wires.append([[x, y], [x, top]])
            elif len(operation.inputs) > 1:  # two lanes meet in a round sum: into its sides
                edge = to["x"] + to["w"] / 2 * (1 if x > to["x"] else -1)
                wires.append([[x, y], [x, to["y"]], [edge, to["y"]]])
            else:
                wires.append([[x, y], [x, y + 4], [to["x"], y + 4], [to["x"], top]])
    last = boxes[graph.operations[-1].name]
    if not graph.problem:
        wires.append([[last["x"], last["y"] + last["h"] / 2], [last["x"], high]])
    return wires


def _title(layer: summary.Layer) -> str:
    operation = layer.operation
    told = wording.settings(layer)
    words = f"{operation.name} · {operation.type}" + (f" {told}" if told else "")
    into = " , ".join(wording.shape(shape) for shape in operation.input_shapes)
    return f"{words}: {into} → {wording.shape(operation.output_shape)}"


def _lines(layer: summary.Layer, graph: Graph) -> list[str]:
    """The arithmetic of its parameters and MACs, as on the page on layers."""
    found = [
        f"{each.title}: {each.lines[0]}"
        for each in derivations.numbers(layer, graph.input_shape)
        if each.column in ("parameters", "macs") and each.lines[0] != "0"
    ]
    return found or [_("No weights, no multiply-adds.")]


def card(name: str, title: str, block: Block, most: int, note: str = "") -> Card:
    """A block's card; `most` is the largest number of parameters beside it."""
    facts = [_fact(_("parameters"), block.parameters), _fact(_("MACs"), block.macs)]
    share = block.parameters / max(most, 1)
    return _card(name, title, block.graph, facts, share=share, note=note)


def meeting_card(name: str, title: str, met: Meeting) -> Card:
    """The card of a residual block whose sum may fail, or go wrong in silence."""
    drawn = _card(name, title, met.graph, [_fact(_("parameters"), met.parameters)])
    for node in drawn["nodes"]:
        if node["text"] == "+" and met.outcome != "adds":
            node["failed"] = True
    return drawn


def _fact(label: str, number: int) -> list[str]:
    return [label, count(number), exact(number)]


def _card(
    name: str, title: str, graph: Graph, facts: list[list[str]], *, share: float = 0, note: str = ""
) -> Card:
    nodes, wires, width, height = picture(graph)
    out = wording.shape(graph.output_shape) if graph.output_shape else _("no output")
    return Card(
        name=name, title=title, into=wording.shape(graph.input_shape), out=out, width=width,
        height=height, nodes=nodes, wires=wires, facts=facts, share=share, note=note,
    )  # fmt: skip


def block_cards(cards: Sequence[Card], *, key: str) -> None:
    """Show the cards in one row (on a phone, in two columns)."""
    labels = {
        "hint": _("Point at an operation, or go to it with Tab and the arrow keys."),
        "picture": _("What runs in {name}, from top to bottom"),
    }
    BLOCKS(key=key, data={"key": key, "cards": list(cards), "labels": labels})
