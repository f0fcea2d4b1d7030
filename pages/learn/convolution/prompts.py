"""What to try on the page on convolution, and what learners ask there."""

from explorer.base.language import N_, _
from explorer.ui import lesson
from explorer.ui.lesson import Question
from pages.learn.convolution.parts import setting

TURNED = "; ".join(["1 1 1 1 1 1"] * 2 + ["0 0 0 0 0 0"] * 4 + ["1 1 1 1 1 1"] * 2)
EIGHT = "; ".join(" ".join(str((r + c) % 3) for c in range(8)) for r in range(8))


def try_this() -> None:
    """Settings worth a look, each one click away."""
    lesson.try_this(
        {
            _("Find both edges"): setting("edges"),
            _("Turn the image, not the kernel"): setting("edges", input=TURNED),
            _("Flip the kernel"): setting("course", flip=True),
            _("Keep the size: pad by 1"): setting("sobel_x", padding=(1, 1)),
            _("Make it too large"): setting("course", kernel="1 1 1 1; 1 1 1 1; 1 1 1 1; 1 1 1 1"),
        }
    )


def questions() -> list[Question]:
    """What learners ask, with the experiment that answers."""
    return [
        Question(
            N_("Is this really a convolution?"),
            N_(
                "Strictly it is a cross-correlation. The convolution of mathematics turns the "
                "kernel by 180° first (upside down *and* left to right; that is not transposing). "
                "A network learns its kernel, so it would learn the turned one: nothing is lost. "
                "The example then gives 5, 11, 23, 29 instead of 19, 25, 37, 43, and the edge "
                "kernel [1, −1] only swaps the signs of its two edges."
            ),
            setting("course", flip=True),
        ),
        Question(
            N_("Can convolution be used on time series?"),
            N_(
                "Yes: one axis instead of two. A series is an input of one row, and the kernel "
                "slides along time. Here [−1, 1] gives the change from each hour to the next."
            ),
            setting("series"),
        ),
        Question(
            N_("The formula gives me 7, but PyTorch 8. Who is wrong?"),
            N_(
                "Two meanings of p. In PyTorch `padding=1` is one cell *on each side*, 2 in total. "
                "For 8 cells, a kernel of 3 and padding 1 the formula with the total, "
                "8 − 3 + 2 + 1, gives 8; with p = 1 put in for the total it gives 7. Here padding "
                "is always per side, and the formula says 2p."
            ),
            setting("course", input=EIGHT, kernel="1 0 -1; 1 0 -1; 1 0 -1", padding=(1, 1)),
        ),
        Question(
            N_("With a stride of 3 down and 2 across, does the window move both ways at once?"),
            N_(
                "No. It walks along a row first, 2 columns at a time; at the end of the row it "
                "starts again at the left, 3 rows further down. Press Play and watch the frame."
            ),
            setting("course", stride=(3, 2), padding=(1, 1)),
        ),
        Question(
            N_("Why does the edge kernel see nothing once the image is turned?"),
            N_(
                "[1, −1] compares a cell with its neighbour on the right. In the turned image "
                "these two are always equal, so every output is 0. Edges that lie across need the "
                "kernel turned too: 1 above −1."
            ),
            setting("edges", input=TURNED, kernel="1; -1"),
        ),
    ]
