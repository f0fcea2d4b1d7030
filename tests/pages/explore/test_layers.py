"""The page on layers: what is picked, said, kept; board and figures say what the summary says."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from explorer.analysis.summary import Block, Layer, Summary, measure
from explorer.base import inputs
from explorer.networks import NetworkSpec, course, get
from pages.explore.layers import board as board_view
from pages.explore.layers import charts
from pages.explore.layers.board_data import board
from pages.explore.layers.parts import record
from tests import opened_pages
from tests.opened_pages import boards, text

opened = partial(opened_pages.opened, "layers")


@pytest.mark.parametrize("name", [*course(), "torchvision/resnet18"])
def test_every_network_is_shown_at_its_own_size(name: str) -> None:
    at = opened()
    at.selectbox(key="layers.network").set_value(name).run()
    architecture = get(name)
    assert not at.exception
    assert architecture.title in at.title[0].value
    assert at.text_input(key="layers.input").value == "x".join(map(str, architecture.input_size))
    assert not at.error
    assert "lesson" not in text(at)


def test_another_network_brings_its_own_defaults() -> None:
    at = opened(network="lenet", input="1x30x30", activation="relu")
    assert at.selectbox(key="layers.activation").value == "relu"
    at.selectbox(key="layers.network").set_value("torchvision/resnet18").run()
    assert at.text_input(key="layers.input").value == "3x224x224"
    assert at.number_input(key="layers.num_classes").value == 1000
    at.selectbox(key="layers.network").set_value("lenet").run()
    assert at.selectbox(key="layers.activation").value == "sigmoid"
    assert at.number_input(key="layers.num_classes").value == 10


def test_what_was_chosen_is_what_is_measured() -> None:
    at = opened(network="vgg11", input="1x240x230", conv_ratio="4", batch="8", num_classes="7")
    assert at.selectbox(key="layers.conv_ratio").label == "Width of the convolutions ÷"
    spec = NetworkSpec.parse("vgg11", {"conv_ratio": 4, "num_classes": 7})
    parameters = measure(spec, (1, 240, 230), 8).totals.parameters
    assert f"{parameters / 1e6:.1f} M parameters" in text(at)


def test_a_size_that_does_not_fit_is_a_lesson_with_a_way_out() -> None:
    at = opened(network="lenet", input="224")
    for words in (
        "Before fc1: 2.57 k parameters",
        "fc1 wants 400 numbers",
        "16·54·54 = 46\u202f656",
        "400 = 16·5·5",
        "28 × 28 to 31 × 31",
    ):
        assert words in text(at)
    assert "padding-stride" in {link.proto.page for link in at.get("page_link")}
    at.button(key="layers.use_nearest").click().run()
    assert at.text_input(key="layers.input").value == "1x31x31"
    assert "fc1 wants" not in text(at)


def test_a_transformer_says_in_words_why_it_takes_one_size_only() -> None:
    at = opened(network="torchvision/vit_b_16", input="28")
    for words in (
        "ViT-B-16 (torchvision) does not take pictures of 28 × 28",
        "Arrived: **3 × 28 × 28**. Needed: **3 × 224 × 224**. It cuts a picture into patches",
        "Nothing runs at this size.",
    ):
        assert words in text(at)
    assert "Wrong image height" not in text(at)
    at.button(key="layers.use_nearest").click().run()
    assert at.text_input(key="layers.input").value == "3x224x224"
    at = opened(network="lenet", input="3x28x28", in_channels="1")
    assert at.button(key="layers.use_channels").label == "Build it for 3 channels"
    at = opened(network="lenet", input="1x28x28", in_channels="3")
    assert at.button(key="layers.use_channels").label == "Build it for 1 channel"


def test_channels_that_do_not_match_can_be_mended_from_either_side() -> None:
    at = opened(network="lenet", input="3x28x28")
    assert "conv1 was built for 1 channel, but 3 arrive" in text(at)
    at.button(key="layers.use_channels").click().run()
    assert at.number_input(key="layers.in_channels").value == 3
    assert "conv1 was built" not in text(at)
    again = opened(network="lenet", input="3x28x28")
    again.button(key="layers.use_nearest").click().run()
    assert again.text_input(key="layers.input").value == "1x28x28"


@pytest.mark.parametrize("size", ["abc", "0x28x28", "28x-1", "1x2x3x4", "99999999", "1x1e3x5"])
def test_nonsense_is_answered_by_a_sentence_and_a_button(size: str) -> None:
    at = opened(network="lenet", input=size)
    assert len(at.error) == 1
    at.button[0].click().run()
    assert not at.error
    assert at.text_input(key="layers.input").value == "1x28x28"
    at.text_input(key="layers.input").set_value("").run()  # no size is the network's own
    assert not at.error
    assert "61.7 k parameters" in text(at)


def test_a_network_that_does_not_exist_is_named() -> None:
    at = opened(network="lenett")
    assert "lenett" in at.warning[0].value
    assert "lenet" in at.warning[0].value


def test_what_a_link_says_in_vain_is_told_and_what_the_page_knows_is_not() -> None:
    address = {
        "network": "lenet", "input": "1x28x28", "batch": "2", "num_classes": "7", "view": "costs",
        "open": "all", "show": "memory", "picture": "svg", "optimizer": "sgd",
    }  # fmt: skip
    at = opened(**address, layer="conv1", ratio="4")
    assert [each.value for each in at.warning] == [
        "The link says `ratio=4`, which this page does not know."
    ]
    assert "ratio" not in at.query_params
    assert not opened(**address).warning


def test_all_sums_say_what_training_takes() -> None:
    at = opened(network="alexnet", batch="32")
    at.session_state["layers.sums"] = True
    at.run()
    assert "46\u202f764\u202f746" in text(at)  # parameters
    assert "374 MB" in text(at)  # two numbers of Adam for each weight: 8 bytes × 46.8 M
    tables = [part.value for part in at.markdown if part.value.startswith("|")]
    assert len(tables) == 2
    for each in tables:  # no heading is empty
        assert all(word.strip() for word in each.splitlines()[0].strip("|").split("|"))
    at.selectbox(key="layers.optimizer").set_value("sgd").run()
    assert "374 MB" not in text(at)


@pytest.mark.parametrize(
    ("address", "words", "drawn"),
    [
        ({"view": "costs"}, "92 % sit in 2 of 8 layers: fc1, fc2", 46_764_746),
        ({"view": "costs", "show": "MACs"}, "layers: conv2, ", 938_146_176),
        ({"view": "code"}, "runs by itself", None),
        ({"view": "about"}, "ImageNet", None),
    ],
)
def test_the_other_tabs_open_from_a_link(
    address: dict[str, str], words: str, drawn: int | None
) -> None:
    at = opened(network="alexnet", **address)
    everything = text(at) + "".join(block.value for block in at.code)
    assert words in everything
    charts = [json.loads(each.proto.spec)["data"] for each in at.get("plotly_chart")]
    assert len(charts) == (2 if drawn else 0)
    assert not drawn or sum(charts[0][0]["y"]) == drawn


def test_a_batch_that_is_too_large_becomes_the_largest_and_is_told_once() -> None:
    at = opened(network="lenet", batch="99999")
    assert at.number_input(key="layers.batch").value == inputs.MAX_BATCH
    (warning,) = at.warning
    assert warning.value.count("batch=99999") == 1
    assert str(inputs.MAX_BATCH) in warning.value


def test_the_board_is_given_the_same_after_a_choice() -> None:
    at = opened(network="lenet")
    before = boards(at)
    at.query_params["layer"] = "conv1"
    at.query_params["open"] = "none"
    at.run()
    assert boards(at) == before
    assert "conv1" in str(before)


@pytest.mark.parametrize(
    ("name", "opened_first"),
    [
        ("googlenet", []),
        ("lenet", []),
        ("torchvision/vgg11", ["features"]),
        ("torchvision/swin_t", ["features"]),
        ("torchvision/regnet_y_400mf", ["trunk_output"]),
        ("torchvision/resnet18", []),
    ],
)
def test_the_first_view_has_something_to_see(name: str, opened_first: list[str]) -> None:
    spec = NetworkSpec.parse(name)
    rows = board(measure(spec, spec.input_size), name)["rows"]
    names = board_view.names(rows)
    first = board_view.first_open(rows)
    assert [names[block] for block in first] == opened_first
    for opened_blocks in (first, "none", "all"):
        address = {"open": board_view.write_open(opened_blocks, names, first)}
        read = board_view.read({k: v for k, v in address.items() if v}, names, first)["open"]
        assert (read or "none") == (opened_blocks or "none")


def test_a_name_that_comes_twice_can_still_be_chosen() -> None:
    rows = board(measure(NetworkSpec.parse("googlenet"), (1, 96, 96)), "GoogLeNet")["rows"]
    block = next(row for row in rows if row.group)
    twin = replace(block, id=9_999)
    names = board_view.names([*rows, twin])
    assert len(set(names.values())) == len(rows) + 1
    assert board_view.read({"layer": names[9_999]}, names, [])["selected"] == 9_999


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
def summary(request: pytest.FixtureRequest) -> Summary:
    return measure(NetworkSpec.parse(request.param), get(request.param).input_size, batch=2)


def drawn(summary: Summary) -> dict[str, Any]:
    """The board's data as the browser gets it."""
    return json.loads(json.dumps(board(summary, title="A title"), allow_nan=False, default=vars))


@pytest.fixture(scope="module")
def data(summary: Summary) -> dict[str, Any]:
    return drawn(summary)


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


def test_rows_are_the_layers_each_block_before_its_parts(summary: Summary, data: dict[str, Any]):
    rows = data["rows"]
    assert [row["id"] for row in rows] == list(range(len(rows)))
    assert [row["full_name"] for row in rows[1:]] == in_order(summary.tree)
    open_rows: list[dict[str, Any]] = []  # blocks around the row at hand
    for row in rows:
        while open_rows and open_rows[-1]["id"] != row["parent"]:
            open_rows.pop()
        assert (row["parent"] is None) == (not open_rows)
        assert row["depth"] == len(open_rows)
        if row["group"]:
            open_rows.append(row)
    assert rows[0]["shape"] == list(summary.input[1:])


def test_what_a_layer_reads_is_drawn(summary: Summary, data: dict[str, Any]):
    """In running order. A concatenation that extends an earlier one may be drawn from that one."""
    drawn_from: dict[str, set[str]] = {}
    for source, target in data["edges"]:
        assert 0 <= source < target < len(data["rows"])
        ends = data["rows"][source], data["rows"][target]
        assert not any(row["group"] for row in ends)
        drawn_from.setdefault(ends[1]["full_name"], set()).add(ends[0]["full_name"])
    whole: dict[str, set[str]] = {}  # what each concatenation holds
    for layer in summary.layers:
        name, read = layer.operation.name, set(layer.operation.inputs)
        sources = drawn_from.get(name, set())
        if layer.operation.type == "cat":
            held = {part for source in sources for part in whole.get(source, {source})}
            assert read in (sources, held)
            whole[name] = read
        else:
            assert read == sources


def test_cells_of_a_block_are_the_sums_of_its_parts(summary: Summary, data: dict[str, Any]):
    rows = data["rows"]
    totals = {
        "parameters": summary.totals.parameters,
        "macs": summary.totals.macs,
        "flops": summary.totals.flops,
        "memory": summary.totals.activation_bytes,
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
    summary = measure(NetworkSpec.parse(name), get(name).input_size)
    assert charts.concentration(summary, quantity) == text


def test_bars_hold_all_of_a_cost(summary: Summary):
    totals = {
        "parameters": summary.totals.parameters,
        "MACs": summary.totals.macs,
        "memory": summary.totals.activation_bytes,
    }
    for quantity in charts.QUANTITIES:
        (bars,) = charts.costs(summary, quantity).data
        assert sum(bars.y) == totals[quantity]
        assert min(bars.y) > 0
        assert len(set(bars.x)) == len(bars.x) == len(bars.y)
        assert sum(share for *_, share in bars.customdata) == pytest.approx(100)


def test_lines_follow_the_shapes():
    oblong = charts.shapes(measure(NetworkSpec.parse("lenet"), (1, 28, 31)))
    lines = {line.name: list(line.y) for line in oblong.data}
    assert lines["height"][:4] == [28, 28, 14, 10]
    assert lines["width"][:4] == [31, 31, 15, 11]
    assert lines["channels or features"][-3:] == [84, 84, 10]
    square = charts.shapes(measure(NetworkSpec.parse("lenet"), (1, 28, 28)))
    assert [line.name for line in square.data] == ["height and width", "channels or features"]


def test_the_spreadsheet_holds_every_layer(summary: Summary):
    rows = [record(layer) for layer in summary.layers]
    assert [row["name"] for row in rows] == [layer.operation.name for layer in summary.layers]
    assert sum(row["parameters"] for row in rows) == summary.totals.parameters
    assert sum(row["macs_per_picture"] for row in rows) == summary.totals.macs
    assert sum(row["activation_bytes"] for row in rows) == summary.totals.activation_bytes
    assert not {row["status"] for row in rows} - {"ok", "unused"}
