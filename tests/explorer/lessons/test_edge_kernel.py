"""A kernel learned by descent: the course's runs, the Hessian, the critical rate, blow-ups."""

import csv
import json
import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from explorer.lessons import edge_kernel as engine
from explorer.lessons.edge_kernel import Descent, Problem, Start
from pages.learn.edge_kernel import board as board_data

pytestmark = pytest.mark.usefixtures("one_thread")
EDGE = torch.tensor([[1.0, -1.0]])


def course(*, bias: bool) -> Problem:
    return Problem(engine.bars(), EDGE, bias)


def random_problem(seed: int) -> Problem:
    """A random image and kernel; sizes, bias and reduction vary with the seed."""
    generator = torch.Generator().manual_seed(seed)
    rows, columns = [(1, 2), (2, 1), (2, 2), (3, 3), (1, 3)][seed % 5]
    image = torch.rand(4 + seed % 4, 5 + seed % 3, generator=generator)
    kernel = torch.randn(rows, columns, generator=generator)
    return Problem(image, kernel, seed % 2 == 0, "sum" if seed % 3 else "mean")


def flat_loss(problem: Problem, parameters: Tensor) -> Tensor:
    """The loss as one function of all parameters, for torch's own derivatives."""
    cells = problem.target_kernel.numel()
    kernel = parameters[:cells].reshape(problem.target_kernel.shape)
    bias = parameters[cells:] if problem.bias else None
    output = engine.correlate(problem.image.double(), kernel, bias)
    return engine.loss_of(output, problem.target.double(), problem.reduction)


# -- the course -------------------------------------------------------------------------------


WITHOUT_A_BIAS = {
    0.01: [23.4286, 3.7991, 0.647, 0.1338, 0.0449, 0.0254, 0.0181, 0.0138, 0.0106, 0.0082],
    0.03: [23.4286, 14.9754, 9.5765, 6.1258, 3.9192, 2.5077, 1.6047, 1.0269, 0.6572, 0.4206],
    0.034: [23.4286, 25.2803, 27.3221, 29.5442, 31.9524, 34.5588, 37.3785, 40.4284, 43.7274],
}  # the losses of the first steps
WITH_A_BIAS = {
    0.01: [7.148, 0.802, 0.091, 0.011],
    0.016: [78.590, 68.547, 61.272, 54.805],
    0.0165: [126.500, 205.243, 337.657, 555.594],
    0.03: [257731.750, 5909179392.0, 135483501838336.0, 3106315786659037184.0],
}  # before the updates of steps 5, 10, 15, 20


@pytest.mark.parametrize("bias", [False, True])
def test_rates_below_and_above_the_critical_one(bias: bool) -> None:
    problem = course(bias=bias)
    shape = engine.bowl(problem)
    for rate, expected in (WITH_A_BIAS if bias else WITHOUT_A_BIAS).items():
        run = engine.descend(problem, engine.random_start(problem, 0), rate, 20)
        losses = [record.loss for record in run.records]
        losses = losses[4:20:5] if bias else losses[: len(expected)]
        assert losses == pytest.approx(expected, rel=1e-4, abs=6e-4 if bias else 1e-4)
        below = rate < shape.critical_rate
        assert (losses == sorted(losses, reverse=True)) == below
        assert (engine.outcome(run, problem, shape) == "diverging") == (not below)


def test_the_critical_rates_of_the_courses_image() -> None:
    without, with_bias = (engine.bowl(course(bias=bias)) for bias in (False, True))
    assert without.curvatures == pytest.approx((12, 60))
    assert without.critical_rate == pytest.approx(2 / 60)
    assert with_bias.curvatures == pytest.approx((12, 19.69321267751192, 124.30678732248806))
    assert with_bias.critical_rate == pytest.approx(0.016089226043718888)
    assert with_bias.hessian.tolist() == [[36, 24, 36], [24, 36, 36], [36, 36, 84]]


# -- the bowl ---------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_hessian_is_torchs_own_and_the_loss_its_bowl(seed: int) -> None:
    problem = random_problem(seed)
    shape = engine.bowl(problem)
    generator = torch.Generator().manual_seed(seed + 1)
    at = torch.randn(len(problem.solution), generator=generator, dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(lambda point: flat_loss(problem, point), at)
    torch.testing.assert_close(shape.hessian, hessian)
    away = at - torch.tensor(problem.solution, dtype=torch.float64)
    # The image and the target are float32 numbers: so exact is the bottom of the bowl.
    torch.testing.assert_close(
        away @ hessian @ away / 2, flat_loss(problem, at), rtol=1e-5, atol=1e-6
    )
    rebuilt = shape.axes @ torch.diag(torch.tensor(shape.curvatures).double()) @ shape.axes.T
    torch.testing.assert_close(rebuilt, hessian, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_just_below_the_critical_rate_it_converges_just_above_it_diverges(seed: int) -> None:
    problem = random_problem(seed)
    shape = engine.bowl(problem)
    start = engine.random_start(problem, seed)
    steep = shape.axes[:, -1]

    def run(share: float) -> tuple[Descent, list[float]]:
        rate = share * shape.critical_rate
        descent = engine.descend(problem, start, rate, 300, torch.float64)
        points = torch.tensor([each.parameters for each in descent.records], dtype=torch.float64)
        errors = (points - torch.tensor(problem.solution, dtype=torch.float64)) @ steep
        return descent, errors.abs().tolist()

    below, shrinking = run(0.995)
    losses = [record.loss for record in below.records]
    assert losses == sorted(losses, reverse=True)
    assert shrinking[-1] == pytest.approx(0.99**300 * shrinking[0], rel=1e-3)
    calm = ("found", "look-alike", "output only", "on the way")
    assert engine.outcome(below, problem, shape) in calm
    above, growing = run(1.005)
    assert growing[-1] == pytest.approx(1.01**300 * growing[0], rel=1e-3)
    assert above.records[-1].loss > above.records[150].loss
    assert engine.outcome(above, problem, shape) == "diverging"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 0.98))
def test_the_slowest_axis_is_the_last_to_lose_nine_tenths_of_its_error(seed: int, share: float):
    shape = engine.bowl(random_problem(seed))
    rate = share * shape.critical_rate
    curvature, steps = shape.slowest(rate)
    left = [abs(1 - rate * each) ** steps for each in shape.curvatures if each]
    before = abs(1 - rate * curvature) ** (steps - 1)
    assert max(left) <= 0.1 + 1e-9 < before or steps == 1
    assert abs(1 - rate * curvature) ** steps == pytest.approx(max(left))


def test_at_the_critical_rate_itself_it_swings_for_ever() -> None:
    problem = course(bias=False)
    shape = engine.bowl(problem)
    start = engine.random_start(problem, 3)
    run = engine.descend(problem, start, shape.critical_rate, 200, torch.float64)
    assert run.records[200].loss == pytest.approx(run.records[100].loss, rel=1e-6)
    assert engine.outcome(run, problem, shape) == "critical"


def test_the_turned_image_leaves_one_direction_unseen() -> None:
    problem = Problem(engine.transposed(), EDGE)
    shape = engine.bowl(problem)
    assert shape.curvatures == pytest.approx((0, 80))
    run = engine.descend(problem, engine.random_start(problem, 0), 0.01, 40)
    weights = run.records[-1].parameters
    assert run.records[-1].loss == pytest.approx(0, abs=1e-10)
    assert weights[0] == pytest.approx(-weights[1], abs=1e-5)
    first = run.records[0].parameters
    assert weights[0] - weights[1] == pytest.approx(first[0] - first[1], abs=1e-5)
    assert engine.outcome(run, problem, shape) == "look-alike"


def test_a_black_image_teaches_nothing_and_a_kernel_of_zeros_can_be_found() -> None:
    black, zeros = Problem(torch.zeros(4, 4), EDGE), Problem(engine.bars(), torch.zeros(1, 2))
    assert math.isinf(engine.bowl(black).critical_rate)  # no rate runs away
    for problem, rate, outcome in ((black, 100, "flat"), (zeros, 0.02, "found")):
        run = engine.descend(problem, engine.random_start(problem, 0), rate, 100)
        assert engine.outcome(run, problem, engine.bowl(problem)) == outcome
        moved = run.records[0].parameters != run.records[-1].parameters
        assert moved == (outcome == "found")


# -- blow-ups are data ------------------------------------------------------------------------


def test_overflow_and_nan_are_found_and_end_the_run() -> None:
    problem = course(bias=True)
    shape = engine.bowl(problem)
    run = engine.descend(problem, engine.COURSE_START, 0.03, 300)
    assert run.overflow_step is not None
    assert run.nan_step is not None
    assert run.overflow_step < run.nan_step == run.records[-1].step < 300
    before = run.records[run.overflow_step - 1]
    assert torch.finfo(torch.float32).max / 10 < before.loss <= torch.finfo(torch.float32).max
    assert engine.outcome(run, problem, shape) == "nan"
    short = engine.descend(problem, engine.COURSE_START, 0.03, run.overflow_step)
    assert short.nan_step is None
    assert engine.outcome(short, problem, shape) == "overflow"
    exact = engine.descend(problem, engine.COURSE_START, 0.03, run.overflow_step, torch.float64)
    assert exact.overflow_step is None  # 64 bits reach 10³⁰⁸


def test_seeds_fix_the_start() -> None:
    problem = course(bias=True)
    first, again, other = (engine.random_start(problem, seed) for seed in (5, 5, 6))
    assert torch.equal(first.kernel, again.kernel)
    assert torch.equal(first.bias, again.bias)
    assert not torch.equal(first.kernel, other.kernel)


@pytest.mark.parametrize(
    ("shape", "message"), [((1, 1), "1 × 1"), ((1, 4), "1 × 4"), ((3, 3), "only 2 × 8")]
)
def test_kernels_that_make_no_task_are_refused(shape: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Problem(torch.ones(2, 8), torch.ones(shape))


# -- what is drawn, and taken along -----------------------------------------------------------


def test_the_boards_message_is_json_even_when_numbers_are_not() -> None:
    problem = course(bias=True)
    shape = engine.bowl(problem)
    runs = [engine.descend(problem, engine.COURSE_START, rate, 120) for rate in (0.01, 0.03)]
    data = board_data.board(problem, shape, runs, drawable=False)
    again = json.loads(json.dumps(data, allow_nan=False))
    assert again["names"] == ["w₁", "w₂", "b"]
    assert again["runs"][1]["steps"][-1]["loss"] == "NaN"
    assert again["runs"][1]["steps"][60]["loss"] == "∞"
    assert again["spectrum"]["critical"] == pytest.approx(0.01608922604)
    assert data["key"] != board_data.board(problem, shape, runs[:1], drawable=False)["key"]
    black = Problem(torch.zeros(3, 3), EDGE)
    still = engine.descend(black, engine.random_start(black, 0), 1, 1)
    flat = board_data.board(black, engine.bowl(black), [still], drawable=True)
    assert flat["spectrum"]["critical"] is None


def test_the_table_holds_every_number_in_full() -> None:
    problem = course(bias=True)
    run = engine.descend(problem, engine.COURSE_START, 0.01, 20)
    head, *rows = csv.reader(board_data.steps_csv(problem, [run]).splitlines())
    parameters = ["w1", "w2", "bias"]
    assert head == [
        "rate",
        "step",
        "loss",
        *parameters,
        *(f"d_loss/d_{name}" for name in parameters),
    ]
    assert [list(map(float, row)) for row in rows] == [
        [0.01, each.step, each.loss, *each.parameters, *each.gradient] for each in run.records
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_code_gives_the_same_run(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    problem = random_problem(seed)
    start: Start = engine.random_start(problem, seed)
    rate = 0.5 * engine.bowl(problem).critical_rate
    run = engine.descend(problem, start, rate, 6)
    script = board_data.pytorch(problem, start, rate, 6)
    assert "explorer" not in script
    exec(script, {})  # noqa: S102 (our own program)
    *steps, last = capsys.readouterr().out.splitlines()
    losses = [float(line.split()[-1]) for line in steps]
    parameters = [float(word) for word in re.sub(r"[\[\],]", " ", last).split()]
    assert losses == pytest.approx([record.loss for record in run.records[:6]], rel=1e-4)
    assert parameters == pytest.approx(run.records[6].parameters, rel=1e-4, abs=1e-5)
