"""The parts of the page on batch normalisation, top to bottom."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from explorer import normalisation
from explorer.figures import normalisation as figures
from explorer.inputs import Matrix, parse_matrix
from explorer.language import _
from explorer.normalisation import CHANNELS, Moving, Source, Steps
from explorer.ui import learn, links
from explorer.ui.batch_norm_board import batch_norm_board

SIZES = (1, 2, 4, 8, 16, 32)
EPSILONS = ("0.00001", "0.001", "0.1", "1", "10")
RUN = 50  # batches in the run; the one on screen comes after them
STAGES = range(4)


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


def pick_one(key: str, label: str, words: Mapping[str, str]) -> str:
    """As `links.pick_one`, but a prompt may put a name into `key`."""
    first = next(iter(words))
    if st.session_state.get(key) not in words:
        asked = st.query_params.get(key, first)
        st.session_state[key] = asked if asked in words else first
    chosen = st.segmented_control(
        label,
        list(words),
        format_func=words.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    links.put(key, chosen or first, first)
    return chosen or first


# -- controls ---------------------------------------------------------------------------------


def pick() -> Choice:
    """Layer, mode, the batch and its past; then what the formula is told."""
    with st.container(horizontal=True, vertical_alignment="center", key="bn_modes"):
        layer = pick_one("bn_layer", _("Layer"), _layers())
        mode = pick_one("bn_mode", _("Mode"), _modes())
        with st.popover(_("The batch"), icon=":material/scatter_plot:"):
            source = _source(convolution=layer == "conv")
        with st.popover(_("Moving averages"), icon=":material/history:"):
            momentum, start_var = _past()
    with st.container(horizontal=True, vertical_alignment="bottom", key="bn_numbers"):
        size = int(_choose("bn_size", _("Batch size N"), SIZES, 16))
        gamma = _slide("bn_gamma", _("γ of the chosen feature"), -5.0, 5.0, 1.0, 0.05)
        beta = _slide("bn_beta", _("β of the chosen feature"), -10.0, 10.0, 0.0, 0.05)
        eps = float(_choose("bn_eps", "ε", EPSILONS, EPSILONS[0]))
        seen = _count("bn_seen", _("Training batches seen"), 0, RUN, 20)
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


def _default(key: str, value: object, low: float, high: float) -> None:
    """`learn.default`, also where the link asks for a number that the slider does not have."""
    try:
        asked = float(st.query_params.get(key, low))
    except ValueError:
        asked = math.nan
    if not low <= asked <= high:
        st.query_params.pop(key, None)
    learn.default(key, value)


def _slide(
    key: str, label: str, low: float, high: float, value: float, step: float, width: int = 170
) -> float:
    _default(key, value, low, high)
    chosen = st.slider(label, low, high, step=step, key=key, bind="query-params", width=width)
    return float(chosen)


def _count(key: str, label: str, low: int, high: int, value: int, width: int = 170) -> int:
    _default(key, value, low, high)
    return int(st.slider(label, low, high, key=key, bind="query-params", width=width))


def _choose(
    key: str, label: str, options: tuple[object, ...], value: object, width: int = 150
) -> str:
    if st.query_params.get(key, str(value)) not in map(str, options):
        st.query_params.pop(key, None)
    learn.default(key, value)
    return str(st.select_slider(label, options, key=key, bind="query-params", width=width))


def _feature() -> int:
    """The chosen feature, from 0: from the board, a prompt or the link."""
    asked = st.session_state.get("bn_feature", st.query_params.get("bn_feature", "1"))
    chosen = int(asked) if str(asked) in {"1", "2", "3"} else 1
    st.session_state["bn_feature"] = chosen
    links.put("bn_feature", str(chosen), "1")
    return chosen - 1


def _source(*, convolution: bool) -> Source:
    kinds = {
        "normal": _("Bell"),
        "uniform": _("Even"),
        "skewed": _("Skewed"),
        "two": _("Two heaps"),
        "outlier": _("One outlier"),
    }
    kind = pick_one("bn_kind", _("Distribution"), kinds)
    offset = _slide("bn_offset", _("Offset"), -50.0, 50.0, 4.0, 0.5, 320)
    scale = _slide("bn_scale", _("Scale"), 0.0, 50.0, 2.0, 0.1, 320)
    side = _count("bn_side", _("Height and width of each map"), 1, 5, 4, 320)
    learn.default("bn_seed", 0)
    seed = st.number_input(
        _("Seed"), min_value=0, max_value=999_999, key="bn_seed", bind="query-params"
    )
    own = _own()
    return Source(
        distribution=next(each for each in normalisation.DISTRIBUTIONS if each == kind),
        side=side if convolution and own is None else 0,
        offset=offset,
        scale=scale,
        seed=int(seed),
        own=own,
    )


def _own() -> Matrix | None:
    """The reader's own numbers, one row per feature; None if there are none."""
    learn.default("bn_own", "")
    text = st.text_input(
        _("Or your own numbers: a row for each feature, at most 3"),
        key="bn_own",
        bind="query-params",
        placeholder="1 2 3 6; 10 20 30 60",
    )

    def read() -> Matrix | None:
        rows = parse_matrix(text) if text else None
        if rows and len(rows) > CHANNELS:
            raise ValueError(
                _(
                    "{n} rows came, but the picture has room for {most} features. "
                    "Leave out some rows."
                ).format(n=len(rows), most=CHANNELS)
            )
        return rows

    try:
        return learn.last_good("bn_own", read)
    except ValueError:  # said already; nothing good has been typed yet
        return None


def _past() -> tuple[float, float]:
    """Momentum (weight of the old value) and the variance that the moving one starts from."""
    momentum = _slide(
        "bn_momentum", _("Momentum: weight of the old value"), 0.0, 0.99, 0.9, 0.01, 320
    )
    start = pick_one(
        "bn_start",
        _("The moving variance starts at"),
        {"1": _("Moving variance starts at 1"), "0": _("… at 0")},
    )
    return momentum, float(start)


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
    name = figures.names(found.raw.shape[1], choice.convolution)[choice.feature]
    board = figures.board(found, choice.feature, "", "")["features"][choice.feature]
    told = (
        _(
            "It puts every feature on the same scale, whatever scale it arrives on: **{name}** "
            "arrives with {before} and leaves with {after}. {over}"
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
    if found.count == 1 and found.own:
        st.warning(
            _(
                "One value per feature: it is its own mean, its variance is 0, so every input "
                "leaves as β and nothing of the picture is left."
            ),
            icon=":material/warning:",
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
    asked = st.session_state.get("bn_step", st.query_params.get("bn_step", "3"))
    step = int(asked) if str(asked) in {"0", "1", "2", "3"} else 3
    st.session_state["bn_step"] = step
    links.put("bn_step", str(step), "3")
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
        figures.board(found, choice.feature, name, used),
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
