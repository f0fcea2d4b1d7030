"""In a real browser: the channels of a layer stand in the order that was asked for."""

from collections.abc import Sequence

import pytest
import torch
from playwright.sync_api import Page

from explorer.data import pictures
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import opened
from tests.shipped_weights import untrained

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
    picture = pictures.prepare(pictures.named("digits:test:0"), (1, 28, 28)).tensor
    with torch.no_grad():
        maps = network.conv2(network.pool1(network.act1(network.conv1(picture))))[0].flatten(1)
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
        alone.tells("at", {"of": alone.data["of"], "channel": order[-1]})


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
    there = spoken.inner_text()
    for echo in places:  # where the reader was, and is
        alone.give(**{name: echo})
        assert spoken.inner_text() == there
    alone.give(**{name: places[1]})  # a choice of its own: the browser's Back
    assert spoken.inner_text() != there
    keys.press("ArrowRight")
    alone.give(**{"of": "another layer", name: places[1]})
    after = spoken.inner_text()
    keys.press("ArrowRight")
    assert spoken.inner_text() != after
