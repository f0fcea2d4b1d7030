"""Pages that look inside answer their questions, and say what trained the networks they show."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer import networks, weights
from explorer.data.pictures import Picture
from explorer.figures.maps import photograph
from explorer.figures.pictures import address
from explorer.inside import comparison, kernel_shapes
from explorer.networks import NetworkSpec
from explorer.networks.titles import title
from explorer.weights.effort import Effort, effort
from pages.inside.feature_maps import answer
from pages.inside.kernels import verdict
from tests.opened_pages import boards, grey_input, html, opened, press, text
from tests.shipped_weights import ship, trained, untrained

pytestmark = pytest.mark.usefixtures("shipped")
RECIPE = {"train_subset": 500, "optimizer": "adam", "learning_rate": 0.001}


def strip(at: AppTest) -> dict[str, Any]:
    return next(sent for sent in boards(at) if "stages" in sent)


# -- feature maps -------------------------------------------------------------------------------


def test_the_strip_ends_in_the_answer(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("feature-maps", picture="digits:test:0")
    with torch.no_grad():
        logits = network(grey_input())[0].double()
    sent = strip(at)["answer"]
    best = logits.argsort(descending=True)[:5].tolist()
    assert [bar["channel"] for bar in sent["bars"]] == best
    assert [bar["name"] for bar in sent["bars"]] == [str(n) for n in best]
    shares = logits.softmax(0)[best].tolist()
    assert [bar["probability"] for bar in sent["bars"]] == pytest.approx(shares, rel=1e-4)


def test_the_softmax_is_written_out() -> None:
    logits = [("a", 1.5), ("b", -2.0), ("c", 0.25), ("d", 0.0)]
    words = answer.softmax(logits)
    assert "e^1.5 / (e^1.5 + e^(−2) + e^0.25 + 1 other)" in words
    share = torch.tensor([value for _name, value in logits]).softmax(0)[0]
    assert words.endswith(f"{100 * share:.1f}\u202f%")
    assert "other" not in answer.softmax(logits[:3])


def test_the_sum_stands_beside_its_pixel() -> None:
    at = opened("feature-maps", picture="digits:test:0", layer="act1", channel="2", at="3.4")
    (channel,) = [sent for sent in boards(at) if "values" in sent]
    assert next(line.split(" = ")[0] for line in channel["sum"]) == "conv1"
    with torch.no_grad():
        network = untrained()
        value = float(network.act1(network.conv1(grey_input()))[0, 2, 3, 4])
    written = float(re.findall(r"\) = (−?[\d.]+)", channel["sum"][-1])[0].replace("−", "-"))
    assert written == pytest.approx(value, abs=1e-4)


def test_a_linear_layer_has_weights_and_numbers_not_kernels_and_pixels() -> None:
    at = opened("feature-maps", picture="digits:test:0", layer="fc2", channel="9")
    (total,) = [sent for sent in boards(at) if "steps" in sent]
    assert total["labels"]["kernel"] == "weights"
    assert total["head"] == "fc2, number 10"


def test_a_channel_leads_to_what_excites_it() -> None:
    at = opened("feature-maps", picture="digits:test:0", layer="conv2", channel="7")
    (link,) = [each.proto for each in at.get("page_link") if "excites" in each.proto.label]
    for part in ("network=lenet", "layer=conv2", "channel=7", "weights=untrained"):
        assert part in link.query_string


# -- what trained a network ---------------------------------------------------------------------


def test_every_trained_network_says_on_what_how_long_and_at_which_width(shipped: Path) -> None:
    narrow = networks.get("vgg11").build(conv_ratio=8, fc_ratio=8).eval()
    spec = NetworkSpec.parse("vgg11", {"conv_ratio": 8, "fc_ratio": 8})
    ship(shipped, "vgg11", narrow, options=spec.values, size=32, recipe=RECIPE)
    for page in ("kernels", "feature-maps", "why", "excites"):
        words = text(opened(page, network="vgg11"))
        assert "VGG-11, an eighth of the width" in words, page
        assert ": 3 epochs of 500 pictures, 32 × 32" in words, page


def test_titles_say_what_is_built_otherwise() -> None:
    assert title(NetworkSpec.parse("lenet")) == networks.get("lenet").title
    named = title(NetworkSpec.parse("lenet", {"activation": "relu"}))
    assert named == f"{networks.get('lenet').title}, activation relu"
    assert "a quarter" not in title(NetworkSpec.parse("vgg11", {"conv_ratio": 4}))


def test_a_ranking_of_unequal_training_says_so_first(shipped: Path) -> None:
    trained(shipped)
    other = networks.get("bn_lenet").build().eval()
    ship(shipped, "bn_lenet", other, recipe=RECIPE)
    at = opened("compare")
    for _run in range(300):
        if "gets most of" in text(at):
            break
        at.run()
    sentence = next(each.value for each in at.markdown if "gets most of" in each.value)
    assert sentence.startswith("**They were trained unequally**, from 3 epochs of 500 pictures")
    assert "3 epochs of 1\u202f438 pictures, 28 × 28 (A)" in sentence
    assert "3 epochs of 500 pictures" in html(at, "compare-table")
    assert "cards" in at.expander[0].label


def test_unequal_is_any_difference_in_what_was_seen() -> None:
    one = Effort("digits", 2, 1000, 28)
    assert comparison.unequal({"A": one, "B": replace(one, dataset="other")}) is None
    for other in (replace(one, epochs=3), replace(one, pictures=10), replace(one, side=32)):
        ends = comparison.unequal({"A": one, "B": other})
        assert ends
        assert sorted(name for name, _effort in ends) == ["A", "B"]
        assert ends[0][1].views <= ends[1][1].views
    assert comparison.unequal({}) is None


def test_before_its_training_a_network_has_seen_nothing(shipped: Path) -> None:
    trained(shipped)
    spec = NetworkSpec.parse("lenet")
    assert effort(weights.model(spec, "shipped:lenet@0")) is None
    assert effort(weights.model(spec, "untrained:0")) is None
    assert effort(weights.model(spec, "shipped:lenet")) == Effort("digits", 3, 1438, 28)


# -- compare, kernels ---------------------------------------------------------------------------


def test_disagreements_lead_into_the_networks(shipped: Path) -> None:
    trained(shipped)
    ship(shipped, "bn_lenet", networks.get("bn_lenet").build().eval())
    at = opened("compare", view="differ", cell="differ")
    for _run in range(300):
        if [each for each in at.get("html") if 'class="compare-pictures"' in each.proto.body]:
            break
        at.run()
    page = html(at, 'class="compare-pictures"')
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 3 * page.count("<figure>") > 0
    assert links[0].startswith("feature-maps?network=lenet&amp;weights=shipped%3Alenet&amp;")
    assert links[2].startswith("why?network=bn_lenet&amp;weights=shipped%3Abn_lenet&amp;picture=")


def test_kernels_say_what_they_look_for() -> None:
    kernels = untrained().conv1.weight.detach()
    edges = kernel_shapes.kinds(kernels).count("edge")
    chance = kernel_shapes.by_chance(1, 5, 5)["edge"]
    words = text(opened("kernels"))
    assert re.search(rf"Of the 6 first kernels \(conv1\) \*\*{edges} looks? for edges", words)
    assert f"Of random kernels {100 * chance:.0f}\u202f% do: " in words


@pytest.mark.parametrize(("edges", "ends"), [(0, "no more than chance gives."), (6, "more than")])
def test_so_many_edges_may_be_chance(edges: int, ends: str) -> None:
    assert f"do: {ends}" in verdict.judged(edges, 6, 0.135)


def test_whatever_is_said_of_chance_is_the_binomial_tail() -> None:
    counts = torch.distributions.Binomial(6, torch.tensor(0.135)).sample((20_000,))  # type: ignore[no-untyped-call]
    for edges in range(7):
        tail = float((counts >= edges).double().mean())
        if abs(tail - verdict.BY_CHANCE) > 0.015:
            rare = "do: more than" in verdict.judged(edges, 6, 0.135)
            assert rare == (tail < verdict.BY_CHANCE), edges


def test_colours_of_a_layer_end_where_most_weights_do(shipped: Path) -> None:
    network = networks.get("lenet").build().eval()
    with torch.no_grad():
        network.conv2.weight[0, 0, 0, 0] = 50.0  # alone, it would leave all others white
    ship(shipped, "lenet", network)
    at = opened("kernels", layer="conv2")
    every = next(sent for sent in boards(at) if "values" in sent)
    size = float(network.conv2.weight.square().mean().sqrt())
    assert every["most"] == [pytest.approx(3 * size, rel=1e-4)]
    assert "larger ones as the ends" in every["range"]
    whole = opened("kernels", layer="conv2", scale="network")
    every = next(sent for sent in boards(whole) if "values" in sent)
    assert every["most"] == [50.0]
    assert "larger ones" not in every["range"]


def test_an_own_picture_can_be_inverted() -> None:
    at = opened("feature-maps")
    pixels = torch.arange(784, dtype=torch.uint8).view(1, 28, 28)
    at.session_state["picture own"] = Picture(pixels, "mine")
    at.session_state["picture chosen"] = "own"
    at.session_state["feature-maps.picture_opened"] = True
    at.run()
    press(at, "Invert")
    (channel,) = [sent for sent in boards(at.run()) if "picture_size" in sent]
    assert torch.equal(at.session_state["picture own"].pixels, 255 - pixels)
    expected = address(photograph((255 - pixels).numpy()))
    assert channel["picture"] == expected
