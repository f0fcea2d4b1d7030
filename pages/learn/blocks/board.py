"""Blocks as small true pictures: every operation that ran, with the arithmetic of its numbers.

Drawn in the browser. Element to wait for in a test: `[data-blocks-painted="<key>"]`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from explorer.analysis import summary, wording
from explorer.analysis.operations import family
from explorer.analysis.shapes_and_macs import INPUT, Graph
from explorer.base.language import _
from explorer.base.units import count, exact
from explorer.lessons.blocks import Block, Meeting
from explorer.ui.boards.component import FAMILIES, Component

BLOCKS = Component(Path(__file__).with_suffix(".js"), "blocks", styles=(FAMILIES,))

WIDE, HIGH, THIN, GAP, LANE = 86, 24, 17, 8, 94  # of the drawing, in its own units
CLOSE = 2  # between a convolution and what belongs to it

Wire = list[list[float]]  # a line through points
Box = dict[str, Any]  # one operation around (x, y), with what is said when it is pointed at
Card = dict[str, Any]  # a block: its picture, its sums, its share of the most MACs


def _depths(graph: Graph) -> dict[str, int]:
    """The longest way from the input to each operation, in operations."""
    depths = {INPUT: 0}
    for operation in graph.operations:
        depths[operation.name] = 1 + max(depths.get(name, 0) for name in operation.inputs)
    return depths


def _lanes(graph: Graph) -> dict[str, float]:
    """Paths that begin at the input stand side by side; where they meet, they are in the middle."""
    first = [op.name for op in graph.operations if op.inputs == (INPUT,)]
    lanes = {INPUT: 0.0} | {name: n - (len(first) - 1) / 2 for n, name in enumerate(first)}
    for op in graph.operations:
        lanes.setdefault(op.name, 0.0 if len(op.inputs) > 1 else lanes[op.inputs[0]])
    return lanes


def _label(layer: summary.Layer) -> tuple[str, bool]:
    """What stands in an operation's box, and whether the box is a thin one."""
    settings, kind = layer.operation.settings, layer.operation.type
    if kind == "Conv2d":
        return f"{settings['kernel'][0]}×{settings['kernel'][1]}, {settings['channels'][1]}", False
    if "kernel" in settings:
        pool = _("max {k}×{k}") if kind.startswith("Max") else _("mean {k}×{k}")
        return pool.format(k=settings["kernel"][0]), False
    plain = {"add": "+", "cat": _("concatenate"), "BatchNorm2d": _("batch norm")}
    return plain.get(kind, "ReLU" if kind.lower() == "relu" else kind), kind not in ("add", "cat")


def picture(graph: Graph) -> tuple[list[Box], list[Wire], float, float]:
    """Nodes, wires, width and height of the block's drawing, from the top down."""
    layers = [layer for layer in summary.measure_graph(graph) if layer.status != "unused"]
    depths, lanes = _depths(graph), _lanes(graph)
    spread = max(lanes.values()) - min(lanes.values())
    # A wire that passes by operations of its own lane has to go around them.
    bypass = not any(lanes.values()) and any(
        depths[operation.name] - depths[source] > 1
        for operation in graph.operations
        for source in operation.inputs
    )
    width = spread * LANE + WIDE + 12 + (2 * 22 if bypass else 0)
    middle = width / 2
    boxes: dict[str, Box] = {}
    bottoms = {INPUT: float(GAP)}
    for layer in layers:
        operation = layer.operation
        text, thin = _label(layer)
        high = THIN if thin else HIGH
        top = max(bottoms[name] for name in operation.inputs) + (CLOSE if thin else GAP)
        bottoms[operation.name] = top + high
        joins = operation.type == "cat" and spread > 0
        wide = spread * LANE + WIDE if joins else HIGH if operation.type == "add" else WIDE
        boxes[operation.name] = {
            "x": middle + lanes[operation.name] * LANE, "y": top + high / 2, "w": wide, "h": high,
            "family": family(operation.type), "text": text, "title": _title(layer),
            "lines": _lines(layer, graph), "failed": layer.status == "failed",
        }  # fmt: skip
    height = max(bottoms.values()) + 2 * GAP
    wires = _wires(graph, boxes, depths if bypass else {}, middle, height)
    return list(boxes.values()), wires, width, height


def _wires(
    graph: Graph, boxes: Mapping[str, Box], depths: Mapping[str, int], middle: float, high: float
) -> list[Wire]:
    """From each operation to the next; with `depths`, what skips operations goes around them."""
    ends = {name: (box["x"], box["y"] + box["h"] / 2) for name, box in boxes.items()}
    ends[INPUT] = (middle, 0.0)
    wires: list[Wire] = []
    for operation in graph.operations:
        to = boxes[operation.name]
        top = to["y"] - to["h"] / 2
        for name in operation.inputs:
            x, y = ends[name]
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
    if not graph.problem:
        x, y = ends[graph.operations[-1].name]
        wires.append([[x, y], [x, high]])
    return wires


def _title(layer: summary.Layer) -> str:
    operation = layer.operation
    words = f"{operation.name} · {operation.type} {wording.settings(layer)}".rstrip()
    into = " , ".join(wording.shape(shape) for shape in operation.input_shapes)
    return f"{words}: {into} → {wording.shape(operation.output_shape)}"


def _lines(layer: summary.Layer, graph: Graph) -> list[str]:
    """The arithmetic of its parameters and MACs, as on the page on layers."""
    sums = [
        f"{each.title}: {each.lines[0]}"
        for each in wording.derivations(layer, graph.input_shape)
        if each.column in ("parameters", "macs") and each.lines[0] != "0"
    ]
    return sums or [_("No weights, no multiply-adds.")]


def card(name: str, title: str, block: Block, most: int, note: str = "") -> Card:
    """A block's card, with a bar of its MACs; `most` are those of the one beside it with most."""
    facts = [_fact(_("parameters"), block.parameters), _fact(_("MACs"), block.macs)]
    share = block.macs / max(most, 1)
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
    return {
        "name": name, "title": title, "into": wording.shape(graph.input_shape), "out": out,
        "width": width, "height": height, "nodes": nodes, "wires": wires, "facts": facts,
        "share": share, "note": note,
    }  # fmt: skip


def block_cards(cards: Sequence[Card], *, key: str) -> None:
    """Show the cards in one row (on a phone, in two columns)."""
    labels = {
        "hint": _("Point at an operation."),
        "keys": _("Tab and the arrow keys go from one to the next."),
        "picture": _("What runs in {name}, from top to bottom"),
    }
    BLOCKS(key=key, data={"key": key, "cards": list(cards), "labels": labels})
