"""Can you tell before the machine does?"""

import streamlit as st

from explorer import ops
from explorer.language import _
from explorer.ui import learn, quiz_summary
from explorer.ui import quiz_view as view

st.title(_("Can you tell before the machine does?"))
st.markdown(
    _(
        "Answer first, then see the arithmetic. Every question is made on the spot and answered "
        "by the engine; whoever opens this address gets the same ones."
    )
)

place = view.pick()
asked = view.question(place)
marks = st.container()
view.show(place, asked)
with marks:
    view.score(place)
quiz_summary.summary(place)

learn.try_this(quiz_summary.prompts())
learn.questions(quiz_summary.ASKED)
learn.definition(ops.output_size)
