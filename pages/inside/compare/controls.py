"""Which networks are compared: one list, all of it in the address; and a few to begin with."""

from collections.abc import Sequence

import streamlit as st

from explorer import networks, runs
from explorer.base import plain_text
from explorer.base.language import _
from explorer.base.units import percent
from explorer.inside import comparison
from explorer.inside.comparison import MOST
from explorer.ui import page_address
from explorer.ui.model_picker import weight_sources
from explorer.weights import PUBLISHED, UNTRAINED, Model
from pages.inside.compare.state import STATE

NETS = "nets"
_CHOSEN = STATE.key(NETS)
COSTS = ("alexnet", "vgg11", "nin", "googlenet", "resnet18", "densenet", "lenet", "bn_lenet")


def pick() -> list[Model]:
    """The networks, in the order in which they were chosen; to stand in a row."""
    STATE.know()
    if page_address.takes_query(_CHOSEN):  # what the address says; without that, two LeNets
        models = _read(STATE.query(NETS), "link_off")
        st.session_state[_CHOSEN] = [each.spelled for each in models] or batch_norm()
    _list()
    # What is chosen, without what has been deleted since.
    models = _read(",".join(st.session_state[_CHOSEN]), "broken_image")
    _presets()
    _epochs(models)
    STATE.put(NETS, comparison.spell(models))
    return models


def _read(spelled: str, sign: str) -> list[Model]:
    """The networks that can be had; of the others, why not."""
    models, wrong = comparison.read(spelled)
    for sentence in wrong:
        st.warning(plain_text.markdown(sentence), icon=f":material/{sign}:")
    return models


def _list() -> None:
    labels = {each: label(each) for each in comparison.offers()}
    names = page_address.unlabelled(_CHOSEN, st.session_state[_CHOSEN], labels)
    labels |= {each: label(each) for each in names if each not in labels}
    # A run's label changes with every epoch.
    page_address.hold(_CHOSEN, names, tuple(labels[each] for each in names))
    st.multiselect(
        _("Networks and their weights (up to {most})").format(most=MOST),
        list(labels),
        key=_CHOSEN,
        format_func=labels.__getitem__,
        max_selections=MOST,
        placeholder=_("Type a network's name"),
        select_all=False,
        wrap=True,
        width=540,
    )


def label(spelled: str) -> str:
    """A network and its weights in few words: "lenet · trained, 87.3 %"."""
    network, _colon, source = spelled.partition(":")
    if source == UNTRAINED:
        return _("{network} · untrained").format(network=network)
    try:
        source_words = words(comparison.model(spelled))
        return _("{network} · {weights}").format(network=network, weights=source_words)
    except ValueError:  # it has been deleted a moment ago
        return spelled


def words(model: Model, *, accuracy: bool = True) -> str:
    """Where weights come from, in few words; with the accuracy on their card if that is asked."""
    if model.source == PUBLISHED:
        return _("published")
    if not model.card:
        return _("untrained") if model.seed == 0 else _("seed {n}").format(n=model.seed)
    base, _at, epoch = model.source.partition("@")
    kind, _colon, name = base.partition(":")
    if kind == "run":
        parts = [_run(int(name))]
    else:
        parts = [name] if name != model.spec.name else [] if epoch else [_("trained")]
    if epoch:
        parts.append(weight_sources.epoch_title(model.source))
    elif accuracy and model.card.test_accuracy is not None:
        parts.append(percent(model.card.test_accuracy))
    return ", ".join(parts)


def _run(number: int) -> str:
    """A run as its list has it: by its number and its name."""
    try:
        return _("run {id}: {name}").format(id=number, name=runs.get(number).name)
    except ValueError:  # deleted meanwhile
        return _("run {id}").format(id=number)


# -- to begin with ----------------------------------------------------------------------------


def batch_norm() -> list[str]:
    """LeNet without and with batch norm, trained if such weights are here."""
    return [f"{name}:{weight_sources.first(name)}" for name in ("lenet", "bn_lenet")]


def _presets() -> None:
    course = [f"{name}:{UNTRAINED}" for name in COSTS if name in networks.course()]
    words_of: dict[str, list[str]] = {
        _("LeNet without and with batch norm"): batch_norm(),
        _("All that come trained with the program"): comparison.shipped()[:MOST],
        _("The course's networks, untrained: costs only"): course,
    }
    with st.popover(_("Begin with"), icon=":material/playlist_play:"):
        for number, (title, spelled) in enumerate(words_of.items()):
            st.button(
                title,
                key=f"compare_preset_{number}",
                on_click=STATE.__setitem__,
                args=(NETS, spelled),
                disabled=not spelled,
                width="stretch",
            )


# -- through training -------------------------------------------------------------------------


def _epochs(models: Sequence[Model]) -> None:
    """How far each is trained, where weights of several moments were kept."""
    bases = [weight_sources.base(each.source) for each in models]
    moving = [
        (each, weight_sources.epochs(base))
        for each, base in zip(models, bases, strict=True)
        if each.card
    ]
    if not moving:
        return
    with st.popover(_("Through training"), icon=":material/timeline:"):
        for number, (each, sources) in enumerate(moving):
            key = f"compare_moment_{number}"
            now = each.source
            page_address.hold(key, now if now in sources else sources[-1], tuple(sources))
            st.select_slider(
                plain_text.markdown(label(f"{each.spec.name}:{sources[-1]}")),
                sources,
                key=key,
                format_func=weight_sources.epoch_title,
                on_change=_move,
                args=(each.spelled, each.spec.name, key),
                width=320,
            )
            if reason := weight_sources.not_all(now):
                st.caption(str(reason), width=320)


def _move(spelled: str, network: str, key: str) -> None:
    moved = f"{network}:{st.session_state[key]}"
    names = [moved if each == spelled else each for each in st.session_state[_CHOSEN]]
    st.session_state[_CHOSEN] = list(dict.fromkeys(names))
