"""Widgets by which a network and an input are chosen, all of them kept in the page's address.

When the address wins (see `state`), everything is taken from it here, defaults too.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer import networks
from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.networks import TORCHVISION, NetworkSpec, registry
from explorer.networks.registry import Architecture, Option, Value
from explorer.ui import complaint, link_warnings
from explorer.ui.state import State

FIRST_SHOWN = "alexnet"
OPTIONS = tuple({option.name for option in registry.options()})
OF_NETWORK = ("input", *OPTIONS)  # what is said of one network means nothing in another


def label(name: str) -> str:
    """A title, then the name in code and links: "ResNet-18 · resnet18". Either finds it."""
    library = f" ({TORCHVISION})"
    return f"{networks.get(name).title.removesuffix(library)} · {name}"


def reject_unknown(state: State, names: Sequence[str]) -> None:
    """Say so if the address asks for a network that does not exist; the default is shown then."""
    name = state.query("network")
    if name and name not in names:
        try:
            networks.get(name)
        except ValueError as error:
            link_warnings.say_error(error)


def _defaults(architecture: Architecture) -> dict[str, Any]:
    """Widget key → value: the input size and every option of this network by default."""
    options = {option.name: option.default for option in architecture.all_options}
    return {"input": architecture.input_size.spell(), **options}


def _set_defaults(state: State, architecture: Architecture) -> None:
    """Put the input size and every option at the network's defaults."""
    for name, value in _defaults(architecture).items():
        state[name] = value


def _network_changed(state: State) -> None:
    """Another network brings its own size and options; a layer of the last means nothing in it."""
    name: str = state["network"]
    state.reset(state.of_network, network="" if name == FIRST_SHOWN else name)
    _set_defaults(state, networks.get(name))


# -- from the address into the widgets ---------------------------------------------------------


def read_option(option: Option, text: object) -> Value:
    """An option as a link spells it; what cannot be is told, and the default taken."""
    try:
        return option.parse(text)
    except ValueError:
        link_warnings.refuse(option.name, str(text), option.describe_choices(), option.default)
        return option.default


def _arrive(state: State, names: list[str]) -> None:
    """Every widget's value as the address says it, or its default where that says none."""
    reject_unknown(state, names)
    name = state.query("network")
    architecture = networks.get(name if name in names else FIRST_SHOWN)
    state["network"] = architecture.name
    state["input"] = state.query("input") or architecture.input_size.spell()
    for option in architecture.all_options:
        state[option.name] = read_option(option, state.query(option.name) or option.default)


# -- the widgets -------------------------------------------------------------------------------


def pick_network(state: State) -> Architecture:
    """A network, by its title or its registry name."""
    names = networks.names()
    if state.takes_query("network"):
        _arrive(state, names)
    name = st.selectbox(
        _("Network"),
        names,
        key=state.key("network"),
        format_func=label,
        on_change=_network_changed,
        args=(state,),
        help=_("Type to search, by its title or by its name in code and links."),
        width=290,
    )
    state.put("network", name, FIRST_SHOWN)
    state.carry(network=name)
    return networks.get(name)


def pick_input(state: State, default: InputSize) -> tuple[InputSize | None, str]:
    """The size of the picture as a text like 1x28x28; or None and what is wrong with it."""
    text = st.text_input(
        _("Input: channels × height × width"),
        key=state.key("input"),
        help=_("For example 1x224x224, or 28 for a square picture of 28 × 28."),
        width=210,
    )
    state.put("input", text or "", default.spell())
    try:
        return InputSize.parse(text or "", default), ""
    except ValueError as error:
        return None, str(error)


def pick_option(state: State, option: Option) -> Value:
    """One option of the network: a list of its choices, or a number within its range."""
    title = _(option.title)
    heading = title[:1].upper() + title[1:]
    if isinstance(option.choices, range):
        value: Value = st.number_input(
            heading,
            min_value=option.choices[0],
            max_value=option.choices[-1],
            value=state[option.name],
            key=state.key(option.name),
            help=_(option.meaning),
            width=140,
        )
    else:
        value = st.selectbox(
            heading,
            option.choices,
            option.choices.index(state[option.name]),
            key=state.key(option.name),
            help=_(option.meaning),
            width=130,
        )
    state.put(option.name, value, option.default)
    return value


def pick(state: State) -> tuple[NetworkSpec, InputSize | None, int]:
    """Network, input, batch and options in one row; what is rarely changed behind a button.

    A text that is no input size is told, and is None.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        architecture = pick_network(state)
        size, problem = pick_input(state, architecture.input_size)
        batch = state.number(
            "batch", _("Batch"), _("Pictures that go through together."), width=110
        )
        options = {option.name: pick_option(state, option) for option in architecture.options}
        with st.popover(_("More"), icon=":material/tune:"):
            for option in (architecture.in_channels, architecture.num_classes):
                options[option.name] = pick_option(state, option)
    if problem:
        _complain(state, architecture, problem)
    return NetworkSpec.parse(architecture.name, options), size, batch


def _complain(state: State, architecture: Architecture, problem: str) -> None:
    """Say what is wrong with the input's text, and offer the network's own size."""
    complaint.show(problem, "straighten")
    st.button(
        _("Use {size}").format(size=architecture.input_size.spell()),
        on_click=_set_defaults,
        args=(state, architecture),
        type="primary",
    )
