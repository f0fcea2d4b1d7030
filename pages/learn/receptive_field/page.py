"""How much of the picture does one unit see?"""

from explorer.analysis.receptive_field import Window
from explorer.base.language import _
from explorer.lessons import definitions
from explorer.lessons.field_stack import levels, reads
from explorer.ui import lesson
from pages.learn.receptive_field import field_board, measures, parts
from pages.learn.receptive_field.state import STATE

view = STATE.pick_one("field_view", _("View"))
if view in ("stack", "effective"):
    controls, picture = lesson.controls_and_picture()
    with controls:
        stack = parts.stack_controls()
    with picture:
        if view == "stack":
            field_board.board(stack)
        else:
            measures.effective(stack)
    lesson.try_this(parts.prompts(view))
    if view == "stack":
        parts.words(stack)
elif view == "why":
    measures.why_small()
else:
    measures.networks()

lesson.questions(parts.QUESTIONS)
lesson.definition(definitions.receptive_field, engine=(Window, levels, reads))
