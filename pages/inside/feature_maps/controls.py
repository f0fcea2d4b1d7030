"""The page on feature maps: which picture, what stands beside it, and in which mode."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from explorer import runs
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.analysis.summary import measure
from explorer.base.language import _
from explorer.base.units import times
from explorer.data import pictures
from explorer.data.pictures import Picture
from explorer.figures import maps
from explorer.runs import outcome
from explorer.ui import model_picker, picture_picker
from explorer.ui.inside import recordings
from explorer.ui.inside.recordings import Subject
from explorer.ui.model_picker import mode, weight_sources
from explorer.ui.picture_picker.browse import Mistakes, Place
from explorer.weights import Model
from pages.inside.feature_maps.parts import Side
from pages.inside.feature_maps.state import STATE

WORST = 24  # mistakes that can be leafed through
BATCH, SMALL_BATCH = 32, 4  # pictures in training mode
LARGE = 64  # pixels of a side from which on the batch is small


@dataclass(frozen=True)
class Looked:
    """A network, and what it is shown."""

    model: Model
    sides: tuple[Side, ...]  # one, or two beside each other
    main: int = 0  # which of them is the one that was picked first


def pick() -> Looked | None:
    """Network and picture in one row; in the next what is beside it, and the mode.

    None if there is nothing to look into yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        model_picker.know(STATE, model)
        first = picture_picker.first(model.dataset)
        mistakes = _mistakes(model)
        picture = picture_picker.pick(STATE, "picture", _("Picture"), first, mistakes)
        fit = picture_picker.pick_fit(STATE)
        place_for_second = st.container(width="content")
    with st.container(horizontal=True, vertical_alignment="center", key="inside_told"):
        prepared = pictures.prepare(picture, model.size, fit, model.normalisation)
        picture_picker.beside(picture, prepared, fit, model.normalisation)
        beside = _pick_beside(model)
        with st.container(width=240, gap="xxsmall"):
            training = STATE.toggle("training", _("Training mode"))
            st.caption(_mode(model, training=training))
    main = _side(model, picture, fit, training=training)
    with place_for_second:
        if beside == "pictures":
            label = _("Second picture")
            other = picture_picker.pick(STATE, "picture2", label, _neighbour(first), mistakes)
            second = _side(model, other, fit, training=training)
            return Looked(model, (main, second))
        if beside == "moments" and (other_epoch := _pick_second_epoch(model)):
            before = _side(other_epoch, picture, fit, training=training)
            return Looked(model, (before, main), main=1)
    return Looked(model, (main,))


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


def _pick_beside(model: Model) -> str:
    """One picture "alone", two "pictures", or two "moments" of training."""
    words = {"alone": _("one picture"), "pictures": _("two pictures")}
    if len(weight_sources.epochs(weight_sources.base(model.source))) > 1:
        words["moments"] = _("before and after")
    return STATE.pick_one("beside", _("Side by side"), words)


def _pick_second_epoch(model: Model) -> Model | None:
    """None if it cannot be had any more."""
    source = model.source
    there = weight_sources.epochs(weight_sources.base(source))
    return model_picker.at_epoch(model, weight_sources.pick_before(STATE, source, there))


def _side(model: Model, picture: Picture, fit: str, *, training: bool) -> Side:
    prepared = pictures.prepare(picture, model.size, fit, model.normalisation)
    digest = f"{picture.key} {fit} {times(model.size)} {model.normalisation}"
    batch = prepared.tensor
    if training:
        batch = torch.cat([batch, _others(model, fit)])
    subject = Subject(model, digest, training, batch)
    title = f"{picture_picker.title(picture)} · {weight_sources.epoch_title(model.source)}"
    return Side(subject, title, maps.photograph(prepared.shown.numpy()), _classes(model))


def _companions(model: Model) -> tuple[str, int]:
    """Of which data set so many pictures make a batch with the one that is looked at."""
    place = Place.read(picture_picker.first(model.dataset)) or Place.read(picture_picker.first())
    assert place is not None
    return place.dataset, (BATCH if model.size[1] <= LARGE else SMALL_BATCH) - 1


def _others(model: Model, fit: str) -> Tensor:
    """The pictures that training mode needs beside one: batch norm wants to see several."""
    name, count = _companions(model)
    found = [pictures.from_dataset(name, "test", number) for number in range(count)]
    shape, normalisation = model.size, model.normalisation
    return torch.cat([pictures.prepare(each, shape, fit, normalisation).tensor for each in found])


def _classes(model: Model) -> tuple[str, ...]:
    """What the network's answers stand for, if it has learned to tell them apart."""
    classes = model.classes
    return classes if len(classes) == model.spec.num_classes else ()


# -- what is said about it --------------------------------------------------------------------


def _mode(model: Model, *, training: bool) -> str:
    found = measure(model.spec, model.size)
    if not mode.matters(found):
        return _("It has neither batch norm nor dropout: both modes give the same.")
    if training:
        return mode.training(found, _companions(model)[1])
    return mode.evaluation(found)


def problem(sides: Sequence[Side]) -> SizeMismatch | str | None:
    """Why the network cannot be looked into: it does not take the picture, or has no weights."""
    subject = sides[0].subject
    if lesson := recordings.summary(subject).mismatch:
        return lesson
    try:
        for side in sides:
            recordings.overview(side.subject)
    except ValueError as error:
        return str(error)
    return None
