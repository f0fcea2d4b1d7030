"""The page on blocks: its parts by name, and what learners ask."""

from collections.abc import Callable, Mapping

from explorer.base.language import _
from explorer.lessons import blocks
from explorer.ui import lesson
from pages.learn.blocks import settings
from pages.learn.blocks.dense import dense
from pages.learn.blocks.inception import inception, width_setting
from pages.learn.blocks.residual import identity, shapes
from pages.learn.blocks.settings import tabs
from pages.learn.blocks.six import side_by_side

__all__ = ["PARTS", "questions", "tabs"]

PARTS: Mapping[str, Callable[[], None]] = {
    "all": side_by_side,
    "inception": inception,
    "identity": identity,
    "shapes": shapes,
    "dense": dense,
}


def questions() -> None:
    """The course's questions about blocks, each with its experiment; then the blocks' code."""
    nine = blocks.googlenets()
    lesson.questions(
        [
            lesson.Question(
                _("What do Inception's middle paths and its fourth do, and what can be tuned?"),
                _(
                    "The two middle ones narrow the channels with a 1 × 1 convolution and then "
                    "look with a 3 × 3 and a 5 × 5 kernel. The fourth pools and then gives its "
                    "channels a new number. Paddings keep all sizes equal, so only the numbers of "
                    "channels are left to choose."
                ),
                {**settings.to("inception", which="3a", reduced=True), **width_setting(nine["3a"])},
            ),
            lesson.Question(
                _("Does a stride change the number of channels in Inception?"),
                _(
                    "No. Channels are as many as a convolution has kernels; stride and pooling "
                    "change height and width alone."
                ),
                {**settings.to("inception", which="4a", reduced=True), **width_setting(nine["4a"])},
            ),
            lesson.Question(
                _("Is the 3 × 3 path always the widest, then 1 × 1, 5 × 5 and pooling?"),
                _(
                    "Nearly. In block 4a the pooling path (64) is wider than the 5 × 5 path (48), "
                    "and in others two paths are equally wide: look at the bars."
                ),
                {**settings.to("inception", which="4a", reduced=True), **width_setting(nine["4a"])},
            ),
            lesson.Question(
                _("Can extra layers only lower the training error?"),
                _(
                    "In theory: a deeper network could leave its extra layers as the identity. "
                    "Plain layers find that hard to learn, and deep plain networks train worse. A "
                    "residual block starts there: with its weights at zero it passes "
                    "non-negative input on unchanged."
                ),
                settings.to("identity", zeroed=True, signed=False),
            ),
            lesson.Question(
                _("Residual and dense blocks both keep their input. What is the difference?"),
                _(
                    "A residual block adds, so channels must match and the sum no longer tells "
                    "its parts. A dense block lays side by side, so every layer can read the "
                    "input itself, and the channels grow: 3 + 2·10 = 23."
                ),
                settings.to("dense", d_in=3, layers=2, growth=10, d_side=8, d_out=10),
            ),
        ]
    )
    lesson.definition(*definitions())


def definitions() -> tuple[Callable[..., object], ...]:
    """What builds the blocks, and the Inception block without reductions."""
    return (*blocks.definitions(), blocks.Unreduced)
