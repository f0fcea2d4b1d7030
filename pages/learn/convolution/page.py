"""Where does this number come from?"""

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
parts.downloads(sliding)
photo.show(sliding)
lesson.questions(parts.questions())
lesson.definition(ops.Slide, ops.flip, ops.corr2d)
