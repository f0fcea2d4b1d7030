"""What visitors type is shown as text: names and notes of runs on every page, and in a terminal."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from explorer import runs
from explorer.base import plain_text
from explorer.cli.main import main
from explorer.runs import Status, store
from explorer.runs.database import database
from explorer.ui.entries import PAGES as ALL_PAGES
from explorer.ui.runs import run_words
from tests.opened_pages import opened
from tests.run_processes import SHORT, folder, over

MARKS = "**evil** <i>evil</i> [evil](http://evil.example) $evil^2$ :smile: #evil"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\rhidden\nRun 9: free"


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A run with weights whose name and note are full of Markdown and HTML."""
    with folder(tmp_path_factory.mktemp("home")):
        number = runs.launch(replace(SHORT, epochs=1, train_subset=64), MARKS)
        assert over(number).status is Status.FINISHED
        runs.note(number, f"{MARKS}\n\n# {MARKS}\n===\n\n    {MARKS}\n1. {MARKS}")
        yield number


# Which texts of an element a browser reads as Markdown or HTML. Lists' entries, what fields hold
# and what boards are sent as JSON are texts to it (the boards' own tests look at those).
READ_AS_MARKUP = ("body", "label", "help", "tooltip", "placeholder", "text", "title", "message")


def markup(at: AppTest) -> Iterator[tuple[str, bool]]:
    """Texts, and whether each is read as HTML alone."""
    for part in (at.main, at.sidebar):
        for element in part:
            proto = getattr(element, "proto", None)
            if isinstance(proto, Message):
                html = element.type == "html"
                yield from ((str(getattr(proto, name, "")), html) for name in READ_AS_MARKUP)
            if element.type in {"table", "arrow_table"}:
                yield element.value.to_csv(), False


def obeyed(text: str, html: bool) -> bool:
    """Whether a sign of a name in it would be read as markup."""
    markdown = r"(?<!\\)\*\*evil|(?<!\\)\[evil|(?<!\\)\$evil|(?<!\\):smile|(?<!\\)#evil"
    return bool(re.search("<i>evil" if html else rf"(?<!\\)<i>evil|{markdown}", text))


PAGES: dict[str, dict[str, str]] = {
    "live": {"run": "{n}"},
    "runs": {"runs": "{n}"},
    "new-run": {},
    "feature-maps": {"network": "lenet", "weights": "run:{n}"},
    "kernels": {"network": "lenet", "weights": "run:{n}", "beside": "moments"},
    "excites": {"network": "lenet", "weights": "run:{n}"},
    "why": {"network": "lenet", "weights": "run:{n}"},
    "compare": {"nets": "lenet:run:{n},lenet:untrained:0"},
}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_obeys_a_name_or_a_note(marked: int, page: str) -> None:
    at = opened(page, **{key: value.format(n=marked) for key, value in PAGES[page].items()})
    texts = list(markup(at))
    assert len(texts) > 10
    assert [text for text, html in texts if obeyed(text, html)] == []


# Fields that stand on a page only under these addresses.
VIEWS = {
    "padding-stride": {"pad_view": "two"},
    "edge-kernel": {"edge_image": "own"},
    "batch-norm": {"bn_kind": "own"},
    "check": {"quiz_level": "3", "quiz_topic": "sizes"},
}
TYPED = ("**1**$1$`1`", ":red[1][1](b)")


# The fields of Runs take any text: names and notes, see above.
@pytest.mark.parametrize("page", [each.url for each in ALL_PAGES if each.url != "runs"])
def test_what_was_typed_into_any_field_is_shown_as_it_was_typed(page: str) -> None:
    at = opened(page, **VIEWS.get(page, {}))
    for key, typed in product([each.key for each in (*at.text_input, *at.text_area)], TYPED):
        field = next(each for each in (*at.text_input, *at.text_area) if each.key == key)
        before = field.value
        field.set_value(typed)
        (at.button(key="quiz_check").click() if page == "check" else at).run()
        assert not at.exception
        words = "\n".join(each.value for each in (*at.error, *at.warning))
        assert plain_text.markdown(typed) in words, (key, words)
        next(each for each in (*at.text_input, *at.text_area) if each.key == key).set_value(before)
        at.run()


def test_the_test_sees_what_is_obeyed() -> None:
    def page(text: str) -> None:
        import streamlit as st

        st.caption(text)
        st.html(text)
        st.table({"a": [text]})
        st.button(text)

    at = AppTest.from_function(page, args=(MARKS,)).run()
    assert sum(obeyed(*each) for each in markup(at)) >= 4


def test_what_is_written_literally_becomes_neither_a_link_nor_a_heading() -> None:
    text = run_words.literal("see http://evil.example, www.evil.example, a@evil.example\n===\n  x")
    links = r"https?:\\?//|www\\?\.|\w@"  # what a browser makes links of, escaped or not
    assert not re.search(links, text)
    assert re.sub("[\\\\\u2060]", "", text).split("  \n")[1:] == ["===", "x"]
    assert "\\=" in text


def test_names_and_notes_are_kept_without_control_signs(marked: int) -> None:
    runs.rename(marked, f"{ESCAPES}\udcff")
    runs.note(marked, f"one\r\n{ESCAPES}\udcff")
    run = runs.get(marked)
    runs.rename(marked, MARKS)
    assert run.name == "]0;owned[2J hidden Run 9: free"
    assert run.note == "one\n]0;owned[2J\nhidden\nRun 9: free"
    with pytest.raises(ValueError, match="at least one character"):
        runs.rename(marked, "\x1b\x07 \n")


def test_a_terminal_shows_a_name_of_an_older_store_on_one_line(
    marked: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with database().writing() as connection:
        row = store.get(marked)
        change = "UPDATE runs SET name = ?, recipe = ? WHERE id = ?"
        recipe = json.dumps({**json.loads(row.recipe_json), "dataset": ESCAPES})
        connection.execute(change, (ESCAPES, recipe, marked))
    try:
        assert main(["runs", "list"]) == 0
        listed = capsys.readouterr().out
        assert main(["runs", "show", str(marked)]) == 0
        assert main(["runs", "resume", str(marked)]) == 2
        detail = capsys.readouterr()
        assert main(["runs", "list", "--json"]) == 0
    finally:
        with database().writing() as connection:
            connection.execute(change, (MARKS, row.recipe_json, marked))
    assert json.loads(capsys.readouterr().out)[0]["name"] == ESCAPES
    for text in (listed, detail.out, detail.err):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
        assert "hidden" in text
    assert len(listed.splitlines()) == 3
    assert "\nRun 9" not in detail.out
