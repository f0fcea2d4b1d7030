"""The parts of the page on layers, top to bottom."""

import streamlit as st

from explorer import inputs, memory, wording
from explorer.anatomy import Anatomy
from explorer.architectures import Architecture, Reported
from explorer.figures import charts as figures
from explorer.figures import table
from explorer.figures.board_types import Board, Open, View
from explorer.language import _, current
from explorer.misfit import Lesson
from explorer.ui import links, loaders
from explorer.ui.board import board_labels, layer_board
from explorer.ui.pickers import Choice, set_defaults
from explorer.units import count, exact, size


def _identity(anatomy: Anatomy) -> str:
    """A name for exactly what is on screen, for downloads and for the board."""
    chosen = "-".join(f"{key}_{value}" for key, value in anatomy.options.items())
    shape = "x".join(map(str, anatomy.input))
    return f"{anatomy.architecture.replace('/', '-')}-{shape}-{chosen}"


def _set_input(text: str) -> None:
    st.session_state["input"] = text


def _set_option(name: str, value: int) -> None:
    st.session_state[name] = value


# -- when something is wrong with what was asked ----------------------------------------------


def complain(choice: Choice) -> None:
    """The text is no input size: say why, and offer the network's own."""
    st.error(choice.complaint, icon=":material/straighten:")
    default = inputs.spell(choice.architecture.input_shape)
    st.button(
        _("Use {size}").format(size=default),
        on_click=set_defaults,
        args=(choice.architecture,),
        type="primary",
    )


def lesson(given: Lesson, choice: Choice) -> None:
    """Why this size does not fit, in numbers, and a button for the nearest that does."""
    text = wording.lesson(given, choice.architecture.title)
    with st.container(border=True, key="lesson", gap="small"):
        st.subheader(f":material/warning: {text.headline}", anchor=False)
        numbers = _("Arrived: **{got}**. Needed: **{needs}**.").format(
            got=text.got, needs=text.needs
        )
        st.markdown(f"{numbers} {text.explanation}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{text.fits}**", width="content")
            _mend(given, choice)


def _mend(given: Lesson, choice: Choice) -> None:
    """One click to what works."""
    if given.nearest and given.nearest != choice.picture:
        spelled = inputs.spell(given.nearest)
        st.button(
            _("Use {size}").format(size=spelled),
            key="use_nearest",
            type="primary",
            on_click=_set_input,
            args=(spelled,),
        )
    if given.reason == "channels" and given.operation.inputs == ("input",):
        st.button(
            _("Build it for {n} channels").format(n=given.got),
            key="use_channels",
            on_click=_set_option,
            args=("in_channels", given.got),
        )


# -- totals -----------------------------------------------------------------------------------


def totals(anatomy: Anatomy, choice: Choice) -> None:
    """The network in one line; all sums and what memory it takes behind a button."""
    with st.container(horizontal=True, vertical_alignment="center", key="totals"):
        line = wording.totals(anatomy)
        if anatomy.lesson:
            line = _("Up to {layer}: {sums}").format(layer=anatomy.lesson.operation.name, sums=line)
        st.markdown(f"**{line}**", width="stretch")
        sums = st.popover(_("All sums"), icon=":material/functions:", key="sums", on_change="rerun")
        with sums:
            _all_sums(anatomy, choice, with_training=bool(sums.open))


def _all_sums(anatomy: Anatomy, choice: Choice, *, with_training: bool) -> None:
    sums = anatomy.totals
    rows = {
        _("Parameters"): exact(sums.parameters),
        _("… of them trainable"): exact(sums.trainable),
        _("… not trainable"): exact(sums.parameters - sums.trainable),
        _("Weights, 32-bit"): size(sums.parameter_bytes),
        _("Weights, 16-bit"): size(sums.parameter_bytes / 2),
        _("MACs per picture"): exact(sums.macs),
        _("FLOPs per picture"): exact(sums.flops),
        _("Activations, all layers"): size(sums.activation_bytes),
        _("Activations alive at once in prediction"): size(sums.peak_bytes),
    }
    if sums.receptive_field:
        seen = wording.sight(sums.receptive_field, anatomy.input)
        rows[_("Last feature map ({layer})").format(layer=sums.last_map)] = seen
    _two_columns(rows)
    if anatomy.lesson is None:
        _training(choice, compute=with_training)


def _two_columns(rows: dict[str, str]) -> None:
    body = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    st.markdown(f"| | |\n|:--|--:|\n{body}")


def _training(choice: Choice, *, compute: bool) -> None:
    """`compute` only while someone looks: a forward pass in training mode takes up to 0.4 s."""
    optimizer = st.selectbox(
        _("Training with"),
        tuple(memory.OPTIMIZER_STATE),
        index=2,
        key="optimizer",
        bind="query-params",
        help=_("sgd keeps nothing besides the gradient, momentum one number per weight, adam two."),
    )
    if not compute or choice.picture is None:
        return
    needed = loaders.training_memory(
        choice.architecture.name,
        loaders.pairs(choice.options),
        choice.picture,
        choice.batch,
        optimizer,
    )
    if needed.problem:
        st.info(_("It cannot be trained like this: {problem}").format(problem=needed.problem))
        return
    _two_columns(
        {
            _("Weights"): size(needed.weights),
            _("Gradients"): size(needed.gradients),
            _("Optimiser"): size(needed.optimizer),
            _("Saved for the way back, batch of {n}").format(n=choice.batch): size(
                needed.activations
            ),
            _("**Training, together**"): f"**{size(needed.total)}**",
        }
    )
    st.caption(_("An estimate in 32-bit numbers: working space of the kernels comes on top."))


# -- the board --------------------------------------------------------------------------------


def board(anatomy: Anatomy, choice: Choice) -> None:
    """The network's picture and its layers; what is chosen there goes into the address."""
    assert choice.picture is not None
    data = loaders.board(
        choice.architecture.name,
        loaders.pairs(choice.options),
        choice.picture,
        choice.batch,
        current(),
    )
    names = {row["full_name"]: row["id"] for row in data["rows"]}
    shown = Board(
        **data,
        key=f"{_identity(anatomy)}-{current()}",
        labels=board_labels(),
        view=_view_from_link(names),
    )
    view = layer_board(shown, key="board")
    ids = {number: name for name, number in names.items()}
    links.put("layer", "" if view.selected is None else ids.get(view.selected, ""))
    opened = view.open if isinstance(view.open, str) else ",".join(ids[i] for i in view.open)
    links.put("open", opened, "none")


def _view_from_link(names: dict[str, int]) -> View:
    asked = st.query_params.get("open", "none")
    listed = [names[name] for name in asked.split(",") if name in names]
    opened: Open = "all" if asked == "all" else listed or "none"
    return View(selected=names.get(st.query_params.get("layer", "")), open=opened)


# -- charts and downloads ---------------------------------------------------------------------


def charts(anatomy: Anatomy) -> None:
    """Where the costs sit, and how the maps change."""
    with st.container(horizontal=True):
        words = {name: figures.label(name) for name in figures.QUANTITIES}
        quantity = links.pick_one("show", _("Show"), words)
        saved = links.pick_one("picture", _("Save charts as"), {"png": "PNG", "svg": "SVG"})
    if share := figures.concentration(anatomy, quantity):
        st.markdown(f"**{share}**")
    config = {
        "displaylogo": False,
        "toImageButtonOptions": {
            "format": saved,
            "filename": f"{_identity(anatomy)}-{quantity}",
            "scale": 2,
        },
    }
    st.plotly_chart(figures.costs(anatomy, quantity), key="costs", config=config)
    st.subheader(_("How do the maps change on their way?"), anchor=False)
    st.plotly_chart(figures.shapes(anatomy), key="shapes", config=config)
    st.caption(_("Point at a chart: its camera saves it in the format chosen above."))


def _download(label: str, text: str, file: str, kind: str) -> None:
    st.download_button(label, text, file, kind, icon=":material/download:", on_click="ignore")


def downloads(anatomy: Anatomy, choice: Choice) -> None:
    """The network as PyTorch code, and the table as CSV."""
    assert choice.picture is not None
    options = loaders.pairs(choice.options)
    source = loaders.pytorch(choice.architecture.name, options, choice.picture, choice.batch)
    name = _identity(anatomy)
    st.markdown(_("The PyTorch code of exactly what is on screen. It runs by itself."))
    with st.container(horizontal=True):
        icon = ":material/download:"
        st.download_button(_("Code (Python)"), source, f"{name}.py", "text/x-python", icon=icon)
        st.download_button(
            _("Table (CSV)"), table.csv(anatomy), f"{name}.csv", "text/csv", icon=icon
        )
    st.code(source, language="python")


# -- about the network ------------------------------------------------------------------------


def about(architecture: Architecture) -> None:
    """Paper, what was new, what the course reports, where it differs from the paper."""
    st.markdown(f"**{_(architecture.introduced)}**")
    if paper := architecture.paper:
        st.markdown(f"{paper.authors}: [{paper.title}]({paper.url}), {paper.year}")
    if architecture.parameters:
        stated = _("Stated parameters with default options: {n}")
        st.markdown(stated.format(n=exact(architecture.parameters)))
    if architecture.deviations:
        st.subheader(_("Where this network differs from the paper's"))
        st.markdown("\n".join(f"- {_(each)}" for each in architecture.deviations))
    if architecture.reported:
        st.subheader(_("What the course reports, on Fashion-MNIST"))
        st.table([_run(run) for run in architecture.reported])


def _run(run: Reported) -> dict[str, str]:
    def percent(accuracy: float | None) -> str:
        return "–" if accuracy is None else f"{100 * accuracy:.1f} %"

    return {
        _("options"): ", ".join(f"{k} {v}" for k, v in run.options.items()) or _("default"),
        _("optimiser"): run.optimizer,
        _("learning rate"): f"{run.learning_rate:g}",
        _("batch"): count(run.batch_size),
        _("epochs"): count(run.epochs),
        _("size"): f"{run.size} × {run.size}",
        _("training accuracy"): percent(run.train_accuracy),
        _("test accuracy"): percent(run.test_accuracy),
        _("remark"): _(run.remark) if run.remark else "",
    }
