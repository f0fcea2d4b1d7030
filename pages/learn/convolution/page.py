"""Where does this number come from?"""

from explorer.lessons import definitions
from explorer.networks import ops
from explorer.ui import lesson
from pages.learn.convolution import parts, photo

controls, view = lesson.controls_and_picture()
with controls:
    sliding = parts.controls()
picture, text = view.columns([5, 2], gap="medium")
with picture:
    parts.board(sliding)
with text:
    parts.explanation(sliding)
parts.try_this()
if not sliding.refusal:
    parts.downloads(sliding)
photo.show(sliding)
lesson.questions(parts.questions())
lesson.definition(definitions.corr2d, engine=(ops.Slide, ops.flip, ops.corr2d))
