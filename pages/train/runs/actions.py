"""What can be done with the runs that are ticked: watch, resume, repeat, name, note, delete."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from explorer.base.language import _, ngettext
from explorer.runs import Run
from explorer.ui import complaint, visitor
from explorer.ui.entries import entry
from explorer.ui.runs import run_words
from explorer.ui.runs.run_actions import files, say_why_off
from pages.train.runs.state import STATE

_FAULTS = "why actions were refused"
_TO_DELETE = "runs to delete"


def show(selection: Sequence[Run]) -> None:
    """One row of buttons for the runs that are chosen; what fits none of them is off."""
    one = selection[0] if len(selection) == 1 else None
    resumable = [run for run in selection if run.status.resumable]
    going = [run for run in selection if not run.status.over]
    over = [run for run in selection if run.status.over]
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        key, icon = STATE.key("watch"), ":material/monitoring:"
        if st.button(_("Watch"), key=key, icon=icon, disabled=one is None) and one:
            st.switch_page(entry("live").path, query_params={"run": str(one.id)})
        refusals = [
            _button(_("Resume"), "resume", ":material/resume:", resumable),
            _button(_("Stop"), "stop", ":material/stop:", going),
            _button(_("Train again"), "retry", ":material/replay:", selection),
            _describe([one] if one else []),
        ]
        with st.popover(_("Take along"), icon=":material/download:", disabled=one is None):
            if one:
                files(one)
        ask = partial(st.session_state.__setitem__, _TO_DELETE)
        refusals.append(_button(_("Delete …"), "delete", ":material/delete:", over, ask))
    say_why_off(refusals)
    for fault in st.session_state.pop(_FAULTS, []):
        complaint.show(fault, "error")
    if to_delete := st.session_state.pop(_TO_DELETE, None):
        left_out = [_why_it_stays(run) for run in selection if run.id not in to_delete]
        _confirm([run for run in selection if run.id in to_delete], left_out)


def _do(change: Callable[..., object], numbers: Sequence[int], *values: str) -> None:
    for number in numbers:
        try:
            change(number, *values)
        except ValueError as error:
            st.session_state.setdefault(_FAULTS, []).append(str(error))


def _button(
    word: str,
    verb: str,
    icon: str,
    fitting: Sequence[Run],
    click: Callable[[Sequence[int]], None] | None = None,
) -> str:
    """A button for the runs that a verb fits; why it is off, if this visitor may with none."""
    allowed, refusal = _allowed(verb, fitting)
    st.button(
        word,
        key=STATE.key(verb),
        icon=icon,
        disabled=not allowed,
        help=run_words.literal(refusal),
        on_click=click or partial(_do, getattr(visitor, verb)),
        args=([run.id for run in allowed],),
    )
    return "" if allowed else refusal


def _allowed(verb: str, fitting: Sequence[Run]) -> tuple[list[Run], str]:
    """The runs with which this visitor may do it, and why not with the others, if so."""
    refusals = {run.id: visitor.refusal(verb, run) for run in fitting}
    refusal = next(filter(None, refusals.values()), "")
    return [run for run in fitting if not refusals[run.id]], refusal


def _describe(fitting: Sequence[Run]) -> str:
    """Name and note of the one run that is chosen, if it is one; as `_button`."""
    allowed, refusal = _allowed("rename", fitting)
    why = run_words.literal(refusal)
    with st.popover(_("Name and note"), icon=":material/edit:", disabled=not allowed, help=why):
        for run in allowed:
            with st.form(f"describe_{run.id}", border=False):
                name = st.text_input(_("Name"), run.name, max_chars=80)
                note = st.text_area(_("Note"), run.note, max_chars=2000)
                if st.form_submit_button(_("Keep"), type="primary"):
                    _do(visitor.rename, [run.id], name)
                    _do(visitor.note, [run.id], note)
                    st.rerun()
    return "" if allowed else refusal


# -- deleting ---------------------------------------------------------------------------------


def _why_it_stays(run: Run) -> str:
    """Why a run that is ticked is not deleted, as Markdown."""
    text = visitor.refusal("delete", run) if run.status.over else ""
    text = text or _("{name} is {status}. Stop it before you delete it.").format(
        name=run.name, status=run_words.title(run.status)
    )
    return run_words.literal(text)


def _confirm(selection: Sequence[Run], left_out: Sequence[str]) -> None:
    @st.dialog(_("Delete for good?"))
    def dialog() -> None:
        text = ngettext(
            "This run, its curves and its weights are deleted. There is no way back.",
            "These {n} runs, their curves and their weights are deleted. There is no way back.",
            len(selection),
        )
        st.markdown(text.format(n=len(selection)))
        names = (f"- {run_words.literal(r.name)} ({run_words.title(r.status)})" for r in selection)
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
            args=(visitor.delete, [run.id for run in selection]),
        ):
            st.rerun()
        if no.button(_("Keep"), key=STATE.key("delete_no"), width="stretch"):
            st.rerun()

    dialog()
