"""Widgets by which a network and an input are chosen, all of them kept in the page's address.

The network's own widget is not bound to the address, since its labels carry the title beside the
name. When the address wins (see `links`), everything is taken from it here, defaults too: Streamlit
would keep the last network's values for whatever the address does not say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import architectures, inputs
from explorer.architectures.registry import TORCHVISION, Architecture, Option, Value
from explorer.inputs import Picture
from explorer.language import _
from explorer.ui import link_told, links

FIRST_SHOWN = "alexnet"
_LAST = "what was picked last"
FORGOTTEN = ("layer", "open")  # said of one network, they mean nothing in another

# torchvision's names as people write them; what follows the family is a depth or a variant.
_FAMILIES = {
    "alexnet": "AlexNet", "convnext": "ConvNeXt", "densenet": "DenseNet",
    "efficientnet": "EfficientNet", "googlenet": "GoogLeNet", "inception": "Inception",
    "maxvit": "MaxViT", "mnasnet": "MNASNet", "mobilenet": "MobileNet", "regnet": "RegNet",
    "resnet": "ResNet", "resnext": "ResNeXt", "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet", "swin": "Swin", "vgg": "VGG", "vit": "ViT",
    "wide_resnet": "Wide ResNet",
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """A network, its options, and what is put into it. `picture` is None if the text is no size."""

    architecture: Architecture
    options: dict[str, Value]
    picture: Picture | None
    batch: int
    complaint: str  # why `picture` is None


def label(name: str) -> str:
    """A network's registry name and its title: "resnet18 · ResNet-18". Either finds it."""
    if not name.startswith(TORCHVISION):
        return f"{name} · {architectures.get(name).title}"
    model = name.removeprefix(TORCHVISION)
    family = max((each for each in _FAMILIES if model.startswith(each)), key=len, default="")
    variant = re.sub(r"[_-]+", "-", model.removeprefix(family)).strip("-")
    return f"{name} · {'-'.join(filter(None, [_FAMILIES.get(family, ''), variant]))}"


def reject_unknown(key: str, known: list[str]) -> None:
    """Say so if the address asks for something that does not exist; the default is shown then."""
    given = st.query_params.get(key)
    if given is not None and given not in known:
        try:
            architectures.get(given)
        except ValueError as error:
            link_told.say_error(error)


def _defaults(architecture: Architecture) -> dict[str, Any]:
    """Widget key → value: the input size and every option of this network by default."""
    options = {option.name: option.default for option in architecture.all_options}
    return {"input": inputs.spell(architecture.input_shape), **options}


def set_defaults(architecture: Architecture) -> None:
    """Put the input size and every option at the network's defaults."""
    st.session_state.update(_defaults(architecture))


def _network_changed() -> None:
    name = st.session_state["network"]
    set_defaults(architectures.get(name))
    for key in FORGOTTEN:
        st.query_params.pop(key, None)
    links.put("network", name, FIRST_SHOWN)


# -- from the address into the widgets ---------------------------------------------------------


def _read_batch(given: object) -> int:
    try:
        return inputs.parse_batch(given)
    except ValueError:
        link_told.refuse("batch", str(given), link_told.between(1, inputs.MAX_BATCH), 1)
        return 1


def _read_option(option: Option, given: object) -> Value:
    try:
        return option.parse(given)
    except ValueError:
        link_told.refuse(option.name, str(given), option.describe_choices(), option.default)
        return option.default


def _take(given: Mapping[str, Any], names: list[str]) -> None:
    """Every widget's value as `given`, or its default where that says nothing or nonsense."""
    name = given.get("network")
    architecture = architectures.get(name if name in names else FIRST_SHOWN)
    st.session_state["network"] = architecture.name
    spelled = inputs.spell(architecture.input_shape)
    st.session_state["input"] = given.get("input") or spelled
    st.session_state["batch"] = _read_batch(given.get("batch", 1))
    for option in architecture.all_options:
        st.session_state[option.name] = _read_option(option, given.get(option.name, option.default))


def _arrive(names: list[str]) -> None:
    """Take what the address says; on the way back to a bare one, what was picked last."""
    address = st.query_params.to_dict()
    last = st.session_state.get(_LAST, {})
    bare = not any(key in address for key in ("network", "input", "batch", *last))
    _take(last if bare and not links.came_back() else address, names)


def _keep(choice: Choice) -> None:
    st.session_state[_LAST] = {
        "network": choice.architecture.name,
        "input": st.session_state["input"],
        "batch": choice.batch,
        **choice.options,
    }


# -- the widgets -------------------------------------------------------------------------------


def pick_network() -> Architecture:
    """A network, by its registry name or its title."""
    names = architectures.names()
    if links.arrived("network"):
        reject_unknown("network", names)
        _arrive(names)
    name = st.selectbox(
        _("Network"),
        names,
        key="network",
        index=names.index(FIRST_SHOWN),
        format_func=label,
        on_change=_network_changed,
        help=_("Type to search. Names that begin with torchvision/ are that library's networks."),
        width=290,
    )
    links.put("network", name, FIRST_SHOWN)
    return architectures.get(name)


def pick_input(default: Picture) -> tuple[Picture | None, str]:
    """The size of the picture as a text like 1x28x28; or None and what is wrong with it."""
    text = st.text_input(
        _("Input: channels × height × width"),
        key="input",
        value=inputs.spell(default),
        bind="query-params",
        help=_("For example 1x224x224, or 28 for a square picture of 28 × 28."),
        width=210,
    )
    if not (text or "").strip():
        return default, ""
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
                value=int(option.default),
                bind="query-params",
                help=_(option.meaning),
                width=140,
            )
        )
    chosen: Value = st.selectbox(
        option.name,
        option.choices,
        key=option.name,
        index=option.choices.index(option.default),
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
    choice = Choice(architecture, options, picture, int(batch), complaint)
    _keep(choice)
    return choice
