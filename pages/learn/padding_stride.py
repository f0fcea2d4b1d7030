"""How large is the output, and what is never read?"""

from functools import partial

import streamlit as st

from explorer.base.language import _
from explorer.networks.ops import output_size
from explorer.ui import learn
from explorer.ui import padding_planes as planes
from explorer.ui import padding_view as view
from explorer.ui.padding_questions import QUESTIONS

st.title(_("How large is the output, and what is never read?"))

chosen = view.pick_view()
controls, picture = learn.controls_and_picture()
with controls:
    if chosen == "one":
        draw = partial(view.one_axis, view.good_axis(view.one_axis_controls()))
    elif chosen == "two":
        draw = partial(planes.two_axes, planes.good_axes(planes.two_axes_controls()))
    else:
        draw = partial(planes.same_size, planes.good_same(*planes.same_controls()))
with picture:
    draw()

learn.try_this(view.prompts(chosen))
learn.questions(QUESTIONS)
learn.definition(output_size)
