"""The controls of the page on batch normalisation, and what they say."""

from dataclasses import dataclass

import streamlit as st

from explorer.base.inputs import Matrix, parse_matrix
from explorer.base.language import _
from explorer.lessons import normalisation
from explorer.lessons.normalisation import CHANNELS, Source
from explorer.ui import lesson
from pages.learn.batch_norm.state import STATE

SHORT, LONG = 170, 320  # pixels: of a slider in the row, and of one in a popover


@dataclass(frozen=True)
class Choice:
    """What the controls say. `feature` counts from 0, `seen` training batches have gone by."""

    source: Source
    training: bool
    feature: int
    gamma: float
    beta: float
    eps: float
    momentum: float
    start_var: float
    seen: int

    @property
    def convolution(self) -> bool:
        return self.source.side > 0


def pick() -> Choice:
    """Layer, mode, the batch and its past; then what the formula is told."""
    with st.container(horizontal=True, vertical_alignment="center", key="bn_modes"):
        layer = STATE.pick_one("bn_layer", _("Layer"), _layers())
        mode = STATE.pick_one("bn_mode", _("Mode"), _modes())
        with st.popover(_("The batch"), icon=":material/scatter_plot:"):
            source = _source(convolution=layer == "conv")
        with st.popover(_("Moving averages"), icon=":material/history:"):
            momentum, start_var = _past()
    with st.container(horizontal=True, vertical_alignment="bottom", key="bn_numbers"):
        size = STATE.steps("bn_size", _("Batch size N"), width=150)
        gamma = STATE.slider("bn_gamma", _("γ of the chosen feature"), width=SHORT)
        beta = STATE.slider("bn_beta", _("β of the chosen feature"), width=SHORT)
        eps = float(STATE.steps("bn_eps", "ε", width=150))
        seen = STATE.slider("bn_seen", _("Training batches seen"), width=SHORT)
    source = Source(**{**vars(source), "size": size})
    features = len(source.own) if source.own else CHANNELS
    feature = min(_feature(), features - 1)
    return Choice(
        source, mode == "training", feature, gamma, beta, eps, momentum, start_var, seen
    )  # fmt: skip


def _layers() -> dict[str, str]:
    return {"fc": _("Fully connected"), "conv": _("Convolution")}


def _modes() -> dict[str, str]:
    return {"training": _("Training"), "prediction": _("Prediction")}


def _feature() -> int:
    """The chosen feature, from 0: from the board, a prompt or the link."""
    return int(STATE.keep("bn_feature", ("1", "2", "3"))) - 1


def _source(*, convolution: bool) -> Source:
    kinds = {
        "normal": _("Bell"),
        "uniform": _("Even"),
        "skewed": _("Skewed"),
        "two": _("Two heaps"),
        "outlier": _("One outlier"),
    }
    kind = STATE.pick_one("bn_kind", _("Distribution"), kinds)
    offset = STATE.slider("bn_offset", _("Offset"), width=LONG)
    scale = STATE.slider("bn_scale", _("Scale"), width=LONG)
    side = STATE.slider("bn_side", _("Height and width of each map"), width=LONG)
    seed = STATE.number("bn_seed", _("Seed"))
    own = _own()
    return Source(
        distribution=next(each for each in normalisation.DISTRIBUTIONS if each == kind),
        side=side if convolution and own is None else 0,
        offset=offset,
        scale=scale,
        seed=seed,
        own=own,
    )


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
        raise ValueError(
            _(
                "{n} rows came, but the picture has room for {most} features. Leave out some rows."
            ).format(n=len(rows), most=CHANNELS)
        )
    return rows


def _past() -> tuple[float, float]:
    """Momentum (weight of the old value) and the variance that the moving one starts from."""
    momentum = STATE.slider("bn_momentum", _("Momentum: weight of the old value"), width=LONG)
    start = STATE.pick_one(
        "bn_start",
        _("The moving variance starts at"),
        {"1": _("Moving variance starts at 1"), "0": _("… at 0")},
    )
    return momentum, float(start)
