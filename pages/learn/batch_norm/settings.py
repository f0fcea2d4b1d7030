"""The controls of the page on batch normalisation, and what they say."""

from dataclasses import dataclass
from typing import cast

import streamlit as st
import torch

from explorer.base.inputs import Matrix, parse_matrix
from explorer.base.language import _
from explorer.lessons import normalisation
from explorer.lessons.normalisation import CHANNELS, Distribution, Moving, Source, Steps
from explorer.ui import lesson
from pages.learn.batch_norm.state import RUN, STATE

SHORT, LONG = 170, 320  # pixels: of a slider in the row, and of one in a popover


@dataclass(frozen=True)
class Choice:
    """What the controls say. `feature` counts from 0; `batches` of training have gone by."""

    source: Source
    training: bool
    feature: int
    gamma: float
    beta: float
    eps: float
    momentum: float
    start_var: float
    batches: int

    def averages(self, old_weight: float) -> Moving:
        """Of the run's batches by the course's rule, with this weight of the old value."""
        batches = [normalisation.batch(self.source, number) for number in range(RUN)]
        return normalisation.moving_averages(batches, old_weight, start_var=self.start_var)

    def steps(self, averages: Moving) -> Steps:
        """The batch on screen, step by step."""
        x = normalisation.batch(self.source, RUN)
        gamma, beta = torch.ones(x.shape[1]), torch.zeros(x.shape[1])
        gamma[self.feature], beta[self.feature] = self.gamma, self.beta
        moving = (
            None if self.training else (averages.mean[self.batches], averages.var[self.batches])
        )
        return normalisation.steps(x, gamma, beta, self.eps, moving)


def pick() -> Choice:
    """Layer, mode, the batch and its past; then what the formula is told."""
    with st.container(horizontal=True, vertical_alignment="center", key="bn_modes"):
        layer = STATE.pick_one("bn_layer", _("Layer"))
        mode = STATE.pick_one("bn_mode", _("Mode"))
        with st.popover(_("The batch"), icon=":material/scatter_plot:"):
            kind = STATE.pick_one("bn_kind", _("Distribution"))
            offset = STATE.slider("bn_offset", _("Offset"), width=LONG)
            scale = STATE.slider("bn_scale", _("Scale"), width=LONG)
            side = STATE.slider("bn_side", _("Height and width of each map"), width=LONG)
            seed = STATE.number("bn_seed", _("Seed"))
            own = _own()
        with st.popover(_("Moving averages"), icon=":material/history:"):
            label = _("Momentum: weight of the old value")
            momentum = STATE.slider("bn_momentum", label, width=LONG)
            start = STATE.pick_one("bn_start", _("The moving variance starts at"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="bn_numbers"):
        size = STATE.steps("bn_size", _("Batch size N"), width=150)
        gamma = STATE.slider("bn_gamma", _("γ of the chosen feature"), width=SHORT)
        beta = STATE.slider("bn_beta", _("β of the chosen feature"), width=SHORT)
        eps = float(STATE.steps("bn_eps", "ε", width=150))
        batches = STATE.slider("bn_seen", _("Training batches seen"), width=SHORT)
    side = side if layer == "conv" and own is None else 0
    source = Source(cast("Distribution", kind), size, side, offset, scale, seed, own)
    feature = min(int(STATE.keep("bn_feature")), len(own or range(CHANNELS))) - 1
    return Choice(
        source, mode == "training", feature, gamma, beta, eps, momentum, float(start), batches
    )  # fmt: skip


def _own() -> Matrix | None:
    """The reader's own numbers, one row per feature; None if there are none."""
    text = STATE.text(
        "bn_own",
        _("Or your own numbers: a row for each feature, at most 3"),
        placeholder="1 2 3 6; 10 20 30 60",
    )
    return lesson.last_good("bn_own", lambda: _read_own(text), lambda: None)


def _read_own(text: str) -> Matrix | None:
    rows = parse_matrix(text) if text else None
    if rows and len(rows) > CHANNELS:
        message = _(
            "{n} rows came, but the picture has room for {most} features. Leave out some rows."
        )
        raise ValueError(message.format(n=len(rows), most=CHANNELS))
    return rows
