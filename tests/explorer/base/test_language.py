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
from explorer.base.reasons import Reason
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


def forms(message: str | tuple[str, ...]) -> tuple[str, ...]:
    """The one that a message has, or those for one and for many."""
    return message if isinstance(message, tuple) else (message,)


def words(messages: Catalog) -> set[str]:
    """All that is to be translated, plural forms too."""
    return {text for message in messages for text in forms(message.id) if text}


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
    for message in (message for each in translations for message in each if message.id):
        for text in filter(None, forms(message.string)):
            assert placeholders(text) <= placeholders(forms(message.id)[-1]), text


@pytest.fixture(scope="module")
def bracketed_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of catalogues with one, in which every message is itself in ⟦brackets⟧."""
    folder = tmp_path_factory.mktemp("locale")
    translated = Catalog(locale=PSEUDO)
    for message in filter(lambda message: message.id, catalogue(POT)):
        bracketed = tuple(f"⟦{text}⟧" for text in forms(message.id))
        translated.add(message.id, bracketed if len(bracketed) > 1 else bracketed[0])
    compiled = folder / PSEUDO / "LC_MESSAGES" / "convscope.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, translated)
    return folder


@pytest.fixture
def pseudo(bracketed_words: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The code of the language in brackets."""
    monkeypatch.setattr(language, "LOCALES", bracketed_words)
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


def texts(at: AppTest) -> Iterator[str]:
    """Every text that a visitor reads or hears: what elements say, their labels and their help."""
    for kind in SHOWN:
        for element in at.get(kind):
            names = ("label" if hasattr(element, "label") else "value", "help", "placeholder")
            values = (getattr(element, name, None) for name in names)
            yield from (text for text in values if isinstance(text, str))


@pytest.mark.parametrize("entry", PAGES, ids=lambda page: page.url or "home")
def test_every_page_opens_and_does_not_speak_plain_english(pseudo: str, entry: Entry) -> None:
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.session_state[CHOICE] = pseudo
    at.run().switch_page(str(entry.path)).run()
    assert not at.exception
    (title,) = at.title
    assert entry.own_title or title.value == f"⟦{entry.question}⟧"
    assert any("⟦" in text for text in texts(at))
    assert not {text: plain(text) for text in texts(at) if plain(text) and text not in NAMES}


def test_the_frame_speaks_the_readers_language(pseudo: str) -> None:
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.context = {"locale": f"{pseudo}-XX"}
    at.run()
    assert at.title[0].value.startswith("⟦")
    assert at.sidebar.selectbox(key=CHOICE).value == pseudo
    names = {text for page in PAGES for text in (page.title, page.question)} | {*SECTIONS.values()}
    assert names - {""} <= words(catalogue(POT))


def test_a_reason_is_told_in_the_language_of_who_reads_it(pseudo: str) -> None:
    reason = Reason("killed", {"signal": "SIGKILL"})
    with language.served(pseudo):
        assert str(reason).startswith("⟦")
    assert not str(reason).startswith("⟦")


def test_the_list_of_pages_is_in_the_language_that_it_is_kept_under(pseudo: str) -> None:
    """Whoever is served when it is made."""
    names = [f"⟦{name}⟧" if name else "" for name in SECTIONS.values()]
    entries.translated.cache_clear()
    try:
        assert list(entries.translated(pseudo)) == names
    finally:
        entries.translated.cache_clear()


def test_one_language_needs_no_choice() -> None:
    at = AppTest.from_file(SHELL, default_timeout=60).run()
    if len(language.available()) == 1:
        assert not at.sidebar.selectbox
