"""Where weights come from, in words: shipped with the program, a run's, published, or random."""

import re
from collections.abc import Sequence

import streamlit as st

from explorer import runs, weights
from explorer.base.language import _, ngettext
from explorer.base.units import percent
from explorer.data import datasets
from explorer.networks import NetworkSpec
from explorer.runs.artifacts import KeptEpochs, spans
from explorer.ui import page_address
from explorer.ui.state import State
from explorer.weights import PUBLISHED, UNTRAINED, Model, published


def base(source: str) -> str:
    """A source without its epoch, and without the seed of random weights."""
    if source.startswith("untrained:"):
        return UNTRAINED
    return source.partition("@")[0]


def seed(source: str) -> int:
    """The seed of random weights; 0 for all others."""
    form = re.fullmatch(r"untrained:(\d{1,6})", source)
    return int(form[1]) if form else 0


def at_hand(network: str) -> bool:
    """Whether the weights that torchvision publishes for it are on this machine already."""
    return published.exist(network) and published.at_hand(network)


def first(network: str) -> str:
    """What a page opens with: trained weights, if any are here."""
    sources = weights.sources(network)
    return next(each for each in sources if each != PUBLISHED or at_hand(network))


def title(network: str, source: str) -> str:
    """A source without its epoch, for a list: "trained: Fashion-MNIST, 0.873"."""
    if source == UNTRAINED:
        return _("random, before training")
    if source == PUBLISHED:
        return _("published, ImageNet")
    try:
        card = weights.model(NetworkSpec.parse(network), source).card
        assert card is not None
        data, accuracy = datasets.get(card.dataset).title, percent(card.test_accuracy)
        words = _("{data}, {accuracy}").format(data=data, accuracy=accuracy)
        if source.startswith("run:"):
            run = runs.get(int(source.removeprefix("run:")))
            return _("run {id}: {name}, {told}").format(id=run.id, name=run.name, told=words)
    except ValueError:
        return source
    return _("trained: {told}").format(told=words)


def epoch_title(source: str) -> str:
    """Where in training a source stands: "before training", "epoch 3"."""
    if source.startswith("untrained:"):
        return _("random weights, seed {n}").format(n=seed(source))
    epoch = source.partition("@")[2]
    if epoch == "0":
        return _("before training")
    return _("epoch {n}").format(n=epoch) if epoch else _("trained")


def epochs(source: str) -> list[str]:
    """The same network from before its first step to the end, which is the plain source."""
    return [*weights.through_training(source)[:-1], source]


def pick_epoch(state: State, source: str, name: str = "moment", label: str = "") -> str:
    """How far it is trained, if weights of several moments were kept."""
    sources = epochs(source)
    if len(sources) == 1:
        return source
    choice = _moment_of(source, sources, state.key(name), label or _("Through training"))
    if name == "moment" and (record := not_all(source)):
        words = ngettext(
            "Weights of epoch {gone} were deleted.",
            "Weights of epochs {gone} were deleted.",
            len(record.missing),
        )
        st.caption(words.format(gone=spans(record.missing)), help=str(record), width=165)
    return choice


def not_all(source: str) -> KeptEpochs | None:
    """Which epochs of a run can be chosen, if the weights of others had to make room."""
    kind, _colon, number = base(source).partition(":")
    record = runs.weights(int(number)) if kind == "run" else None
    return record if record and record.missing else None


def _moment_of(source: str, sources: list[str], key: str, label: str) -> str:
    """One of the moments that are in `sources`, by buttons or by sliding."""
    if st.session_state.get(key) not in sources:
        st.session_state[key] = source
    page_address.hold(key, st.session_state[key], tuple(sources))
    if len(sources) == 2:
        choice = st.segmented_control(
            label,
            sources,
            default=st.session_state[key],  # a constant one would win on the next page
            format_func=epoch_title,
            key=key,
            required=True,
        )
        return choice or source
    return st.select_slider(label, sources, key=key, format_func=epoch_title, width=170)


def pick_before(state: State, source: str, sources: Sequence[str]) -> str:
    """Which of the moments stands before `source`; of two there is nothing to choose."""
    source_before = state.heed("moment2", sources)
    if len(sources) <= 2:
        state.put("moment2", "")
        return sources[0] if sources[0] != source else sources[-1]
    if state.takes_query("moment2"):
        state["moment2"] = source_before
    before = pick_epoch(state, base(source), "moment2", _("Before"))
    state.put("moment2", before, sources[0])
    return before


def words(model: Model) -> str:
    """A source at its moment: "run 3: BN-LeNet, epoch 2"."""
    moment = epoch_title(model.source)
    named = base(model.source)
    return moment if named == UNTRAINED else f"{title(model.spec.name, named)}, {moment}"
