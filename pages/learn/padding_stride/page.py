"""How large is the output, and what is never read?"""

from functools import partial

from explorer.networks.ops import output_size
from explorer.ui import lesson
from pages.learn.padding_stride import parts, planes
from pages.learn.padding_stride.questions import QUESTIONS

chosen = parts.pick_view()
controls, picture = lesson.controls_and_picture()
with controls:
    if chosen == "one":
        draw = partial(parts.one_axis, parts.good_axis(parts.one_axis_controls()))
    elif chosen == "two":
        draw = partial(planes.two_axes, planes.good_axes(planes.two_axes_controls()))
    else:
        draw = partial(planes.same_size, planes.good_same(*planes.same_controls()))
with picture:
    draw()

lesson.try_this(parts.prompts(chosen))
lesson.questions(QUESTIONS)
lesson.definition(output_size)
