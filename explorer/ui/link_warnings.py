"""What a link asks for and cannot be given: said above the page, until something is chosen.

A page that draws itself anew while work goes on would otherwise say it for half a second.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.base.language import _, ngettext
from explorer.ui import language_picker
from explorer.ui.runs import run_words

_KEPT = "what the link was told"
MOST_NAMES = 12  # of what there is, in a sentence
MOST_SIGNS = 40  # of what came


@dataclass
class _Told:
    """Of one page, since it was opened."""

    page: str
    place: DeltaGenerator
    box: DeltaGenerator | None = None  # in that place, once there is something to say
    fresh: bool = True  # no run has come to the page's end yet
    sentences: list[str] = field(default_factory=list)
    address: dict[str, str] | None = None  # at the end of the run that said them


def begin() -> None:
    """Before a page is drawn: make room above it, and say again what still stands."""
    place = st.container()  # shown by a browser only when there is something in it
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    again = context is not None and context.is_history_navigation
    told: _Told | None = st.session_state.get(_KEPT)
    if told is None or told.page != page or again:
        told = st.session_state[_KEPT] = _Told(page, place)
    told.place, told.box = place, None
    _draw(told)


def settle_part() -> None:
    """As `settle`, after a part of the page, if that alone was drawn.

    It cannot take back what stands outside of it, so the whole page is drawn anew.
    """
    context, told = get_script_run_ctx(), st.session_state.get(_KEPT)
    if context is None or not context.fragment_ids_this_run or told is None:
        return
    if _outdated(told):
        told.sentences.clear()
        st.rerun()


def settle() -> None:
    """After it was drawn to its end: once the address is another one, nothing need be said."""
    told: _Told | None = st.session_state.get(_KEPT)
    if told is None:
        return
    told.fresh = False
    if _outdated(told):
        told.sentences.clear()
    told.address = st.query_params.to_dict() if told.sentences else None
    _draw(told)  # again: what a part of the page has drawn would go when that part is drawn anew


def _outdated(told: _Told) -> bool:
    """Whether something has been chosen since its sentences were said."""
    return bool(told.sentences) and told.address not in (None, st.query_params.to_dict())


def _draw(told: _Told) -> None:
    if told.sentences:
        text = "  \n".join(told.sentences)
        told.box = (told.box or told.place).warning(text, icon=":material/link_off:")
    elif told.box:
        told.box.empty()


def say(sentence: str) -> None:
    """Something about the link that this page was opened with."""
    told: _Told | None = st.session_state.get(_KEPT)
    if told is None:  # outside of the frame
        st.warning(sentence, icon=":material/link_off:")
    elif sentence not in told.sentences:
        told.sentences.append(sentence)
        told.address = None
        _draw(told)


def say_error(error: ValueError) -> None:
    """What is wrong with something that the link names; it may quote the link."""
    say(run_words.literal(str(error)))


def say_missing_runs(numbers: Sequence[str]) -> None:
    """Runs that the link names, and that are not here."""
    if numbers:
        words = ngettext("There is no run {numbers}.", "There are no runs {numbers}.", len(numbers))
        say(words.format(numbers=_listed([*numbers])))


def fresh() -> bool:
    """Whether the page has just been opened: what its address says now comes from a link."""
    told: _Told | None = st.session_state.get(_KEPT)
    return told is not None and told.fresh


def refuse(name: str, given: str, there: str | Iterable[object], taken: object) -> None:
    """Say that the link's `given` does not exist; `there` is what does, `taken` what is shown.

    Where nothing is `taken` in its place, that is "".
    """
    if not given or not fresh():
        return
    known = there if isinstance(there, str) else _listed([*filter(None, map(str, there))])
    words = (
        _("The link says {asked}, but it can only be {known}; {taken} is used instead.")
        if str(taken)
        else _("The link says {asked}, but it can only be {known}.")
    )
    asked, taken = as_typed(f"{name}={given}"), as_typed(str(taken))
    say(words.format(asked=asked, known=known, taken=taken))


def differs(name: str, given: str, own: object) -> None:
    """Say that the link wants a network built otherwise than its weights were trained with."""
    if fresh():
        words = _("The link says {asked}, but these weights were trained with {own}.")
        say(words.format(asked=as_typed(f"{name}={given}"), own=as_typed(f"{name}={own}")))


def between(least: object, most: object) -> str:
    """What numbers there are, for `refuse`."""
    return _("{least} to {most}").format(least=as_typed(str(least)), most=as_typed(str(most)))


def know(names: Collection[str]) -> None:
    """Say so if the link holds something that means nothing on this page, and drop it."""
    known = {*names, language_picker.CHOICE}
    strange = {name: value for name, value in st.query_params.items() if name not in known}
    if not strange or not fresh():
        return
    for name in strange:
        del st.query_params[name]
    listed = _listed([f"{name}={value}" for name, value in strange.items()])
    say(_("The link says {what}, which this page does not know.").format(what=listed))


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= MOST_NAMES + 1 else names[:MOST_NAMES]
    told = ", ".join(map(as_typed, shown))
    left = len(names) - len(shown)
    return _("{names} and {n} more").format(names=told, n=left) if left else told


def as_typed(text: str) -> str:
    """As it stands in the address, no sign of it read as Markdown."""
    short = text if len(text) <= MOST_SIGNS else f"{text[:MOST_SIGNS]}…"
    return f"`{' '.join(short.replace('`', ' ').split()) or ' '}`"
