"""Channels: what they cost, the fully connected layer beside them, and a whole network."""

import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.summary import measure
from explorer.base.language import _
from explorer.base.units import count, exact, ratio
from explorer.lessons import channels
from explorer.networks import NetworkSpec
from explorer.ui import lesson
from explorer.ui.charts import show_chart
from explorer.ui.tables import show_table
from pages.learn.channels import charts
from pages.learn.channels.state import STATE, to


def cost() -> None:
    """Parameters and MACs of a convolution as its channels change."""
    lenet, same = {"height": 28, "width": 28}, {"height": 56, "width": 56}
    lesson.try_this(
        {
            _("LeNet's first layer"): to(part="cost", c_in=1, c_out=6, kernel_size=5, **lenet),
            _("64 in, 64 out"): to(part="cost", c_in=64, c_out=64, kernel_size=3, **same),
            _("Twice as wide"): to(part="cost", c_in=128, c_out=128, kernel_size=3, **same),
            _("1 × 1 instead of 3 × 3"): to(part="cost", c_in=64, c_out=64, kernel_size=1, **same),
        }
    )
    controls, picture = lesson.controls_and_picture()
    with controls, st.container(key="channels_controls"):
        c_in, c_out, kernel, height, width = lesson.in_columns(
            [4, 4, 5, 4, 4],
            lambda: STATE.slider("channels_c_in", _("Input channels")),
            lambda: STATE.slider("channels_c_out", _("Output channels")),
            lambda: STATE.one_of("channels_kernel_size", _("Kernel side")),
            lambda: STATE.slider("channels_height", _("Height")),
            lambda: STATE.slider("channels_width", _("Width")),
        )
    chart, text = picture.columns([3, 2], gap="medium")
    with chart:
        _draw(charts.parameters_by_channels(c_in, c_out, kernel))
    with text:
        _cost_text(c_in, c_out, kernel, (height, width))


def _cost_text(c_in: int, c_out: int, kernel: int, size: tuple[int, int]) -> None:
    layer = channels.convolution(c_in, c_out, kernel, size)
    doubled = channels.convolution(2 * c_in, 2 * c_out, kernel, size)
    st.markdown(
        _("**{n} parameters** = {c_out} × ({k}·{k}·{c_in} + 1)").format(
            n=exact(layer.parameters), c_out=c_out, k=kernel, c_in=c_in
        )
    )
    st.caption(_("output channels × (kernel height · width · input channels + 1 for the bias)"))
    st.markdown(
        _("**{n} MACs** = {c_out}·{h}·{w} × {k}·{k}·{c_in} = **{short}**").format(
            n=exact(layer.macs), short=count(layer.macs), c_out=c_out, h=size[0], w=size[1],
            k=kernel, c_in=c_in,
        )
    )  # fmt: skip
    st.caption(_("every output number × the products in it; padded to keep height and width"))
    st.markdown(
        _(
            "Twice as many channels in **and** out: **{p} times** the weights, **{m} times** the "
            "MACs. Height and width cost MACs, but **no parameter**."
        ).format(
            p=f"{doubled.weights / layer.weights:g}", m=f"{doubled.macs / layer.macs:g}"
        )
    )  # fmt: skip


def _draw(figure: go.Figure) -> None:
    show_chart(figure, "channels_chart", file="channels")


def dense() -> None:
    """A fully connected layer against a convolution on the same picture."""
    photograph, digit = _("The course's 1000 × 1000 photograph"), _("A 28 × 28 digit")
    lesson.try_this(
        {
            label: to(part="dense", side=side, colours=colours, units=256, dense_kernel=3)
            for label, side, colours in (
                (photograph, 1000, 3), (digit, 28, 1), (_("224 × 224"), 224, 3),
            )
        }
    )  # fmt: skip
    controls, picture = lesson.controls_and_picture()
    with controls, st.container(key="channels_controls"):
        side, colours, units, kernel = lesson.in_columns(
            [5, 3, 3, 4],
            lambda: STATE.slider("channels_side", _("Side of the picture (pixels)")),
            lambda: STATE.number("channels_colours", _("Channels")),
            lambda: STATE.number("channels_units", _("Outputs")),
            lambda: STATE.one_of("channels_dense_kernel", _("Kernel side")),
        )
    full = channels.fully_connected(colours * side * side, units)
    conv = channels.convolution(colours, units, kernel, (side, side))
    chart, text = picture.columns([3, 2], gap="medium")
    with chart:
        _draw(charts.weights_by_side(colours, units, kernel, side))
    with text:
        _dense_text(full, conv, colours, side, units, kernel)
    name = _("convolution {k} × {k}").format(k=kernel)
    show_table(charts.table_of_costs({_("fully connected"): full, name: conv}))


def _dense_text(
    full: channels.Cost, conv: channels.Cost, colours: int, side: int, units: int, kernel: int
) -> None:
    st.markdown(
        _("Fully connected: {side}·{side}·{c} × {units} = **{n} weights**, {size}").format(
            side=side, c=colours, units=units, n=count(full.weights),
            size=charts.bytes_in_both(full.weight_bytes),
        )
    )  # fmt: skip
    st.markdown(
        _("Convolution: {units} × {k}·{k}·{c} = **{n} weights**, {size}").format(
            units=units, k=kernel, c=colours, n=exact(conv.weights),
            size=charts.bytes_in_both(conv.weight_bytes),
        )
    )  # fmt: skip
    st.markdown(
        _(
            "The fully connected layer has **{ratio} times the weights**; the convolution's number "
            "does not know how large the picture is. It is no free lunch: the convolution gives "
            "{units} numbers *for every pixel*, so it makes {conv} MACs where the fully connected "
            "layer makes {full}. A stride or a pooling brings that down."
        ).format(
            ratio=ratio(full.weights / conv.weights), units=units, conv=count(conv.macs),
            full=count(full.macs),
        )
    )  # fmt: skip


def flow() -> None:
    """Maps shrink, channels grow: where the information goes in a whole network."""
    with st.container(horizontal=True, key="channels_controls"):
        name = STATE.select("channels_network", _("Network"), width=220)
    spec = NetworkSpec.parse(name)
    summary = measure(spec, spec.input_size)
    chart, text = st.columns([3, 1], gap="medium")
    with chart:
        _draw(charts.flow(summary))
    with text:
        st.markdown(
            _(
                "Every halving of height and width leaves **a quarter of the cells**. Where the "
                "channels double with it, half of the numbers remain: the map says *less exactly "
                "where*, and in more ways *what*."
            )
        )
        st.markdown(
            _(
                "A single cell sees ever more of the picture: its channels are that patch, "
                "summarised by as many pattern detectors."
            )
        )
