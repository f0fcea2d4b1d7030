"""The controls of the page on learning an edge kernel, and what they say, as numbers."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import streamlit as st
import torch
from torch import Tensor

from explorer.base import inputs
from explorer.base.language import _
from explorer.data import photographs
from explorer.lessons import edge_kernel as engine
from explorer.lessons.edge_kernel import Problem, Start
from explorer.ui import lesson
from pages.learn.edge_kernel.state import STATE

COURSE = "course"  # what stands in the field for the seed to begin where the course began
DEFAULTS = STATE.default()
LARGEST_SEED = 2**31 - 1
PHOTOGRAPH = 40


@dataclass(frozen=True)
class Choice:
    """What is to be learned, from where, and the rates of one or two runs."""

    image: str
    problem: Problem
    start: Start
    rates: tuple[float, ...]
    steps: int
    from_course: bool  # begins where the course's printed run began


# -- the controls -----------------------------------------------------------------------------


def controls() -> None:
    """Every setting in one row; a drawing has its own row. All of them live in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="edge_controls"):
        STATE.pick_listed("edge_image", _("Image"), width=150)
        _field("edge_kernel", _("Target kernel"), 120, _("Rows parted by “;”: 1 -1 or 1; -1."))
        _field("edge_rate", _("Learning rate"), 105, _("The ruler below shows which rates work."))
        _field("edge_compare", _("Compare with rate"), 130, _("A second run; empty: none."))
        _field("edge_steps", _("Steps"), 75, _("1 to {most}.").format(most=engine.MAX_STEPS))
        STATE.pick_listed("edge_loss", _("Squared errors"), width=125)
        start = _("The first kernel is drawn with this seed. “course”: the course’s own start.")
        _field("edge_start", _("Seed"), 85, start)
        STATE.toggle("edge_bias", _("Bias"))
    if st.session_state["edge_image"] == "own":
        hint = _("Rows parted by “;”, brightness from 0 to 1. Or click the cells of the image.")
        _field("edge_drawing", _("Your image"), 640, hint)


def _field(key: str, label: str, width: int, hint: str) -> None:
    STATE.text(key, label, hint, width=width)


# -- what was asked, as numbers ---------------------------------------------------------------


def choice() -> Choice:
    """What the controls say; if that makes no sense, a sentence, and what they said before."""
    settings = {key: st.session_state.get(key, usual) for key, usual in DEFAULTS.items()}
    return lesson.last_good("edge", lambda: read(settings), lambda: read(DEFAULTS))


def read(settings: Mapping[str, object]) -> Choice:
    """The settings as numbers.

    Raises:
        ValueError: says what came, what was expected, and what to do.
    """
    words = {key: str(settings.get(key, value) or "") for key, value in DEFAULTS.items()}
    kernel = torch.tensor(inputs.parse_matrix(words["edge_kernel"]))
    reduction: engine.Reduction = "mean" if words["edge_loss"] == "mean" else "sum"
    image = _image(words["edge_image"], words["edge_drawing"])
    problem = Problem(image, kernel, bool(settings.get("edge_bias")), reduction)
    rates = [words["edge_rate"], *filter(str.strip, [words["edge_compare"]])]
    return Choice(
        words["edge_image"],
        problem,
        _start(words["edge_start"], problem),
        tuple(map(_rate, rates)),
        _whole(_("The number of steps"), words["edge_steps"], 1, engine.MAX_STEPS),
        words["edge_start"].strip().lower() == COURSE,
    )


def _image(name: str, drawing: str) -> Tensor:
    if name != "own":
        return IMAGES[name]()
    image = torch.tensor(inputs.parse_matrix(drawing))
    if not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            _("Brightness goes from 0 (black) to 1 (white), but the image has {least} to {most}.")
            .format(least=f"{image.min():g}", most=f"{image.max():g}")
        )  # fmt: skip
    return image


@cache
def photograph() -> Tensor:
    """The middle of a photograph of a palace's roof, grey, `PHOTOGRAPH` cells each way."""
    return torch.tensor(photographs.patch("china", PHOTOGRAPH, levels=100) / 100).float()


IMAGES: dict[str, Callable[[], Tensor]] = {
    "bars": engine.bars,
    "transposed": engine.transposed,
    "diagonal": engine.diagonal,
    "photo": photograph,
}


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate <= engine.MAX_RATE:  # also false for what is no number
        raise ValueError(
            _(
                "A learning rate is a number above 0 and at most {most}; “{given}” is not. "
                "The ruler shows which rates work here; 0.01 is a careful one."
            ).format(given=text[:20], most=f"{engine.MAX_RATE:.0f}")
        )
    return rate


def _whole(what: str, text: str, least: int, most: int) -> int:
    digits = text.strip()
    if not (digits.isdecimal() and len(digits) < 12 and least <= int(digits) <= most):
        raise ValueError(
            _("{what} is a whole number from {least} to {most}; “{given}” is not.").format(
                what=what, least=least, most=most, given=digits[:20]
            )
        )
    return int(digits)


def _start(text: str, problem: Problem) -> Start:
    if text.strip().lower() != COURSE:
        return engine.random_start(problem, _whole(_("The seed"), text, 0, LARGEST_SEED))
    if problem.target_kernel.shape != engine.COURSE_START.kernel.shape:
        raise ValueError(
            _(
                "The course begins with a 1 × 2 kernel, but the target is {rows} × {columns}. "
                "Write a number as the seed, for example 0."
            ).format(rows=problem.target_kernel.shape[0], columns=problem.target_kernel.shape[1])
        )
    return engine.COURSE_START
