"""How much of the picture does one unit see?"""

import streamlit as st

from explorer.analysis.receptive_field import Window
from explorer.base.language import _
from explorer.lessons.field_stack import levels, reads
from explorer.ui import field_measures as measures
from explorer.ui import field_view as view
from explorer.ui import learn
from explorer.ui.field_questions import QUESTIONS

st.title(_("How much of the picture does one unit see?"))

chosen = view.pick_view()
if chosen in ("stack", "effective"):
    controls, picture = learn.controls_and_picture()
    with controls:
        stack = view.good_stack(*view.stack_controls())
    with picture:
        if chosen == "stack":
            view.board(stack)
        else:
            measures.effective(stack)
    learn.try_this(view.prompts(chosen))
    if chosen == "stack":
        view.words(stack)
elif chosen == "why":
    measures.why_small()
else:
    measures.networks()

learn.questions(QUESTIONS)
learn.definition(Window, levels, reads)
