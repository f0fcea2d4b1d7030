"""A layer's boards: where branches meet, `+` and `cat` are written out with torch's own numbers;
channels stand in the order that was asked for, and a slow echo moves no frame back.
"""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from playwright.sync_api import Page
from torch import Tensor

from tests.explorer.ui.mounted import mounted
from tests.opened_pages import boards, grey_input, opened
from tests.shipped_weights import untrained

SIDE = 32


pytestmark = pytest.mark.usefixtures("shipped")


def given_by(network: str, *modules: str) -> list[Tensor]:
    """What some modules give for the picture, (C, H, W) each, by torch's own hooks."""
    whole = untrained(network)
    outputs: dict[str, Tensor] = {}

    def note(name: str) -> Any:
        return lambda _module, _inputs, output: outputs.update({name: output[0].clone()})

    handles = [whole.get_submodule(each).register_forward_hook(note(each)) for each in modules]
    with torch.no_grad():
        whole(grey_input(side=SIDE))
    for handle in handles:
        handle.remove()
    return [outputs[each] for each in modules]


def written(network: str, layer: str, channel: int, at: tuple[int, int]) -> dict[str, Any]:
    """What the board that writes the sum out was sent."""
    page = opened("feature-maps", network=network, side=str(SIDE), weights="untrained:0",
                  picture="digits:test:0", layer=layer, channel=str(channel),
                  at=f"{at[0]}.{at[1]}")  # fmt: skip
    (sent,) = [sent for sent in boards(page) if "steps" in sent]
    return sent


def value(text: str) -> float:
    return float(text.strip("()").replace("−", "-"))


def as_told(expected: Tensor) -> Any:
    """To the four digits that are written."""
    return pytest.approx(float(expected), rel=6e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("block", "other"), [("stage3.block1", "stage3.block1.shortcut"), ("stage2.block1", "stage1")]
)
def test_a_shortcut_s_addition(block: str, other: str) -> None:
    left, right = given_by("resnet18", f"{block}.bn2", other)
    sent = written("resnet18", f"{block}.add", 5, (1, 2))
    (line,) = sent["steps"][0]["lines"]
    name, first, sign, second, equals, total, note = line
    source = {"stage1": "stage1.pool"}.get(other, other)
    assert (name[0], sign[0], equals[0]) == (f"{block}.add = ", " + ", " = ")
    assert value(first[0]) == as_told(left[5, 1, 2])
    assert value(second[0]) == as_told(right[5, 1, 2])
    assert value(total[0]) == as_told(left[5, 1, 2] + right[5, 1, 2])
    assert (first[2], second[2]) == ([f"{block}.bn2", 5, 1, 2], [source, 5, 1, 2])
    assert note[0].strip() == f"the same unit of {block}.bn2 and of {source}"
    assert sent["head"] == f"{block}.add, channel 6, row 2, column 3"
    after = sent["steps"][1]["lines"][0]  # what becomes of it
    assert "".join(token[0] for token in after[:2]) == f"{block}.relu_2 = relu("
    assert value(after[-2][0]) == as_told((left + right)[5, 1, 2].relu())


DENSE = ("stem", "block1.layer1", "block1.layer2")  # 96 channels came before, 32 are new


@pytest.mark.parametrize(
    ("network", "layer", "parts", "channel", "source", "of_source"),
    [
        ("densenet", "block1.cat_2", DENSE, 10, "block1.cat", 10),
        ("densenet", "block1.cat_2", DENSE, 100, "block1.layer2.conv", 4),
        # 64 + 128 + 32 + 32 channels: of the third branch
        ("googlenet", "stage3.inception3a.cat", ("stage3.inception3a",), 200,
         "stage3.inception3a.relu_5", 8),
    ],
)  # fmt: skip
def test_where_a_joined_channel_came_from(
    network: str, layer: str, parts: tuple[str, ...], channel: int, source: str, of_source: int
) -> None:
    joined = torch.cat(given_by(network, *parts))
    (line,) = written(network, layer, channel, (1, 3))["steps"][0]["lines"]
    name, total, note = line
    assert name[0] == f"{layer} = "
    assert value(total[0]) == as_told(joined[channel, 1, 3])
    assert total[2] == [source, of_source, 1, 3]
    sentence = f"moved, not changed: it is {source}, channel {of_source + 1}, row 2, column 4"
    assert note[0].strip() == sentence


# -- in a real browser ------------------------------------------------------------------------

# From the first to the last with the keyboard, as the mosaic names them: "Channel 3 of 16: …".
WALK = """
box => {
  const press = key => box.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))
  const spoken = box.querySelector(".spoken")
  const count = Number(spoken.textContent.match(/of (\\d+)/)[1])
  press("Home")
  return Array.from({ length: count }, (_, n) => {
    if (n) press("ArrowRight")
    return Number(spoken.textContent.match(/Channel (\\d+)/)[1]) - 1
  })
}
"""


@pytest.mark.browser
def test_channels_stand_in_the_order_asked_for(page: Page) -> None:
    network = untrained()
    with torch.no_grad():
        maps = network.conv2(network.pool1(network.act1(network.conv1(grey_input()))))[0].flatten(1)
    by = {"mean": maps.mean(1), "max": maps.amax(1), "variance": maps.var(1, correction=0)}
    right = {name: each.argsort(descending=True).tolist() for name, each in by.items()}
    right["index"] = list(range(16))
    assert len({tuple(order) for order in right.values()}) == 4, "the orders can be told apart"
    for name, order in right.items():
        at = opened(
            "feature-maps", weights="untrained:0", picture="digits:test:0", layer="conv2", sort=name
        )
        alone = mounted(page, at, "channel-mosaic")
        assert alone.board.locator(".box").evaluate(WALK) == order, name
        alone.sends("at", {"of": alone.data["of"], "channel": order[-1]})


@pytest.mark.browser
@pytest.mark.parametrize(
    ("url", "board", "box", "name", "places"),
    [
        ("feature-maps", "channel-mosaic", ".box", "chosen", range(4)),
        ("kernels", "kernels-sheet", ".box", "chosen", range(4)),
        ("feature-maps", "maps-channel", ".map", "at", [[3, n] for n in range(4)]),
    ],
)
def test_a_slow_echo_moves_no_frame_back(
    page: Page, url: str, board: str, box: str, name: str, places: Sequence[object]
) -> None:
    at = opened(url, weights="untrained:0", layer="conv2", channel="0", at="3.0")
    alone = mounted(page, at, board)
    keys, spoken = alone.board.locator(box), alone.board.locator(".spoken")
    for _key in range(3):
        keys.press("ArrowRight")
    latest = spoken.inner_text()
    for echo in places:  # where the reader was, and is
        alone.give(**{name: echo})
        assert spoken.inner_text() == latest
    alone.give(**{name: places[1]})  # a choice of its own: the browser's Back
    assert spoken.inner_text() != latest
    keys.press("ArrowRight")
    alone.give(**{"of": "another layer", name: places[1]})
    after = spoken.inner_text()
    keys.press("ArrowRight")
    assert spoken.inner_text() != after
