"""Which language a visitor reads: chosen in the sidebar, else the browser's, else English."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer import language
from explorer.language import _

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
    wanted = (locale or "").replace("-", "_")
    for code in (wanted, wanted.partition("_")[0]):
        if code in available:
            return code
    return language.SOURCE_LANGUAGE


def readers_language() -> str:
    """The language of the visitor for whom this thread runs; English where there is none."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return language.SOURCE_LANGUAGE
    chosen: str = st.session_state.get(CHOICE) or _of_browser()
    return chosen


def _of_browser() -> str:
    """The browser's language, looked up once in a session."""
    if _BROWSERS not in st.session_state:
        st.session_state[_BROWSERS] = best_match(st.context.locale, language.available())
    found: str = st.session_state[_BROWSERS]
    return found


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
