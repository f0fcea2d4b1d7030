"""In a real browser: the channels of a layer stand in the order that was asked for."""

import pytest
import torch
from playwright.sync_api import Page

from explorer import weights
from explorer.data import pictures
from tests.conftest import settled
from tests.run_processes import until

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
WORDS = {"index": "by number", "mean": "by mean", "max": "by maximum", "variance": "by variance"}


@pytest.mark.browser
def test_channels_stand_in_the_order_asked_for(page: Page, app_server: str) -> None:
    network = weights.load("lenet", None, "untrained:0")
    picture = pictures.prepare(pictures.named("digits:test:0"), (1, 28, 28)).tensor
    with torch.no_grad():
        maps = network.conv2(network.pool1(network.act1(network.conv1(picture))))[0].flatten(1)
    by = {"mean": maps.mean(1), "max": maps.amax(1), "variance": maps.var(1, correction=0)}
    right = {name: each.argsort(descending=True).tolist() for name, each in by.items()}
    right["index"] = list(range(16))
    assert len({tuple(order) for order in right.values()}) == 4, "the orders can be told apart"
    page.goto(f"{app_server}/feature-maps?weights=untrained:0&picture=digits:test:0&layer=conv2")
    settled(page)
    box = page.locator(".maps-mosaic .box")
    for name in ("max", "mean", "variance", "index"):
        picker = page.locator(".st-key-feature-maps-sort input")
        picker.focus()  # by keyboard: a list that a click opens goes when the page scrolls to it
        page.keyboard.type(WORDS[name])
        page.get_by_role("option", name=WORDS[name], exact=True).wait_for()
        page.keyboard.press("Enter")
        # To walk along the channels chooses each: its answers may still be coming.
        until(lambda name=name: box.evaluate(WALK) == right[name], 10)
        settled(page)
        assert box.evaluate(WALK) == right[name], name
