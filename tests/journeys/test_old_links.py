"""Links as they were made before the house was rebuilt: each still opens the same page as it was.

Their addresses are those of the tests of commit 1a68655. A link that somebody has put into a course
outlives every tidying-up, so none of these may be changed.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget

from explorer.ui.entries import PAGES, entry
from explorer.ui.network_picker import OPTIONS
from explorer.ui.page_address import same
from tests.opened_pages import opened

pytestmark = pytest.mark.usefixtures("two_runs")

# The page's address, and what its widgets then show (key → value) beside what it says.
LINKS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("", {}),
    (("convolution?conv_input=1+2+3;+4+5+6;+7+8+9;+1+0+1&conv_kernel=1+0.5&conv_stride_h=2"
      "&conv_pad_w=1&conv_dilation=2&conv_flip=true&conv_at=1,2"),
      {"conv_stride_w": 1, "conv_pad_h": 0}),
    ("convolution?conv_photo=camera", {"conv_flip": False}),
    ("edge-kernel?edge_rate=0.03&edge_bias=true&edge_start=course&edge_loss=mean", {}),
    ("edge-kernel?edge_image=own&edge_drawing=0+0+1;0+0+1;0+1+1", {}),
    (
        "padding-stride?pad_size=12&pad_kernel=3&pad_padding=2&pad_stride=2&pad_dilation=2",
        {"pad_view": "one"},
    ),
    ("padding-stride?pad_view=two&pad_kernel2=3x5&pad_padding2=0,+1&pad_stride2=3,+4", {}),
    ("channels?channels_outputs=2", {"channels_part": "Many to one"}),
    (
        "channels?channels_part=pixel&channels_typed=3.2.0;x0.1.1:2;w.0.0:-1.5",
        {"channels_part": "1 × 1", "channels_pixel_in": 3},
    ),
    (("channels?channels_part=cost&channels_c_in=1&channels_c_out=6&channels_kernel_size=5"
      "&channels_height=28&channels_width=28"), {}),
    ("pooling?pool_mode=avg&pool_shift=0&pool_window_h=3&pool_stride_h=3", {}),
    ("receptive-field?field_view=effective&field_stack=c3+c3+c3+c3&field_side=15", {}),
    ("receptive-field?field_view=networks&field_network=torchvision%2Fresnet50", {}),
    ("batch-norm?bn_layer=conv&bn_size=8&bn_side=5&bn_feature=2", {}),
    ("batch-norm?bn_mode=prediction&bn_seen=5&bn_gamma=2.5&bn_beta=-3&bn_eps=10&bn_view=torch", {}),
    ("blocks?blocks_part=shapes&blocks_r_out=6&blocks_stride=2", {"blocks_r_in": 3}),
    ("blocks?blocks_part=inception&blocks_which=4a", {"blocks_path2": 208, "blocks_wide_in": 480}),
    ("check?quiz_seed=77&quiz_level=2&quiz_topic=field&quiz_number=4", {}),
    ("layers?network=vgg11&input=1x240x230&conv_ratio=4&batch=8&num_classes=7", {}),
    ("layers?network=lenet&view=costs&show=memory", {}),
    ("layers?network=googlenet&open=all&layer=stage3", {}),
    ("data?data=digits&part=test&turn=2", {}),
    (("feature-maps?picture=digits:test:0&network=bn_lenet&weights=untrained:0&layer=bn1"
      "&channel=3&at=3.4&training=true&sort=max&scale=channel&signs=up"), {}),
    (("feature-maps?picture=digits:test:0&picture2=digits:test:5&weights=untrained:0"
      "&beside=pictures&layer=conv2&channel=7&at=3.4"), {}),
    ("kernels?layer=conv2&channel=3&show=norms&scale=kernel&sort=norm", {}),
    (
        "kernels?network=torchvision%2Fresnet18&layer=layer4.1.conv2&channel=500",
        {"kernels.weights": "untrained:0"},
    ),
    ("excites?weights=untrained:0&data=digits&steps=16&channel=7&noise=4&l2=0.3", {}),
    ("why?picture=digits:test:0&weights=untrained:0&cam=conv1&class=3&control=false", {}),
    (
        "compare?nets=lenet:untrained:0,bn_lenet:untrained:0&first=2500&view=budgets&scale=shares",
        {"compare.view": "Layer budgets"},
    ),
    (("new-run?network=vgg11&conv_ratio=4&size=64&epochs=2&flip=true&learning_rate=0.05"
      "&optimizer=sgd&momentum=0.9&dataset=digits"), {"new-run.batch_size": 256}),
    ("new-run?preset=batch-norm&dataset=digits&all_epochs=2", {"new-run.start": "batch-norm"}),
    ("new-run?network=bn_lenet&dataset=digits&epochs=3&seed=5", {}),
    ("live?run=1&by=step", {"live.picked": 1}),
    ("runs?runs=1,2&by=images", {"runs.chosen": [1, 2]}),
)  # fmt: skip
# A board holds these, a page's own list or tabs.
ELSEWHERE = {
    "blocks_part", "by", "channels_part", "channels_typed", "conv_at", "layer", "nets", "open",
    "picture", "picture2", "preset", "run", "runs",
}  # fmt: skip


def parts(link: str) -> tuple[str, dict[str, str]]:
    """The page's own part of a link, and what is asked of the page."""
    url, _mark, query = link.partition("?")
    return url, dict(parse_qsl(query))


def values(at: AppTest, keys: Iterable[str]) -> dict[str, Any]:
    """What the page's widgets hold, and what it keeps where it has no widget, by key."""
    widgets = {each.key: each.value for each in at.main if isinstance(each, Widget)}
    return {key: widgets[key] if key in widgets else at.session_state[key] for key in keys}


def test_they_lead_to_every_page() -> None:
    assert len(LINKS) >= 30
    assert {parts(link)[0] for link, _widgets in LINKS} == {page.url for page in PAGES}


def test_their_names_are_declared_by_their_pages() -> None:
    for link, _widgets in LINKS:
        url, names = parts(link)
        assert names.keys() <= entry(url).state.fields.keys() | {*OPTIONS}, url


@pytest.mark.parametrize(("link", "widgets"), LINKS, ids=[link or "home" for link, _ in LINKS])
def test_it_opens_the_same_page_in_the_same_state(link: str, widgets: Mapping[str, object]) -> None:
    url, address = parts(link)
    at = opened(url, **address)
    assert not at.warning
    assert values(at, widgets) == widgets
    key = entry(url).state.key
    texts = {key(name): text for name, text in address.items() if name not in ELSEWHERE}
    texts = {each: text for each, text in texts.items() if each not in widgets}
    held = values(at, texts)
    assert {each: held[each] for each in texts if not same(texts[each], held[each])} == {}
    assert {name: "".join(text) for name, text in at.query_params.items()} == address
