"""How large is the output, and what is never read?"""

from collections.abc import Callable, Mapping
from typing import Any

from explorer.base.language import _
from explorer.networks.ops import output_size
from explorer.ui import lesson
from pages.learn.padding_stride import parts, planes
from pages.learn.padding_stride.questions import QUESTIONS
from pages.learn.padding_stride.state import STATE

VIEWS: Mapping[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    "one": (parts.pick_axis, parts.one_axis),
    "two": (planes.pick_axes, planes.two_axes),
    "same": (planes.pick_same, planes.same_size),
}
view = STATE.pick_one("pad_view", _("View"))
controls, picture = lesson.controls_and_picture()
pick, draw = VIEWS[view]
with controls:
    axes = pick()
with picture:
    draw(axes)

lesson.try_this(parts.prompts(view))
lesson.questions(QUESTIONS)
lesson.definition(output_size)
