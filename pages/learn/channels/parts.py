"""The page on channels: its parts by name, and what learners ask."""

from collections.abc import Callable, Mapping

from explorer.base.language import _
from explorer.networks import ops
from explorer.ui import lesson
from pages.learn.channels import settings
from pages.learn.channels.cost import cost, dense, flow
from pages.learn.channels.mixing import many_to_one
from pages.learn.channels.pixel import one_by_one
from pages.learn.channels.settings import tabs

__all__ = ["PARTS", "questions", "tabs"]

PARTS: Mapping[str, Callable[[], None]] = {
    "sum": many_to_one,
    "pixel": one_by_one,
    "cost": cost,
    "dense": dense,
    "flow": flow,
}

# A red stripe and a green one; a detector of edges for each.
STRIPES = "0 1 0 0 0; 0 1 0 0 0; 0 1 0 0 0 | 0 0 0 1 0; 0 0 0 1 0; 0 0 0 1 0"
RED, GREEN = "1 -1 | 0 0", "0 0 | 1 -1"


def questions() -> None:
    """The course's questions about channels, each with its experiment."""
    lesson.questions(
        [
            lesson.Question(
                _("What does an output channel mean?"),
                _(
                    "One learned pattern. Its kernel is looked for in all input channels at once, "
                    "and its map says where it was found. In the experiment a red stripe (channel "
                    "1) stands beside a green one (channel 2): output 1 finds the edges of red and "
                    "is blind to green, output 2 the other way round."
                ),
                settings.to("sum", outputs=2, input=STRIPES, kernel0=RED, kernel1=GREEN),
            ),
            lesson.Question(
                _("Should middle layers have as many channels as the machine can run?"),
                _(
                    "No. Weights and MACs grow with inputs × outputs: twice as wide costs four "
                    "times as much, and a layer that is too wide learns its training pictures by "
                    "heart."
                ),
                settings.to("cost", c_in=512, c_out=512, kernel_size=3, height=28, width=28),
            ),
            lesson.Question(
                _("What is the difference between a fully connected layer and a 1 × 1 "
                  "convolution?"),
                _(
                    "The arithmetic at one pixel is the same. The 1 × 1 convolution does it at "
                    "every pixel with the same weights and keeps the grid, so it takes pictures "
                    "of any size; the fully connected layer has a weight of its own for every "
                    "pixel, and the grid is gone."
                ),
                settings.to("pixel", pixel_in=3, pixel_out=2, seed=0),
            ),
            lesson.Question(
                _("Fully connected or convolutional: which for my problem?"),
                _(
                    "For small inputs a fully connected network is fine and quick. Its weights "
                    "grow with pixels × outputs, a convolution's do not: at 28 × 28 grey pixels it "
                    "is 201 k weights, on a photograph of 1000 × 1000 it is 768 M."
                ),
                settings.to("dense", side=28, colours=1, units=256, dense_kernel=3),
            ),
            lesson.Question(
                _("How does information travel through the channels while height and width "
                  "shrink?"),
                _(
                    "Each cell sums up a patch of the picture that grows from layer to layer, "
                    "while more and more channels say what is in it. In LeNet a cell of the last "
                    "map sees 16 of 28 pixels, in AlexNet 195 of 224."
                ),
                settings.to("flow", network="alexnet"),
            ),
        ]
    )  # fmt: skip
    lesson.definition(
        ops.Slide, ops.corr2d, ops.corr2d_multi_in, ops.corr2d_multi_in_out, ops.corr2d_1x1
    )
