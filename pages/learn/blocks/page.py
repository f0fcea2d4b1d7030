"""What are modern networks built from?"""

from explorer.base.language import N_
from explorer.lessons import blocks
from explorer.ui import lesson
from explorer.ui.lesson import Question
from pages.learn.blocks.concatenation import dense, inception, of_googlenet
from pages.learn.blocks.residual import identity, shapes
from pages.learn.blocks.six import side_by_side
from pages.learn.blocks.state import STATE, to

PARTS = {"all": side_by_side, "inception": inception, "identity": identity, "shapes": shapes,
         "dense": dense}  # fmt: skip
for name, tab in STATE.tabs("blocks_part").items():
    if tab.open:
        with tab:
            PARTS[name]()

lesson.questions(
    [
        Question(
            N_("What do Inception's middle paths and its fourth do, and what can be tuned?"),
            N_(
                "The two middle ones narrow the channels with a 1 × 1 convolution and then "
                "look with a 3 × 3 and a 5 × 5 kernel. The fourth pools and then gives its "
                "channels a new number. Paddings keep all sizes equal, so only the numbers of "
                "channels are left to choose."
            ),
            of_googlenet("3a"),
        ),
        Question(
            N_("Does a stride change the number of channels in Inception?"),
            N_(
                "No. Channels are as many as a convolution has kernels; stride and pooling "
                "change height and width alone. In an Inception block every stride is 1, so look "
                "at a residual block whose first convolution has stride 2: 64 channels stay 64, "
                "and 28 × 28 becomes 14 × 14."
            ),
            to(part="shapes", r_in=64, r_out=64, stride=2, r_side=28, with_1x1=True),
        ),
        Question(
            N_("Is the 3 × 3 path always the widest, then 1 × 1, 5 × 5 and pooling?"),
            N_(
                "Nearly. In block 4a the pooling path (64) is wider than the 5 × 5 path (48), "
                "and in others two paths are equally wide: look at the bars."
            ),
            lesson.seen_at("blocks_widths", of_googlenet("4a")),
        ),
        Question(
            N_("Can extra layers only lower the training error?"),
            N_(
                "In theory: a deeper network could leave its extra layers as the identity. "
                "Plain layers find that hard to learn, and deep plain networks train worse. A "
                "residual block starts there: with its weights at zero it passes "
                "non-negative input on unchanged."
            ),
            to(part="identity", zeroed=True, signed=False),
        ),
        Question(
            N_("Residual and dense blocks both keep their input. What is the difference?"),
            N_(
                "A residual block adds, so channels must match and the sum no longer tells "
                "its parts. A dense block lays side by side, so every layer can read the "
                "input itself, and the channels grow: 3 + 2·10 = 23."
            ),
            to(part="dense", d_in=3, layers=2, growth=10, d_side=8, d_out=10),
        ),
    ]
)
lesson.definition(*blocks.DEFINITIONS)
