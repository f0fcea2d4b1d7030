"""The settings of a new run: widgets for every field of a recipe, all kept in the address.

Without anything in the address (or with `preset=NAME`) the fields begin with a run of the course.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from explorer import architectures, datasets, recipes
from explorer.architectures.registry import Value
from explorer.figures import runs as figures
from explorer.language import N_, _
from explorer.recipes import PRESETS, Recipe
from explorer.recipes.presets import EXPERIMENTS
from explorer.ui import bound, link_told, links, pickers, run_words

FIRST = "lenet"  # the preset to begin with
OWN = ""
_KEPT = "the recipe that was last set"
_DEFAULT = Recipe(FIRST)  # the address leaves out what is as here
_NUMBERS = ("size", "epochs", "batch_size", "crop", "train_subset", "test_subset", "seed")
_RATES = ("learning_rate", "momentum", "weight_decay")
_NAMES = ("optimizer", "schedule", "initialisation", "precision", "device", "dataset", "network")
_SEED_HELP = N_(
    "The same seed gives the same curve on the same machine: on a CPU bit for bit, on a GPU to "
    "rounding, which many steps can make visible."
)
_OF_TRAINING = (*_NUMBERS, *_RATES, *_NAMES, "flip")


# -- from the address into the widgets, and back ------------------------------------------------


def _put(recipe: Recipe) -> None:
    """Set every widget to what a recipe says."""
    for name in _OF_TRAINING:
        value = getattr(recipe, name)
        st.session_state[name] = f"{value:.12g}" if name in _RATES else value
    for option in architectures.get(recipe.network).options:
        st.session_state[option.name] = recipe.options.get(option.name, option.default)


def _field(name: str, given: str) -> Any:
    """A field as the address spells it; what is nonsense there is told, and counts as not said."""
    default = getattr(_DEFAULT, name)
    if name in _NUMBERS:
        if re.fullmatch(r"-?\d{1,9}", given):  # one that cannot be is told beside the fields
            return int(given)
        link_told.refuse(name, given, _("a whole number"), default)
        return default
    if name == "flip":
        if given not in ("true", "false"):
            link_told.refuse(name, given, ("true", "false"), "false")
        return given == "true"
    if name == "network":
        return given if given in architectures.names() else default
    if name in _RATES:
        if math.isnan(rate := _rate(given)):
            link_told.refuse(name, given, _("a number"), rate := default)
        return f"{rate:.12g}"
    return given


def _rate(given: str) -> float:
    """What stands in a field for a rate; NaN where that is no number."""
    try:
        return float(given.replace(",", "."))
    except ValueError:
        return math.nan


def arrive() -> None:
    """When the page is opened: take what the address says, else what was set here last."""
    if not links.arrived("network"):
        return
    address = st.query_params.to_dict()
    said = [name for name in _OF_TRAINING if name in address]
    preset = links.heed("preset", ("", *PRESETS))
    if not said and not preset and links.came_back():
        links.rewrite(_spelled(_last()))
        address = st.query_params.to_dict()
        said = [name for name in _OF_TRAINING if name in address]
    st.session_state["experiment"] = preset if preset in EXPERIMENTS else ""
    if preset in EXPERIMENTS:
        return
    if not said and not preset:
        _put(_last())
        return
    recipe = _said_recipe(preset, address)
    _put(recipe)
    for name in said:
        if name != "network":
            st.session_state[name] = _field(name, address[name])
    for option in architectures.get(recipe.network).options:
        if option.name in address:
            st.session_state[option.name] = _option(option, address[option.name])


def _said_recipe(preset: str, address: Mapping[str, str]) -> Recipe:
    """What a link begins with, before its own fields: a run of the course, or a network's."""
    network = address.get("network", _DEFAULT.network)
    if preset:
        recipe = PRESETS[preset].recipes[0]
        if "network" in address and network != recipe.network:
            link_told.refuse("network", network, [recipe.network], recipe.network)
        return recipe
    pickers.reject_unknown("network", architectures.names())
    return replace(_DEFAULT, network=_field("network", network))


def _spelled(recipe: Recipe) -> dict[str, str]:
    """A recipe as the address spells it, without what is as by default."""
    fields = {name: (getattr(recipe, name), getattr(_DEFAULT, name)) for name in _OF_TRAINING}
    told = {name: value for name, (value, default) in fields.items() if value != default}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in {**told, **recipe.options}.items()
    }


def unreadable() -> str:
    """What stands in a field for a rate and is no number, in a sentence; else nothing."""
    for name in _RATES:
        given = st.session_state[name]
        if math.isnan(_rate(given)):
            return _("{field}: “{given}” is not a number. Type for example 0.01.").format(
                field=figures.field(name).capitalize(), given=given[:40]
            )
    return ""


def _option(option: architectures.Option, given: str) -> Value:
    try:
        return option.parse(given)
    except ValueError:
        link_told.refuse(option.name, given, option.describe_choices(), option.default)
        return option.default


def _last() -> Recipe:
    kept: Recipe | None = st.session_state.get(_KEPT)
    return kept or PRESETS[FIRST].recipes[0]


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
        accuracy=run_words.percent(preset.reported.test_accuracy),
    )


def _begin() -> None:
    """A preset was picked: its recipe into the widgets."""
    name = st.session_state["start"]
    experiment = name if name in EXPERIMENTS else ""
    st.session_state["experiment"] = experiment
    links.put("preset", experiment)
    if not experiment:
        recipe = PRESETS[name].recipes[0] if name in PRESETS else _last()
        _put(replace(recipe, device=st.session_state.get("device", _DEFAULT.device)))


def _as_it_is() -> str:
    """The preset that the widgets stand at."""
    now = replace(_read(), seed=0, device=_DEFAULT.device)
    same = (name for name in PRESETS if name not in EXPERIMENTS)
    return next((name for name in same if _plain(PRESETS[name].recipes[0]) == _plain(now)), OWN)


def _plain(recipe: Recipe) -> dict[str, Any]:
    return recipes.as_json(recipe)


def pick_start() -> str:
    """A run of the course, an experiment, or own settings; the experiment's name, if it is one."""
    experiment: str = st.session_state.get("experiment", "")
    st.session_state["start"] = experiment or _as_it_is()
    st.selectbox(
        _("Begin with"),
        [OWN, *PRESETS],
        key="start",
        format_func=_label,
        on_change=_begin,
        help=_("What the course trained, with what it reported, and experiments of several runs."),
    )
    links.put("preset", experiment)
    return experiment


# -- the fields ---------------------------------------------------------------------------------


def _network_changed() -> None:
    """Another network brings the course's recipe for it; data, device and seed stay."""
    state = st.session_state
    recipe = recipes.course_recipe(state["network"])
    _put(replace(recipe, dataset=state["dataset"], device=state["device"], seed=state["seed"]))


def pick_network() -> None:
    """The network and its options in one row."""
    names = architectures.names()
    with st.container(horizontal=True, vertical_alignment="bottom", key="row_network"):
        name = st.selectbox(
            _("Network"),
            names,
            key="network",
            format_func=pickers.label,
            on_change=_network_changed,
            help=_("Type to search. Another network brings the course's settings for it."),
            width=290,
        )
        links.put("network", name, _DEFAULT.network)
        options = architectures.get(name).options
        for option in options:
            pickers.pick_option(option)
    link_told.know({*_OF_TRAINING, *(option.name for option in options)})


def pick_data() -> None:
    """The data, and the size that its pictures are brought to."""
    words = {name: _data_word(name) for name in datasets.names()}
    with st.container(horizontal=True, vertical_alignment="bottom", key="row_data"):
        links.pick_listed("dataset", _("Data"), words, width=220)
        _number("size", _("Size in pixels"), _("Pictures are resized to so many rows and columns."))
        _number("epochs", _("Epochs"), _("How often all training pictures are gone through."))
        _number("batch_size", _("Batch size"), _("Pictures of one step."))


def _data_word(name: str) -> str:
    title = _(datasets.get(name).title)
    return title if datasets.at_hand(name) else _("{title} (not here yet)").format(title=title)


def _number(name: str, label: str, help_: str = "", width: int = 120) -> int:
    return bound.number(label, name, getattr(_DEFAULT, name), help_=help_ or None, width=width)


def _rate_field(name: str, label: str, help_: str = "") -> None:
    bound.text(label, name, f"{getattr(_DEFAULT, name):g}", help_ or None, width=120)


def _choice(name: str, label: str, meanings: Mapping[str, str], width: int = 150) -> None:
    words = {each: each for each in meanings}
    links.pick_listed(name, label, words, width=width)


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
        bound.toggle(_("Flip half of the pictures"), "flip", default=False)
    meanings = {**recipes.INITIALISATIONS, **recipes.SCHEDULES, **recipes.PRECISIONS}
    st.caption("  \n".join(f"`{name}`: {_(words)}" for name, words in meanings.items()))


def _read() -> Recipe:
    """The recipe that the widgets stand at, unchecked; rates that are no numbers are NaN."""
    state = st.session_state
    own = {option.name: option.default for option in architectures.get(state["network"]).options}
    set_to = {name: state.get(name, default) for name, default in own.items()}
    fields = {name: state[name] for name in _OF_TRAINING if name not in _RATES}
    rates = {name: _rate(state[name]) for name in _RATES}
    changed = {name: value for name, value in set_to.items() if value != own[name]}
    return recipes.from_json({**fields, **rates, "options": changed})


def read() -> Recipe:
    """The recipe as it is set, and kept for the way back to this page; unchecked."""
    recipe = _read()
    st.session_state[_KEPT] = recipe
    return recipe
