"""Choosing a network and its weights; both in the address, and the same on every page here.

A network is taken as it was trained: trained weights bring their own options, and the size of the
pictures. Only an untrained one can be built in any way.
"""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from explorer import networks, weights
from explorer.base.language import _
from explorer.networks import NetworkSpec
from explorer.networks.registry import Architecture, Value
from explorer.ui import (
    complaint,
    download_view,
    downloads,
    link_warnings,
    network_picker,
    page_address,
)
from explorer.ui.model_picker import training, weight_sources
from explorer.ui.network_picker import OPTIONS
from explorer.ui.page_address import Field
from explorer.ui.state import Open, State
from explorer.weights import Model

FIRST = "lenet"
# What is said of one network's weights means nothing with another.
OF_NETWORK = ("weights", "side", *OPTIONS)
LEAST_SIDE, MOST_SIDE = 8, 448  # pixels of an untrained network's pictures


def state(page: str, *fields: Field) -> State:
    """What a page that looks inside holds: these `fields` beside its network and weights."""
    return State(
        page,
        *(Open("network"), Open("weights"), Open("side")),
        *fields,
        carries=("network", "weights", "side", *OPTIONS),  # the same on all pages that look inside
        of_network=("layer", "channel", "at", "moment2", "class", "cam", "picture2"),
    )


def pick(state: State) -> Model | None:
    """Network, weights and moment; of an untrained one, how it is built. To stand in a row.

    None if the weights cannot be had now: then the page says so, and what to do about it.
    """
    if state.takes_query("network"):
        _arrive(state)
    architecture = _pick_network(state)
    base = _pick_weights(state, architecture.name)
    if base == weights.PUBLISHED and not weight_sources.at_hand(architecture.name):
        _offer_download(state, architecture.name)
        return None
    options, source, side = None, weight_sources.pick_epoch(state, base), 0
    if base == weights.UNTRAINED:
        options, source, side = _pick_building(state, architecture)
    try:
        model = weights.model(NetworkSpec.parse(architecture.name, options), source)
    except ValueError as error:  # a damaged file, or a run that has just been deleted
        complaint.show(error, "broken_image")
        return None
    if base != weights.UNTRAINED:
        _tell_options(state, model)
    _write(state, model, options or {}, side)
    training.tell(model)
    state.know(*model.spec.values)  # what else a link says is told, and dropped
    return replace(model, size=model.size.with_sides(side, side)) if side else model


def _offer_download(state: State, network: str) -> None:
    download = downloads.of_weights(network)
    if not download_view.going(state, download):
        words = _("The published weights of {network} are not on this machine yet.")
        download_view.offer(state, download, _("Download them"), words.format(network=network))


def at_epoch(model: Model, source: str) -> Model | None:
    """The same network with other weights; None if they cannot be had any more, which is said."""
    try:
        return model.with_weights(source)
    except ValueError as error:
        complaint.show(error, "broken_image")
        return None


def address(model: Model) -> dict[str, str]:
    """The network and its weights, as a link to another page says them; with them goes how an
    untrained one of this page is built."""
    names = {"side", *model.spec.values}
    built = {name: value for name, value in st.query_params.to_dict().items() if name in names}
    return {"network": model.spec.name, "weights": model.source, **built}


# -- from the address into the widgets --------------------------------------------------------


def _arrive(state: State) -> None:
    """Take what the address says."""
    names = networks.names()
    network_picker.reject_unknown(state, names)
    name = state.query("network")
    architecture = networks.get(name if name in names else FIRST)
    state["network"] = architecture.name
    source = _known_source(architecture.name, state.query("weights"))
    _set_source(state, source)
    _take_building(state, architecture, st.query_params.to_dict(), source)


def _set_source(state: State, source: str) -> None:
    state["weights"] = weight_sources.base(source)
    state["moment"] = source


def _known_source(network: str, source: str) -> str:
    """`source` if it stands for weights of this network; what is wrong with it is said."""
    if not source:
        return weight_sources.first(network)
    try:
        weights.model(NetworkSpec.parse(network), source)
    except ValueError as error:
        link_warnings.say_error(error)
        return weight_sources.first(network)
    return source


def _take_building(
    state: State, architecture: Architecture, address: Mapping[str, str], source: str
) -> None:
    """Seed, side and options of an untrained network."""
    seed, side = weight_sources.seed(source), address.get("side", "")
    usual = architecture.input_size.height
    number = int(side) if side.isdecimal() and len(side) < 6 else usual
    nearest = min(max(number, LEAST_SIDE), max(MOST_SIDE, usual))
    if side and side != str(nearest) and weight_sources.base(source) == weights.UNTRAINED:
        bounds = page_address.between(LEAST_SIDE, max(MOST_SIDE, usual))
        link_warnings.refuse("side", side, bounds, nearest)
    state["seed"] = seed
    state["side"] = nearest
    for option in architecture.all_options:
        state[option.name] = network_picker.read_option(
            option, address.get(option.name, option.default)
        )


def _tell_options(state: State, model: Model) -> None:
    """A link may want a network built otherwise than its weights were trained: that is told."""
    for name, own in {**model.spec.values, "side": model.size.height}.items():
        value = state.query(name)
        if value and value != str(own):
            link_warnings.differs(name, value, own)
            state.put(name, "")


def _network_changed(state: State) -> None:
    name: str = state["network"]
    state.reset(OF_NETWORK, network="" if name == FIRST else name)
    source = weight_sources.first(name)
    _set_source(state, source)
    _take_building(state, networks.get(name), {}, source)


def _write(state: State, model: Model, options: Mapping[str, Value], side: int) -> None:
    """Write the address, and carry it to the other pages of this section."""
    default = weight_sources.first(model.spec.name)
    state.put("network", model.spec.name, FIRST)
    state.put("weights", model.source, default)
    usual = model.spec.architecture.input_size.height
    state.put("side", side if side else "", usual)
    state.carry(network=model.spec.name, weights=model.source, side=side or "", **options)


# -- the widgets ------------------------------------------------------------------------------


def _pick_network(state: State) -> Architecture:
    names = networks.names()
    name = st.selectbox(
        _("Network"),
        names,
        key=state.key("network"),
        format_func=network_picker.label,
        on_change=_network_changed,
        args=(state,),
        help=_("Type to search, by its title or by its name in code and links."),
        width=190,
    )
    return networks.get(name)


def _pick_weights(state: State, network: str) -> str:
    """A source without its epoch. What has been deleted stays chosen, until another is."""
    sources = [weight_sources.base(each) for each in weights.sources(network)]
    titles = {each: weight_sources.title(network, each) for each in sources}
    source = str(state.get("weights"))
    (choice,) = page_address.unlabelled(f"weights of {network}", [source], titles)
    if choice not in sources:
        if not choice.startswith(("run:", "shipped:")):
            choice = weight_sources.base(weight_sources.first(network))
        titles[choice] = weight_sources.title(network, choice)
    page_address.hold(state.key("weights"), choice, titles[choice])
    return st.selectbox(
        _("Weights"),
        list(titles),
        key=state.key("weights"),
        format_func=titles.__getitem__,
        width=240,
    )


def _pick_building(state: State, architecture: Architecture) -> tuple[dict[str, Value], str, int]:
    """How an untrained network is built: its options, seed and the side of its pictures."""
    with st.popover(_("Build"), icon=":material/tune:", help=_("How it is built")):
        most = max(MOST_SIDE, architecture.input_size.height)
        seed, side = (
            st.number_input(label, least, most, state[name], 1, key=state.key(name), width=220)
            for name, label, least, most in (
                ("seed", _("Seed of the random weights"), 0, weights.MOST_SEED),
                ("side", _("Side of the picture, pixels"), LEAST_SIDE, most),
            )
        )
        options = {
            each.name: network_picker.pick_option(state, each) for each in architecture.all_options
        }
    return options, f"untrained:{int(seed)}", int(side)
