"""What a link asks for and cannot be given: said above the page, until something is chosen.

A page that draws itself anew while work goes on would otherwise say it for half a second.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import streamlit as st

from explorer.base import plain_text
from explorer.base.language import _
from explorer.ui import language_picker, page_address
from explorer.ui.page_address import Field, Opening, as_typed, same, spell

MOST_NAMES = 12  # of what there is, in a sentence
TOO_LARGE = 2**53  # from here on a browser rounds whole numbers


def begin() -> None:
    """Before a page is drawn: make room above it, and say again what still stands."""
    opening = page_address.visit().opening
    opening.place = st.container()  # shown by a browser only when there is something in it
    opening.box = None
    if page_address.came_back():
        opening.fresh, opening.address = True, None
        opening.sentences.clear()
    _draw(opening)
    _drop_endless()


def settle_part() -> None:
    """As `settle`, after a part of the page, if that alone was drawn.

    It cannot take back what stands outside of it, so the whole page is drawn anew.
    """
    opening = page_address.visit().opening
    if page_address.only_a_part() and _outdated(opening):
        opening.sentences.clear()
        st.rerun()


def settle() -> None:
    """After it was drawn to its end: once the address is another one, nothing need be said."""
    opening = page_address.visit().opening
    opening.fresh = False
    if _outdated(opening):
        opening.sentences.clear()
    opening.address = st.query_params.to_dict() if opening.sentences else None
    _draw(opening)  # again: what a part of the page has drawn would go when that is drawn anew


def _outdated(opening: Opening) -> bool:
    """Whether something has been chosen since its sentences were said."""
    return bool(opening.sentences) and opening.address not in (None, st.query_params.to_dict())


def _draw(opening: Opening) -> None:
    if opening.sentences:
        text = "  \n".join(opening.sentences)
        place = opening.box or opening.place or st  # outside of the frame, where the page is at
        opening.box = place.warning(text, icon=":material/link_off:")
    elif opening.box:
        opening.box.empty()


def _drop_endless() -> None:
    """Take numbers that no field can hold, infinite or of many digits, out of the address.

    Streamlit's own reading of the address turns them into whole numbers, and fails.
    """
    endless = {name: value for name, value in st.query_params.to_dict().items() if _endless(value)}
    for name, value in endless.items():
        del st.query_params[name]
        message = _("In the link {name} is {value}, too large for any field; it is left out.")
        say(message.format(name=as_typed(name), value=as_typed(value[:20])))
    if endless:
        page_address.begin_with_address()


def _endless(text: str) -> bool:
    try:
        return abs(float(text)) >= TOO_LARGE
    except ValueError:  # a word
        return False


def say(sentence: str) -> None:
    """Something about the link that this page was opened with."""
    opening = page_address.visit().opening
    if sentence not in opening.sentences:
        opening.sentences.append(sentence)
        opening.address = None
        _draw(opening)


def say_error(error: ValueError) -> None:
    """What is wrong with something that the link names; it may quote the link."""
    say(plain_text.markdown(str(error)))


def fresh() -> bool:
    """Whether the page has just been opened: what its address says now comes from a link."""
    return page_address.visit().opening.fresh


def refuse(name: str, text: str, domain: str | Iterable[object], value: object) -> None:
    """Say that the link's `text` is not in the `domain`, and that the `value` is shown instead.

    Where nothing is shown in its place, that is "".
    """
    if not text or not fresh():
        return
    choices = domain if isinstance(domain, str) else listed([*filter(None, map(str, domain))])
    words = (
        _("The link says {asked}, but it can only be {known}; {taken} is used instead.")
        if str(value)
        else _("The link says {asked}, but it can only be {known}.")
    )
    link = as_typed(f"{name}={text}")
    say(words.format(asked=link, known=choices, taken=as_typed(str(value))))


def differs(name: str, text: str, own: object) -> None:
    """Say that the link wants a network built otherwise than its weights were trained with."""
    if fresh():
        words = _("The link says {asked}, but these weights were trained with {own}.")
        say(words.format(asked=as_typed(f"{name}={text}"), own=as_typed(f"{name}={own}")))


def know(names: Collection[str]) -> None:
    """Say so if the link holds something that means nothing on this page, and drop it."""
    own = {*names, language_picker.CHOICE}
    strange = {name: value for name, value in st.query_params.items() if name not in own}
    if not strange or not fresh():
        return
    for name in strange:
        del st.query_params[name]
    what = listed([f"{name}={value}" for name, value in strange.items()])
    say(_("The link says {what}, which this page does not know.").format(what=what))


def listed(names: Sequence[str]) -> str:
    """Names as they were typed, in a sentence; of many the first."""
    first = names if len(names) <= MOST_NAMES + 1 else names[:MOST_NAMES]
    words = ", ".join(map(as_typed, first))
    left = len(names) - len(first)
    return _("{names} and {n} more").format(names=words, n=left) if left else words


def take(field: Field, text: str) -> Any:
    """What a field holds where the address has this `text`; nonsense is told, and as nothing."""
    try:
        value = field.read(text) if text else field.default
    except ValueError:
        value = field.default
    tell(field, text, value)
    return value


def tell(field: Field, text: str, value: object) -> None:
    """Say so if the address has a `text` for something else than the `value` that is shown."""
    if text and not same(text, value):
        refuse(field.name, text, field.domain, spell(value))
