"""The learning pages' links: whatever a reader or a prompt has set, a fresh visitor sees it too.

A reader's own hand in a widget that is bound to the address is spelled there by the browser; the
first half of this file does as the browser does (Streamlit 1.67): a value goes into the address
unless it is the default that the widget was drawn with. All else is put there by the server.
"""

from collections.abc import Mapping
from itertools import cycle, pairwise
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget

from explorer.ui import lesson
from explorer.ui.entries import PAGES, entry
from explorer.ui.page_address import Field, spell
from explorer.ui.state import Number, OneOf, Open
from pages.learn.blocks.concatenation import of_googlenet
from tests.opened_pages import boards, opened, untold

URLS = [page.url for page in PAGES if page.section == "Learn"]


def choices(url: str, name: str) -> list[str | int]:
    """What there can be under a name of a page's address."""
    field = entry(url).state.fields[name]
    assert isinstance(field, OneOf)
    return list(field.choices)


# What stands on a tab, or under a choice, is drawn only when that is open.
TABS = {"padding-stride": "pad_view", "channels": "channels_part", "blocks": "blocks_part",
        "receptive-field": "field_view"}  # fmt: skip
PARTS: Mapping[str, list[dict[str, str]]] = {
    "edge-kernel": [{}, {"edge_image": "own"}],
    "batch-norm": [{}, {"bn_view": "bias"}],
} | {url: [{name: str(part)} for part in choices(url, name)] for url, name in TABS.items()}
CASES = [(url, part) for url in URLS for part in PARTS.get(url, [{}])]
NAMES = ["-".join([url, *part.values()]) for url, part in CASES]
every_part = pytest.mark.parametrize(("url", "part"), CASES, ids=NAMES)


def widgets(at: AppTest) -> dict[str, Widget]:
    """What can be set on the page, by key; buttons and files have nothing to keep."""
    kinds = {"button_group", "number_input", "select_slider", "selectbox", "slider", "text_area",
             "text_input", "toggle"}  # fmt: skip
    return {each.key: each for each in at.main if isinstance(each, Widget) and each.type in kinds}


def values(at: AppTest) -> dict[str, Any]:
    return {key: widget.value for key, widget in widgets(at).items()}


# -- by hand ----------------------------------------------------------------------------------


def is_bound(widget: Widget) -> bool:
    return bool(widget.proto.query_param_key)


def drawn_with(widget: Widget) -> Any:
    """The default that the browser was told of."""
    default = widget.proto.default
    if widget.type in {"button_group", "select_slider"}:
        return widget.options[int(default[0])]
    if widget.type == "selectbox":
        return widget.options[default]
    return default[0] if widget.type == "slider" else default


def address(at: AppTest) -> dict[str, str]:
    """The link to the page as it stands."""
    link = {key: str(at.query_params[key]) for key in at.query_params}
    for key, widget in widgets(at).items():
        if is_bound(widget):
            link.pop(key, None)
            named = widget.type in {"button_group", "select_slider"}
            if (str(widget.value) if named else widget.value) != drawn_with(widget):
                link[key] = spell(widget.value)
    return link


def ends(widget: Widget) -> tuple[Any, Any]:
    """Two values far apart; one of them is what such a widget shows if nobody tells it."""
    if widget.type == "toggle":
        return False, True
    if widget.type == "slider":
        return widget.min, widget.max
    if widget.type == "number_input":
        limits = widget.proto
        return limits.min if limits.has_min else 0, limits.max if limits.has_max else 7
    if widget.type in {"text_input", "text_area"}:
        return "1 2; 3 4", "c3 p2"  # an emptied one is a mistake: its link shows the default
    return widget.options[0], widget.options[-1]


@pytest.mark.parametrize("end", [0, 1], ids=["least", "most"])
@every_part
def test_what_is_set_by_hand_is_in_the_link(url: str, part: dict[str, str], end: int) -> None:
    at = opened(url, **part)
    for key, widget in widgets(at).items():
        if is_bound(widget) and key != "blocks_which":  # which sets others: in the test below
            widget.set_value(ends(widget)[end])
    at.run()
    assert not at.exception
    assert values(opened(url, **address(at))) == values(at)


@pytest.mark.parametrize("url", [url for url in URLS if url not in {"channels", "blocks"}])
def test_every_word_that_is_chosen_is_in_the_link(url: str) -> None:
    at = opened(url)
    first = values(at)
    words = {
        key: first[key]
        for key, widget in widgets(at).items()
        if widget.type in {"button_group", "selectbox"} and not is_bound(widget)
    }
    assert words or url == "dilation"  # the page that `docs/adding.md` adds
    for key, word in words.items():
        for choice in (choices(url, key)[-1], word):
            widgets(at)[key].set_value(choice).run()
            assert not at.exception
            assert values(at)[key] == choice
            assert values(opened(url, **address(at))) == values(at)


# -- by a click -------------------------------------------------------------------------------


# Refused on purpose, to see what is said: too large, padded too much, shapes that do not meet.
REFUSED = {
    ("convolution", "try_4"),
    ("pooling", "try_4"),
    ("pooling", "show_3"),
    ("blocks", "try_2"),
}


@every_part
def test_what_a_prompt_sets_is_in_the_link(
    url: str, part: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: list[lesson.Setting] = []
    put = lesson.put
    monkeypatch.setattr(lesson, "put", lambda setting: (settings.append(setting), put(setting)))
    at, fields = opened(url, **part), entry(url).state.fields
    questions = ("show_",) if part == PARTS.get(url, [{}])[0] else ()  # alike on every part
    keys = [each.key or "" for each in at.button]
    links = [address(at)]
    keys = [key for key in keys if key.startswith(("try_", *questions))]
    for key in (*keys, *reversed(keys)):  # each after two others: nothing of those is left
        if key not in {each.key for each in at.button}:  # of the part that was shown at first
            continue
        at.button(key=key).click().run()
        assert not at.exception
        assert not at.error or (url, key) in REFUSED
        links.append(address(at))
        assert settings[-1].keys() == fields.keys()
        assert links[-1] == unusual(fields, settings[-1]), key
        assert {each: str(at.query_params[each]) for each in at.query_params} == links[-1], key
        if key.startswith("show_"):
            assert values(opened(url, **links[-1])) == values(at), key
    changes = [a != b for a, b in pairwise(links[: len(keys) + 1])]
    assert sum(changes) >= len(keys) - 2, "all but the first, and one that asks the same again"


def unusual(fields: Mapping[str, Field], setting: lesson.Setting) -> dict[str, str]:
    """What a link to this setting says: all that is not as the page opens."""
    usual = {name: spell(field.default) for name, field in fields.items()}
    if "blocks_which" in setting:  # which brings its own widths
        own = of_googlenet(setting["blocks_which"]).items()
        usual |= {name: spell(width) for name, width in own if isinstance(width, int)}
        usual |= {"blocks_reduced": "true"}
    return {name: spell(value) for name, value in setting.items() if spell(value) != usual[name]}


# -- and as a file ----------------------------------------------------------------------------


@every_part
def test_what_is_shown_can_be_taken_along_and_has_its_definition(
    url: str, part: dict[str, str]
) -> None:
    at = opened(url, **part)
    assert any(
        each.value.startswith(("def ", "class ", "@", "import ", "from ")) for each in at.code
    )
    # The ten answers are a file once they are given; a sum of shapes is a sentence.
    if url != "check" and part != {"blocks_part": "shapes"}:
        assert at.get("download_button") or at.get("plotly_chart")  # each chart saves itself


# -- and made up ------------------------------------------------------------------------------


@every_part
def test_a_link_that_holds_nonsense_shows_the_defaults_and_says_so(
    url: str, part: dict[str, str]
) -> None:
    part = {} if part == PARTS.get(url, [{}])[0] else part
    fields = [field for field in entry(url).state.fields.values() if field.name not in part]
    fields = [field for field in fields if not isinstance(field, Open)]
    link = dict(zip((field.name for field in fields), cycle(("zzz", "NaN", "1e999"))))
    bounded = [each for each in fields if isinstance(each, Number) and each.most is not None]
    link |= {field.name: "1000000000" for field in bounded[::2]}
    at, usual = opened(url, **part, **link), opened(url, **part)
    held = [name for name in link if name in at.session_state]
    assert {name: at.session_state[name] for name in held} == {
        name: usual.session_state[name] for name in held
    }
    assert not untold(at, held)
    texts = [field.name for field in entry(url).state.fields.values() if isinstance(field, Open)]
    odd = opened(url, **part, **dict.fromkeys(texts, "zzz"))
    assert len(boards(odd)) == len(boards(opened(url, **part)))
