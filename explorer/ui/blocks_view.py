"""The parts of the page on blocks, one for each of its tabs."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from explorer import blocks, wording
from explorer.blocks import Meeting, Savings, Widths
from explorer.figures import blocks as figures
from explorer.figures.grids import At, Grid, Lit, Sign, Story, grid, line, most, sign, spell
from explorer.language import _
from explorer.ui import learn, links
from explorer.ui.block_cards import block_cards
from explorer.ui.grids import number_grids
from explorer.units import count, exact

SIDE, ROUND = 4, 2  # of the residual experiment: cells each way, digits in a cell


def words() -> dict[str, str]:
    """The page's tabs."""
    return {
        "all": _("Side by side"),
        "inception": _("Inception"),
        "identity": _("Residual: the identity"),
        "shapes": _("Residual: the shapes"),
        "dense": _("Dense and transition"),
    }


def tabs() -> Mapping[str, st.delta_generator.DeltaGenerator]:
    """The page's tabs by name."""
    return dict(zip(words(), links.tabs("blocks_part", words()), strict=True))


def _to(part: str, **setting: object) -> learn.Setting:
    """A setting of this page that opens one of its tabs."""
    return {"blocks_part": words()[part], **{f"blocks_{k}": v for k, v in setting.items()}}


def _slider(label: str, name: str, default: int, least: int, most_: int) -> int:
    key = f"blocks_{name}"
    learn.default(key, default)
    return int(st.slider(label, least, most_, key=key, bind="query-params"))


def _number(label: str, name: str, default: int, least: int, most_: int) -> int:
    key = f"blocks_{name}"
    learn.default(key, default)
    return int(
        st.number_input(
            label, min_value=least, max_value=most_, key=key, bind="query-params", width=130
        )
    )


def _toggle(label: str, name: str, default: bool) -> bool:
    key = f"blocks_{name}"
    learn.default(key, default)
    return bool(st.toggle(label, key=key, bind="query-params"))


def _table(rows: Sequence[Mapping[str, object]], file: str) -> None:
    """Offer a table as CSV."""
    written = io.StringIO()
    table = csv.DictWriter(written, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    st.download_button(
        _("Table (CSV)"),
        written.getvalue(),
        file,
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _chart(figure: figures.go.Figure, key: str) -> None:
    config = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": key}}
    st.plotly_chart(figure, key=key, config=config)


# -- side by side -----------------------------------------------------------------------------


@st.cache_resource(max_entries=64, show_spinner=False)
def _six(c_in: int, c_out: int, side: int) -> Mapping[str, blocks.Block]:
    return blocks.side_by_side(c_in, c_out, side)


def _titles() -> dict[str, str]:
    return {
        "vgg": _("VGG block"),
        "nin": _("NiN block"),
        "inception": _("Inception block"),
        "residual": _("Residual block"),
        "dense": _("Dense block"),
        "transition": _("Transition"),
    }


def side_by_side() -> None:
    """The six blocks on the same input, towards the same output."""
    learn.try_this(
        {
            _("GoogLeNet's first: 192 → 256"): _to("all", c_in=192, c_out=256, side=28),
            _("As many out as in"): _to("all", c_in=64, c_out=64, side=28),
            _("Wide: 512 → 512"): _to("all", c_in=512, c_out=512, side=14),
            _("Narrowing: 256 → 64"): _to("all", c_in=256, c_out=64, side=28),
        }
    )
    with st.container(key="blocks_controls"):
        columns = st.columns([3, 3, 3, 2], vertical_alignment="bottom")
        with columns[0]:
            c_in = _slider(_("Input channels"), "c_in", 192, 2, 512)
        with columns[1]:
            c_out = _slider(_("Output channels asked for"), "c_out", 256, 8, 512)
        with columns[2]:
            side = _slider(_("Height and width"), "side", 28, 2, 112)
        six = _six(c_in, c_out, side)
        with columns[3]:
            _table(_costs(six), "blocks.csv")
    most_parameters = max(block.parameters for block in six.values())
    titles, notes = _titles(), _notes(six, c_in, c_out)
    cards = [
        figures.card(name, titles[name], block, most_parameters, notes.get(name, ""))
        for name, block in six.items()
    ]
    block_cards(cards, key="blocks_six")
    _side_text(six, c_in, c_out, side)


def _notes(six: Mapping[str, blocks.Block], c_in: int, c_out: int) -> dict[str, str]:
    """What a block could not do as it was asked."""
    dense = six["dense"].output[1]
    if c_out <= c_in:
        only = _("{c} + 2·1: it can only add")
        return {"dense": only.format(c=c_in), "transition": _("half of {c}").format(c=c_in)}
    growth = blocks.growth_to(c_in, c_out, 2)
    return {
        "dense": _("{c} + 2·{g} = {n}").format(c=c_in, g=growth, n=dense),
        "transition": _("half of {c}").format(c=c_in),
    }


def _costs(six: Mapping[str, blocks.Block]) -> list[dict[str, object]]:
    return [
        {
            "block": name,
            "input": wording.shape(block.input),
            "output": wording.shape(block.output),
            "parameters": block.parameters,
            "macs": block.macs,
        }
        for name, block in six.items()
    ]


def _side_text(six: Mapping[str, blocks.Block], c_in: int, c_out: int, side: int) -> None:
    plain = blocks.plain(c_in, c_out, 3, side)
    st.markdown(
        _(
            "**VGG** repeats 3 × 3 convolutions, then halves the map. **NiN** mixes the channels "
            "of every pixel with 1 × 1 convolutions. **Inception** looks with several kernels at "
            "once and lays the results side by side. **Residual** adds its input to what it learned; "
            "**dense** keeps its input and lays new channels beside it; a **transition** makes "
            "channels and maps smaller again. For comparison: one plain 3 × 3 convolution from "
            "{c_in} to {c_out} channels has {n} parameters and makes {m} MACs."
        ).format(c_in=c_in, c_out=c_out, n=exact(plain.parameters), m=count(plain.macs))
    )


# -- Inception --------------------------------------------------------------------------------

WIDTHS = ("path1", "reduce2", "path2", "reduce3", "path3", "path4")


def _block_chosen() -> None:
    """The widths of the block that was picked go into the fields."""
    chosen = blocks.googlenets()[st.session_state["blocks_which"]]
    st.session_state.update(_width_setting(chosen))


def _width_setting(chosen: Savings) -> dict[str, object]:
    values = {f"blocks_{name}": getattr(chosen.widths, name) for name in WIDTHS}
    return {**values, "blocks_wide_in": chosen.in_channels, "blocks_map": chosen.side}


def _pick_widths() -> tuple[int, Widths, int, bool]:
    """Input channels, the paths' widths, the map's side, and whether reductions are on."""
    nine = blocks.googlenets()
    learn.default("blocks_which", "3a")
    which = st.segmented_control(
        _("GoogLeNet's block"),
        list(nine),
        key="blocks_which",
        bind="query-params",
        required=True,
        on_change=_block_chosen,
    )
    start = nine[which or "3a"]
    with st.popover(_("Change the widths"), icon=":material/tune:"):
        c_in = _number(_("Input channels"), "wide_in", start.in_channels, 1, 2048)
        side = _number(_("Height and width"), "map", start.side, 1, 112)
        labels = (
            _("1 × 1 path"),
            _("reduction before 3 × 3"),
            _("3 × 3 path"),
            _("reduction before 5 × 5"),
            _("5 × 5 path"),
            _("1 × 1 after the pooling"),
        )
        values = [
            _number(label, name, getattr(start.widths, name), 1, 1024)
            for name, label in zip(WIDTHS, labels, strict=True)
        ]
    reduced = _toggle(_("1 × 1 reductions"), "reduced", True)
    return c_in, Widths(*values), side, reduced


@st.cache_resource(max_entries=64, show_spinner=False)
def _savings(c_in: int, widths: tuple[int, ...], side: int) -> Savings:
    return blocks.savings(c_in, Widths(*widths), side)


def inception() -> None:
    """One block with and without its reductions; then the nine of GoogLeNet."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="blocks_controls"):
        c_in, widths, side, reduced = _pick_widths()
    saving = _savings(c_in, tuple(getattr(widths, name) for name in WIDTHS), side)
    shown = saving.block if reduced else saving.unreduced
    picture, text = st.columns([1, 1], gap="medium")
    with picture:
        title = _("With reductions") if reduced else _("Without reductions")
        most_parameters = max(saving.block.parameters, saving.unreduced.parameters)
        block_cards(
            [figures.card("inception", title, shown, most_parameters)], key="blocks_inception"
        )
    with text:
        _inception_text(saving)
        _chart(figures.weight_bars(saving), "blocks_weights")
    _nine()


def _inception_text(saving: Savings) -> None:
    ratio = saving.times_fewer(saving.unreduced)
    paths = " + ".join(map(str, saving.widths.paths))
    st.markdown(
        _("Output channels: {paths} = **{n}**").format(paths=paths, n=saving.widths.out_channels)
    )
    st.markdown(
        _(
            "A 1 × 1 convolution first narrows {c} channels to {a} and to {b}; the expensive 3 × 3 "
            "and 5 × 5 kernels then read few. Without that the block has **{r} times the "
            "weights**, a plain 3 × 3 convolution of the same input and output {p3} times, a "
            "plain 5 × 5 one {p5} times."
        ).format(
            c=saving.in_channels,
            a=saving.widths.reduce2,
            b=saving.widths.reduce3,
            r=f"{ratio:.2f}",
            p3=f"{saving.times_fewer(saving.plain3):.2f}",
            p5=f"{saving.times_fewer(saving.plain5):.2f}",
        )
    )


def _nine() -> None:
    nine = blocks.googlenets()
    st.subheader(_("The nine blocks of GoogLeNet, on pictures of 224 × 224"), anchor=False)
    _chart(figures.path_widths(nine), "blocks_widths")
    rows = figures.savings_table(nine)
    st.table(rows)
    _table(rows, "inception.csv")


# -- residual: the identity -------------------------------------------------------------------


def identity() -> None:
    """What a residual block gives when it has learned nothing."""
    learn.try_this(
        {
            _("Zero weights, signed input"): _to("identity", zeroed=True, signed=True),
            _("Zero weights, non-negative input"): _to("identity", zeroed=True, signed=False),
            _("Random weights"): _to("identity", zeroed=False, signed=True),
        }
    )
    with st.container(horizontal=True, vertical_alignment="center", key="blocks_controls"):
        zeroed = _toggle(_("All weights set to zero"), "zeroed", True)
        signed = _toggle(_("Input with negative numbers"), "signed", True)
        seed = _number(_("Seed"), "seed", 0, 0, 9999)
    run = blocks.shortcut(1, SIDE, zeroed=zeroed, signed=signed, seed=seed)
    board, text = st.columns([3, 1], gap="medium")
    with board:
        content, stories = _steps(run)
        number_grids(
            content,
            stories,
            key="blocks_steps",
            label=_("A residual block, step by step"),
            start=("y", 0, 0),
        )
    with text:
        _identity_text(run, zeroed)


def _steps(run: blocks.Shortcut) -> tuple[tuple[list[Grid], list[Sign]], list[Story]]:
    scale = most(run.x, run.learned, run.summed)
    steps = (
        ("x", _("input x"), run.x, 2),
        ("f", _("learned F(x)"), run.learned, 1),
        ("s", _("x + F(x)"), run.summed, 0),
        ("y", _("output: ReLU(x + F(x))"), run.y, 0),
    )
    grids = [
        grid(name, label, values[0], (1, 2 * n + 1), scale=scale, tone=tone, digits=ROUND,
             narrow=(1 + n // 2, 1 + 2 * (n % 2)))
        for n, (name, label, values, tone) in enumerate(steps)
    ]  # fmt: skip
    signs = [sign(text, (1, 2 * n + 2), wide=True) for n, text in enumerate(("+", "=", "→"))]
    cells = [(i, j) for i in range(SIDE) for j in range(SIDE)]
    return (grids, signs), [_step_story(run, i, j) for i, j in cells]


def _step_story(run: blocks.Shortcut, i: int, j: int) -> Story:
    x, f, s, y = (
        float(values[0, i, j]) for values in (run.x, run.learned, run.summed, run.y)
    )  # fmt: skip
    plus = f"{spell(x, 3)} + {spell(f, 3)}" if f >= 0 else f"{spell(x, 3)} − {spell(-f, 3)}"
    kept = _("not negative: ReLU lets it pass") if s >= 0 else _("negative: ReLU makes it 0")
    lit: list[Lit] = [("x", i, j, i, j, 2), ("f", i, j, i, j, 1), ("s", i, j, i, j, 0)]
    at: list[At] = [(name, i, j) for name in ("y", "s", "f", "x")]
    lines = [
        line(f"x + F(x) = {plus} = {spell(s, 3)}"),
        line(f"ReLU({spell(s, 3)}) = {spell(y, 3)} · {kept}", strong=True),
    ]
    return Story(at=at, lit=[*lit, ("y", i, j, i, j, 0)], lines=lines)


def _identity_text(run: blocks.Shortcut, zeroed: bool) -> None:
    st.markdown(
        _("Largest difference **|y − x| = {a}**, and **|y − ReLU(x)| = {b}**").format(
            a=f"{run.from_identity:.3g}", b=f"{run.from_relu:.3g}"
        )
    )
    if not zeroed:
        said = _(
            "With weights of its own the block adds what it learned to what it was given. Set "
            "them to zero to see what is left."
        )
    elif run.from_identity == 0:
        said = _(
            "**The identity.** F(x) is zero, no number is negative, so ReLU changes nothing: the "
            "input comes out as it went in. In a network this holds, because every block reads "
            "the ReLU of the one before."
        )
    else:
        said = _(
            "**Not the identity, but ReLU(x).** F(x) is zero, yet ReLU stands *after* the sum and "
            "cuts the negative numbers off. “Zero weights make it the identity” is true only for "
            "input without negative numbers."
        )
    st.markdown(said)
    st.caption(_("A block of one channel, in prediction mode; every number is PyTorch's."))


# -- residual: the shapes ---------------------------------------------------------------------


def shapes() -> None:
    """Which channels and strides can be added, and the one mistake that nobody reports."""
    learn.try_this(
        {
            _("3 → 3"): _to("shapes", r_in=3, r_out=3, stride=1, with_1x1=False),
            _("3 → 6, halved, with 1 × 1"): _to("shapes", r_in=3, r_out=6, stride=2, with_1x1=True),
            _("3 → 6 without 1 × 1"): _to("shapes", r_in=3, r_out=6, stride=1, with_1x1=False),
            _("The silent one: 1 → 3"): _to("shapes", r_in=1, r_out=3, stride=1, with_1x1=False),
        }
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="blocks_controls"):
        c_in = _number(_("Input channels"), "r_in", 3, 1, 512)
        c_out = _number(_("Output channels"), "r_out", 3, 1, 512)
        stride = _number(_("Stride"), "stride", 1, 1, 4)
        side = _number(_("Height and width"), "r_side", 6, 1, 224)
        with_1x1 = _toggle(_("1 × 1 convolution in the shortcut"), "with_1x1", False)
    met = blocks.meeting(c_in, c_out, stride, with_1x1, side)
    picture, text = st.columns([2, 3], gap="medium")
    with picture:
        title = _("Residual block")
        block_cards(
            [figures.meeting_card("residual", title, met)],
            key="blocks_meeting",
        )
    with text:
        _meeting_text(met, with_1x1)


def _meeting_text(met: Meeting, with_1x1: bool) -> None:
    learned, kept = wording.shape(met.learned), wording.shape(met.kept)
    st.markdown(_("Learned, F(x): **{a}** · kept, the shortcut: **{b}**").format(a=learned, b=kept))
    st.markdown(_("**{n} parameters**").format(n=exact(met.parameters)))
    if met.outcome == "adds":
        said = _("The shapes are equal, so every number finds its partner: **{a}** comes out.")
        st.success(said.format(a=wording.shape(met.output)), icon=":material/check:")
    elif met.outcome == "broadcasts":
        said = _(
            "**No error, and wrong.** {b} was stretched over {a}: PyTorch repeats an axis of "
            "length 1, so the same numbers were added again and again. Check that the shapes are "
            "equal, not only that the code runs."
        )
        st.warning(said.format(a=_larger(met), b=_smaller(met)), icon=":material/warning:")
    else:
        said = _(
            "**{a} and {b} cannot be added**: they differ in {what}. Let the shortcut go through a "
            "1 × 1 convolution with the same stride; it gives the kept branch the learned one's "
            "shape."
        )
        st.error(
            said.format(a=learned, b=kept, what=_difference(met)), icon=":material/straighten:"
        )
    if met.outcome != "adds":
        st.button(
            _("Put the 1 × 1 convolution in"),
            key="blocks_mend",
            type="primary",
            on_click=learn.put,
            args=({"blocks_with_1x1": True},),
        )
    elif with_1x1:
        st.markdown(
            _(
                "The 1 × 1 convolution brings the input to the new channels and size. It costs "
                "weights, so it stands only where the shapes change."
            )
        )


def _smaller(met: Meeting) -> str:
    return wording.shape(min(met.learned, met.kept, key=lambda shape: (shape[1], shape[2])))


def _larger(met: Meeting) -> str:
    return wording.shape(max(met.learned, met.kept, key=lambda shape: (shape[1], shape[2])))


def _difference(met: Meeting) -> str:
    (_n, c, *size), (_m, d, *other) = met.learned, met.kept
    if c != d and size != other:
        return _("channels and in size")
    return _("channels ({a} and {b})").format(a=c, b=d) if c != d else _("height and width")


# -- dense and transition ---------------------------------------------------------------------


def dense() -> None:
    """Channels that accumulate, and the transition that makes them fewer."""
    learn.try_this(
        {
            _("The course's: 3 + 2·10"): _to(
                "dense", d_in=3, layers=2, growth=10, d_side=8, d_out=10
            ),
            _("DenseNet's first: 64 + 4·32"): _to(
                "dense", d_in=64, layers=4, growth=32, d_side=56, d_out=96
            ),
            _("Thin and deep"): _to("dense", d_in=16, layers=8, growth=4, d_side=32, d_out=24),
        }
    )
    with st.container(key="blocks_controls"):
        columns = st.columns(5)
        with columns[0]:
            c_in = _slider(_("Input channels"), "d_in", 3, 1, 256)
        with columns[1]:
            layers = _slider(_("Layers"), "layers", 2, 1, 12)
        with columns[2]:
            rate = _slider(_("Growth rate"), "growth", 10, 1, 64)
        with columns[3]:
            side = _slider(_("Height and width"), "d_side", 8, 2, 112)
        with columns[4]:
            c_out = _slider(_("Channels after the transition"), "d_out", 10, 1, 512)
    growth = blocks.growth(c_in, layers, rate, side)
    chart, text = st.columns([3, 2], gap="medium")
    with chart:
        _chart(figures.accumulation(growth), "blocks_accumulation")
    with text:
        _dense_text(growth, c_in, layers, rate, c_out, side)
    st.subheader(_("Up and down again: the channels of the whole DenseNet"), anchor=False)
    _chart(figures.channel_track(blocks.densenets_channels()), "blocks_track")


def _dense_text(
    growth: blocks.Growth, c_in: int, layers: int, rate: int, c_out: int, side: int
) -> None:
    total, transition = growth.channels[-1], blocks.transition(growth.channels[-1], c_out, side)
    st.markdown(
        _("Dense block: **{c} + {n}·{g} = {total} channels**, {shape}").format(
            c=c_in, n=layers, g=rate, total=total, shape=wording.shape(growth.block.output)
        )
    )
    terms = " + ".join(map(exact, growth.parameters))
    st.markdown(
        _("**{n} parameters** = {terms}").format(n=exact(growth.block.parameters), terms=terms)
        if layers > 1
        else _("**{n} parameters**").format(n=exact(growth.block.parameters))
    )
    st.markdown(
        _(
            "Each layer reads everything made before it in the block and adds {g} channels; the "
            "input itself stands first in the output, unchanged. So later layers cost more."
        ).format(g=rate)
    )
    st.markdown(
        _("Transition: **{a} → {b}**, **{n} parameters**").format(
            a=wording.shape(transition.input),
            b=wording.shape(transition.output),
            n=exact(transition.parameters),
        )
    )
    st.markdown(
        _(
            "A 1 × 1 convolution chooses how many channels go on (DenseNet: half of them), and an "
            "average pooling halves height and width."
        )
    )
    _table(_growth_rows(growth), "dense_block.csv")


def _growth_rows(growth: blocks.Growth) -> list[dict[str, object]]:
    numbers = (0, *growth.parameters)
    return [
        {"after_layer": n, "channels": channels, "parameters": parameters}
        for n, (channels, parameters) in enumerate(zip(growth.channels, numbers, strict=True))
    ]


# -- what learners ask ------------------------------------------------------------------------


def questions() -> None:
    """The course's questions about blocks, each with its experiment; then the blocks' code."""
    nine = blocks.googlenets()
    learn.questions(
        [
            learn.Question(
                _("What do Inception's middle paths and its fourth do, and what can be tuned?"),
                _(
                    "The two middle ones narrow the channels with a 1 × 1 convolution and then "
                    "look with a 3 × 3 and a 5 × 5 kernel. The fourth pools and then gives its "
                    "channels a new number. Paddings keep all sizes equal, so only the numbers of "
                    "channels are left to choose."
                ),
                {**_to("inception", which="3a", reduced=True), **_width_setting(nine["3a"])},
            ),
            learn.Question(
                _("Does a stride change the number of channels in Inception?"),
                _(
                    "No. Channels are as many as a convolution has kernels; stride and pooling "
                    "change height and width alone."
                ),
                {**_to("inception", which="4a", reduced=True), **_width_setting(nine["4a"])},
            ),
            learn.Question(
                _("Is the 3 × 3 path always the widest, then 1 × 1, 5 × 5 and pooling?"),
                _(
                    "Nearly. In block 4a the pooling path (64) is wider than the 5 × 5 path (48), "
                    "and in others two paths are equally wide: look at the bars."
                ),
                {**_to("inception", which="4a", reduced=True), **_width_setting(nine["4a"])},
            ),
            learn.Question(
                _("Can extra layers only lower the training error?"),
                _(
                    "In theory: a deeper network could leave its extra layers as the identity. "
                    "Plain layers find that hard to learn, and deep plain networks train worse. A "
                    "residual block starts there: with its weights at zero it passes "
                    "non-negative input on unchanged."
                ),
                _to("identity", zeroed=True, signed=False),
            ),
            learn.Question(
                _("Residual and dense blocks both keep their input. What is the difference?"),
                _(
                    "A residual block adds, so channels must match and the sum no longer tells "
                    "its parts. A dense block lays side by side, so every layer can read the "
                    "input itself, and the channels grow: 3 + 2·10 = 23."
                ),
                _to("dense", d_in=3, layers=2, growth=10, d_side=8, d_out=10),
            ),
        ]
    )
    learn.definition(*definitions())


def definitions() -> tuple[Callable[..., object], ...]:
    """What builds the blocks, and the Inception block without reductions."""
    return (*blocks.definitions(), blocks.Unreduced)
