"""What can be done with runs: watch, resume, repeat, name, note, take along, delete."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from explorer import runs
from explorer.language import _, ngettext
from explorer.runs import Run
from explorer.ui import run_words, visitor
from explorer.ui.entries import entry
from explorer.ui.run_component import api
from explorer.ui.states import RUNS

ASSETS = Path(__file__).parent / "assets"
_SAID = "what came of the last action"


def listed() -> list[Run]:
    """Every run, the newest first; where they cannot be read the page says why, and ends."""
    try:
        return runs.listed()
    except ValueError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()


def readable(run: Run) -> bool:
    """Whether this version understands the run's settings; it says so if not."""
    try:
        return bool(run.recipe)
    except ValueError as error:
        st.warning(f"**{run_words.literal(run.name)}**: {run_words.literal(str(error))}")
        return False


def show(chosen: Sequence[Run]) -> None:
    """One row of buttons for the runs that are chosen; what fits none of them is off."""
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        _watch(chosen)
        _each(_("Resume"), "resume", ":material/resume:", [r for r in chosen if r.status.resumable])
        _each(_("Stop"), "stop", ":material/stop:", [r for r in chosen if not r.status.over])
        _each(_("Train again"), "retry", ":material/replay:", chosen)
        _describe(chosen)
        _take_along(chosen)
        over, refused = _allowed("delete", [run for run in chosen if run.status.over])
        st.button(
            _("Delete …"),
            key=RUNS.key("delete"),
            icon=":material/delete:",
            disabled=not over,
            help=refused,
            on_click=_ask_first,
            args=([run.id for run in over],),
        )
    for kind, text in st.session_state.pop(_SAID, []):
        (st.error if kind == "error" else st.success)(text)
    if asked := st.session_state.pop("delete asked", None):
        _confirm([run for run in chosen if run.id in asked])


def _say(kind: str, text: str) -> None:
    st.session_state.setdefault(_SAID, []).append((kind, text))


def _do(verb: Callable[[int], object], numbers: Sequence[int]) -> None:
    for number in numbers:
        try:
            verb(number)
        except ValueError as error:
            _say("error", str(error))


def _each(word: str, name: str, icon: str, fitting: Sequence[Run]) -> None:
    allowed, refused = _allowed(name, fitting)
    st.button(
        word,
        key=RUNS.key(name),
        icon=icon,
        disabled=not allowed,
        help=refused,
        on_click=_do,
        args=(getattr(visitor, name), [run.id for run in allowed]),
    )


def _allowed(verb: str, fitting: Sequence[Run]) -> tuple[list[Run], str | None]:
    """The runs with which this visitor may do it, and why not with the others, as Markdown."""
    refusals = {run.id: visitor.refusal(verb, run) for run in fitting}
    why = next(filter(None, refusals.values()), None)
    return [run for run in fitting if not refusals[run.id]], why and run_words.literal(why)


def _watch(chosen: Sequence[Run]) -> None:
    one = chosen[0] if len(chosen) == 1 else None
    if st.button(
        _("Watch"), key=RUNS.key("watch"), icon=":material/monitoring:", disabled=one is None
    ):
        assert one is not None, "the button is off otherwise"
        st.switch_page(entry("live").path, query_params={"run": str(one.id)})


def _describe(chosen: Sequence[Run]) -> None:
    """Name and note of the one run that is chosen."""
    one = chosen[0] if len(chosen) == 1 else None
    allowed, refused = _allowed("rename", [one] if one else [])
    with st.popover(_("Name and note"), icon=":material/edit:", disabled=not allowed, help=refused):
        if one is None or not allowed:
            return
        with st.form(f"describe_{one.id}", border=False):
            name = st.text_input(_("Name"), one.name, max_chars=80)
            note = st.text_area(_("Note"), one.note, max_chars=2000)
            if st.form_submit_button(_("Keep"), type="primary"):
                _do(lambda number: visitor.rename(number, name), [one.id])
                _do(lambda number: visitor.note(number, note), [one.id])
                st.rerun()


def show_note(run: Run, *, named: bool = False) -> None:
    """What somebody wrote down about a run, as it was typed; after its name where several are."""
    if run.note:
        name = f"<b>{html.escape(run.name)}</b>: " if named else ""
        st.html(ASSETS / "run_pages.css")
        st.html(f'<p class="note">{name}{html.escape(run.note)}</p>')


def _take_along(chosen: Sequence[Run]) -> None:
    one = chosen[0] if len(chosen) == 1 else None
    with st.popover(_("Take along"), icon=":material/download:", disabled=one is None):
        if one:
            files(one)


def files(run: Run) -> None:
    """Links to a run's curves, card and weights."""
    where = f"{api()}/{run.id}/files"
    words = {
        "steps.csv": _("Steps (CSV)"),
        "epochs.csv": _("Epochs (CSV)"),
        "events.zip": _("TensorBoard (zip)"),
    }
    if runs.checkpoints(run.id):
        words |= {"card.json": _("Card (JSON)"), "weights.safetensors": _("Weights (safetensors)")}
    items = (
        f'<li><a href="{where}/{name}" download>{word}</a></li>' for name, word in words.items()
    )
    st.html(ASSETS / "run_pages.css")
    st.html(f'<ul class="files">{"".join(items)}</ul>')
    if told := str(runs.weights(run.id)):
        st.caption(told)


# -- deleting ---------------------------------------------------------------------------------


def _ask_first(numbers: Sequence[int]) -> None:
    st.session_state["delete asked"] = list(numbers)


def _confirm(given: Sequence[Run]) -> None:
    @st.dialog(_("Delete for good?"))
    def dialog() -> None:
        text = ngettext(
            "This run, its curves and its weights are deleted. There is no way back.",
            "These {n} runs, their curves and their weights are deleted. There is no way back.",
            len(given),
        )
        st.markdown(text.format(n=len(given)))
        names = (f"- {run_words.literal(r.name)} ({run_words.title(r.status)})" for r in given)
        st.markdown("\n".join(names))
        yes, no = st.columns(2)
        if yes.button(
            _("Delete"),
            key=RUNS.key("delete_yes"),
            type="primary",
            width="stretch",
            on_click=_do,
            args=(visitor.delete, [run.id for run in given]),
        ):
            st.rerun()
        if no.button(_("Keep"), key=RUNS.key("delete_no"), width="stretch"):
            st.rerun()

    dialog()
