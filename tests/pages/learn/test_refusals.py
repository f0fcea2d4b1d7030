"""What makes no sense on a learning page gets one sentence, and the last good picture stays."""

import pytest

from tests.opened_pages import boards, opened
from tests.pages.learn.test_links import widgets

NUMBERS = {
    "abc": "“abc” is not a number",
    "nan 1": "“nan” is not a number",
    "1e9 1": "“1e9” is not a number between",
    " ": "no number",
    "1 2; 3": "equally many numbers",
}
TWO, OWN = {"pad_view": "two"}, {"edge_image": "own", "edge_kernel": "1 0 -1; 2 0 -2; 1 0 -1"}
# A page; what it shows; and what is written into which of its fields → a part of the sentence.
REFUSALS = [
    ("convolution", {}, {"conv_input": "5 5 5; 5 5 5"}, {
        "conv_input": NUMBERS | {"; ".join(["1"] * 17): "at most 16"},
        "conv_kernel": {"; ".join(["1"] * 8): "at most 7"},
        "conv_stride_w": {0: "stride is 0"},
        "conv_dilation": {0: "dilation is 0"},
    }),
    ("pooling", {}, {"pool_stride_h": "2", "pool_stride_w": "2"}, {
        "pool_input": NUMBERS,
        "pool_window_h": {0: "kernel is 0"},
        "pool_stride_h": {0: "stride is 0"},
    }),
    ("padding-stride", {}, {"pad_stride": "2"}, {
        "pad_stride": {0: "The stride is 0"},
        "pad_size": {10**9: "The size of the input is 1e+09"},
        "pad_kernel": {11: "A window of 11 cells does not fit on 9"},
        "pad_padding": {-1: "The padding on each side is -1"},
        "pad_dilation": {0: "The dilation is 0"},
    }),
    ("padding-stride", TWO, {"pad_kernel2": "5x3", "pad_padding2": "0"}, {
        "pad_input2": {"2x2": "does not fit", "abc": "“abc”", "": "“”"},
        "pad_kernel2": {"nan": "“nan”", "1e9": "“1e9”", "999999999": "999999999"},
        "pad_stride2": {"0": "The stride is 0"},
        "pad_padding2": {"1,2,3": "“1,2,3”"},
    }),
    ("channels", {}, {"channels_input": "1 2; 3 4 | 5 6; 7 8"}, {
        "channels_input": {
            "a b; c d | 1 2; 3 4": "“a” is not a number",
            "nan 1; 2 3": "“nan” is not a number",
            "1e9 1; 2 3 | 1 2; 3 4": "“1e9” is not a number",
            "": "needs 1 to 3 channels",
            "1 2; 3 | 1 2; 3 4": "All rows need equally many numbers",
            "1 2 3; 4 5 6 | 1 2; 3 4": "all channels need the same size",
            "1 2; 3 4": "The input has 1 channels, but kernel 1 has 2 slices",
            "1 | 2": "The window spans 2 × 2 cells, but the input with its padding has only 1 × 1",
        },
    }),
    ("receptive-field", {}, {"field_stack": "c3 p2"}, {
        "field_stack": {
            "hello": "“hello” is not a layer",
            "": "The stack is empty",
            "nan": "“nan” is not a layer",
            "c3s0": "the stride is 0",
            "c999999999": "the kernel is 999999999",
            "c15 c15 c15": "Layer 2 (c15) has a window of 15 cells, but 14 arrive",
            "c15d16p224 " * 12: "Layer 1 makes maps of 252 units each way; at most 128",
        },
        "field_side": {0: "The picture's side is 0", 10**9: "The picture's side is 1e+09"},
    }),
    ("batch-norm", {}, {"bn_own": "1 2 3 6"}, {
        "bn_own": NUMBERS | {"1; 2; 3; 4": "4 rows", "1 " * 17: "17", "1 2; 3": "2, 1"},
    }),
    ("edge-kernel", {}, {"edge_rate": "0.025"}, {
        "edge_kernel": NUMBERS
        | {"1 2 3 4": "The target kernel is 1 × 4", "1": "The target kernel is 1 × 1"},
        "edge_rate": {bad: f"“{bad}” is not" for bad in ("fast", "nan", "", "0", "-0.1", "1e9")},
        "edge_compare": {"nan": "“nan” is not", "inf": "“inf” is not"},
        "edge_steps": {bad: f"from 1 to 300; “{bad}” is not" for bad in ("0", "1e9", "²")},
        "edge_start": dict.fromkeys(("-1", "9" * 20), "The seed is a whole number"),
    }),
    ("edge-kernel", {}, OWN, {
        "edge_drawing": {"0 1; 1 0": "is only 2 × 2", "0 2 1; 0 0 0; 1 1 1": "image has 0 to 2"},
        "edge_start": {"course": "The course begins with a 1 × 2 kernel"},
    }),
]  # fmt: skip


# What can be drawn and gives no output is drawn.
MISFITS = [
    ("convolution", {"conv_input": "5 5 5; 5 5 5", "conv_kernel": "1 1 1 1"}, "spans 1 × 4"),
    ("convolution", {"conv_dilation": "6"}, "spans 7 × 7"),
    ("pooling", {"pool_window_h": "4"}, "spans 4 × 2 cells"),
    ("pooling", {"pool_pad_w": "2"}, "padding 0 × 2 is more than half of the window 2 × 2"),
]


@pytest.mark.parametrize(("url", "address", "sentence"), MISFITS)
def test_a_window_without_a_place_is_drawn_and_refused(url, address, sentence):
    at = opened(url, **address)
    assert [sentence in each.value for each in at.error] == [True]
    assert sentence in boards(at)[0]["refusal"]
    assert "conv_input" not in address or boards(at)[0]["kernel"] == [[1, 1, 1, 1]]


@pytest.mark.parametrize(("url", "view", "good", "fields"), REFUSALS)
def test_nonsense_gets_a_sentence_and_the_last_good_picture_stays(url, view, good, fields):
    address, usual = view | good, boards(opened(url, **view))
    at = opened(url, **address)
    picture = boards(at)
    for key, sentences in fields.items():
        before = widgets(at)[key].value
        for value, sentence in sentences.items():
            widgets(at)[key].set_value(value).run()
            assert not at.exception, (key, value)
            assert [sentence in each.value for each in at.error] == [True], (key, value)
            assert boards(at) == picture, (key, value)
        widgets(at)[key].set_value(before).run()
        assert not at.error, key
        value, sentence = next(iter(sentences.items()))
        visitor = opened(url, **address | {key: str(value)})  # whose link is bad from the start
        assert [sentence in each.value for each in visitor.error] == [True], key
        assert boards(visitor) == usual, key
