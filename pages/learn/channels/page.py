"""How do several channels become one number?"""

from explorer.base.language import N_
from explorer.lessons import definitions
from explorer.networks import ops
from explorer.ui import lesson
from explorer.ui.lesson import Question
from pages.learn.channels.cost import cost, dense, flow
from pages.learn.channels.mixing import many_to_one, one_by_one
from pages.learn.channels.state import STATE, to

PARTS = {"sum": many_to_one, "pixel": one_by_one, "cost": cost, "dense": dense, "flow": flow}
for name, tab in STATE.tabs("channels_part").items():
    if tab.open:
        with tab:
            PARTS[name]()

# A red stripe and a green one; a detector of edges for each.
STRIPES = "0 1 0 0 0; 0 1 0 0 0; 0 1 0 0 0 | 0 0 0 1 0; 0 0 0 1 0; 0 0 0 1 0"
RED, GREEN = "1 -1 | 0 0", "0 0 | 1 -1"

lesson.questions(
    [
        Question(
            N_("What does an output channel mean?"),
            N_(
                "One learned pattern. Its kernel is looked for in all input channels at once, "
                "and its map says where it was found. In the experiment a red stripe (channel "
                "1) stands beside a green one (channel 2): output 1 finds the edges of red and "
                "is blind to green, output 2 the other way round."
            ),
            to(part="sum", outputs=2, input=STRIPES, kernel0=RED, kernel1=GREEN),
        ),
        Question(
            N_("Should middle layers have as many channels as the machine can run?"),
            N_(
                "No. Weights and MACs grow with inputs × outputs: twice as wide costs four "
                "times as much, and a layer that is too wide learns its training pictures by "
                "heart."
            ),
            to(part="cost", c_in=512, c_out=512, kernel_size=3, height=28, width=28),
        ),
        Question(
            N_("What is the difference between a fully connected layer and a 1 × 1 "
               "convolution?"),
            N_(
                "The arithmetic at one pixel is the same. The 1 × 1 convolution does it at "
                "every pixel with the same weights and keeps the grid, so it takes pictures "
                "of any size; the fully connected layer has a weight of its own for every "
                "pixel, and the grid is gone."
            ),
            to(part="pixel", pixel_in=3, pixel_out=2, seed=0),
        ),
        Question(
            N_("Fully connected or convolutional: which for my problem?"),
            N_(
                "For small inputs a fully connected network is fine and quick. Its weights "
                "grow with pixels × outputs, a convolution's do not: at 28 × 28 grey pixels it "
                "is 201 k weights, on a photograph of 1000 × 1000 it is 768 M."
            ),
            to(part="dense", side=28, colours=1, units=256, dense_kernel=3),
        ),
        Question(
            N_("How does information travel through the channels while height and width "
               "shrink?"),
            N_(
                "Each cell sums up a patch of the picture that grows from layer to layer, "
                "while more and more channels say what is in it. In LeNet a cell of the last "
                "map sees 16 of 28 pixels, in AlexNet 195 of 224."
            ),
            to(part="flow", network="alexnet"),
        ),
    ]
)  # fmt: skip
lesson.definition(
    definitions.corr2d,
    definitions.corr2d_multi_in,
    definitions.corr2d_multi_in_out,
    definitions.corr2d_1x1,
    engine=(ops.Slide, ops.corr2d, ops.corr2d_multi_in, ops.corr2d_multi_in_out, ops.corr2d_1x1),
)
