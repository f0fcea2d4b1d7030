"""The moving averages of batch normalisation: how they follow the batches that go by."""

import streamlit as st

from explorer.base.language import _
from explorer.base.units import percent
from explorer.lessons import normalisation
from explorer.lessons.normalisation import Moving
from explorer.ui.charts import show_chart
from explorer.ui.tables import show_table
from pages.learn.batch_norm import charts
from pages.learn.batch_norm.charts import short
from pages.learn.batch_norm.dots import averages, run
from pages.learn.batch_norm.settings import Choice
from pages.learn.batch_norm.state import STATE

MARKS = (1, 5, 10, 20, 50)  # batches after which the share is told


def moving_averages(choice: Choice, past: Moving) -> None:
    """Their course over the batches, how one batch comes in, and how fast they warm up."""
    chart, text = st.columns([3, 2], gap="medium")
    with chart:
        words = {"mean": _("Mean"), "variance": _("Variance")}
        quantity = STATE.pick_one("bn_quantity", _("Quantity"), words)
        swapped = averages(choice, run(choice), 1 - choice.momentum)
        drawn = charts.moving(past, swapped, choice.feature, quantity, choice.seen)
        show_chart(drawn, "bn_moving")
    with text:
        _moving_words(choice, past, quantity)


def _moving_words(choice: Choice, past: Moving, quantity: str) -> None:
    m = choice.momentum
    st.markdown(
        _(
            "In prediction there may be no batch, so training keeps a moving average:  \n"
            "**moving = {old:.2f} · moving + {new:.2f} · batch**"
        ).format(old=m, new=1 - m)
    )
    st.markdown(
        _(
            "The course calls the weight of the *old* value momentum: {old:.2f}. `nn.BatchNorm2d` "
            "calls the weight of the *new* one momentum: the same curve is "
            "`momentum={new:.2f}` there. Mixed up, it is the dashed line."
        ).format(old=m, new=1 - m)
    )
    if choice.seen:
        values = past.mean if quantity == "mean" else past.var
        batch = past.batch_mean if quantity == "mean" else past.batch_var
        now, at = choice.seen, choice.feature
        st.markdown(
            _("Batch {n}: {old:.2f} · {before} + {new:.2f} · {batch} = **{after}**").format(
                n=now,
                old=m,
                new=1 - m,
                before=short(float(values[now - 1, at])),
                batch=short(float(batch[now - 1, at])),
                after=short(float(values[now, at])),
            )
        )
    show_table(
        [
            {
                _("batches seen, k"): _("share of batches, 1 − {m:.2f}ᵏ").format(m=m),
                **{str(k): percent(normalisation.warm_up(m, k), ".3g") for k in MARKS},
            }
        ]
    )
