"""Can you tell before the machine does?"""

import streamlit as st

from explorer.base.language import N_, _
from explorer.lessons import definitions, quiz
from explorer.networks import ops
from explorer.ui import lesson
from explorer.ui.lesson import Question
from pages.learn.check import card, series
from pages.learn.check.state import to

st.markdown(
    _(
        "Answer first, then see the arithmetic. Every question is made on the spot and answered "
        "by the engine; whoever opens this address gets the same ones."
    )
)

place = series.pick()
marks = st.container()
card.show(place)
with marks:
    series.score(place)
series.summary(place)

lesson.try_this(
    {
        _("Only what breaks"): to(topic="misfits", level="1"),
        _("Sizes by heart"): to(topic="sizes", level="2"),
        _("Type every number"): to(topic="counts", level="3"),
        _("How far does it see?"): to(topic="field", level="2"),
        _("The class's ten: seed 2024"): to(topic=quiz.ALL, level="2", seed=2024, number=1),
    }
)
lesson.questions(
    [
        Question(
            N_("Does a larger picture need more parameters?"),
            N_(
                "Convolutions and batch norm do not: their weights belong to no place. "
                "Multiply-adds and memory grow with height × width. Only a linear layer behind a "
                "flatten has one weight for every place, which is why it takes one size only."
            ),
            to(topic="sizes", level="2"),
        ),
        Question(
            N_("Is padding counted on one side or on both?"),
            N_(
                "Course texts use p for both at once, PyTorch's padding is per side: 3 × 3 with "
                "padding=1 adds 2 in all and keeps the size. The answer with the padding counted "
                "once is a common wrong choice here."
            ),
            to(topic="sizes", level="1"),
        ),
        Question(
            N_("Does a stride change the number of channels?"),
            N_(
                "No. Stride, padding and pooling change height and width; the number of kernels "
                "alone decides how many channels leave, and joining branches adds them up."
            ),
            to(topic="counts", level="1"),
        ),
    ]
)
lesson.definition(definitions.output_size, engine=(ops.output_size,))
