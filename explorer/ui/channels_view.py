"""The parts of the page on channels, one for each of its tabs."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from explorer import channels, inputs, ops
from explorer.channels import Mixture
from explorer.figures import channels as figures
from explorer.language import _
from explorer.ui import learn, links, loaders
from explorer.ui.grids import number_grids
from explorer.units import count, exact, times

MOST_CHANNELS, MOST_SIDE, MOST_KERNEL = 3, 7, 4

GOOD = "last good channels_mixture"  # where `learn.last_good` keeps what the board shows

# The course's example: 2 × 3 × 3 and 2 × 2 × 2; the other kernels are K + 1 and K + 2.
INPUT = "0 1 2; 3 4 5; 6 7 8 | 1 2 3; 4 5 6; 7 8 9"
KERNELS = ("0 1; 2 3 | 1 2; 3 4", "1 2; 3 4 | 2 3; 4 5", "2 3; 4 5 | 3 4; 5 6")

RED = (
    "9 9 0; 9 9 0; 0 0 0 | 2 2 0; 2 2 0; 0 0 0 | 1 1 0; 1 1 0; 0 0 0"  # a square: red, green, blue
)

# A red stripe and a green one; a detector of edges for each.
STRIPES = "0 1 0 0 0; 0 1 0 0 0; 0 1 0 0 0 | 0 0 0 1 0; 0 0 0 1 0; 0 0 0 1 0"
DETECTORS = ("1 -1 | 0 0", "0 0 | 1 -1")


def words() -> dict[str, str]:
    """The page's tabs."""
    return {
        "sum": _("Many to one"),
        "pixel": _("1 × 1"),
        "cost": _("What channels cost"),
        "dense": _("Or fully connected?"),
        "flow": _("Through a network"),
    }


def tabs() -> Mapping[str, st.delta_generator.DeltaGenerator]:
    """The open tabs by name."""
    return dict(zip(words(), links.tabs("channels_part", words()), strict=True))


def _to(part: str, **setting: object) -> learn.Setting:
    """A setting of this page that opens one of its tabs."""
    return {"channels_part": words()[part], **{f"channels_{k}": v for k, v in setting.items()}}


# -- many to one, and to several --------------------------------------------------------------


def _read(text: str, what: str, most: int) -> Tensor:
    """Matrices parted by "|" or line breaks → (C, rows, columns)."""
    parts = [part for part in text.replace("\n", "|").split("|") if part.strip()]
    if not 1 <= len(parts) <= MOST_CHANNELS:
        message = _(
            "{what} needs 1 to {most} channels, parted by “|”, but {given} came. Write for "
            "example 0 1; 2 3 | 1 2; 3 4"
        )
        raise ValueError(message.format(what=what, most=MOST_CHANNELS, given=len(parts)))
    return channels.stack_of([inputs.parse_matrix(part, most) for part in parts], what)


def _read_mixture(text: str, kernels: tuple[str, ...]) -> Mixture:
    x = _read(text, _("The input"), MOST_SIDE)
    made = [
        _read(kernel, _("Kernel {o}").format(o=o + 1), MOST_KERNEL)
        for o, kernel in enumerate(kernels)
    ]
    shapes = {tuple(kernel.shape[1:]) for kernel in made}
    if len(shapes) > 1:
        given = ", ".join(times(shape) for shape in sorted(shapes))
        message = _("All kernels of one layer have the same size, but these are {given}.")
        raise ValueError(message.format(given=given))
    for o, kernel in enumerate(made):
        if len(kernel) != len(x):
            message = _(
                "The input has {c} channels, but kernel {o} has {given} slices. A kernel needs "
                "one slice for each channel of the input."
            )
            raise ValueError(message.format(c=len(x), o=o + 1, given=len(kernel)))
    return channels.mix(x, torch.stack(made))


def _spelled(stack: Tensor) -> str:
    return " | ".join(inputs.spell_matrix(tuple(map(tuple, each.tolist()))) for each in stack)


def _edit_mixture(grid: str, row: int, column: int, text: str) -> None:
    """A number was typed into a cell: into the text field that the grid stands for."""
    shown: Mixture = st.session_state[GOOD]
    key = "channels_input" if grid[0] == "x" else f"channels_kernel{grid[1]}"
    stack = (shown.x if grid[0] == "x" else shown.kernels[int(grid[1])]).clone()
    try:
        stack[int(grid[-1]), row, column] = inputs.parse_matrix(text)[0][0]
    except ValueError as error:
        st.session_state["channels_refused"] = str(error)
        return
    st.session_state[key] = _spelled(stack)


def _outputs() -> int:
    learn.default("channels_outputs", 1)
    return int(
        st.segmented_control(
            _("Output channels"),
            [1, 2, 3],
            key="channels_outputs",
            bind="query-params",
            required=True,
        )
        or 1
    )


def _fields(outputs: int) -> Mixture:
    """The numbers as texts, one field for the input and one for each kernel."""
    syntax = _("Numbers by spaces, rows by “;”, channels by “|”.")
    learn.default("channels_input", INPUT)
    text = st.text_input(
        _("Input"), key="channels_input", bind="query-params", help=syntax, width="stretch"
    )
    kernels = []
    for o in range(outputs):
        key = f"channels_kernel{o}"
        learn.default(key, KERNELS[o])
        label = _("Kernel {o}").format(o=o + 1)
        kernels.append(
            st.text_input(label, key=key, bind="query-params", help=syntax, width="stretch") or ""
        )
    if GOOD not in st.session_state:  # a link may be wrong from the start
        st.session_state[GOOD] = _read_mixture(INPUT, KERNELS[:outputs])
    return learn.last_good("channels_mixture", lambda: _read_mixture(text or "", tuple(kernels)))


def many_to_one() -> None:
    """The sum over input channels, for one output channel or several."""
    prompts = {
        _("The course's two channels"): _to(
            "sum", outputs=1, input=INPUT, kernel0=KERNELS[0]
        ),
        _("Three outputs: K, K + 1, K + 2"): _to(
            "sum", outputs=3, input=INPUT, kernel0=KERNELS[0], kernel1=KERNELS[1],
            kernel2=KERNELS[2],
        ),
        _("Channels that cancel"): _to(
            "sum", outputs=1, input="0 1 2; 3 4 5; 6 7 8 | 0 1 2; 3 4 5; 6 7 8",
            kernel0="0 1; 2 3 | 0 -1; -2 -3",
        ),
        _("Red to grey"): _to(
            "sum", outputs=1, input=RED, kernel0="0.299 | 0.587 | 0.114",
        ),
    }  # fmt: skip
    learn.try_this(prompts)
    with st.container(horizontal=True, vertical_alignment="bottom", key="channels_controls"):
        outputs = _outputs()
        with st.popover(_("Numbers as text"), icon=":material/edit:", width="content"):
            mixture = _fields(outputs)
        _mixture_download(mixture)
    if refused := st.session_state.pop("channels_refused", ""):
        st.error(refused, icon=":material/straighten:")
    board, text = st.columns([3, 1], gap="medium")
    with board:
        number_grids(
            figures.mixture_grids(mixture),
            list(figures.mixture_stories(mixture)),
            key="channels_sum",
            label=_("Input channels, kernels, their maps and the sums"),
            start=("y0", 0, 0),
            on_edit=_edit_mixture,
        )
    with text:
        _mixture_text(mixture)


def _mixture_text(mixture: Mixture) -> None:
    outs, ins, h, w = mixture.kernels.shape
    st.markdown(
        _(
            "Each input channel has **its own slice** of the kernel. Every slice slides over its "
            "channel and makes a map; the maps are **added, place by place**. However many "
            "channels go in, **one** map comes out."
        )
    )
    st.markdown(
        _(
            "A second output channel needs a second kernel, with as many slices. An output "
            "channel is one pattern looked for in all input channels at once."
        )
    )
    shape = times((outs, ins, h, w))
    st.markdown(
        _("Kernels **{shape}** (outputs × inputs × height × width): {n} weights.").format(
            shape=shape, n=outs * ins * h * w
        )
    )
    st.caption(_("Point at any number, or use the arrow keys. Double-click or type to change it."))


def _mixture_download(mixture: Mixture) -> None:
    _download(_csv(figures.mixture_grids(mixture)[0]), "channels.csv")


def _csv(grids: list[figures.Grid]) -> str:
    """Every grid's cells: grid, row, column, value."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["grid", "row", "column", "value"])
    for grid in grids:
        for i, line in enumerate(grid["values"]):
            rows.writerows((grid["id"], i, j, f"{value:.9g}") for j, value in enumerate(line))
    return written.getvalue()


def _download(text: str, file: str) -> None:
    st.download_button(
        _("Numbers (CSV)"), text, file, "text/csv", icon=":material/download:", on_click="ignore"
    )


# -- 1 × 1 ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Pixels:
    x: Tensor  # (C, 3, 3)
    weights: Tensor  # (O, C)


def _number(label: str, key: str, default: int, least: int, most: int) -> int:
    learn.default(key, default)
    return int(
        st.number_input(
            label, min_value=least, max_value=most, key=key, bind="query-params", width=130
        )
    )


def _edit_pixels(grid: str, row: int, column: int, text: str) -> None:
    """Typed numbers live until the channels or the seed change."""
    try:
        value = inputs.parse_matrix(text)[0][0]
    except ValueError as error:
        st.session_state["channels_refused"] = str(error)
        return
    st.session_state.setdefault("channels_typed", {})[grid, row, column] = value


def _pixels() -> _Pixels:
    c_in = _number(_("Input channels"), "channels_pixel_in", 3, 1, 4)
    c_out = _number(_("Output channels"), "channels_pixel_out", 2, 1, 4)
    seed = _number(_("Seed"), "channels_seed", 0, 0, 9999)
    x, weights = map(channels.to_tenths, channels.random_pixels(c_in, c_out, 3, seed))
    if st.session_state.get("channels_typed_for") != (c_in, c_out, seed):
        st.session_state["channels_typed_for"] = (c_in, c_out, seed)
        st.session_state["channels_typed"] = {}
    for (grid, row, column), value in st.session_state["channels_typed"].items():
        target = weights if grid == "w" else x[int(grid[1:])]
        target[row, column] = value
    return _Pixels(x, weights)


def one_by_one() -> None:
    """A 1 × 1 convolution is a fully connected layer at every pixel."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="channels_controls"):
        pixels = _pixels()
        found = channels.agreement(pixels.x, pixels.weights)
        content = figures.pixel_grids(pixels.x, pixels.weights, found.outputs)
        _download(_csv(content[0]), "one_by_one.csv")
    if refused := st.session_state.pop("channels_refused", ""):
        st.error(refused, icon=":material/straighten:")
    number_grids(
        content,
        list(figures.pixel_stories(pixels.x, pixels.weights, found.outputs)),
        key="channels_pixel",
        label=_("A 1 × 1 convolution as maps and as a product of matrices"),
        start=("y0", 1, 1),
        on_edit=_edit_pixels,
    )
    text, table = st.columns(2, gap="medium")
    with text:
        learn.try_this(
            {
                _("Three channels to two"): _to("pixel", pixel_in=3, pixel_out=2, seed=0),
                _("Four to one"): _to("pixel", pixel_in=4, pixel_out=1, seed=1),
                _("One to four"): _to("pixel", pixel_in=1, pixel_out=4, seed=2),
            }
        )
        st.markdown(
            _(
                "A 1 × 1 kernel sees **one pixel** and no neighbour. What it mixes are the "
                "**channels**: the pixel's column of numbers is multiplied by the same matrix W at "
                "every pixel. That is a fully connected layer, used {n} times with one set of "
                "weights. Point at any number; double-click or type to change it."
            ).format(n=pixels.x[0].numel())
        )
    with table:
        _agreements(pixels, found)


def _agreements(pixels: _Pixels, found: channels.Agreement) -> None:
    """Several ways, one result: the largest differences, here and where rounding shows."""
    large = _large_agreement()
    here = times((len(pixels.x), *pixels.x.shape[1:]))
    rows = {
        _("one matrix product W·X"): (found.product, large.product),
        _("a linear layer at every pixel"): (found.linear, large.linear),
        _("channel after channel, added"): (found.one_by_one, large.one_by_one),
    }
    title = _("largest difference from `conv2d`")
    st.table(
        [
            {title: name, here: figures.tiny(small), "256 × 28 × 28": figures.tiny(big)}
            for name, (small, big) in rows.items()
        ]
    )
    st.caption(
        _(
            "In float32. The large outputs reach {largest}, where neighbouring numbers lie "
            "{spacing} apart: what differs is the order of adding, nothing else."
        ).format(largest=f"{large.largest:.0f}", spacing=figures.tiny(large.spacing))
    )


@st.cache_data(max_entries=1, show_spinner=False)
def _large_agreement() -> channels.Agreement:
    return channels.agreement(*channels.random_pixels(256, 64, 28, 0))


# -- what channels cost -----------------------------------------------------------------------


def _slider(label: str, key: str, default: int, least: int, most: int) -> int:
    learn.default(key, default)
    return int(st.slider(label, least, most, key=key, bind="query-params"))


def cost() -> None:
    """Parameters and MACs of a convolution as its channels change."""
    learn.try_this(
        {
            _("LeNet's first layer"): _to(
                "cost", c_in=1, c_out=6, kernel_size=5, height=28, width=28
            ),
            _("64 in, 64 out"): _to(
                "cost", c_in=64, c_out=64, kernel_size=3, height=56, width=56
            ),
            _("Twice as wide"): _to(
                "cost", c_in=128, c_out=128, kernel_size=3, height=56, width=56
            ),
            _("1 × 1 instead of 3 × 3"): _to(
                "cost", c_in=64, c_out=64, kernel_size=1, height=56, width=56
            ),
        }
    )  # fmt: skip
    with st.container(key="channels_controls"):
        columns = st.columns(5)
        with columns[0]:
            c_in = _slider(_("Input channels"), "channels_c_in", 64, 1, 512)
        with columns[1]:
            c_out = _slider(_("Output channels"), "channels_c_out", 64, 1, 512)
        with columns[2]:
            kernel = _slider(_("Kernel side"), "channels_kernel_size", 3, 1, 11)
        with columns[3]:
            height = _slider(_("Height"), "channels_height", 56, 1, 512)
        with columns[4]:
            width = _slider(_("Width"), "channels_width", 56, 1, 512)
    found = channels.convolution(c_in, c_out, kernel, (height, width))
    chart, text = st.columns([3, 2], gap="medium")
    with chart:
        st.plotly_chart(
            figures.parameters_by_channels(c_in, c_out, kernel),
            key="channels_chart",
            config=_config(),
        )
    with text:
        _cost_text(found, c_in, c_out, kernel, (height, width))


def _cost_text(
    found: channels.Cost, c_in: int, c_out: int, kernel: int, size: tuple[int, int]
) -> None:
    doubled = channels.convolution(2 * c_in, 2 * c_out, kernel, size)
    st.markdown(
        _("**{n} parameters** = {c_out} × ({k}·{k}·{c_in} + 1)").format(
            n=exact(found.parameters), c_out=c_out, k=kernel, c_in=c_in
        )
    )
    st.caption(_("output channels × (kernel height · width · input channels + 1 for the bias)"))
    st.markdown(
        _("**{n} MACs** = {c_out}·{h}·{w} × {k}·{k}·{c_in} = **{short}**").format(
            n=exact(found.macs), short=count(found.macs), c_out=c_out, h=size[0], w=size[1],
            k=kernel, c_in=c_in,
        )
    )  # fmt: skip
    st.caption(_("every output number × the products in it; padded to keep height and width"))
    st.markdown(
        _(
            "Twice as many channels in **and** out: **{p} times** the weights, **{m} times** the "
            "MACs. Height and width cost MACs, but **no parameter**."
        ).format(
            p=f"{doubled.weights / found.weights:g}", m=f"{doubled.macs / found.macs:g}"
        )
    )  # fmt: skip


def _config() -> dict[str, object]:
    return {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "channels"}}


# -- or fully connected -----------------------------------------------------------------------


def dense() -> None:
    """A fully connected layer against a convolution on the same picture."""
    learn.try_this(
        {
            _("The course's 1000 × 1000 photograph"): _to(
                "dense", side=1000, colours=3, units=256, dense_kernel=3
            ),
            _("A 28 × 28 digit"): _to("dense", side=28, colours=1, units=256, dense_kernel=3),
            _("224 × 224"): _to("dense", side=224, colours=3, units=256, dense_kernel=3),
        }
    )
    with st.container(key="channels_controls"):
        columns = st.columns([2, 1, 1, 1])
        with columns[0]:
            side = _slider(_("Side of the picture (pixels)"), "channels_side", 1000, 8, 2000)
        with columns[1]:
            colours = _number(_("Channels"), "channels_colours", 3, 1, 16)
        with columns[2]:
            units = _number(_("Outputs"), "channels_units", 256, 1, 4096)
        with columns[3]:
            kernel = _number(_("Kernel side"), "channels_dense_kernel", 3, 1, 11)
    full = channels.fully_connected(colours * side * side, units)
    conv = channels.convolution(colours, units, kernel, (side, side))
    chart, text = st.columns([3, 2], gap="medium")
    with chart:
        figure = figures.weights_by_side(colours, units, kernel, side)
        st.plotly_chart(figure, key="channels_chart", config=_config())
    with text:
        _dense_text(full, conv, colours, side, units, kernel)
    names = _("fully connected"), _("convolution {k} × {k}").format(k=kernel)
    st.table(figures.rows_of_costs(list(zip(names, (full, conv), strict=True))))


def _dense_text(
    full: channels.Cost, conv: channels.Cost, colours: int, side: int, units: int, kernel: int
) -> None:
    st.markdown(
        _("Fully connected: {side}·{side}·{c} × {units} = **{n} weights**, {size}").format(
            side=side, c=colours, units=units, n=count(full.weights),
            size=figures.bytes_in_both(full.weight_bytes),
        )
    )  # fmt: skip
    st.markdown(
        _("Convolution: {units} × {k}·{k}·{c} = **{n} weights**, {size}").format(
            units=units, k=kernel, c=colours, n=exact(conv.weights),
            size=figures.bytes_in_both(conv.weight_bytes),
        )
    )  # fmt: skip
    st.markdown(
        _(
            "**{ratio} times fewer weights**, and their number does not know how large the "
            "picture is. It is no free lunch: the convolution gives {units} numbers *for every "
            "pixel*, so it makes {conv} MACs where the fully connected layer makes {full}. A "
            "stride or a pooling brings that down."
        ).format(
            ratio=exact(round(full.weights / conv.weights)), units=units, conv=count(conv.macs),
            full=count(full.macs),
        )
    )  # fmt: skip


# -- through a network ------------------------------------------------------------------------


def flow() -> None:
    """Maps shrink, channels grow: where the information goes in a whole network."""
    with st.container(horizontal=True, key="channels_controls"):
        learn.default("channels_network", "vgg11")
        name = st.selectbox(
            _("Network"),
            ["lenet", "alexnet", "vgg11", "nin", "googlenet", "resnet18", "densenet"],
            key="channels_network",
            bind="query-params",
            width=220,
        )
    anatomy = loaders.measure(name, (), _own_size(name), 1)
    chart, text = st.columns([3, 1], gap="medium")
    with chart:
        st.plotly_chart(figures.flow(anatomy), key="channels_chart", config=_config())
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


def _own_size(name: str) -> inputs.Picture:
    shape = loaders.architectures.get(name).input_shape
    return shape[0], shape[1], shape[2]


# -- what learners ask ------------------------------------------------------------------------


def questions() -> None:
    """The course's questions about channels, each with its experiment."""
    learn.questions(
        [
            learn.Question(
                _("What does an output channel mean?"),
                _(
                    "One learned pattern. Its kernel is looked for in all input channels at once, "
                    "and its map says where it was found. In the experiment a red stripe (channel "
                    "1) stands beside a green one (channel 2): output 1 finds the edges of red and "
                    "is blind to green, output 2 the other way round."
                ),
                _to("sum", outputs=2, input=STRIPES, kernel0=DETECTORS[0], kernel1=DETECTORS[1]),
            ),
            learn.Question(
                _("Should middle layers have as many channels as the machine can run?"),
                _(
                    "No. Weights and MACs grow with inputs × outputs: twice as wide costs four "
                    "times as much, and a layer that is too wide learns its training pictures by "
                    "heart."
                ),
                _to("cost", c_in=512, c_out=512, kernel_size=3, height=28, width=28),
            ),
            learn.Question(
                _("What is the difference between a fully connected layer and a 1 × 1 "
                  "convolution?"),
                _(
                    "The arithmetic at one pixel is the same. The 1 × 1 convolution does it at "
                    "every pixel with the same weights and keeps the grid, so it takes pictures "
                    "of any size; the fully connected layer has a weight of its own for every "
                    "pixel, and the grid is gone."
                ),
                _to("pixel", pixel_in=3, pixel_out=2, seed=0),
            ),
            learn.Question(
                _("Fully connected or convolutional: which for my problem?"),
                _(
                    "For small inputs a fully connected network is fine and quick. Its weights "
                    "grow with pixels × outputs, a convolution's do not: at 28 × 28 grey pixels it "
                    "is 201 k weights, on a photograph of 1000 × 1000 it is 768 M."
                ),
                _to("dense", side=28, colours=1, units=256, dense_kernel=3),
            ),
            learn.Question(
                _("How does information travel through the channels while height and width "
                  "shrink?"),
                _(
                    "Each cell sums up a patch of the picture that grows from layer to layer, "
                    "while more and more channels say what is in it. In LeNet a cell of the last "
                    "map sees 16 of 28 pixels, in AlexNet 195 of 224."
                ),
                _to("flow", network="alexnet"),
            ),
        ]
    )  # fmt: skip
    learn.definition(ops.corr2d, ops.corr2d_multi_in, ops.corr2d_multi_in_out, ops.corr2d_1x1)
