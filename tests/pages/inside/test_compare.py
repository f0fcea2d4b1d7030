"""The page that compares networks: what it says is what was counted, and links restore it."""

import csv
import io
import re
import time
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from torch import nn

from explorer import networks
from explorer.base.tasks import Ending
from explorer.data import datasets
from explorer.inside import comparison
from explorer.inside.comparison import counting
from pages.inside.compare import answers, computation
from tests.conftest import settled
from tests.opened_pages import grey_input, opened, press, text
from tests.shipped_weights import digit_answers, ship, untrained

pytestmark = pytest.mark.usefixtures("shipped")
TWO = "lenet:shipped:lenet,bn_lenet:shipped:bn_lenet"
PUBLISHED = "torchvision/squeezenet1_1:published"


def trained(folder: Path, name: str) -> nn.Module:
    """A network whose last layer was fitted to half of the digits: right on most of them."""
    architecture = networks.get(name)
    torch.manual_seed(len(name))
    network = architecture.build(**architecture.resolve()).eval()
    *_others, last = (part for part in network.modules() if isinstance(part, nn.Linear))
    _fit(network, last)
    return ship(folder, name, network, test_accuracy=0.25)


@torch.no_grad()
def _fit(network: nn.Module, last: nn.Linear) -> None:
    """The least squares of what the last layer reads."""
    read: list[torch.Tensor] = []
    handle = last.register_forward_pre_hook(lambda _layer, inputs: read.append(inputs[0]))
    split = datasets.load("digits").train
    network(nn.functional.interpolate(split.pictures[:400], (28, 28), mode="bilinear") / 255)
    handle.remove()
    features = torch.cat([read[0], torch.ones(400, 1)], 1).double()
    targets = nn.functional.one_hot(split.labels[:400], 10).double()
    ridge = 1e-6 * torch.eye(features.shape[1], dtype=torch.double)
    solved = torch.linalg.solve(features.T @ features + ridge, features.T @ targets).float() * 10
    last.weight.copy_(solved[:-1].T)
    last.bias.copy_(solved[-1])


@pytest.fixture
def two(shipped: Path) -> dict[str, nn.Module]:
    """Two trained networks."""
    return {name: trained(shipped, name) for name in ("lenet", "bn_lenet")}


def ended(at: AppTest) -> AppTest:
    """The page when nothing is left to count; each run does a piece."""
    for _run in range(300):
        if not [each for each in at.button if each.key == "compare_stop"]:
            return at
        at.run()
        assert not at.exception
    raise AssertionError("it never ended")


def html(at: AppTest) -> str:
    return "\n".join(each.proto.body for each in at.get("html"))


# -- what is shown ----------------------------------------------------------------------------


def test_the_answer_is_what_a_plain_loop_counts(two: dict[str, nn.Module]) -> None:
    at = ended(opened("compare"))
    shares = {name: digit_answers(network).accuracy for name, network in two.items()}
    assert max(shares.values()) > 0.6  # the fit has learned something
    best = max(shares, key=lambda name: shares[name])
    title, letter = networks.get(best).title, "AB"[list(two).index(best)]
    assert f"**{letter} {title}** (trained) gets most of the 359 test pictures" in text(at)
    for name in two:
        assert f"{100 * shares[name]:.1f}\u202f%" in html(at)
    assert at.query_params["nets"] == TWO
    assert "417 k" in html(at)
    assert 'title="61\u202f706"' in html(at)
    assert "25.0\u202f%" in html(at)  # on the cards
    assert "the lower quartile of" in text(at)


def test_a_link_restores_everything(two: dict[str, nn.Module]) -> None:
    nets = "bn_lenet:shipped:bn_lenet,lenet:shipped:lenet@0,lenet:untrained:3"
    at = ended(opened("compare", nets=nets, first="2500", view="differ", pair="AC", cell="both"))
    assert not at.warning
    assert at.multiselect[0].value == nets.split(",")
    assert at.selectbox(key="compare.first").value == "2500"
    assert at.selectbox(key="compare.pair").value == "AC"
    assert at.query_params["cell"] == "both"
    assert "seed 3" in html(at)
    assert "before training" in html(at)
    each = map(digit_answers, (two["bn_lenet"], untrained(seed=3)))
    both = comparison.pair(*each).count("both")
    assert f"both right: {both}" in str(at.get("button_group"))
    assert html(at).count("<figure>") == min(both, answers.PAGE)


def test_all_answers_as_a_file() -> None:
    classes = datasets.get("digits").classes
    both = dict.fromkeys("AB", digit_answers(untrained()))
    lines = list(csv.DictReader(io.StringIO(answers.table(both, classes))))
    assert len(lines) == 359
    assert lines[7]["class"] == classes[int(both["A"].labels[7])]
    assert lines[7]["B_answer"] == classes[int(both["B"].predicted[7])]
    sure = float(both["A"].confidence[7])
    assert float(lines[7]["A_probability"]) == pytest.approx(sure, abs=1e-6)


def test_one_picture_s_likeliest_classes(two: dict[str, nn.Module]) -> None:
    at = ended(opened("compare", nets=TWO, picture="digits:test:5"))
    for network in two.values():
        with torch.no_grad():
            best = network(grey_input("digits:test:5"))[0].softmax(0).topk(3)
        for label, probability in zip(*(each.tolist() for each in best[::-1]), strict=True):
            assert f"<span>{label}" in html(at)
            assert f"{100 * probability:.1f}\u202f%" in html(at)
    assert "agree" in text(at) or "different answers" in text(at)


def test_budgets_stand_on_one_scale_or_as_shares() -> None:
    at = ended(opened("compare", view="budgets", scale="shares"))
    charts = [each.proto.spec for each in at.get("plotly_chart")]
    assert len(charts) == 3
    assert "share of the parameters" in charts[1]
    assert "share of the MACs" in charts[2]


# -- what cannot be compared ------------------------------------------------------------------


def test_untrained_networks_are_compared_by_costs_alone() -> None:
    at = ended(opened("compare", view="differ"))
    assert at.query_params["nets"] == "lenet:untrained:0,bn_lenet:untrained:0"
    assert "None of these networks has learned anything yet" in text(at)
    assert "Right of" not in html(at)
    assert "Choose networks that learned from the same data" in text(at)
    assert re.search(r"\d\u202fms", html(at))


@pytest.mark.parametrize(
    ("nets", "sentence", "rows"),
    [
        ("nothing", "names no network with its weights", 2),
        ("lenet:run:99,bn_lenet:untrained:0", "99", 0),
        (",".join(f"lenet:untrained:{n}" for n in range(20)), "the link names 20", 8),
        (f"{PUBLISHED},lenet:untrained:0,nin:untrained:0",  # not fetched unasked
         "weights of torchvision/squeezenet1_1 are not on this machine yet", 2),
        ("lenet:untrained:0", "Choose two networks or more", 0),
    ],
)  # fmt: skip
def test_nonsense_in_a_link_does_no_harm(nets: str, sentence: str, rows: int) -> None:
    at = opened("compare", nets=nets, first="x", across="?", view="?", pair="ZZ", fancy="7")
    assert sentence in text(at)
    assert "`fancy=7`, which this page does not know" in text(at)
    assert "fancy" not in at.query_params
    assert at.multiselect[0].value
    assert html(at).count('scope="row"') == rows


def test_damaged_weights_are_said_and_the_others_compared(
    shipped: Path, two: dict[str, nn.Module]
) -> None:
    path = shipped / "lenet.safetensors"
    content = bytearray(path.read_bytes())
    content[-4:] = b"\x00\x00\xc0\x7f"  # not a number
    path.write_bytes(content)
    at = ended(opened("compare", nets=f"{TWO},lenet:untrained:0"))
    assert "NaN" in text(at)
    assert html(at).count('scope="row"') == 2


# -- choosing and stopping --------------------------------------------------------------------


def test_presets_and_moments(two: dict[str, nn.Module]) -> None:
    at = opened("compare", nets="lenet:untrained:0,bn_lenet:untrained:0")
    press(at, "All that come trained with the program")
    assert at.multiselect[0].value == sorted(TWO.split(","))
    at.select_slider[0].set_value("shipped:bn_lenet@0").run()
    assert not at.exception
    assert at.query_params["nets"].startswith("bn_lenet:shipped:bn_lenet@0,")


def test_counting_is_stopped_and_taken_up_again(
    two: dict[str, nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computation, "MOMENT", 0.0)
    plain = counting._answers
    monkeypatch.setattr(counting, "MACS_AT_ONCE", 1)  # picture by picture
    monkeypatch.setattr(counting, "_answers", lambda *each: time.sleep(0.05) or plain(*each))
    at = opened("compare", nets=TWO)
    while "Counting what" not in at.get("progress")[0].proto.text:
        at.run()
    press(at, "Stop")
    assert not [each for each in at.button if each.key == "compare_stop"]
    assert "gets most of" not in text(at)
    for task in computation._ALONE.tasks:  # nobody else watches
        assert task.wait(10)
        assert task.ending is Ending.LEFT
    monkeypatch.setattr(counting, "_answers", plain)
    press(at, "Count what they get right")
    assert "gets most of the 359" in text(ended(at))


def test_what_takes_long_is_asked_for(
    two: dict[str, nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computation, "AUTOMATIC", 0)
    at = ended(opened("compare", nets=TWO))
    assert "It takes about 1 s" in text(at)
    assert "\u202fms" in html(at)  # times are measured all the same
    press(at, "Count what they get right")
    assert "gets most of the 359" in text(ended(at))


# -- in a real browser ------------------------------------------------------------------------


@pytest.mark.browser
def test_from_the_answer_to_the_pictures_and_back_by_the_link(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/compare?nets=lenet:untrained:0,bn_lenet:untrained:0")
    settled(page)
    expect(page.locator(".compare-table tbody tr")).to_have_count(2, timeout=20_000)
    expect(page.get_by_text("None of these networks has learned")).to_be_visible()
    expect(page.locator(".compare-table tbody tr").first).to_contain_text("ms", timeout=20_000)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Figures (CSV)").click()
    lines = list(csv.DictReader(saved.value.path().read_text(encoding="utf-8").splitlines()))
    assert [line["parameters"] for line in lines] == ["61706", "44878"]
    assert all(float(line["seconds_per_picture"]) > 0 for line in lines)
    page.get_by_role("tab", name="Layer budgets").click()
    page.wait_for_url("**view=budgets*")
    page.get_by_role("radio", name="as shares").click()
    page.wait_for_url("**scale=shares*")
    page.reload()
    settled(page)
    expect(page.get_by_text("share of the MACs")).to_be_visible(timeout=20_000)
