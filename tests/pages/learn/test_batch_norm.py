"""The page on batch normalisation: what is computed and said, and its board in a real browser."""

import re
from functools import partial

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import Tensor, nn

from explorer.lessons import normalisation
from explorer.lessons.normalisation import Source
from pages.learn.batch_norm.state import RUN
from tests import opened_pages
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted

opened = partial(opened_pages.opened, "batch-norm")
text = partial(opened_pages.text, code=True)


def figure(value: Tensor) -> str:
    return f"{float(value):.2f}".replace("-0.00", "0.00").replace("-", "−")


def moments(values: Tensor) -> str:
    return f"mean {figure(values.mean())}, std {figure(values.std(correction=0))}"


def predicted(batches: int) -> Tensor:
    """The batch on screen by torch's layer in prediction, after so many training batches."""
    moving = normalisation.moving_averages(
        [normalisation.batch(Source(), number) for number in range(batches)]
    )
    layer = nn.BatchNorm1d(3)
    layer.running_mean, layer.running_var = moving.mean[-1], moving.var[-1]
    return layer.eval()(normalisation.batch(Source(), RUN)).detach()


X, MAPS = (normalisation.batch(source, RUN) for source in (Source(), Source(size=8, side=5)))
FIRST = normalisation.batch(Source(), 0)[:, 2].mean()
VARIANCE = float(X[:, 0].var(correction=0))
MAPPED = {"bn_layer": "conv", "bn_size": "8", "bn_side": "5"}


@pytest.mark.parametrize(
    ("address", "sentences"),
    [
        ({}, [
            f"arrives with {moments(X[:, 0])} and leaves with mean 0.00, std 1.00",
            "over the N = 16 values",
            "| 10\u202f% | 41\u202f% | 65.1\u202f% | 87.8\u202f% | 99.5\u202f% |",
            "momentum=0.10",
        ]),
        (MAPPED | {"bn_feature": "2"}, [
            f"channel 2** arrives with {moments(MAPS[:, 1])}",
            "N·H·W = 8·5·5 = 200 values",
        ]),
        ({"bn_gamma": "2.5", "bn_beta": "-3"}, ["leaves with mean −3.00, std 2.50"]),
        ({"bn_gamma": "0", "bn_beta": "-3"}, ["leaves with mean −3.00, std 0.00"]),
        ({"bn_eps": "10"}, [f"mean 0.00, std {(VARIANCE / (VARIANCE + 10)) ** 0.5:.2f}"]),
        ({"bn_scale": "0"}, ["std 0.00 and leaves with mean 0.00, std 0.00"]),
        ({"bn_mode": "prediction", "bn_seen": "5"}, [
            f"leaves with {moments(predicted(5)[:, 0])}",
            "moving averages stand in",
        ]),
        ({"bn_seen": "1", "bn_feature": "3"}, [
            f"Batch 1: 0.90 · 0.00 + 0.10 · {figure(FIRST)} = **{figure(0.1 * FIRST)}**",
        ]),
        ({"bn_view": "switch"}, [
            "| `eval()` | moving | batch, updated |",
            "| `train()`, `no_grad` | batch, updated | moving |",
            "| gamma, beta | ",
            "running_mean, running_var",
        ]),
    ],
)  # fmt: skip
def test_the_page_says_the_batchs_own_numbers(address, sentences) -> None:
    at = opened(**address)
    words = text(at)
    assert [sentence for sentence in sentences if sentence not in words] == []
    if not address:
        assert len(at.get("plotly_chart")) == 1, "the moving averages"


def test_beside_torch_only_the_moving_variance_differs() -> None:
    words = text(opened(bn_view="torch", **MAPPED))
    assert "200 / (200 − 1) = 1.00503" in words
    theirs = nn.BatchNorm2d(3)
    theirs(MAPS)
    ours = 0.9 + 0.1 * MAPS.var(dim=(0, 2, 3), correction=0)
    for pair in zip(ours.tolist(), theirs.running_var.tolist(), strict=True):
        assert "| {:.5f} | {:.5f} |".format(*pair) in words
    assert float(re.search(r"training outputs \| (\S+)", words)[1]) < 1e-5
    without_spread = text(opened(bn_scale="0", bn_view="torch"))
    assert without_spread.count("too little spread") == 3
    assert "nan" not in without_spread


def test_a_batch_of_one_is_explained_and_torchs_refusal_is_shown() -> None:
    at = opened(bn_size="1", bn_view="alone")
    assert "every input leaves as β" in at.warning[0].value
    assert text(at).count("| 0.50, −1.00, 2.00 |") == 2  # two pictures, one output
    with pytest.raises(ValueError, match="Expected more than 1 value") as refusal:
        nn.BatchNorm1d(3)(torch.zeros(1, 3))
    assert str(refusal.value) in text(at)


def test_a_bias_before_it_changes_nothing() -> None:
    at = opened(bn_view="bias")
    at.slider(key="bn_bias").set_value(-7.0).run()
    rows = [line.split(" | ") for line in text(at).splitlines() if "bias" in line and "|" in line]
    (_a, before, after), (_b, moved, same) = rows[-2:]
    assert before != moved
    assert after == same


def test_an_untrained_network_with_a_moving_variance_of_0_multiplies_by_316() -> None:
    at = opened()
    at.button(key="show_0").click().run()
    spread = float(X[:, 0].std(correction=0)) * 316.2278
    assert re.search(rf"leaves with mean \d+, std {spread:.0f}\.", text(at))


@pytest.mark.parametrize("address", [{}, {"bn_offset": "40", "bn_scale": "20"}])
def test_gamma_sigma_and_beta_mu_undo_it_with_a_batch_in_their_reach(address) -> None:
    at = opened(**address)
    at.button(key="try_1").click().run()
    match = re.search(r"leaves with mean (\S+), std ([\d.]+)\. ", text(at))
    reached = [float(match[n]) for n in (1, 2)]
    expected = [float(X[:, 0].mean()), float(X[:, 0].std(correction=0))]
    assert reached == pytest.approx(expected, abs=0.03)  # a slider's step is 0.05


# -- the board --------------------------------------------------------------------------------


def stage(page: Page, number: int) -> None:
    page.wait_for_selector(f'[data-batchnorm-painted$="-{number}"]', timeout=30_000)


@pytest.mark.browser
def test_the_formula_follows_the_dots_step_by_step(page: Page) -> None:
    alone = mounted(page, opened(bn_step="0"), "batchnorm")
    stage(page, 0)
    x, mean, var = X[:, 0].tolist(), float(X[:, 0].mean()), VARIANCE
    steps = page.locator(".batchnorm .step")
    scaled = (x[0] - mean) / (var + 1e-5) ** 0.5
    for number, line in enumerate([
        f"x = {x[0]:.3f}",
        f"μ = ({x[0]:.3f} + … + {x[-1]:.3f}) / 16 = {mean:.3f}",
        f"/ √({var:.3f} + 0.00001) = {scaled:.3f}",
        f"= {scaled:.3f}",
    ]):  # fmt: skip
        expect(steps.nth(number)).to_contain_text(line.replace("-", "−"))
    for number in (1, 2, 3):
        page.get_by_role("button", name="One step on").click()
        stage(page, number)
        expect(steps.nth(number)).to_have_attribute("aria-pressed", "true")
    alone.sends("step", 3)
    page.locator(".batchnorm svg").focus()
    page.keyboard.press("ArrowRight")
    follower = min(value for value in x if value > x[0])
    expect(steps.nth(0)).to_contain_text(f"x = {follower:.3f}".replace("-", "−"))


@pytest.mark.browser
def test_dots_lie_where_torch_puts_them(page: Page) -> None:
    mounted(page, opened(bn_gamma="2", bn_beta="1"), "batchnorm")
    stage(page, 3)
    path = page.locator(".batchnorm .row.chosen .now").get_attribute("d") or ""
    places = torch.tensor([float(each) for each in re.findall(r"M([\d.-]+) ", path)])
    ticks = [
        (float((each.text_content() or "").replace("−", "-")), float(each.get_attribute("x") or ""))
        for each in page.locator(".batchnorm text.quiet").all()
    ]
    (low, left), (high, right) = ticks[0], ticks[-1]
    values = low + (places - left) / (right - left) * (high - low)
    expected = 2 * nn.BatchNorm1d(1)(X[:, :1]).detach().flatten() + 1
    torch.testing.assert_close(values, expected, atol=0.02, rtol=0)


@pytest.mark.browser
def test_play_pause_and_a_clicked_row(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/batch-norm?bn_step=0")
    settled(page)
    stage(page, 0)
    page.get_by_role("button", name="Play the steps").click()
    stage(page, 1)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play the steps")).to_be_visible()
    page.locator(".batchnorm .row .frame").nth(1).click(position={"x": 200, "y": 60})
    page.wait_for_url(re.compile(r"bn_feature=2(&|$)"))
    expect(page.locator(".batchnorm .row.chosen .name")).to_have_text("feature 2")
    expect(page.get_by_text("feature 2 arrives with")).to_be_visible()


@pytest.mark.browser
def test_who_wants_no_motion_gets_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    mounted(page, opened(bn_step="0"), "batchnorm")
    stage(page, 0)
    page.locator(".batchnorm input").evaluate(
        """line => { window.between = 0
            const watch = () => {
                if (line.value % 1) window.between++
                requestAnimationFrame(watch)
            }
            watch() }"""
    )
    page.get_by_role("button", name="One step on").click()
    stage(page, 1)
    assert page.evaluate("window.between") == 0
