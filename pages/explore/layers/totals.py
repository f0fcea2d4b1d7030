"""All sums of a network, and the memory that it takes to run and to train it."""

import streamlit as st

from explorer.analysis import wording
from explorer.analysis.summary import Summary
from explorer.base.language import _
from explorer.base.units import exact, size
from explorer.ui import cached
from explorer.ui.network_picker import Choice
from pages.explore.layers.state import STATE

WIDTH = 380  # pixels of one table: two fit side by side, and all of it in sight on a projector


def totals(summary: Summary, choice: Choice) -> None:
    """The network in one line; all sums and what memory it takes behind a button."""
    with st.container(horizontal=True, vertical_alignment="center", key="totals"):
        line = wording.totals(summary)
        if summary.mismatch:
            line = _("Up to {layer}: {sums}").format(
                layer=summary.mismatch.operation.name, sums=line
            )
        st.markdown(f"**{line}**", width="stretch")
        sums = st.popover(
            _("All sums"), icon=":material/functions:", key=STATE.key("sums"), on_change="rerun"
        )
        with sums, st.container(horizontal=True, width=2 * WIDTH + 16, key="all_sums"):
            with st.container(width=WIDTH, gap="small"):
                st.markdown(_table(_("For one picture"), _sums(summary)))
            if summary.mismatch is None:
                with st.container(width=WIDTH, gap="small"):
                    _training(choice, compute=bool(sums.open))


def _sums(summary: Summary) -> dict[str, str]:
    sums = summary.totals
    rows = {
        _("Parameters"): exact(sums.parameters),
        _("… of them trainable"): exact(sums.trainable),
        _("… not trainable"): exact(sums.parameters - sums.trainable),
        _("Weights, 32-bit"): size(sums.parameter_bytes),
        _("Weights, 16-bit"): size(sums.parameter_bytes / 2),
        _("MACs per picture"): exact(sums.macs),
        _("FLOPs per picture"): exact(sums.flops),
        _("Activations, all layers"): size(sums.activation_bytes),
        _("Activations alive at once in prediction"): size(sums.peak_bytes),
    }
    if sums.receptive_field:
        seen = wording.sight(sums.receptive_field, summary.input)
        rows[_("Last feature map ({layer})").format(layer=sums.last_map)] = seen
    return rows


def _table(heading: str, rows: dict[str, str]) -> str:
    body = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    value = _("Value")
    return f"| {heading} | {value} |\n|:--|--:|\n{body}"


def _training(choice: Choice, *, compute: bool) -> None:
    """`compute` only while someone looks: a forward pass in training mode takes up to 0.4 s."""
    optimizer = STATE.select(
        "optimizer",
        _("Training with"),
        _("sgd keeps nothing besides the gradient, momentum one number per weight, adam two."),
    )
    if not compute or choice.size is None:
        return
    needed = cached.training_memory(choice.spec, choice.size, choice.batch, optimizer)
    if needed.problem:
        st.info(_("It cannot be trained like this: {problem}").format(problem=needed.problem))
        return
    rows = {
        _("Weights"): size(needed.weights),
        _("Gradients"): size(needed.gradients),
        _("Optimiser"): size(needed.optimizer),
        _("Saved for the way back, batch of {n}").format(n=choice.batch): size(needed.activations),
        _("**Training, together**"): f"**{size(needed.total)}**",
    }
    st.markdown(_table(_("Memory for training"), rows))
    st.caption(_("An estimate in 32-bit numbers: working space of the kernels comes on top."))
