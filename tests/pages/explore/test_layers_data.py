"""The board's data and the figures say what the summary says."""

import json
from typing import Any

import pytest

from explorer.analysis.summary import Block, Layer, Summary, measure
from explorer.networks import NetworkSpec, course, get
from pages.explore.layers import charts
from pages.explore.layers.board_data import board
from pages.explore.layers.parts import record

CASES = [
    *course(),
    "torchvision/densenet121",
    "torchvision/googlenet",
    "torchvision/efficientnet_b0",
    "torchvision/inception_v3",
    "torchvision/swin_t",
    "torchvision/vit_b_16",
]


@pytest.fixture(scope="module", params=CASES)
def found(request: pytest.FixtureRequest) -> Summary:
    return measure(NetworkSpec.parse(request.param), get(request.param).input_size, batch=2)


def drawn(summary: Summary) -> dict[str, Any]:
    """The board's data as the browser gets it."""
    return json.loads(json.dumps(board(summary, title="A title"), allow_nan=False, default=vars))


def in_order(parts: tuple[Block | Layer, ...]) -> list[str]:
    names: list[str] = []
    for part in parts:
        if isinstance(part, Block):
            names += [part.name, *in_order(part.parts)]
        else:
            names.append(part.operation.name)
    return names


def number(cell: dict[str, Any] | None) -> int:
    return int(cell["exact"].removesuffix(" B").replace("\u202f", "")) if cell else 0


def test_rows_are_the_layers_each_block_before_its_parts(found: Summary):
    rows = drawn(found)["rows"]
    assert [row["id"] for row in rows] == list(range(len(rows)))
    assert [row["full_name"] for row in rows[1:]] == in_order(found.tree)
    open_rows: list[dict[str, Any]] = []  # blocks around the row at hand
    for row in rows:
        while open_rows and open_rows[-1]["id"] != row["parent"]:
            open_rows.pop()
        assert (row["parent"] is None) == (not open_rows)
        assert row["depth"] == len(open_rows)
        if row["group"]:
            open_rows.append(row)
    assert rows[0]["shape"] == list(found.input[1:])


def test_edges_join_layers_in_running_order(found: Summary):
    data = drawn(found)
    rows = data["rows"]
    read = set()
    for source, target in data["edges"]:
        assert 0 <= source < target < len(rows)
        assert not rows[source]["group"]
        assert not rows[target]["group"]
        read.add(target)
    reading = {layer.operation.name for layer in found.layers if layer.operation.inputs}
    assert {rows[target]["full_name"] for target in read} == reading


def test_what_a_layer_reads_is_drawn(found: Summary):
    """A concatenation that extends an earlier one may be drawn from that one."""
    data = drawn(found)
    drawn_from: dict[str, set[str]] = {}
    for source, target in data["edges"]:
        names = [data["rows"][end]["full_name"] for end in (source, target)]
        drawn_from.setdefault(names[1], set()).add(names[0])
    whole: dict[str, set[str]] = {}  # what each concatenation holds
    for layer in found.layers:
        name, read = layer.operation.name, set(layer.operation.inputs)
        sources = drawn_from.get(name, set())
        if layer.operation.type == "cat":
            held = {part for source in sources for part in whole.get(source, {source})}
            assert read in (sources, held)
            whole[name] = read
        else:
            assert read == sources


def test_cells_of_a_block_are_the_sums_of_its_parts(found: Summary):
    rows = drawn(found)["rows"]
    totals = {
        "parameters": found.totals.parameters,
        "macs": found.totals.macs,
        "flops": found.totals.flops,
        "memory": found.totals.activation_bytes,
    }
    for column, total in totals.items():
        sums: dict[int | None, int] = {}
        for row in rows:
            cell = row["cells"].get(column)
            sums[row["parent"]] = sums.get(row["parent"], 0) + number(cell)
            assert cell is None or 0 < cell["share"] <= 1
            assert cell is None or cell["share"] == pytest.approx(number(cell) / total)
        for row in rows:
            if row["group"]:
                assert sums[row["id"]] == number(row["cells"][column])
        assert sums[None] == total
    for row in rows[1:]:
        assert {*totals, "field"} == row["cells"].keys()
        field = row["cells"]["field"]
        assert field is None or 0 < field["share"] <= 1


def test_a_misfit_is_marked_and_explained():
    rows = drawn(measure(NetworkSpec.parse("lenet"), (1, 224, 224)))["rows"]
    assert [row["name"] for row in rows if row["status"] == "failed"] == ["fc1"]
    assert "46\u202f656" in rows[-1]["note"]
    assert rows[-1]["why"][0]["lines"][1] == "needed: 400 = 16·5·5"
    rows = drawn(measure(NetworkSpec.parse("vgg11"), (1, 31, 31)))["rows"]
    assert [row["name"] for row in rows if row["status"] == "failed"] == ["block5", "pool"]


def test_heads_that_never_run_are_listed():
    rows = drawn(measure(NetworkSpec.parse("torchvision/inception_v3"), (3, 299, 299)))["rows"]
    unused = [row for row in rows if row["status"] == "unused"]
    assert unused
    assert all("AuxLogits" in row["full_name"] and row["note"] for row in unused)


def test_densenets_concatenations_are_drawn_one_from_another():
    data = drawn(measure(NetworkSpec.parse("torchvision/densenet121"), (3, 224, 224)))
    leaves = sum(not row["group"] for row in data["rows"])
    assert len(data["edges"]) < 1.5 * leaves


# Charts and the file for a spreadsheet


@pytest.mark.parametrize(
    ("name", "quantity", "text"),
    [
        ("alexnet", "parameters", "92 % sit in 2 of 8 layers: fc1, fc2"),
        ("vgg11", "parameters", "93 % sit in 2 of 11 layers: fc1, fc2"),
        ("lenet", "MACs", "97 % sit in 3 of 5 layers: conv2, conv1, fc1"),
    ],
)
def test_where_most_of_it_sits(name: str, quantity: str, text: str):
    found = measure(NetworkSpec.parse(name), get(name).input_size)
    assert charts.concentration(found, quantity) == text


def test_bars_hold_all_of_a_cost(found: Summary):
    totals = {
        "parameters": found.totals.parameters,
        "MACs": found.totals.macs,
        "memory": found.totals.activation_bytes,
    }
    for quantity in charts.QUANTITIES:
        (bars,) = charts.costs(found, quantity).data
        assert sum(bars.y) == totals[quantity]
        assert min(bars.y) > 0
        assert len(set(bars.x)) == len(bars.x) == len(bars.y)
        assert sum(share for *_, share in bars.customdata) == pytest.approx(100)


def test_lines_follow_the_shapes():
    found = measure(NetworkSpec.parse("lenet"), (1, 28, 31))
    lines = {line.name: list(line.y) for line in charts.shapes(found).data}
    assert lines["height"][:4] == [28, 28, 14, 10]
    assert lines["width"][:4] == [31, 31, 15, 11]
    assert lines["channels or features"][-3:] == [84, 84, 10]
    square = charts.shapes(measure(NetworkSpec.parse("lenet"), (1, 28, 28)))
    assert [line.name for line in square.data] == ["height and width", "channels or features"]


def test_the_spreadsheet_holds_every_layer(found: Summary):
    rows = [record(layer) for layer in found.layers]
    assert [row["name"] for row in rows] == [layer.operation.name for layer in found.layers]
    assert sum(row["parameters"] for row in rows) == found.totals.parameters
    assert sum(row["macs_per_picture"] for row in rows) == found.totals.macs
    assert sum(row["activation_bytes"] for row in rows) == found.totals.activation_bytes
    assert not {row["status"] for row in rows} - {"ok", "unused"}
