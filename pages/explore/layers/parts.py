"""The parts of the page on layers, top to bottom."""

import streamlit as st

from explorer.analysis import mismatch_words, wording
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.analysis.summary import Layer, Summary, training_memory
from explorer.base.inputs import InputSize
from explorer.base.language import _, current, ngettext
from explorer.base.units import count, exact, percent, size
from explorer.networks import Architecture, Reported
from explorer.networks.pytorch_code import pytorch
from explorer.networks.registry import option_title
from explorer.ui import page_address, size_mismatch
from explorer.ui.charts import show_chart
from explorer.ui.save_buttons import save_button
from explorer.ui.size_mismatch import Fix
from explorer.ui.tables import show_table
from pages.explore.layers import board as boards
from pages.explore.layers import charts as figures
from pages.explore.layers.board import Snapshot, View
from pages.explore.layers.state import STATE

_BEGUN = "where the board began"
WIDTH = 380  # pixels of one table: two fit side by side, and all of it in sight on a projector


def _entering(summary: Summary) -> tuple[InputSize, int]:
    """The size of a picture that goes in, and how many go in together."""
    batch, *sides = summary.input
    return InputSize(*sides), batch


def _identity(summary: Summary) -> str:
    """A name for exactly what is on screen, for the board and for every file saved from here."""
    options = "-".join(f"{key}_{value}" for key, value in summary.spec.values.items())
    shape = "x".join(map(str, summary.input))
    return f"{summary.spec.stem}-{shape}-{options}"


# -- when something is wrong with what was asked ----------------------------------------------


def lesson(mismatch: SizeMismatch, summary: Summary) -> None:
    """Why this size does not fit, in numbers, and a button for the nearest that does."""
    fixes = []
    if mismatch.nearest and mismatch.nearest != _entering(summary)[0]:
        spelled = mismatch.nearest.spell()
        fixes.append(size_mismatch.use(spelled, "input", spelled))
    if mismatch.reason == "channels" and mismatch.got and mismatch.operation.inputs == ("input",):
        label = ngettext("Build it for {n} channel", "Build it for {n} channels", mismatch.got)
        label = label.format(n=mismatch.got)
        fixes.append(Fix(label, "in_channels", mismatch.got, key="use_channels", primary=False))
    size_mismatch.show(STATE, mismatch, summary.spec.name, *fixes)


# -- sums ---------------------------------------------------------------------------------------


def totals(summary: Summary) -> None:
    """The network in one line; all sums and what memory it takes behind a button."""
    with st.container(horizontal=True, vertical_alignment="center", key="totals"):
        line = wording.totals(summary)
        if summary.mismatch and len(summary.layers) == 1:
            line = _("Nothing runs at this size.")
        elif summary.mismatch:
            line = _("Before {layer}: {sums}").format(
                layer=summary.mismatch.operation.name, sums=line
            )
        st.markdown(f"**{line}**", width="stretch")
        sums = st.popover(
            _("All sums"), icon=":material/functions:", key=STATE.key("sums"), on_change="rerun"
        )
        with sums, st.container(horizontal=True, width=2 * WIDTH + 16, key="all_sums"):
            with st.container(width=WIDTH, gap="small"):
                st.markdown(_table(_("For one picture"), _sums(summary)))
            if summary.mismatch is None:
                with st.container(width=WIDTH, gap="small"):
                    _training(summary, compute=bool(sums.open))


def _sums(summary: Summary) -> dict[str, str]:
    sums = summary.totals
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
        sight = wording.sight(sums.receptive_field, summary.input)
        rows[_("Last feature map ({layer})").format(layer=sums.last_map)] = sight
    return rows


def _table(heading: str, rows: dict[str, str]) -> str:
    body = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    value = _("Value")
    return f"| {heading} | {value} |\n|:--|--:|\n{body}"


def _training(summary: Summary, *, compute: bool) -> None:
    """`compute` only while someone looks: a forward pass in training mode takes up to 0.4 s."""
    optimizer = STATE.select(
        "optimizer",
        _("Training with"),
        _("sgd keeps nothing besides the gradient, momentum one number per weight, adam two."),
    )
    if not compute:
        return
    entering, batch = _entering(summary)
    needed = training_memory(summary.spec, entering, batch, optimizer)
    if needed.problem:
        why = mismatch_words.untrainable(needed.problem)
        st.info(_("It cannot be trained like this. {why}").format(why=why))
        return
    rows = {
        _("Weights"): size(needed.weights),
        _("Gradients"): size(needed.gradients),
        _("Optimiser"): size(needed.optimizer),
        _("Saved for the way back, batch of {n}").format(n=batch): size(needed.activations),
        _("**Training, together**"): f"**{size(needed.total)}**",
    }
    st.markdown(_table(_("Memory for training"), rows))
    st.caption(_("An estimate in 32-bit numbers: working space of the kernels comes on top."))


# -- the board --------------------------------------------------------------------------------


def board(summary: Summary) -> None:
    """The network's picture and its layers; what is chosen there goes into the address."""
    network = boards.content(summary.spec, *_entering(summary), current())
    file = _identity(summary)
    key, view = _view(f"{file}-{current()}", network)
    reader_view = boards.layer_board(network, key, file, view, widget=STATE.key("board"))
    row = reader_view["selected"]
    STATE.put("layer", "" if row is None else network.names.get(row, ""))
    STATE.put("open", boards.write_open(reader_view["open"], network.names, network.first))
    save_button(_("Table (CSV)"), [*map(record, summary.layers)], f"{file}.csv")


def _view(key: str, network: Snapshot) -> tuple[str, View]:
    """Where the board begins, and the name of that beginning.

    It is read from the address once: the board then follows its reader, and as long as its data
    stay the same to the byte they are not sent again. Back and Forward begin anew.
    """
    begun: tuple[str, int, View] | None = st.session_state.get(_BEGUN)
    turn = begun[1] if begun else 0
    if begun is None or begun[0] != key or STATE.takes_query("board"):
        turn += page_address.came_back()
        begun = (key, turn, boards.read(st.query_params, network.names, network.first))
        st.session_state[_BEGUN] = begun
    return (f"{key}~{turn}" if turn else key), begun[2]


# -- charts and downloads ---------------------------------------------------------------------


def charts(summary: Summary) -> None:
    """Where the costs sit, and how the maps change."""
    with st.container(horizontal=True):
        words = {name: figures.label(name) for name in figures.QUANTITIES}
        quantity = STATE.pick_one("show", _("Show"), words)
        saved = STATE.pick_one("picture", _("Save charts as"), {"png": "PNG", "svg": "SVG"})
    if share := figures.concentration(summary, quantity):
        st.markdown(f"**{share}**")
    file = f"{_identity(summary)}-{quantity}"
    show_chart(figures.costs(summary, quantity), STATE.key("costs"), file, saved)
    st.subheader(_("How do the maps change on their way?"), anchor=False)
    show_chart(figures.shapes(summary), STATE.key("shapes"), file, saved)
    st.caption(_("Point at a chart: its camera saves it in the format chosen above."))


def downloads(summary: Summary) -> None:
    """The network as PyTorch code."""
    source = pytorch(summary.spec, *_entering(summary))
    name = _identity(summary)
    st.markdown(_("The PyTorch code of exactly what is on screen. It runs by itself."))
    save_button(_("Code (Python)"), source, f"{name}.py")
    st.code(source, language="python")


def record(layer: Layer) -> dict[str, object]:
    """A layer's line in the table that is saved, with exact numbers."""
    operation = layer.operation
    height, width = layer.receptive_field or ("", "")
    return {
        "name": operation.name,
        "type": operation.type,
        "kind": operation.kind,
        "block": operation.path[-1] if operation.path else "",
        "settings": wording.settings(layer),
        "input": " + ".join("x".join(map(str, shape)) for shape in operation.input_shapes),
        "output": "x".join(map(str, operation.output_shape or ())),
        "parameters": layer.parameters,
        "trainable": operation.trainable,
        "macs_per_picture": layer.macs,
        "flops_per_picture": layer.flops,
        "activation_bytes": layer.activation_bytes,
        "receptive_field_height": height,
        "receptive_field_width": width,
        "status": layer.status,
    }


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
        show_table([_run(run) for run in architecture.reported])


def _run(run: Reported) -> dict[str, str]:
    return {
        _("options"): ", ".join(f"{option_title(k)} {v}" for k, v in run.options.items())
        or _("default"),
        _("optimiser"): run.optimizer,
        _("learning rate"): f"{run.learning_rate:g}",
        _("batch"): count(run.batch_size),
        _("epochs"): count(run.epochs),
        _("size"): f"{run.size} × {run.size}",
        _("training accuracy"): percent(run.train_accuracy),
        _("test accuracy"): percent(run.test_accuracy),
        _("remark"): _(run.remark) if run.remark else "",
    }
