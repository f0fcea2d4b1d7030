"""Gradient ascent for one channel: its settings, the picture and its curve, a button that stops it.

Drawn by `ascent.js`. The element to wait for in a test:
`[data-ascent-painted="<of> <steps>"]`.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from explorer.base.language import _
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.inside.feature_visualization import Ascent, Box, Settings
from explorer.ui.boards.component import Component
from pages.inside.feature_visualization import figures, subjects
from pages.inside.feature_visualization.state import STATE
from pages.inside.feature_visualization.subjects import Subject

PICTURE = Component(Path(__file__).with_suffix(".js"), "excites-ascent")


def pick(subject: Subject) -> Settings:
    """What is to grow, and how; all of it in the address. To stand in a row."""
    goal = Settings().goal
    if subjects.map_shape(subject)[1:] != (1, 1):  # a lone number is both
        goal = STATE.pick_listed("goal", _("To be drawn for"), width=150)
    with st.popover(_("How"), icon=":material/tune:", help=_("Steps and regularisers")):
        return Settings(
            goal=goal,
            steps=STATE.slider("steps", _("Steps")),
            rate=STATE.slider("rate", _("Learning rate")),
            seed=STATE.number("noise", _("Seed of the noise")),
            variation=STATE.slider("tv", _("Neighbours alike (total variation)")),
            decay=STATE.slider("l2", _("Towards grey (L2)")),
            jitter=STATE.slider("jitter", _("Jitter, pixels")),
            blur=STATE.slider("blur", _("Blur, pixels")),
        )


def show(subject: Subject, channel: int, settings: Settings, ascent: Ascent, best: float) -> None:
    """Draw how far it has come. `best` is what the data's best picture gives."""
    PICTURE(
        key="excites_ascent",
        data={
            "of": f"{subject.of} {channel} {settings}",
            "png": pictures.address(pictures.png(figures.opaque(figures.shown(ascent)))),
            "size": ascent.picture.shape[1:],
            "frame": _frame(subject, settings),
            "values": numbers(np.array(ascent.values, np.float32)),
            "total": settings.steps,
            "best": best if settings.goal == "unit" and np.isfinite(best) else None,
            "note": _(
                "The gradient is 0: for this picture the channel is silent, and there is no way "
                "up. Try another seed, or the layer before the activation."
            )
            if ascent.flat
            else "",
            "file": f"{subject.file}-{channel}-ascent",
            "labels": {
                "picture": _("The picture that gradient ascent has drawn"),
                "steps": _("steps of gradient ascent"),
                "best": _("the best picture of the data: {value}"),
                "value": _("after {step} steps: {value}"),
            },
        },
    )


def _frame(subject: Subject, settings: Settings) -> Box | None:
    """What the middle unit sees, where that is not the whole picture."""
    fields = subjects.fields(subject)
    if settings.goal != "unit" or fields.sees_all:
        return None
    _channels, height, width = subjects.map_shape(subject)
    return fields.box(height // 2, width // 2)
