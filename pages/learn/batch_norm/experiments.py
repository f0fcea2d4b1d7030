"""What stands below the picture of batch normalisation: experiments, computed when looked at."""

import math

import plotly.graph_objects as go
import streamlit as st
import torch
from torch import Tensor, nn

from explorer.base.language import _
from explorer.base.units import percent
from explorer.figures.charts import GREY, axis, frame, line
from explorer.lessons import norm_experiments, normalisation
from explorer.lessons.norm_experiments import GradAsking
from explorer.lessons.normalisation import Moving, Source, Steps
from explorer.ui.charts import show_chart
from explorer.ui.tables import show_table
from pages.learn.batch_norm.board import names, short
from pages.learn.batch_norm.settings import LONG, Choice
from pages.learn.batch_norm.state import STATE

BLUE, ORANGE = "#3797D3", "#D55E00"  # for both themes
MARKS = (1, 5, 10, 20, 50)  # batches after which the share is told


def experiment(choice: Choice, steps: Steps, averages: Moving) -> None:
    """One of the experiments, computed when it is looked at."""
    parts = {
        "moving": lambda: _moving(choice, averages),
        "torch": lambda: _torch(steps),
        "alone": lambda: _alone(choice),
        "bias": lambda: _bias(steps),
        "switch": _switch,
    }
    parts[STATE.pick_one("bn_view", _("Experiment"))]()


# -- moving averages --------------------------------------------------------------------------


def _moving(choice: Choice, averages: Moving) -> None:
    """Their course over the batches, how one batch comes in, and how fast they warm up."""
    chart, text = st.columns([3, 2], gap="medium")
    with chart:
        quantity = STATE.pick_one("bn_quantity", _("Quantity"))
        swapped = choice.averages(1 - choice.momentum)
        drawn = moving_chart(averages, swapped, choice.feature, quantity, choice.batches)
        show_chart(drawn, "bn_moving")
    with text:
        _moving_words(choice, averages, quantity)


def _moving_words(choice: Choice, averages: Moving, quantity: str) -> None:
    m, weights = choice.momentum, {"old": choice.momentum, "new": 1 - choice.momentum}
    st.markdown(
        _(
            "In prediction there may be no batch, so training keeps a moving average:  \n"
            "**moving = {old:.2f} · moving + {new:.2f} · batch**"
        ).format(**weights)
    )
    st.markdown(
        _(
            "The course calls the weight of the *old* value momentum: {old:.2f}. `nn.BatchNorm2d` "
            "calls the weight of the *new* one momentum: the same curve is "
            "`momentum={new:.2f}` there. Mixed up, it is the dashed line."
        ).format(**weights)
    )
    if choice.batches:
        values = averages.mean if quantity == "mean" else averages.var
        batch = averages.batch_mean if quantity == "mean" else averages.batch_var
        now, at = choice.batches, choice.feature
        st.markdown(
            _("Batch {n}: {old:.2f} · {before} + {new:.2f} · {batch} = **{after}**").format(
                n=now, **weights, before=short(float(values[now - 1, at])),
                batch=short(float(batch[now - 1, at])), after=short(float(values[now, at])),
            )
        )  # fmt: skip
    show_table(
        [
            {
                _("batches seen, k"): _("share of batches, 1 − {m:.2f}ᵏ").format(m=m),
                **{str(k): percent(normalisation.warm_up(m, k), ".3g") for k in MARKS},
            }
        ]
    )


def moving_chart(
    course: Moving, swapped: Moving, channel: int, quantity: str, batches: int
) -> go.Figure:
    """The run of one channel's `quantity` ("mean" or "variance") over the batches.

    `course` weighs the old value by the momentum, `swapped` the new one; `batches` are marked.
    """
    own = course.batch_mean if quantity == "mean" else course.batch_var
    figure = frame(
        340,
        axis(_("training batches seen")),
        axis(_("mean") if quantity == "mean" else _("variance")),
        legend={},
        hovermode="x unified",
    )
    figure.add_scatter(
        x=list(range(1, len(own) + 1)),
        y=own[:, channel].tolist(),
        name=_("of the batch itself"),
        mode="markers",
        marker={"color": GREY, "size": 6, "symbol": "circle-open"},
    )
    for name, run, style in (
        (_("momentum weighs the old value (course)"), course, (BLUE, "solid", "")),
        (_("the same number weighs the new value (torch)"), swapped, (ORANGE, "dash", "")),
    ):
        values = (run.mean if quantity == "mean" else run.var)[:, channel].tolist()
        figure.add_trace(line(name, list(range(len(values))), values, style, width=2.5))
    figure.add_vline(x=batches, line={"color": GREY, "dash": "dot", "width": 1.5})
    return figure


# -- from scratch beside torch ----------------------------------------------------------------


def _torch(steps: Steps) -> None:
    if steps.count == 1:
        st.info(_("With one value per channel there is nothing to compare: see A batch of one."))
        return
    beside = norm_experiments.beside_torch(steps.raw)
    numbers, text = st.columns([3, 2], gap="medium")
    with numbers:
        show_table(
            {
                _("after one training batch"): names(steps.raw),
                _("moving variance, from scratch"): [f"{x:.5f}" for x in beside.our_var.tolist()],
                _("moving variance, torch"): [f"{x:.5f}" for x in beside.torch_var.tolist()],
                _("ratio of the batch's shares"): [
                    _("too little spread") if math.isnan(x) else f"{x:.5f}"
                    for x in beside.ratio.tolist()
                ],
            }
        )
        differences = {
            _("training outputs"): beside.training,
            _("moving means"): beside.mean,
            _("prediction outputs"): beside.prediction,
            _("… with torch's moving variance in ours"): beside.equalised,
        }
        values = [f"{value:.1e}" for value in differences.values()]
        show_table({_("largest difference"): list(differences), "": values})
    n = beside.count
    text.markdown(
        _(
            "The layer written out in this project and torch's give the same training outputs, to "
            "rounding. They disagree on one thing: the moving variance. Ours averages the variance "
            "that divides by the {n} values, torch the one that divides by {n} − 1, larger by\n\n"
            "**{n} / ({n} − 1) = {factor:.5f}**\n\nso predictions differ a little. Put torch's "
            "moving variance into our layer and the difference is gone."
        ).format(n=n, factor=n / (n - 1))
    )


# -- a batch of one ---------------------------------------------------------------------------


def _alone(choice: Choice) -> None:
    vectors = normalisation.batch(Source(size=2, seed=choice.source.seed), 0)
    picture = normalisation.batch(Source(size=2, side=2, seed=choice.source.seed), 0)
    gamma, beta = torch.ones(vectors.shape[1]), torch.tensor([0.5, -1.0, 2.0])
    full = norm_experiments.alone(vectors, gamma, beta)
    maps = norm_experiments.alone(picture, gamma, beta)
    pictures = [_("picture {n}").format(n=n) for n in (1, 2)]
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(_("**Fully connected**, trained on one picture at a time, β = 0.5, −1, 2"))
        arriving, leaving = map(_rows, (full.inputs, full.outputs))
        show_table({"": pictures, _("arrives"): arriving, _("leaves, by the formula"): leaving})
        st.markdown(
            _(
                "Two pictures, one output: x − μ = 0, so y = β. The course's layer did this in "
                "silence; `nn.BatchNorm1d` refuses:"
            )
        )
        st.code(f"ValueError: {full.refusal}", language=None, wrap_lines=True)
    with right:
        st.markdown(_("**Convolution**, one picture of 2 × 2 per channel"))
        assert maps.torch_outputs is not None
        apart = float((maps.torch_outputs - maps.outputs).abs().max())
        arriving, leaving = map(_rows, (maps.inputs[:, 0], maps.outputs[:, 0]))
        show_table({"": pictures, _("channel 1 arrives"): arriving, _("leaves"): leaving})
        st.markdown(
            _(
                "One picture is enough here: each mean is over H·W = {n} values. "
                "`nn.BatchNorm2d` agrees to {apart:.0e}. A 1 × 1 map would be refused again."
            ).format(n=maps.inputs[0, 0].numel(), apart=apart)
        )


def _rows(values: Tensor) -> list[str]:
    """All numbers of each row (n, …), in words."""
    return [", ".join(map(short, row)) for row in values.flatten(1).tolist()]


# -- a bias before it -------------------------------------------------------------------------


def _bias(steps: Steps) -> None:
    bias = STATE.slider("bn_bias", _("Bias of the layer before"), width=LONG)
    outputs = norm_experiments.bias_before(steps.raw, bias)
    before = torch.stack([outputs.plain, outputs.biased]).flatten(1)[:, :4]
    after = torch.stack([outputs.plain_out, outputs.biased_out]).flatten(1)[:, :4]
    show_table(
        {
            _("first values"): [_("no bias"), _("bias {b}").format(b=short(bias))],
            _("before batch norm"): _rows(before),
            _("after"): _rows(after),
        }
    )
    st.markdown(
        _(
            "The bias moves every value by {before}, and the mean with them; minus the mean, "
            "nothing is left of it: after batch norm the largest change is **{after:.0e}**, "
            "rounding. β does its work, so networks with batch norm leave the bias out "
            "(`bias=False`)."
        ).format(before=short(outputs.before), after=outputs.after)
    )


# -- the mode switch, and what is saved -------------------------------------------------------


def _switch() -> None:
    x = normalisation.batch(Source(), 0)
    batches = [normalisation.batch(Source(), number) for number in range(30)]
    layers = {"nn.BatchNorm1d": nn.BatchNorm1d, _("asks whether gradients are on"): GradAsking}
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(_("**Which statistics does a call use?** Two layers, called in four ways"))
        watched = {name: norm_experiments.switches(layer, x) for name, layer in layers.items()}
        calls = [_called(case.training, case.grad) for case in next(iter(watched.values()))]
        effects = {name: list(map(_effect, cases)) for name, cases in watched.items()}
        show_table({_("call"): calls, **effects})
    with right:
        st.markdown(_("**What is saved?** 30 batches of training, saved, loaded, compared"))
        loaded = [norm_experiments.reload(layer, batches) for layer in layers.values()]
        show_table(
            {
                _("layer"): list(layers),
                _("in state_dict"): [", ".join(each.names) for each in loaded],
                _("prediction is off by"): [short(each.apart) for each in loaded],
            }
        )
        st.markdown(
            _(
                "Averages kept as plain tensors are in no state_dict: the loaded layer predicts "
                "with mean 0 and variance 1. `register_buffer` saves them."
            )
        )


def _called(training: bool, grad: bool) -> str:
    mode = "train()" if training else "eval()"
    return f"`{mode}`" if grad else f"`{mode}`, `no_grad`"


def _effect(case: norm_experiments.Switch) -> str:
    used = _("batch") if case.uses_batch else _("moving")
    return _("{used}, updated").format(used=used) if case.updates else used
