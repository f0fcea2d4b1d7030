"""The page on layers, as Streamlit runs it: what is picked, what is said, what is kept."""

from dataclasses import replace
from functools import partial

import pytest

from explorer import networks
from explorer.analysis import summary
from explorer.networks import NetworkSpec
from pages.explore.layers import board as board_view
from pages.explore.layers import board_data as figures
from tests import opened_pages
from tests.opened_pages import boards, text

opened = partial(opened_pages.opened, "layers")


@pytest.mark.parametrize("name", [*networks.course(), "torchvision/resnet18"])
def test_every_network_is_shown_at_its_own_size(name: str) -> None:
    at = opened()
    at.selectbox(key="layers.network").set_value(name).run()
    architecture = networks.get(name)
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


def test_a_link_restores_what_was_chosen() -> None:
    at = opened(network="vgg11", input="1x240x230", conv_ratio="4", batch="8", num_classes="7")
    assert at.selectbox(key="layers.network").value == "vgg11"
    assert at.text_input(key="layers.input").value == "1x240x230"
    assert at.selectbox(key="layers.conv_ratio").value == 4
    assert at.selectbox(key="layers.conv_ratio").label == "Width of the convolutions ÷"
    assert at.number_input(key="layers.batch").value == 8
    assert at.number_input(key="layers.num_classes").value == 7
    expected = summary.measure(
        NetworkSpec.parse("vgg11", {"conv_ratio": 4, "num_classes": 7}), (1, 240, 230), 8
    ).totals.parameters
    assert f"{expected / 1e6:.1f} M parameters" in text(at)


def test_a_size_that_does_not_fit_is_a_lesson_with_a_way_out() -> None:
    at = opened(network="lenet", input="224")
    said = text(at)
    assert "fc1 wants 400 numbers" in said
    assert "16·54·54 = 46\u202f656" in said
    assert "400 = 16·5·5" in said
    assert "28 × 28 to 31 × 31" in said
    at.button(key="layers.use_nearest").click().run()
    assert at.text_input(key="layers.input").value == "1x31x31"
    assert "fc1 wants" not in text(at)


def test_channels_that_do_not_match_can_be_mended_from_either_side() -> None:
    at = opened(network="lenet", input="3x28x28")
    assert "conv1 was built for 1 channel, but 3 arrive" in text(at)
    at.button(key="layers.use_channels").click().run()
    assert at.number_input(key="layers.in_channels").value == 3
    assert "conv1 was built" not in text(at)
    again = opened(network="lenet", input="3x28x28")
    again.button(key="layers.use_nearest").click().run()
    assert again.text_input(key="layers.input").value == "1x28x28"


@pytest.mark.parametrize("given", ["abc", "0x28x28", "28x-1", "1x2x3x4", "99999999", "1x1e3x5"])
def test_nonsense_is_answered_by_a_sentence_and_a_button(given: str) -> None:
    at = opened(network="lenet", input=given)
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
    known = {
        "network": "lenet", "input": "1x28x28", "batch": "2", "num_classes": "7", "view": "costs",
        "open": "all", "show": "memory", "picture": "svg", "optimizer": "sgd",
    }  # fmt: skip
    at = opened(**known, layer="conv1", ratio="4")
    assert [each.value for each in at.warning] == [
        "The link says `ratio=4`, which this page does not know."
    ]
    assert "ratio" not in at.query_params
    assert not opened(**known).warning


def test_all_sums_say_what_training_takes() -> None:
    at = opened(network="alexnet", batch="32")
    at.session_state["layers.sums"] = True
    at.run()
    said = text(at)
    assert "46\u202f764\u202f746" in said  # parameters
    assert "374 MB" in said  # two numbers of Adam for each weight: 8 bytes × 46.8 M
    tables = [part.value for part in at.markdown if part.value.startswith("|")]
    assert len(tables) == 2
    for each in tables:  # no heading is empty
        assert all(word.strip() for word in each.splitlines()[0].strip("|").split("|"))
    at.selectbox(key="layers.optimizer").set_value("sgd").run()
    assert "374 MB" not in text(at)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("costs", "92 % sit in 2 of 8 layers: fc1, fc2"),
        ("code", "runs by itself"),
        ("about", "ImageNet"),
    ],
)
def test_the_other_tabs_open_from_a_link(view: str, words: str) -> None:
    at = opened(network="alexnet", view=view)
    everything = text(at) + "".join(block.value for block in at.code)
    assert words in everything
    assert len(at.get("plotly_chart")) == (2 if view == "costs" else 0)


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
    rows = figures.board(summary.measure(spec, spec.input_size), name)["rows"]
    names = board_view.names(rows)
    first = board_view.first_open(rows)
    assert [names[block] for block in first] == opened_first
    for opened_blocks in (first, "none", "all"):
        address = {"open": board_view.write_open(opened_blocks, names, first)}
        read = board_view.read({k: v for k, v in address.items() if v}, names, first)["open"]
        assert (read or "none") == (opened_blocks or "none")


def test_a_name_that_comes_twice_can_still_be_chosen() -> None:
    found = figures.board(summary.measure(NetworkSpec.parse("googlenet"), (1, 96, 96)), "GoogLeNet")
    rows = found["rows"]
    block = next(row for row in rows if row.group)
    twin = replace(block, id=9_999)
    names = board_view.names([*rows, twin])
    assert len(set(names.values())) == len(rows) + 1
    assert board_view.read({"layer": names[9_999]}, names, [])["selected"] == 9_999
