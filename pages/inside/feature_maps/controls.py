"""The page on feature maps: which picture, what stands beside it, and in which mode."""

from collections.abc import Sequence

import streamlit as st

from explorer import runs
from explorer.analysis.summary import measure
from explorer.base.language import _
from explorer.data import pictures
from explorer.data.pictures import Picture
from explorer.runs import outcome
from explorer.ui import model_picker, picture_picker, size_mismatch
from explorer.ui.inside import recordings
from explorer.ui.inside.recordings import Subject
from explorer.ui.model_picker import mode, weight_sources
from explorer.ui.picture_picker.browse import Mistakes, Place
from explorer.weights import Model
from pages.inside.feature_maps.state import STATE

WORST = 24  # mistakes that can be leafed through
BATCH, SMALL_BATCH = 32, 4  # pictures in training mode
LARGE = 64  # pixels of a side from which on the batch is small


def pick() -> tuple[list[Subject], int] | None:
    """Network and picture in one row; in the next what is beside it, and the mode.

    One subject, or two that stand beside each other, and which of them was picked first. None if
    there is nothing to look into yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        moments = weight_sources.epochs(weight_sources.base(model.source))
        first = picture_picker.first(model.dataset)
        mistakes = _mistakes(model)
        picture = picture_picker.pick(STATE, "picture", _("Picture"), first, mistakes)
        fit = picture_picker.pick_fit(STATE)
        place_for_second = st.container(width="content")
    with st.container(horizontal=True, vertical_alignment="center", key="inside_told"):
        picture_picker.beside(picture, model, fit)
        beside = _pick_beside(moments)
        batch = _pick_mode(model)
    sides, main = [Subject.of(model, picture, fit, *batch)], 0
    with place_for_second:
        if beside == "pictures":
            label = _("Second picture")
            other = picture_picker.pick(STATE, "picture2", label, _neighbour(first), mistakes)
            sides.append(Subject.of(model, other, fit, *batch))
        elif beside == "moments":
            source = weight_sources.pick_before(STATE, model.source, moments)
            if before := model_picker.at_epoch(model, source):
                sides, main = [Subject.of(before, picture, fit, *batch), *sides], 1
    if mismatch := recordings.summary(sides[0]).mismatch:
        size_mismatch.complain(STATE, mismatch, model)
        return None
    return sides, main


def _neighbour(spelled: str) -> str:
    """The picture after the first one, to begin with beside it."""
    name, colon, number = spelled.rpartition(":")
    return f"{name}{colon}{int(number) + 1}" if number.isdecimal() else picture_picker.first()


def _mistakes(model: Model) -> Mistakes | None:
    """What this run's network gets most wrong, at its epoch."""
    source = model.source
    if not source.startswith("run:") or not model.epoch or not model.dataset:
        return None
    try:
        run = runs.get(int(weight_sources.base(source).removeprefix("run:")))
        worst = outcome.worst(outcome.answers(run, model.epoch), WORST)
    except ValueError:  # no predictions were kept, or its data set has gone
        return None
    return Mistakes(model.dataset, [each["row"] for each in worst])


# -- beside it --------------------------------------------------------------------------------


def _pick_beside(moments: Sequence[str]) -> str:
    """One picture "alone", two "pictures", or two "moments" of training, if there are."""
    words = {"alone": _("one picture"), "pictures": _("two pictures")}
    if len(moments) > 1:
        words["moments"] = _("before and after")
    return STATE.pick_one("beside", _("Side by side"), words)


# -- the mode ---------------------------------------------------------------------------------


def _pick_mode(model: Model) -> list[Picture]:
    """The pictures that training mode needs beside one: batch norm wants to see several.

    None of them in evaluation mode.
    """
    place = Place.read(picture_picker.first(model.dataset)) or Place.read(picture_picker.first())
    assert place is not None
    count = (BATCH if model.size[1] <= LARGE else SMALL_BATCH) - 1
    with st.container(width=240, gap="xxsmall"):
        training = STATE.toggle("training", _("Training mode"))
        summary = measure(model.spec, model.size)
        words = mode.training(summary, count) if training else mode.evaluation(summary)
        st.caption(words or _("It has neither batch norm nor dropout: both modes give the same."))
    numbers = range(count if training else 0)
    return [pictures.from_dataset(place.dataset, "test", number) for number in numbers]
