"""What can be done with the runs that are ticked: watch, resume, repeat, name, note, delete."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from explorer.base.language import _, ngettext
from explorer.runs import Run
from explorer.ui import visitor
from explorer.ui.entries import entry
from explorer.ui.runs import run_words
from explorer.ui.runs.run_actions import files
from pages.train.runs.state import STATE

_FAULTS = "why actions were refused"


def show(chosen: Sequence[Run]) -> None:
    """One row of buttons for the runs that are chosen; what fits none of them is off."""
    fitting = _fitting(chosen)
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        _watch(chosen)
        _each(_("Resume"), "resume", ":material/resume:", fitting["resume"])
        _each(_("Stop"), "stop", ":material/stop:", fitting["stop"])
        _each(_("Train again"), "retry", ":material/replay:", fitting["retry"])
        _describe(fitting["rename"])
        _take_along(chosen)
        over, refused = _allowed("delete", fitting["delete"])
        st.button(
            _("Delete …"),
            key=STATE.key("delete"),
            icon=":material/delete:",
            disabled=not over,
            help=refused,
            on_click=st.session_state.update,
            args=({"delete asked": [run.id for run in over]},),
        )
    _say_why_off(fitting)
    for fault in st.session_state.pop(_FAULTS, []):
        st.error(fault)
    if asked := st.session_state.pop("delete asked", None):
        left_out = [_why_it_stays(run) for run in chosen if run.id not in asked]
        _confirm([run for run in chosen if run.id in asked], left_out)


def _fitting(chosen: Sequence[Run]) -> dict[str, list[Run]]:
    """Of each verb the runs that it fits, whoever may ask for it."""
    return {
        "resume": [run for run in chosen if run.status.resumable],
        "stop": [run for run in chosen if not run.status.over],
        "retry": list(chosen),
        "rename": list(chosen) if len(chosen) == 1 else [],
        "delete": [run for run in chosen if run.status.over],
    }


def _say_why_off(fitting: Mapping[str, Sequence[Run]]) -> None:
    """Why buttons are off: who touches has no pointer to rest on them."""
    known = (_allowed(verb, given) for verb, given in fitting.items())
    for why in dict.fromkeys(refused for allowed, refused in known if refused and not allowed):
        st.caption(why)


def _do(verb: Callable[[int], object], numbers: Sequence[int]) -> None:
    for number in numbers:
        try:
            verb(number)
        except ValueError as error:
            st.session_state.setdefault(_FAULTS, []).append(str(error))


def _each(word: str, name: str, icon: str, fitting: Sequence[Run]) -> None:
    allowed, refused = _allowed(name, fitting)
    st.button(
        word,
        key=STATE.key(name),
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
        _("Watch"), key=STATE.key("watch"), icon=":material/monitoring:", disabled=one is None
    ):
        assert one is not None, "the button is off otherwise"
        st.switch_page(entry("live").path, query_params={"run": str(one.id)})


def _describe(chosen: Sequence[Run]) -> None:
    """Name and note of the one run that is chosen, if it is one."""
    one = next(iter(chosen), None)
    allowed, refused = _allowed("rename", chosen)
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


def _take_along(chosen: Sequence[Run]) -> None:
    one = chosen[0] if len(chosen) == 1 else None
    with st.popover(_("Take along"), icon=":material/download:", disabled=one is None):
        if one:
            files(one)


# -- deleting ---------------------------------------------------------------------------------


def _why_it_stays(run: Run) -> str:
    """Why a run that is ticked is not deleted, as Markdown."""
    text = visitor.refusal("delete", run) if run.status.over else ""
    text = text or _("{name} is {status}. Stop it before you delete it.").format(
        name=run.name, status=run_words.title(run.status)
    )
    return run_words.literal(text)


def _confirm(given: Sequence[Run], left_out: Sequence[str]) -> None:
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
        if left_out:
            st.caption("  \n".join((_("Not deleted:"), *left_out)))
        yes, no = st.columns(2)
        if yes.button(
            _("Delete"),
            key=STATE.key("delete_yes"),
            icon=":material/delete_forever:",
            width="stretch",
            on_click=_do,
            args=(visitor.delete, [run.id for run in given]),
        ):
            st.rerun()
        if no.button(_("Keep"), key=STATE.key("delete_no"), width="stretch"):
            st.rerun()

    dialog()
