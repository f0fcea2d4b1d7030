"""Words in the reader's language: gettext catalogues, looked up anew for every word.

Who is reading is asked at each call, never stored in this module: one process serves visitors
of several languages at once. The page layer tells `ask` how to find the visitor's language;
without it (command line, tests) the words are English.
"""

import gettext as _gettext
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent.parent / "locale"
DOMAIN = "convscope"
SOURCE_LANGUAGE = "en"


def _source_language() -> str:
    return SOURCE_LANGUAGE


_reader: Callable[[], str] = _source_language
_served: ContextVar[str] = ContextVar("served", default="")  # in threads that work for a reader


def ask(reader: Callable[[], str]) -> None:
    """Let `reader` (no arguments → language code such as "en") answer whose language it is."""
    global _reader  # the one hook through which the page layer reaches down
    _reader = reader


def current() -> str:
    """The language code of whoever is being served by this very call."""
    return _served.get() or _reader()


@contextmanager
def served(code: str) -> Iterator[None]:
    """Work in this thread for somebody who reads `code`: what it says is said to them."""
    before = _served.set(code)
    try:
        yield
    finally:
        _served.reset(before)


@cache
def _catalogue(code: str) -> _gettext.NullTranslations:
    return _gettext.translation(DOMAIN, LOCALES, languages=[code], fallback=True)


def available() -> list[str]:
    """Language codes that can be chosen: the source language and every compiled catalogue."""
    return list(_available(LOCALES))


@cache
def _available(folder: Path) -> tuple[str, ...]:
    """As they were when first asked: what is compiled later shows after the next start."""
    compiled = {path.parts[-3] for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return (SOURCE_LANGUAGE, *sorted(compiled - {SOURCE_LANGUAGE}))


def _(message: str) -> str:
    """`message` in the reader's language."""
    return _catalogue(current()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form of a message that fits `number`, in the reader's language."""
    return _catalogue(current()).ngettext(singular, plural, number)


def N_(message: str) -> str:
    """Mark `message` for translation without translating it yet (facts held in a module)."""
    return message
