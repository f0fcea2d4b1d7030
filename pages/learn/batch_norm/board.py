"""The answer and the picture of a batch on its way through the formula, drawn in the browser.

Playing, stepping, scrubbing and picking a dot happen there (`board.js`), without
a word to Python; a moment after the reader stops, the stage comes back so that a link can carry
it, and so does the feature whose row was clicked. `[data-batchnorm-painted="<key>-<stage>"]` is
there once that stage is drawn.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from torch import Tensor

from explorer.base.language import _
from explorer.lessons.normalisation import Steps, per_channel
from explorer.ui.boards.component import Component
from pages.learn.batch_norm.settings import Choice
from pages.learn.batch_norm.state import STATE

BOARD = Component(Path(__file__).with_suffix(".js"), "batchnorm")
DIGITS = 6  # significant ones that the browser gets


def short(value: float) -> str:
    """1.2345 → "1.23", −4 → "−4.00", 4742.1 → "4742", with a real minus sign."""
    digits = 2 if abs(value) < 100 else 0
    text = f"{value:.{digits}f}" if abs(value) < 1e6 else f"{value:.2e}"
    return text.replace("-0.00", "0.00").replace("-", "−")


def names(x: Tensor) -> list[str]:
    """What the features (N, C) or channels (N, C, H, W) are called: feature 1, …"""
    word = _("channel {n}") if x.dim() == 4 else _("feature {n}")
    return [word.format(n=number + 1) for number in range(x.shape[1])]


def answer(steps: Steps, choice: Choice) -> None:
    """The page's question answered in two lines, with the numbers of the chosen feature."""
    if steps.count == 1 and steps.own:
        st.warning(
            _(
                "One value per feature: it is its own mean, its variance is 0, so every input "
                "leaves as β and nothing of the picture is left."
            ),
            icon=":material/warning:",
        )
        return
    before, *_others, after = _figures(steps, choice.feature)
    words = (
        _(
            "It puts every feature on the same scale, whatever scale it arrives on, then γ and β "
            "set the one that is asked for: **{name}** arrives with {before} and leaves with "
            "{after}. {over}"
        )
        if steps.own
        else _(
            "In prediction moving averages stand in for the batch's own mean and variance: "
            "**{name}** arrives with {before} and leaves with {after}. The more batches they have "
            "seen, the closer to what training gives."
        )
    )
    name = names(steps.raw)[choice.feature]
    st.markdown(words.format(name=name, before=before, after=after, over=_over(steps)))


def _over(steps: Steps) -> str:
    """What one mean is taken over."""
    n, _channels, *size = steps.raw.shape
    if not size:
        return _("One mean for each feature, over the N = {n} values of the batch.").format(n=n)
    return _("One mean for each channel, over N·H·W = {n}·{h}·{w} = {m} values.").format(
        n=n, h=size[0], w=size[1], m=steps.count
    )


def _moments(values: Tensor) -> tuple[float, float]:
    """Mean and standard deviation."""
    return float(values.mean()), float(values.std(correction=0))


def _figures(steps: Steps, channel: int) -> list[str]:
    """Mean and spread of a channel at each stage, in words."""
    words = _("mean {mean}, std {std}")
    moments = (_moments(stage[:, channel]) for stage in steps.stages)
    return [words.format(mean=short(mean), std=short(std)) for mean, std in moments]


def show(steps: Steps, choice: Choice) -> None:
    """The picture; the stage and the feature chosen in it go into the address."""
    used = (
        _("Statistics in use: of this batch (training)")
        if choice.training
        else _("Statistics in use: moving averages after {n} batches (prediction)").format(
            n=choice.batches
        )
    )
    layer, mode = "conv" if choice.source.side else "fc", "batch" if steps.own else "moving"
    key = f"{layer}-{mode}-{choice.source.size}-{choice.feature + 1}"
    data = board(steps, choice.feature, f"{key}-{choice.gamma:g}-{choice.beta:g}", used)
    BOARD(
        key="bn_board",
        data={**data, "step": int(STATE.keep("bn_step"))},
        on_step_change=_keep("step", 0),
        on_feature_change=_keep("feature", 1),
    )


def _keep(what: str, first: int) -> Callable[[], None]:
    """A callback that keeps what the board says, where prompts and the link put theirs."""

    def keep() -> None:
        value = st.session_state["bn_board"].get(what)
        if value is not None:
            st.session_state[f"bn_{what}"] = int(value) + first

    return keep


def board(steps: Steps, feature: int, key: str, used: str) -> dict[str, Any]:
    """A batch for the browser; `key` says which, `used` in words which statistics are in use."""
    return {
        "key": key,
        "own": steps.own,
        "count": steps.count,
        "eps": f"{steps.eps:f}".rstrip("0").rstrip("."),
        "chosen": feature,
        "features": [_feature(steps, n, name) for n, name in enumerate(names(steps.raw))],
        "labels": {**_labels(), "used": used},
    }


def _feature(steps: Steps, index: int, name: str) -> dict[str, Any]:
    """One feature or channel at the four stages, with the statistics in use."""
    stages = [stage[:, index].flatten() for stage in steps.stages]
    means, spreads = zip(*map(_moments, stages), strict=True)
    return {
        "name": name,
        "stages": [[float(f"{x:.{DIGITS}g}") for x in stage.tolist()] for stage in stages],
        "mean": float(steps.mean[index]),
        "variance": float(steps.var[index]),
        "gamma": float(steps.gamma[index]),
        "beta": float(steps.beta[index]),
        "means": means,
        "spreads": spreads,
        "figures": _figures(steps, index),
    }


def _labels() -> dict[str, str | list[str]]:
    return {
        "stages": [
            _("0  The batch as it arrives"),
            _("1  Centre: minus the mean"),
            _("2  Scale: divided by the spread"),
            _("3  Then γ and β, which are learned"),
        ],
        "nth": _("(value {n} of {m})"),
        "moving": _("(moving average)"),
        "play": _("Play the steps"),
        "pause": _("Pause"),
        "back": _("One step back"),
        "next": _("One step on"),
        "progress": _("Step of the formula"),
        "legend": _(
            "Faint dots: how the values arrive. Full dots: where they are now. ▲ is their mean, "
            "the bar their standard deviation each way; the grey band goes from −1 to 1. "
            "Point at a dot for its numbers, click a row to choose its feature."
        ),
        "picture": _(
            "Every feature has two rows of dots on one axis: above how its values arrive, below "
            "where the formula has moved them. Left and right arrow choose another value."
        ),
    }


def rows(steps: Steps) -> list[dict[str, object]]:
    """Every value of the batch at every stage, one per row."""
    stages = zip(*(per_channel(stage).tolist() for stage in steps.stages), strict=True)
    moments = zip(steps.mean.tolist(), steps.var.tolist(), strict=True)
    names = ("x", "x - mean", "x_hat", "y", "mean", "variance")
    return [
        {"channel": channel, "value": number}
        | {name: f"{each:.7g}" for name, each in zip(names, (*at, *of_all), strict=True)}
        for channel, (values, of_all) in enumerate(zip(stages, moments, strict=True), start=1)
        for number, at in enumerate(zip(*values, strict=True), start=1)
    ]
