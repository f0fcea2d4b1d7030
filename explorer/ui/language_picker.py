"""Which language a visitor reads: chosen in the sidebar, else the browser's, else English."""

import threading

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.base import language
from explorer.base.language import _

CHOICE = "language"  # the widget's key, and its name in the address
_BROWSERS = "language_of_browser"

# How each language calls itself, for the picker; a code not listed here is shown as it is.
NAMES = {
    "ar": "العربية", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "en": "English",
    "es": "Español", "fi": "Suomi", "fr": "Français", "hi": "हिन्दी", "it": "Italiano",
    "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "pl": "Polski", "pt": "Português",
    "ru": "Русский", "sv": "Svenska", "tr": "Türkçe", "uk": "Українська", "vi": "Tiếng Việt",
    "zh": "中文", "zh_TW": "繁體中文",
}  # fmt: skip


def best_match(locale: str | None, available: list[str]) -> str:
    """The available language nearest to a browser's locale: "de-AT" finds "de", else English."""
    whole = (locale or "").replace("-", "_")
    for code in (whole, whole.partition("_")[0]):
        if code in available:
            return code
    return language.SOURCE_LANGUAGE


class _Answer(threading.local):
    """The language of the run that this thread is at, looked up once for all of its words."""

    run: object = None  # what Streamlit makes anew for each run, of a page or of a fragment
    code = language.SOURCE_LANGUAGE


_answer = _Answer()


def readers_language() -> str:
    """The language of the visitor for whom this thread runs; English where there is none."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return language.SOURCE_LANGUAGE
    if _answer.run is not context.cursors:
        _answer.code = st.session_state.get(CHOICE) or _of_browser()
        _answer.run = context.cursors
    return _answer.code


def _of_browser() -> str:
    """The browser's language, looked up once in a session."""
    if _BROWSERS not in st.session_state:
        st.session_state[_BROWSERS] = best_match(st.context.locale, language.available())
    code: str = st.session_state[_BROWSERS]
    return code


def choose() -> None:
    """Offer the choice of language in the sidebar, where there is more than one."""
    codes = language.available()
    if len(codes) == 1:
        return
    st.sidebar.selectbox(
        _("Language"),
        codes,
        index=codes.index(_of_browser()),
        format_func=lambda code: NAMES.get(code, code),
        key=CHOICE,
        bind="query-params",
    )
    _answer.run = None  # a link may have brought another choice
