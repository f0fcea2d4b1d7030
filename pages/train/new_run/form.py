"""The settings of a new run: widgets for every field of a recipe, all kept in the address.

Without anything in the address (or with `preset=NAME`) the fields begin with a run of the course.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from explorer import networks
from explorer.base.language import N_, _
from explorer.base.units import percent
from explorer.data import datasets
from explorer.training import recipes
from explorer.training.recipes import PRESETS, Recipe
from explorer.training.recipes import beside_course as figures
from explorer.training.recipes.course import EXPERIMENTS
from explorer.ui import link_warnings, network_picker, page_address
from explorer.ui.link_warnings import take
from explorer.ui.network_picker import OPTIONS
from explorer.ui.page_address import spell
from pages.train.new_run.state import DEFAULT, LISTS, NUMBERS, RATES, STATE

FIRST = "lenet"  # the preset to begin with
OWN = ""
_NAMES = (*LISTS, "device", "dataset", "network")
_OF_TRAINING = (*NUMBERS, *RATES, *_NAMES, "flip")
# An experiment has its own; data and device stay.
_OF_ONE_RUN = (*NUMBERS, *RATES, *LISTS, "network", "flip", *OPTIONS)
_SEED_HELP = N_(
    "The same seed gives the same curve on the same machine: on a CPU bit for bit, on a GPU to "
    "rounding, which many steps can make visible."
)


# -- from the address into the widgets, and back ------------------------------------------------


def _values(recipe: Recipe) -> dict[str, Any]:
    """What every widget holds for a recipe."""
    fields = {name: getattr(recipe, name) for name in _OF_TRAINING}
    rates = {name: f"{fields[name]:.12g}" for name in RATES}
    own = networks.get(recipe.network).options
    options = {option.name: recipe.options.get(option.name, option.default) for option in own}
    return {**fields, **rates, **options}


def _put(values: Mapping[str, Any]) -> None:
    """Set every widget; in the address all at once, without what is as by default."""
    for name, value in values.items():
        STATE[name] = value
    own = networks.get(values["network"]).options
    usual = _values(DEFAULT) | {option.name: option.default for option in own}
    changed = {n: spell(value) for n, value in values.items() if value != usual[n]}
    page_address.rewrite({**dict.fromkeys((*_OF_TRAINING, *OPTIONS, "preset"), ""), **changed})


def _field(name: str, text: str) -> Any:
    """A field as the address spells it; what is nonsense there is told, and counts as not said."""
    if name in (*NUMBERS, "flip"):  # a number that cannot be is told beside the fields
        return take(STATE.fields[name], text)
    if name == "network":
        return text if text in networks.names() else DEFAULT.network
    if name in RATES:
        if math.isnan(rate := _rate(text)):
            link_warnings.refuse(name, text, _("a number"), "")
            return text  # told beside the fields, too
        return f"{rate:.12g}"
    return text


def _rate(text: str) -> float:
    """What stands in a field for a rate; NaN where that is no number."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return math.nan


def arrive() -> None:
    """When the page is opened: take what the address says, else a run of the course."""
    if not STATE.takes_query("network"):
        return
    address = st.query_params.to_dict()
    named = [name for name in _OF_TRAINING if name in address]
    preset = STATE.heed("preset", ("", *PRESETS))
    STATE["experiment"] = preset if preset in EXPERIMENTS else ""
    if preset in EXPERIMENTS:
        STATE["network"] = DEFAULT.network
    elif STATE.network_brought():
        _put(_values(_of_network(address)))
    elif named or preset:
        _put(_spelled(address, _first_recipe(preset, address)))
    else:
        _put(_values(PRESETS[FIRST].recipes[0]))


def _spelled(address: Mapping[str, str], recipe: Recipe) -> dict[str, Any]:
    """What the widgets hold for a recipe, where the address does not say otherwise."""
    fields = [name for name in _OF_TRAINING if name in address and name != "network"]
    own = networks.get(recipe.network).options
    options = {
        o.name: network_picker.read_option(o, address[o.name]) for o in own if o.name in address
    }
    return {**_values(recipe), **{name: _field(name, address[name]) for name in fields}, **options}


def _first_recipe(preset: str, address: Mapping[str, str]) -> Recipe:
    """What a link begins with, before its own fields: a run of the course, or a network's."""
    network = address.get("network", DEFAULT.network)
    if preset:
        recipe = PRESETS[preset].recipes[0]
        if "network" in address and network != recipe.network:
            link_warnings.refuse("network", network, [recipe.network], recipe.network)
        return recipe
    network_picker.reject_unknown(STATE, networks.names())
    return replace(DEFAULT, network=_field("network", network))


def _of_network(values: Mapping[str, Any]) -> Recipe:
    """The course's recipe for the network of `values`; data, device and seed stay."""
    stays = {name: values[name] for name in ("dataset", "device") if name in values}
    recipe = recipes.course_recipe(values["network"])
    return replace(recipe, **stays, seed=int(_field("seed", str(values.get("seed", 0)))))


def unreadable() -> str:
    """What stands in a field for a rate and is no number, in a sentence; else nothing."""
    for name in RATES:
        text: str = STATE[name]
        if math.isnan(_rate(text)):
            return _("{field}: “{given}” is not a number. Type for example 0.01.").format(
                field=figures.field(name).capitalize(), given=text[:40]
            )
    return ""


# -- where to begin -----------------------------------------------------------------------------


def _label(name: str) -> str:
    if name == OWN:
        return _("Settings of my own")
    preset = PRESETS[name]
    if preset.reported is None:
        return _("Experiment: {title} ({n} runs)").format(
            title=_(preset.title), n=len(preset.recipes)
        )
    return _("The course: {title}, batch {batch}, {epochs} epochs → {accuracy}").format(
        title=figures.title(preset.recipes[0]),
        batch=preset.reported.batch_size,
        epochs=preset.reported.epochs,
        accuracy=percent(preset.reported.test_accuracy),
    )


def _begin() -> None:
    """A preset was picked: its recipe into the widgets. Own settings begin with what is there."""
    name: str = STATE["start"]
    STATE["experiment"] = name if name in EXPERIMENTS else ""
    if name in EXPERIMENTS:
        STATE.reset(_OF_ONE_RUN, preset=name)
        return
    # Own settings: what was set before an experiment was picked.
    first: Recipe = STATE.get("recipe") or PRESETS[FIRST].recipes[0]
    recipe = PRESETS[name].recipes[0] if name in PRESETS else first
    _put(_values(replace(recipe, device=STATE.get("device", DEFAULT.device))))


def _as_it_is() -> str:
    """The preset that the widgets stand at."""
    now = recipes.as_json(replace(_read(), seed=0, device=DEFAULT.device))
    course = (name for name in PRESETS if name not in EXPERIMENTS)
    return next((n for n in course if recipes.as_json(PRESETS[n].recipes[0]) == now), OWN)


def pick_start() -> str:
    """A run of the course, an experiment, or own settings; the experiment's name, if it is one."""
    experiment: str = STATE["experiment"]
    names = [OWN, *PRESETS]
    page_address.hold(STATE.key("start"), experiment or _as_it_is(), tuple(map(_label, names)))
    st.selectbox(
        _("Begin with"),
        names,
        key=STATE.key("start"),
        format_func=_label,
        on_change=_begin,
        help=_("What the course trained, with what it reported, and experiments of several runs."),
    )
    STATE.put("preset", experiment)
    return experiment


# -- the fields ---------------------------------------------------------------------------------


def _network_changed() -> None:
    """Another network brings the course's recipe for it; data, device and seed stay."""
    names = ("network", "dataset", "device", "seed")
    _put(_values(_of_network({name: STATE[name] for name in names})))


def pick_network() -> None:
    """The network and its options in one row."""
    names = networks.names()
    with st.container(horizontal=True, vertical_alignment="bottom", key="row_network"):
        name = st.selectbox(
            _("Network"),
            names,
            key=STATE.key("network"),
            format_func=network_picker.label,
            on_change=_network_changed,
            help=_("Type to search. Another network brings the course's settings for it."),
            width=290,
        )
        STATE.put("network", name, DEFAULT.network)
        STATE.carry(network=name)
        options = networks.get(name).options
        for option in options:
            network_picker.pick_option(STATE, option)
    STATE.know(*(option.name for option in options))


def pick_data() -> None:
    """The data, and the size that its pictures are brought to."""
    words = {name: _data_word(name) for name in datasets.names()}
    with st.container(horizontal=True, vertical_alignment="bottom", key="row_data"):
        STATE.pick_listed("dataset", _("Data"), words, width=220)
        _number("size", _("Size in pixels"), _("Pictures are resized to so many rows and columns."))
        _number("epochs", _("Epochs"), _("How often all training pictures are gone through."))
        _number("batch_size", _("Batch size"), _("Pictures of one step."))


def _data_word(name: str) -> str:
    title = _(datasets.get(name).title)
    return title if datasets.at_hand(name) else _("{title} (not here yet)").format(title=title)


def _number(name: str, label: str, help_: str = "", width: int = 120) -> int:
    return STATE.number(name, label, help_ or None, width=width)


def _rate_field(name: str, label: str, help_: str = "") -> None:
    STATE.text(name, label, help_ or None, width=120)


def _choice(name: str, label: str, meanings: Mapping[str, str], width: int = 150) -> None:
    words = {each: each for each in meanings}
    STATE.pick_listed(name, label, words, width=width)


def pick_recipe() -> None:
    """How it learns: first what is changed often, the rest folded away."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="row_recipe"):
        _choice("optimizer", _("Optimiser"), recipes.OPTIMIZERS, 120)
        _rate_field("learning_rate", _("Learning rate"), _("For example 0.001 or 1e-3."))
        _choice("initialisation", _("Initialisation"), recipes.INITIALISATIONS)
        _number("seed", _("Seed"), _(_SEED_HELP))
    with st.expander(_("All settings"), icon=":material/tune:"):
        _pick_rest()


def _pick_rest() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="row_rest"):
        _rate_field("momentum", _("Momentum"), _("Of SGD; 0.9 is usual."))
        _rate_field("weight_decay", _("Weight decay"))
        _choice("schedule", _("Schedule"), recipes.SCHEDULES, 130)
        _choice("precision", _("Precision"), recipes.PRECISIONS, 130)
        _number("train_subset", _("Training pictures"), _("0 takes all."), 150)
        _number("test_subset", _("Test pictures"), _("0 takes all."))
        _number("crop", _("Random crop"), _("Pixels of padding to cut a random window from."))
        STATE.toggle("flip", _("Flip half of the pictures"))
    meanings = {**recipes.INITIALISATIONS, **recipes.SCHEDULES, **recipes.PRECISIONS}
    st.caption("  \n".join(f"`{name}`: {_(words)}" for name, words in meanings.items()))


def read() -> Recipe:
    """The recipe as it is set, unchecked, and kept for the way back from an experiment."""
    recipe = STATE["recipe"] = _read()
    return recipe


def _read() -> Recipe:
    """As `read`; rates that are no numbers are NaN."""
    own = {option.name: option.default for option in networks.get(STATE["network"]).options}
    set_to = {name: STATE.get(name, default) for name, default in own.items()}
    fields = {name: STATE[name] for name in _OF_TRAINING if name not in RATES}
    rates = {name: _rate(STATE[name]) for name in RATES}
    changed = {name: value for name, value in set_to.items() if value != own[name]}
    return recipes.from_json({**fields, **rates, "options": changed})
