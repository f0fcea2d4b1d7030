"""Widgets by which a network and an input are chosen, all of them kept in the page's address."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import architectures, inputs
from explorer.architectures.registry import Architecture, Option, Value
from explorer.inputs import Picture
from explorer.language import _


@dataclass(frozen=True)
class Choice:
    """A network, its options, and what is put into it. `picture` is None if the text is no size."""

    architecture: Architecture
    options: dict[str, Value]
    picture: Picture | None
    batch: int
    complaint: str  # why `picture` is None


def reject_unknown(key: str, known: list[str]) -> None:
    """Say so if the address asks for something that does not exist; the default is shown then."""
    given = st.query_params.get(key)
    if given is not None and given not in known:
        try:
            architectures.get(given)
        except ValueError as error:
            st.warning(str(error))


def _first(key: str, **default: Any) -> dict[str, Any]:
    """The default of widget `key`, only until it has a value: Streamlit wants one or the other."""
    return {} if key in st.session_state else default


def set_defaults(architecture: Architecture) -> None:
    """Put the input size and every option at the network's defaults."""
    st.session_state["input"] = inputs.spell(architecture.input_shape)
    for option in architecture.all_options:
        st.session_state[option.name] = option.default


def _network_changed() -> None:
    set_defaults(architectures.get(st.session_state["network"]))


def pick_network() -> Architecture:
    """A network, by its registry name."""
    names = architectures.names()
    reject_unknown("network", names)
    name = st.selectbox(
        _("Network"),
        names,
        key="network",
        **_first("network", index=names.index("alexnet")),
        bind="query-params",
        on_change=_network_changed,
        help=_("Type to search. Names that begin with torchvision/ are that library's networks."),
        width=260,
    )
    return architectures.get(name)


def pick_input(default: Picture) -> tuple[Picture | None, str]:
    """The size of the picture as a text like 1x28x28; or None and what is wrong with it."""
    text = st.text_input(
        _("Input: channels × height × width"),
        key="input",
        **_first("input", value=inputs.spell(default)),
        bind="query-params",
        help=_("For example 1x224x224, or 28 for a square picture of 28 × 28."),
        width=210,
    )
    try:
        return inputs.parse(text or "", default), ""
    except ValueError as error:
        return None, str(error)


def pick_option(option: Option) -> Value:
    """One option of the network: a list of its choices, or a number within its range."""
    if isinstance(option.choices, range):
        return int(
            st.number_input(
                option.name,
                min_value=option.choices[0],
                max_value=option.choices[-1],
                key=option.name,
                **_first(option.name, value=int(option.default)),
                bind="query-params",
                help=_(option.meaning),
                width=140,
            )
        )
    chosen: Value = st.selectbox(
        option.name,
        option.choices,
        key=option.name,
        **_first(option.name, index=option.choices.index(option.default)),
        bind="query-params",
        help=_(option.meaning),
        width=130,
    )
    return chosen


def pick() -> Choice:
    """Network, input, batch and options in one row; what is rarely changed behind a button."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        architecture = pick_network()
        picture, complaint = pick_input(architecture.input_shape)
        batch = st.number_input(
            _("Batch"),
            min_value=1,
            max_value=inputs.MAX_BATCH,
            value=1,
            key="batch",
            bind="query-params",
            help=_("Pictures that go through together."),
            width=110,
        )
        options = {option.name: pick_option(option) for option in architecture.options}
        with st.popover(_("More"), icon=":material/tune:"):
            for option in (architecture.in_channels, architecture.num_classes):
                options[option.name] = pick_option(option)
    return Choice(architecture, options, picture, int(batch), complaint)
