"""The page on batch normalisation: what is computed and said, and its board in a real browser."""

import re
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from playwright.sync_api import Page, expect

from explorer.lessons import normalisation
from explorer.lessons.normalisation import Source
from pages.learn.batch_norm.state import RUN
from tests import opened_pages
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted

opened = partial(opened_pages.opened, "batch-norm")
text = partial(opened_pages.text, code=True)


def shown(source: Source) -> torch.Tensor:
    """The batch that the page shows."""
    return normalisation.batch(source, RUN)


def figure(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def moments(values: torch.Tensor) -> str:
    return f"mean {figure(float(values.mean()))}, std {figure(float(values.std(correction=0)))}"


# -- the answer -------------------------------------------------------------------------------


X, MAPS = shown(Source()), shown(Source(size=8, side=5))
MAPPED = {"bn_layer": "conv", "bn_size": "8", "bn_side": "5", "bn_feature": "2"}
VARIANCE = float(X[:, 0].var(correction=0))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ({}, f"arrives with {moments(X[:, 0])} and leaves with mean 0.00, std 1.00"),
        ({}, "over the N = 16 values"),
        (MAPPED, f"channel 2** arrives with {moments(MAPS[:, 1])}"),
        (MAPPED, "N·H·W = 8·5·5 = 200 values"),
        ({"bn_gamma": "2.5", "bn_beta": "-3"}, "leaves with mean −3.00, std 2.50"),
        ({"bn_gamma": "0", "bn_beta": "-3"}, "leaves with mean −3.00, std 0.00"),
        ({"bn_eps": "10"}, f"mean 0.00, std {(VARIANCE / (VARIANCE + 10)) ** 0.5:.2f}"),
        ({"bn_scale": "0"}, "std 0.00 and leaves with mean 0.00, std 0.00"),
    ],
)
def test_the_question_is_answered_with_the_batchs_own_numbers(
    address: dict[str, str], says: str
) -> None:
    assert says in text(opened(**address))


def test_prediction_uses_the_moving_averages() -> None:
    at = opened(bn_mode="prediction", bn_seen="5")
    batches = [normalisation.batch(Source(), number) for number in range(5)]
    moving = normalisation.moving_averages(batches)
    layer = torch.nn.BatchNorm1d(3)
    layer.running_mean, layer.running_var = moving.mean[-1], moving.var[-1]
    predicted = layer.eval()(shown(Source())).detach()[:, 0]
    assert f"leaves with {moments(predicted)}" in text(at)
    assert "moving averages stand in" in text(at)


# -- the experiments --------------------------------------------------------------------------


def test_how_fast_moving_averages_warm_up() -> None:
    said = text(opened()).replace("\u202f", " ")
    assert "| 10 % | 41 % | 65.1 % | 87.8 % | 99.5 % |" in said
    assert "momentum=0.10" in said
    assert len(opened().get("plotly_chart")) == 1


def test_a_batchs_share_is_written_out() -> None:
    at = opened(bn_seen="1", bn_feature="3")
    mean = float(normalisation.batch(Source(), 0)[:, 2].mean())
    line = f"Batch 1: 0.90 · 0.00 + 0.10 · {figure(mean)} = **{figure(0.1 * mean)}**"
    assert line in text(at)


def test_beside_torch_only_the_moving_variance_differs() -> None:
    said = text(opened(bn_view="torch", bn_layer="conv", bn_size="8", bn_side="5"))
    assert "200 / (200 − 1) = 1.00503" in said
    x = shown(Source(size=8, side=5))
    theirs = torch.nn.BatchNorm2d(3)
    theirs(x)
    assert theirs.running_var is not None
    ours = 0.9 + 0.1 * x.var(dim=(0, 2, 3), correction=0)
    for channel in range(3):
        assert f"| {float(ours[channel]):.5f} | {float(theirs.running_var[channel]):.5f} |" in said
    training = re.search(r"training outputs \| (\S+)", said)
    assert training is not None
    assert float(training[1]) < 1e-5


def test_a_batch_of_one_is_explained_and_torchs_refusal_is_shown() -> None:
    at = opened(bn_size="1", bn_view="alone")
    assert "every input leaves as β" in at.warning[0].value
    said = text(at)
    assert said.count("| 0.50, −1.00, 2.00 |") == 2  # two pictures, one output
    with pytest.raises(ValueError, match="Expected more than 1 value") as refusal:
        torch.nn.BatchNorm1d(3)(torch.zeros(1, 3))
    assert str(refusal.value) in said


def test_a_bias_before_it_changes_nothing() -> None:
    at = opened(bn_view="bias")
    at.slider(key="bn_bias").set_value(-7.0).run()
    rows = [line.split(" | ") for line in text(at).splitlines() if "bias" in line and "|" in line]
    (_a, before, after), (_b, moved, same) = rows[-2:]
    assert before != moved
    assert after == same


def test_who_asks_what_and_what_is_saved() -> None:
    said = text(opened(bn_view="switch"))
    assert "| `eval()` | moving | batch, updated |" in said
    assert "| `train()`, `no_grad` | batch, updated | moving |" in said
    assert "| gamma, beta | " in said
    assert "running_mean, running_var" in said


# -- setting it up ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("a b", "a"), ("1 NaN 2", "NaN"), ("1 1e9", "1e9"), (";", "no number"), ("1 2; 3", "2, 1"),
        ("1; 2; 3; 4", "4 rows"), ("1 " * 17, "17"),
    ],
)  # fmt: skip
def test_nonsense_gets_a_sentence_and_the_last_picture_stays(given: str, word: str) -> None:
    at = opened(bn_own="1 2 3 6")
    good = "arrives with mean 3.00, std 1.87"
    assert good in text(at)
    at.text_input(key="bn_own").set_value(given).run()
    assert not at.exception
    assert len(at.error) == 1
    assert word in at.error[0].value
    assert good in text(at)
    fresh = opened(bn_own=given)
    assert len(fresh.error) == 1
    assert moments(X[:, 0]) in text(fresh)


def test_an_untrained_network_with_a_moving_variance_of_0_multiplies_by_316() -> None:
    at = opened()
    at.button(key="show_0").click().run()
    x = X[:, 0]
    spread = float(x.std(correction=0)) * 316.2278
    assert re.search(rf"leaves with mean \d+, std {spread:.0f}\.", text(at))


@pytest.mark.parametrize("address", [{}, {"bn_offset": "40", "bn_scale": "20"}])
def test_gamma_sigma_and_beta_mu_undo_it_with_a_batch_in_their_reach(
    address: dict[str, str],
) -> None:
    at = opened(**address)
    at.button(key="try_1").click().run()
    x = X[:, 0]
    said = re.search(r"leaves with mean (\S+), std ([\d.]+)\. ", text(at))
    assert said is not None
    assert float(said[1]) == pytest.approx(float(x.mean()), abs=0.03)  # a slider's step is 0.05
    assert float(said[2]) == pytest.approx(float(x.std(correction=0)), abs=0.03)


def test_a_batch_without_spread_has_no_ratio_beside_torch() -> None:
    said = text(opened(bn_scale="0", bn_view="torch"))
    assert said.count("too little spread") == 3
    assert "nan" not in said


# -- the board --------------------------------------------------------------------------------


def stage(page: Page, number: int) -> None:
    page.wait_for_selector(f'[data-batchnorm-painted$="-{number}"]', timeout=30_000)


@pytest.mark.browser
def test_the_formula_follows_the_dots_step_by_step(page: Page) -> None:
    alone = mounted(page, opened(bn_step="0"), "batchnorm")
    stage(page, 0)
    x = X[:, 0]
    mean, var = x.mean(), x.var(correction=0)
    steps = page.locator(".batchnorm .step")
    minus = str.maketrans("-", "−")
    scaled = (x - mean) / torch.sqrt(var + 1e-5)
    told = [
        f"x = {float(x[0]):.3f}",
        f"μ = ({float(x[0]):.3f} + … + {float(x[-1]):.3f}) / 16 = {float(mean):.3f}",
        f"/ √({float(var):.3f} + 0.00001) = {float(scaled[0]):.3f}",
        f"= {float(scaled[0]):.3f}",
    ]
    for number, line in enumerate(told):
        expect(steps.nth(number)).to_contain_text(line.replace(" -", " −").replace("= -", "= −"))
    for number in (1, 2, 3):
        page.get_by_role("button", name="One step on").click()
        stage(page, number)
        expect(steps.nth(number)).to_have_attribute("aria-pressed", "true")
    alone.tells("step", 3)
    page.locator(".batchnorm svg").focus()
    before = steps.nth(0).inner_text()
    page.keyboard.press("ArrowRight")
    expect(steps.nth(0)).not_to_have_text(before)
    order = torch.argsort(x).tolist()
    follower = order[order.index(0) + 1]
    line = f"x = {float(x[follower]):.3f}".translate(minus)
    expect(steps.nth(0)).to_contain_text(line)


@pytest.mark.browser
def test_dots_lie_where_torch_puts_them(page: Page) -> None:
    mounted(page, opened(bn_gamma="2", bn_beta="1"), "batchnorm")
    stage(page, 3)
    drawn = page.locator(".batchnorm .row.chosen .now").get_attribute("d") or ""
    places = [float(each) for each in re.findall(r"M([\d.-]+) ", drawn)]
    x = shown(Source())[:, :1]
    layer = torch.nn.BatchNorm1d(1)
    torch.nn.init.constant_(layer.weight, 2)
    torch.nn.init.constant_(layer.bias, 1)
    out = layer(x).detach().flatten()
    ticks = [
        (float((each.text_content() or "").replace("−", "-")), float(each.get_attribute("x") or ""))
        for each in page.locator(".batchnorm text.quiet").all()
    ]
    (low, left), (high, right) = ticks[0], ticks[-1]
    values = [low + (place - left) / (right - left) * (high - low) for place in places]
    torch.testing.assert_close(torch.tensor(values), out, atol=0.02, rtol=0)


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
    page.wait_for_url("**bn_feature=2**")
    assert parse_qs(urlsplit(page.url).query)["bn_feature"] == ["2"]
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
