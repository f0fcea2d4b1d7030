"""The answer and the picture of the page on batch normalisation, and what is computed for them."""

from collections.abc import Callable

import streamlit as st
import torch
from torch import Tensor

from explorer.base.language import _
from explorer.lessons import normalisation
from explorer.lessons.normalisation import Moving, Steps
from pages.learn.batch_norm import charts
from pages.learn.batch_norm.board import batch_norm_board
from pages.learn.batch_norm.settings import Choice
from pages.learn.batch_norm.state import RUN, STATE

# -- what is computed -------------------------------------------------------------------------


def run(choice: Choice) -> list[Tensor]:
    """The training batches that go by, `RUN` of them."""
    return [normalisation.batch(choice.source, number) for number in range(RUN)]


def averages(choice: Choice, batches: list[Tensor], old_weight: float) -> Moving:
    """Their moving averages, by the course's rule, with this weight of the old value."""
    return normalisation.moving_averages(batches, old_weight, start_var=choice.start_var)


def compute(choice: Choice, past: Moving) -> Steps:
    """The batch on screen, step by step."""
    x = normalisation.batch(choice.source, RUN)
    gamma, beta = torch.ones(x.shape[1]), torch.zeros(x.shape[1])
    gamma[choice.feature], beta[choice.feature] = choice.gamma, choice.beta
    moving = None if choice.training else (past.mean[choice.seen], past.var[choice.seen])
    return normalisation.steps(x, gamma, beta, choice.eps, moving)


# -- the answer and the picture ---------------------------------------------------------------


def answer(found: Steps, choice: Choice) -> None:
    """The page's question answered in two lines, with the numbers of the chosen feature."""
    if found.count == 1 and found.own:
        st.warning(
            _(
                "One value per feature: it is its own mean, its variance is 0, so every input "
                "leaves as β and nothing of the picture is left."
            ),
            icon=":material/warning:",
        )
        return
    name = charts.names(found.raw.shape[1], choice.convolution)[choice.feature]
    board = charts.board(found, choice.feature, "", "")["features"][choice.feature]
    told = (
        _(
            "It puts every feature on the same scale, whatever scale it arrives on, then γ and β "
            "set the one that is asked for: **{name}** arrives with {before} and leaves with "
            "{after}. {over}"
        )
        if found.own
        else _(
            "In prediction moving averages stand in for the batch's own mean and variance: "
            "**{name}** arrives with {before} and leaves with {after}. The more batches they have "
            "seen, the closer to what training gives."
        )
    )
    st.markdown(
        told.format(
            name=name, before=board["figures"][0], after=board["figures"][3], over=_over(found)
        )
    )


def _over(found: Steps) -> str:
    """What one mean is taken over."""
    shape = found.raw.shape
    if len(shape) == 2:
        return _("One mean for each feature, over the N = {n} values of the batch.").format(
            n=found.count
        )
    return _("One mean for each channel, over N·H·W = {n}·{h}·{w} = {m} values.").format(
        n=shape[0], h=shape[2], w=shape[3], m=found.count
    )


def show(found: Steps, choice: Choice) -> None:
    """The picture; the stage and the feature chosen in it go into the address."""
    step = int(STATE.keep("bn_step", ("3", "2", "1", "0")))
    used = (
        _("Statistics in use: of this batch (training)")
        if choice.training
        else _("Statistics in use: moving averages after {n} batches (prediction)").format(
            n=choice.seen
        )
    )
    name = (
        f"{'conv' if choice.convolution else 'fc'}-{'batch' if choice.training else 'moving'}"
        f"-{choice.source.size}-{choice.feature + 1}-{choice.gamma:g}-{choice.beta:g}"
    )
    batch_norm_board(
        charts.board(found, choice.feature, name, used),
        step,
        key="bn_board",
        on_step=_keep("step", 0),
        on_feature=_keep("feature", 1),
    )


def _keep(what: str, first: int) -> Callable[[], None]:
    """A callback that keeps what the board says, where prompts and the link put theirs."""

    def keep() -> None:
        value = st.session_state["bn_board"].get(what)
        if value is not None:
            st.session_state[f"bn_{what}"] = int(value) + first

    return keep
