"""Gradient descent on one kernel, recorded step by step, and the bowl that it rolls down.

The task: from an image and what an unknown kernel makes of it, find that kernel. The loss is a
quadratic function of the weights and the bias, so its Hessian is the same everywhere and says
exactly which learning rates work: the error along the Hessian's axis i shrinks, or grows, by
|1 − rate·λᵢ| at every step (Goodfellow, Bengio & Courville 2016, section 8.2.1 and equation 4.9).

Parameters are always listed kernel first, row by row, then the bias if there is one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import conv2d, unfold

from explorer.base.language import _

Reduction = Literal["sum", "mean"]
Outcome = Literal[
    "flat", "nan", "overflow", "diverging", "critical", "found", "look-alike", "output only",
    "on the way",
]  # fmt: skip

LARGEST_KERNEL = 3  # cells each way
MAX_STEPS = 300
MAX_RATE = 1000.0
RIGHT_OUTPUT = 0.01  # share of the first loss below which the output counts as right
RIGHT_KERNEL = 0.1  # error below which the kernel does, as a share of the largest weight (or of 1)
_ZERO = 1e-10  # share of the largest eigenvalue below which rounding made it


# -- images, brightness from 0 to 1 -----------------------------------------------------------


def bars() -> Tensor:
    """The course's image, (6, 8): white, four black columns in the middle."""
    image = torch.ones(6, 8)
    image[:, 2:6] = 0
    return image


def transposed() -> Tensor:
    """`bars` with rows and columns exchanged, (8, 6): every edge lies flat."""
    return bars().T.contiguous()


def diagonal() -> Tensor:
    """White below the diagonal, black above it, (8, 8)."""
    return torch.ones(8, 8).tril()


# -- the task ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Problem:
    """Find `target_kernel` (kH, kW) from `image` (H, W) and the output that it makes of it.

    Raises:
        ValueError: a kernel of one cell or above 3 × 3, or one that does not fit the image.
    """

    image: Tensor
    target_kernel: Tensor
    bias: bool = False
    reduction: Reduction = "sum"

    def __post_init__(self) -> None:
        rows, columns = self.target_kernel.shape
        if not (rows * columns > 1 and max(rows, columns) <= LARGEST_KERNEL):
            message = _(
                "The target kernel is {rows} × {columns}. It needs at least two cells to "
                "compare, and at most 3 × 3: write 1 × 2, 2 × 1 or more, for example 1 -1."
            )
            raise ValueError(message.format(rows=rows, columns=columns))
        height, width = self.image.shape
        if rows > height or columns > width:
            message = _(
                "The kernel is {rows} × {columns}, but the image is only {height} × {width}: "
                "it fits nowhere. Choose a larger image or a smaller kernel."
            )
            sizes = {"rows": rows, "columns": columns, "height": height, "width": width}
            raise ValueError(message.format(**sizes))

    @property
    def target(self) -> Tensor:
        """What the target kernel makes of the image, (H − kH + 1, W − kW + 1)."""
        return correlate(self.image, self.target_kernel)

    @property
    def solution(self) -> tuple[float, ...]:
        """Parameters at which the loss is 0: the target kernel, and no bias."""
        return (*self.target_kernel.flatten().tolist(), *([0.0] if self.bias else []))


def correlate(image: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """The kernel at every place where it fits on the image, (H − kH + 1, W − kW + 1)."""
    return conv2d(image[None, None], kernel[None, None], bias)[0, 0]


def loss_of(output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
    """Squared errors over all outputs, summed up or averaged."""
    errors = (output - target) ** 2
    return errors.sum() if reduction == "sum" else errors.mean()


# -- where descent begins ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Start:
    """A first kernel (kH, kW) and a first bias (1,), which only a problem with a bias reads."""

    kernel: Tensor
    bias: Tensor


# Where the course's printed run must have begun (it sets no seed): its descent run backwards from
# the weights that it prints at the end.
COURSE_START = Start(
    torch.tensor([[-0.6743654605078688, -0.8242515944525736]]),
    torch.tensor([0.8389931764886753]),
)


def random_start(problem: Problem, seed: int) -> Start:
    """Standard normal numbers: the kernel's first, then the bias."""
    generator = torch.Generator().manual_seed(seed)
    kernel = torch.randn(problem.target_kernel.shape, generator=generator)
    return Start(kernel, torch.randn(1, generator=generator))


# -- descent ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """Where descent stands after `step` updates. Numbers may be infinite or NaN."""

    step: int
    parameters: tuple[float, ...]
    loss: float
    gradient: tuple[float, ...]

    @property
    def is_nan(self) -> bool:
        """Some number is no number any more (∞ − ∞)."""
        return any(map(math.isnan, (*self.parameters, self.loss)))


@dataclass(frozen=True)
class Descent:
    """A run: `records[k]` after k updates, up to the last step or the first NaN."""

    rate: float
    records: tuple[Record, ...]

    @property
    def overflow_step(self) -> int | None:
        """The first step at which the loss is too large for the number format."""
        return next((r.step for r in self.records if not math.isfinite(r.loss)), None)

    @property
    def nan_step(self) -> int | None:
        """The first step with a NaN; descent ends there, since NaN never goes away."""
        return next((r.step for r in self.records if r.is_nan), None)


def descend(
    problem: Problem, start: Start, rate: float, steps: int, dtype: torch.dtype = torch.float32
) -> Descent:
    """Plain gradient descent with torch's own gradient, as the course writes it."""
    kernel = start.kernel.to(dtype).clone().requires_grad_()
    bias = start.bias.to(dtype).clone().requires_grad_() if problem.bias else None
    parameters = [kernel] if bias is None else [kernel, bias]
    image, target = problem.image.to(dtype), problem.target.to(dtype)
    records: list[Record] = []
    for step in range(steps + 1):
        loss = loss_of(correlate(image, kernel, bias), target, problem.reduction)
        gradients = torch.autograd.grad(loss, parameters)
        records.append(Record(step, _flat(parameters), loss.item(), _flat(gradients)))
        if records[-1].is_nan:
            break
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(rate * gradient)
    return Descent(rate, tuple(records))


def _flat(tensors: Sequence[Tensor]) -> tuple[float, ...]:
    return tuple(number for tensor in tensors for number in tensor.detach().flatten().tolist())


# -- the bowl ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Bowl:
    """The loss as ½ (θ − θ*)ᵀ H (θ − θ*): its Hessian H (n, n) and what follows from it.

    `curvatures` are H's eigenvalues, the flattest first; `axes[:, i]` is the direction of the
    i-th. All float64. The loss at θ*, the problem's solution, is 0.
    """

    hessian: Tensor
    curvatures: tuple[float, ...]
    axes: Tensor

    @property
    def critical_rate(self) -> float:
        """2 / λmax: above it descent runs away; infinite if the loss is flat everywhere."""
        return 2 / self.curvatures[-1] if self.curvatures[-1] else math.inf

    @property
    def fastest_rate(self) -> float:
        """2 / (λmin + λmax), over the axes that are not flat: the best worst factor."""
        curved = [value for value in self.curvatures if value]
        return 2 / (curved[0] + curved[-1]) if curved else math.inf

    def factors(self, rate: float) -> tuple[float, ...]:
        """What one step multiplies the error along each axis by: 1 − rate·λ."""
        return tuple(1 - rate * value for value in self.curvatures)

    def slowest(self, rate: float) -> tuple[float, int]:
        """The curvature of the axis that holds a run up, and its steps until a tenth is left.

        At small rates that is the flattest axis that is not flat, near the critical one the
        steepest; `rate` is below the critical one.
        """
        curved = [value for value in self.curvatures if value]
        value = max(curved, key=lambda each: abs(1 - rate * each))
        share = abs(1 - rate * value)
        return value, math.ceil(math.log(0.1) / math.log(share)) if share else 1


def bowl(problem: Problem) -> Bowl:
    """Exact: with one row of A for the cells under each window, H = 2AᵀA, divided by the number
    of windows if the loss is a mean. A column of ones stands for the bias."""
    cells = unfold(problem.image[None, None].double(), tuple(problem.target_kernel.shape))[0].T
    if problem.bias:
        cells = torch.cat([cells, torch.ones(len(cells), 1, dtype=cells.dtype)], dim=1)
    hessian = 2 * cells.T @ cells
    if problem.reduction == "mean":
        hessian = hessian / len(cells)
    values, axes = torch.linalg.eigh(hessian)
    least = _ZERO * values[-1].item()
    curvatures = tuple(value if value > least else 0.0 for value in values.tolist())
    return Bowl(hessian, curvatures, axes)


def outcome(run: Descent, problem: Problem, shape: Bowl) -> Outcome:
    """What became of a run, and at this rate must become of it.

    A rate above the critical one counts as diverging even while the loss still falls: the
    steepest axis grows from the first step on, however small it began. A look-alike makes nearly
    the right output, and the image cannot tell its kernel from others; where it can, a kernel that
    is not near yet has learned the output only.
    """
    critical_rate = shape.critical_rate
    if math.isinf(critical_rate):
        return "flat"
    if run.nan_step is not None:
        return "nan"
    if run.overflow_step is not None:
        return "overflow"
    if math.isclose(run.rate, critical_rate, rel_tol=1e-6):
        return "critical"
    if run.rate > critical_rate:
        return "diverging"
    first, last = run.records[0].loss, run.records[-1].loss
    if last > RIGHT_OUTPUT * first:
        return "on the way"
    pairs = zip(run.records[-1].parameters, problem.solution, strict=True)
    error = max(abs(reached - target) for reached, target in pairs)
    near = error <= RIGHT_KERNEL * (max(map(abs, problem.solution)) or 1.0)
    if not shape.curvatures[0]:
        return "look-alike"
    return "found" if near else "output only"
