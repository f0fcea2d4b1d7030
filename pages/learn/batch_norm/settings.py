"""The controls of the page on batch normalisation, and what they say."""

from dataclasses import dataclass

import streamlit as st

from explorer.base.inputs import Matrix, parse_matrix
from explorer.base.language import _
from explorer.lessons import normalisation
from explorer.lessons.normalisation import CHANNELS, Source
from explorer.ui import lesson, url_state, url_widgets

SIZES = (1, 2, 4, 8, 16, 32)
EPSILONS = ("0.00001", "0.001", "0.1", "1", "10")
RUN = 50  # batches in the run; the one on screen comes after them
MOST_GAMMA, MOST_BETA = 5.0, 10.0
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
        layer = url_state.pick_one("bn_layer", _("Layer"), _layers())
        mode = url_state.pick_one("bn_mode", _("Mode"), _modes())
        with st.popover(_("The batch"), icon=":material/scatter_plot:"):
            source = _source(convolution=layer == "conv")
        with st.popover(_("Moving averages"), icon=":material/history:"):
            momentum, start_var = _past()
    with st.container(horizontal=True, vertical_alignment="bottom", key="bn_numbers"):
        size = url_widgets.steps(_("Batch size N"), "bn_size", SIZES, 16, width=150)
        gamma = url_widgets.slider(
            _("γ of the chosen feature"),
            "bn_gamma",
            1.0,
            -MOST_GAMMA,
            MOST_GAMMA,
            0.05,
            width=SHORT,
        )
        beta = url_widgets.slider(
            _("β of the chosen feature"), "bn_beta", 0.0, -MOST_BETA, MOST_BETA, 0.05, width=SHORT
        )
        eps = float(url_widgets.steps("ε", "bn_eps", EPSILONS, EPSILONS[0], width=150))
        seen = url_widgets.slider(_("Training batches seen"), "bn_seen", 20, 0, RUN, width=SHORT)
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
    return int(url_state.keep("bn_feature", ("1", "2", "3"))) - 1


def _source(*, convolution: bool) -> Source:
    kinds = {
        "normal": _("Bell"),
        "uniform": _("Even"),
        "skewed": _("Skewed"),
        "two": _("Two heaps"),
        "outlier": _("One outlier"),
    }
    kind = url_state.pick_one("bn_kind", _("Distribution"), kinds)
    offset = url_widgets.slider(_("Offset"), "bn_offset", 4.0, -50.0, 50.0, 0.5, width=LONG)
    scale = url_widgets.slider(_("Scale"), "bn_scale", 2.0, 0.0, 50.0, 0.1, width=LONG)
    side = url_widgets.slider(_("Height and width of each map"), "bn_side", 4, 1, 5, width=LONG)
    seed = url_widgets.number(_("Seed"), "bn_seed", 0, 0, 999_999)
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
    text = url_widgets.text(
        _("Or your own numbers: a row for each feature, at most 3"),
        "bn_own",
        "",
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
    momentum = url_widgets.slider(
        _("Momentum: weight of the old value"), "bn_momentum", 0.9, 0.0, 0.99, 0.01, width=LONG
    )
    start = url_state.pick_one(
        "bn_start",
        _("The moving variance starts at"),
        {"1": _("Moving variance starts at 1"), "0": _("… at 0")},
    )
    return momentum, float(start)
