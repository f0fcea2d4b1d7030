"""Where does this number come from?"""

from explorer.networks import ops
from explorer.ui import lesson
from pages.learn.convolution import parts, photo, words

controls, seen = lesson.controls_and_picture()
with controls:
    shown = parts.controls()
picture, text = seen.columns([5, 2], gap="medium")
with picture:
    parts.board(shown)
with text:
    parts.explanation(shown)
words.try_this()
parts.downloads(shown)
photo.show(shown)
lesson.questions(words.asked())
lesson.definition(ops.Slide, ops.flip, ops.corr2d)
