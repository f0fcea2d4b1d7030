"""Every word can be translated, and every translation is up to date."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from explorer import networks
from explorer.base import language
from explorer.ui import entries
from explorer.ui.entries import PAGES, SECTIONS, Entry
from explorer.ui.language_picker import CHOICE
from tests.opened_pages import SHELL
from tests.processes import printed

POT = language.LOCALES / "convscope.pot"
PSEUDO = "eo"  # any code: the pseudo-language borrows it
SHOWN = """title header subheader markdown caption text info warning error success button
    download_button link_button page_link selectbox multiselect radio checkbox toggle slider
    select_slider number_input text_input text_area file_uploader metric expander tabs
    segmented_control pills""".split()


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def words(messages: Catalog) -> set[str]:
    """All that is to be translated, plural forms too."""
    each = [message.id if isinstance(message.id, tuple) else (message.id,) for message in messages]
    return {text for texts in each for text in texts if text}


def placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_list_of_words_is_up_to_date(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.pot"
    words_of = "--no-default-keywords -k _ -k N_ -k ngettext:1,2"
    extract = f"-m babel.messages.frontend -q extract {words_of} -o {fresh} app.py explorer pages"
    printed(*extract.split())
    assert words(catalogue(POT)) == words(catalogue(fresh)), "run `make messages`"


def test_placeholders_have_names() -> None:
    nameless = [text for text in words(catalogue(POT)) if "" in placeholders(text)]
    assert not nameless, "a translator must be able to change their order"


def test_translations_keep_the_placeholders() -> None:
    translations = map(catalogue, language.LOCALES.rglob("*.po"))
    for message in (message for each in translations for message in each):
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in filter(None, given if message.id else ()):
            asked = message.id[-1] if isinstance(message.id, tuple) else message.id
            assert placeholders(text) <= placeholders(asked), text


@pytest.fixture
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language in which every message is itself in ⟦brackets⟧; its code."""
    translated = Catalog(locale=PSEUDO)
    for message in catalogue(POT):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        if message.id:
            forms = tuple(f"⟦{text}⟧" for text in ids)
            translated.add(message.id, forms if len(forms) > 1 else forms[0])
    compiled = tmp_path / PSEUDO / "LC_MESSAGES" / "convscope.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, translated)
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    language._catalogue.cache_clear()
    yield PSEUDO
    language._catalogue.cache_clear()


# Options are called on the page as they are in links and on the command line.
NAMES = {option.name for each in networks.course().values() for option in each.all_options}


def plain(text: str) -> list[str]:
    """The lower-case words of `text` that went round the translation (names and units may)."""
    text = re.sub(r"\[[^\]]*\]\(https?://[^)]*\)", " ", text)  # a paper's title stays as published
    text = re.sub(r"`[^`]*`|:material/\w+:|:\w+(?=\[)|https?://\S+|<[^>]*>", " ", text)
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = shorter
    return re.findall(r"\b[a-z]{4,}\b", text)


def shown(at: AppTest) -> Iterator[str]:
    """Every text that a visitor reads or hears: what elements say, their labels and their help."""
    for kind in SHOWN:
        for element in at.get(kind):
            texts = [getattr(element, name, None) for name in ("label", "help", "placeholder")]
            if not hasattr(element, "label"):
                texts.append(getattr(element, "value", None))
            yield from (text for text in texts if isinstance(text, str))


@pytest.mark.parametrize("entry", PAGES, ids=lambda page: page.url or "home")
def test_every_page_opens_and_does_not_speak_plain_english(pseudo: str, entry: Entry) -> None:
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.session_state[CHOICE] = pseudo
    at.run().switch_page(str(entry.path)).run()
    assert not at.exception
    (title,) = at.title
    assert entry.own_title or title.value == f"⟦{entry.question}⟧"
    assert any("⟦" in text for text in shown(at))
    assert not {text: plain(text) for text in shown(at) if plain(text) and text not in NAMES}


def test_the_frame_speaks_the_readers_language(pseudo: str) -> None:
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.context = {"locale": f"{pseudo}-XX"}
    at.run()
    assert at.title[0].value.startswith("⟦")
    assert at.sidebar.selectbox(key=CHOICE).value == pseudo
    named = (
        {page.title for page in PAGES} | {page.question for page in PAGES} | {*SECTIONS.values()}
    )
    assert named - {""} <= words(catalogue(POT))


def test_the_list_of_pages_is_in_the_language_that_it_is_kept_under(pseudo: str) -> None:
    """Whoever is served when it is made."""
    entries.translated.cache_clear()
    try:
        assert list(entries.translated(pseudo)) == [
            f"⟦{name}⟧" if name else "" for name in SECTIONS.values()
        ]
    finally:
        entries.translated.cache_clear()


def test_one_language_needs_no_choice() -> None:
    at = AppTest.from_file(SHELL, default_timeout=60).run()
    if len(language.available()) == 1:
        assert not at.sidebar.selectbox
