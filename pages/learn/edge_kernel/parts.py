"""The parts of the page on learning an edge kernel: experiments, board, text, things to take."""

from collections.abc import Sequence
from functools import partial

import streamlit as st
from torch import Tensor

from explorer.base import inputs
from explorer.base.language import N_, _
from explorer.lessons.edge_kernel import Bowl, Descent
from explorer.ui import lesson
from explorer.ui.lesson import Question, Setting
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
from pages.learn.edge_kernel import board as boards
from pages.learn.edge_kernel.problem_picker import COURSE, DEFAULTS, Choice
from pages.learn.edge_kernel.verdict import number

# What the course's code printed: the loss before the update of that step, and the weights and the
# bias after the last.
PRINTED_LOSSES = {5: 6.806, 10: 1.376, 15: 0.325, 20: 0.084}
PRINTED_PARAMETERS = (0.9189, -0.9376, 0.0104)


def _setting(**changed: str | bool) -> Setting:
    """Every control at its default, but for those named without their `edge_`."""
    return {**DEFAULTS, **{f"edge_{key}": value for key, value in changed.items()}}


COURSE_RUN = _setting(rate="0.01", bias=True, start=COURSE)
RUNAWAY = _setting(rate="0.03", bias=True, start=COURSE)
TO_NAN = _setting(rate="0.03", steps="120", bias=True, start=COURSE)
TURNED = _setting(image="transposed", rate="0.01", start="4")

QUESTIONS = (
    Question(
        N_("Does anyone tell the kernel what an edge is?"),
        N_(
            "No. It sees the image, and what an edge detector made of it. The gradient of the "
            "squared error says for each weight whether more or less of it would bring the output "
            "nearer to the target. From any random start that leads to the same kernel: change "
            "the seed and look."
        ),
        COURSE_RUN,
    ),
    Question(
        N_("One note trains with rate 0.03. Why does the same rate explode in the other?"),
        N_(
            "The first updates the kernel only, the other its bias too. A bias is read by every "
            "output, so it makes the loss much steeper: the largest curvature rises from 60 to "
            "124.3, and the largest rate that works, 2/λ, falls from 0.0333 to 0.0161."
        ),
        RUNAWAY,
    ),
    Question(
        N_("Why does the loss grow, though every step goes downhill?"),
        N_(
            "Each step starts downhill but is too long: it crosses the valley and ends higher up "
            "on the other side, where the slope is steeper, so the next step is longer still."
        ),
        TO_NAN,
    ),
    Question(
        N_("Why does it not find 1 −1 in the turned image?"),
        N_(
            "Neighbours in a row are equal there, so only the sum of the two weights matters: any "
            "kernel w, −w gives the output 0 that is asked for. The loss is a valley with a flat "
            "floor, and descent stops where it first reaches it. Data without vertical edges "
            "cannot teach a detector for them."
        ),
        TURNED,
    ),
    Question(
        N_("Is a rate of 1 always too large?"),
        N_(
            "No: it depends on the scale of the loss. Averaged over the 42 outputs instead of "
            "summed up, the loss is 42 times flatter, and so 42 times larger rates work."
        ),
        _setting(rate="0.03", compare="1", loss="mean"),
    ),
)


def prompts() -> None:
    """Experiments that set every control."""
    lesson.try_this(
        {
            _("The course’s run"): COURSE_RUN,
            _("0.03 without a bias"): _setting(rate="0.03", steps="10"),
            _("0.03 with a bias"): RUNAWAY,
            _("Until NaN"): TO_NAN,
            _("Two rates at once"): _setting(rate="0.03", compare="0.005"),
            _("Learn a Sobel kernel from a photograph"): _setting(
                image="photo", kernel="1 0 -1; 2 0 -2; 1 0 -1", rate="0.2", steps="300", loss="mean"
            ),
        }
    )


# -- the board --------------------------------------------------------------------------------


def board(choice: Choice, shape: Bowl, runs: Sequence[Descent]) -> None:
    """Everything that moves. What is chosen on it goes into widgets, before the page runs again."""
    drawable = choice.image == "own"
    boards.BOARD(
        key="edge_board",
        data=boards.board(choice.problem, shape, runs, drawable=drawable),
        on_rates_change=_put_rates,
        on_cell_change=partial(_turn_over, choice.problem.image),
    )


def _put_rates() -> None:
    """The learning rates of the ruler, one for each run."""
    rates = st.session_state["edge_board"].rates or ()
    for key, rate in zip(("edge_rate", "edge_compare"), rates, strict=False):
        st.session_state[key] = f"{float(rate):g}"


def _turn_over(image: Tensor) -> None:
    """A cell of the image on the board, which the text may no longer say, from dark to light."""
    row, column = map(int, st.session_state["edge_board"].cell or (-1, -1))
    if not (0 <= row < image.shape[0] and 0 <= column < image.shape[1]):
        return  # clicked on a larger image, before the browser had this one
    cells = image.clone()
    cells[row, column] = 0.0 if cells[row, column] > 0.5 else 1.0
    st.session_state["edge_drawing"] = inputs.spell_matrix(cells.tolist())


# -- to read, to compare, to take along -------------------------------------------------------


def explanation(choice: Choice, shape: Bowl) -> None:
    """What is on the board, in two minutes."""
    st.subheader(_("What you see"), anchor=False)
    st.markdown(
        _(
            "The kernel begins at random. Its output is compared with the **target**, what the "
            "target kernel makes of the same image. The **loss** is the sum (or mean) of the "
            "squared differences, and the **gradient** says how it changes with each weight. "
            "A step goes against it: *next = now − rate × gradient*.\n\n"
            "The output is linear in the weights, so the loss is a **bowl**: its curvature, the "
            "Hessian, is the same everywhere. Along an axis of curvature λ a step multiplies the "
            "error by 1 − rate · λ. Below 1/λ it glides down, between 1/λ and 2/λ it crosses the "
            "valley and still comes closer, above 2/λ it ends up further away than before. The "
            "steepest axis sets the limit, the flattest one the patience needed."
        )
    )
    factors = [shape.factors(rate) for rate in choice.rates]
    each = _("error per step, rate {rate}")
    names = [each.format(rate=f"{rate:g}") for rate in choice.rates]
    show_table(
        [
            {
                _("curvature λ"): number(value, 4),
                _("rates that work, below 2/⁠λ"): number(2 / value) if value else "∞",
                **{
                    name: f"× {number(each[index])}"
                    for name, each in zip(names, factors, strict=True)
                },
            }
            for index, value in reversed(list(enumerate(shape.curvatures)))
        ],
        numbers="curvatures",
    )


def course(choice: Choice, run: Descent) -> None:
    """The course's printed numbers beside ours, if this is the course's run."""
    if not (_is_course(choice) and run.records[-1].step == max(PRINTED_LOSSES)):
        return
    st.subheader(_("The course’s run"), anchor=False)
    show_table(
        [
            {
                _("step"): str(step),
                _("loss, printed in the course"): f"{loss:.3f}",
                _("loss here"): f"{run.records[step - 1].loss:.3f}",
            }
            for step, loss in PRINTED_LOSSES.items()
        ],
        numbers="course",
    )
    weights = ", ".join(number(value, 4) for value in run.records[-1].parameters)
    printed = ", ".join(number(value, 4) for value in PRINTED_PARAMETERS)
    st.caption(
        _(
            "The course prints the loss *before* the update of that step: its step 5 is 4 updates "
            "in. At the end it has w₁, w₂, b = {printed}; here {weights}. It sets no seed: the "
            "start is worked out backwards from its last weights."
        ).format(printed=printed, weights=weights)
    )


def _is_course(choice: Choice) -> bool:
    problem = choice.problem
    return (
        choice.from_course
        and choice.image == "bars"
        and problem.target_kernel.tolist() == [[1, -1]]
        and problem.bias
        and problem.reduction == "sum"
        and choice.rates[0] == 0.01
    )


def downloads(choice: Choice, runs: Sequence[Descent]) -> None:
    """The steps as a table, and the code of exactly this run."""
    code = boards.pytorch(choice.problem, choice.start, choice.rates[0], choice.steps)
    with st.container(horizontal=True):
        save_button(_("Steps (CSV)"), boards.steps_csv(choice.problem, runs), "descent.csv")
        save_button(_("This run in PyTorch (.py)"), code, "descent.py")
    with st.expander(_("This run in PyTorch"), icon=":material/code:"):
        st.code(code, language="python", height=420 if code.count("\n") > 40 else "content")
