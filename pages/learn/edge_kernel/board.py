"""The descent board: loss surface, loss by step, kernel and output, scrubbed together; a run as a
table, and the PyTorch code of exactly that run.

All steps of all runs, the Hessian and the image go to the browser in one message; `board.js` and
its parts move through them without asking the server. A number that is not finite goes there as
"∞", "−∞" or "NaN": JSON knows no such numbers. What comes back are two events: a learning rate
chosen on the ruler, and a cell clicked in a drawing. Elements to wait for in a test:
`[data-descent-painted="<key>"]`, which also carries `data-step` and, for a small image,
`data-output`: what the browser worked out for that step.
"""

import json
import math
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from torch import Tensor

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.lessons.edge_kernel import Bowl, Descent, Problem, Record, Start
from explorer.ui.boards.component import Component

BOARD = Component(Path(__file__).with_suffix(".js"), "descent")

Data = dict[str, Any]
Number = float | str  # a finite number, or one of the three signs above


def _sign(number: float) -> Number:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    return number


def names(problem: Problem) -> list[str]:
    """Such as "w₁", "w₂", … row by row, then "b"."""
    subscripts = [chr(ord("₁") + index) for index in range(problem.target_kernel.numel())]
    return [f"w{each}" for each in subscripts] + (["b"] if problem.bias else [])


def _step(record: Record) -> Data:
    """Where a run stands after some updates: parameters, loss, gradient."""
    return {
        "p": [_sign(number) for number in record.parameters],
        "loss": _sign(record.loss),
        "g": [_sign(number) for number in record.gradient],
    }


def board(problem: Problem, shape: Bowl, runs: Sequence[Descent], *, drawable: bool) -> Data:
    """What the board draws for one or two runs of the same problem.

    `key` names it: a new key is painted anew. The cells of a `drawable` image can be clicked.
    """
    critical = shape.critical_rate
    data = {
        "labels": labels(),
        "image": problem.image.tolist(),
        "target_kernel": problem.target_kernel.tolist(),
        "target": problem.target.tolist(),
        "names": names(problem),
        "bias": problem.bias,
        "reduction": problem.reduction,
        "hessian": shape.hessian.tolist(),
        "solution": list(problem.solution),
        "spectrum": {
            "curvatures": list(shape.curvatures),  # the flattest first
            "axes": shape.axes.T.tolist(),
            # None: flat everywhere, no rate diverges.
            "critical": critical if math.isfinite(critical) else None,
        },
        "runs": [{"rate": run.rate, "steps": list(map(_step, run.records))} for run in runs],
        "drawable": drawable,
    }
    return {"key": sha256(json.dumps(data).encode()).hexdigest()[:12], **data}


def labels() -> dict[str, str]:
    """The board's words, in the reader's language; {braces} are filled in by the browser."""
    return {
        "surface": _("Loss surface"),
        "weights": _("over {x}, {y}"),
        "main_axes": _("over its axes"),
        "slice": _("Slice where the run stands: {others}."),
        "slice_target": _("Slice through the target: {others}."),
        "loss_here": _("At {place} the loss is {loss}."),
        "whole": _("All there is: the loss has no other parameter."),
        "axes_note": _("Across λ = {flat}, up λ = {steep}; the other axes’ share left out."),
        "flattest": _("flattest axis"),
        "steepest": _("steepest axis"),
        "target_here": _("target kernel"),
        "outside": _("The run has left this picture, to {place}."),
        "flat": _("The loss is flat here: nothing to roll down."),
        "curve": _("Loss by step"),
        "step_axis": _("step (updates done)"),
        "image": _("image"),
        "kernel": _("kernel now"),
        "output": _("its output"),
        "target": _("the target"),
        "colours": _(
            "In the image black is 0 and white 1; elsewhere blue is −{reach}, white 0, orange "
            "{reach}."
        ),
        "draw_hint": _("Click a cell of the image to turn it over."),
        "arithmetic": _("Point at an output cell for its arithmetic."),
        "cell": _("row {row}, column {column}: {sum} = {value}; target {target}"),
        "now": _("Step {step} of {steps} · loss {loss}"),
        "play": _("Play"),
        "pause": _("Pause"),
        "first": _("To the start"),
        "back": _("One step back"),
        "forward": _("One step on"),
        "last": _("To the end"),
        "scrub": _("Step"),
        "speed": _("Speed"),
        "rate": _("Learning rate"),
        "rate_hint": _("Drag, or use the arrow keys, to try another rate."),
        "second_rate": _("Second learning rate"),
        "glides": _("glides down"),
        "zigzags": _("zigzags"),
        "diverges": _("runs away"),
        "critical": _("{rate} diverges beyond here"),
        "any_rate": _("The loss is flat: no rate runs away, and none learns anything."),
        "update": _("The next update, in numbers"),
        "update_rule": _("next = now − rate × gradient"),
        "value": _("now"),
        "gradient": _("gradient"),
        "change": _("− rate × gradient"),
        "next": _("next"),
        "chip": _("rate {rate}"),
        "chip_hint": _("Show this run’s kernel, output and update."),
        "surface_meaning": _(
            "Contours of the loss over two parameters, with the path of descent from its start; "
            "the same numbers stand in the table below."
        ),
        "curve_meaning": _("The loss after each step, on a logarithmic scale."),
    }


# -- to take along ----------------------------------------------------------------------------


def steps_csv(problem: Problem, runs: Sequence[Descent]) -> str:
    """One line per run and step: parameters, loss, gradient, in full precision."""
    plain = _plain_names(problem)
    head = ["rate", "step", "loss", *plain, *(f"d_loss/d_{name}" for name in plain)]
    rows = (
        [run.rate, each.step, each.loss, *each.parameters, *each.gradient]
        for run in runs
        for each in run.records
    )
    return spreadsheet.text([head, *rows])


def _plain_names(problem: Problem) -> list[str]:
    weights = [f"w{number}" for number in range(1, problem.target_kernel.numel() + 1)]
    return weights + (["bias"] if problem.bias else [])


def pytorch(problem: Problem, start: Start, rate: float, steps: int) -> str:
    """Source text that repeats the run by itself and prints the loss before each update."""
    bias = f"bias = {_literal(start.bias)}.requires_grad_()\n" if problem.bias else ""
    parameters = "[kernel, bias]" if problem.bias else "[kernel]"
    added = ", bias" if problem.bias else ""
    return f"""import torch
import torch.nn.functional as F

image = {_literal(problem.image)}  # (H, W)
target_kernel = {_literal(problem.target_kernel)}
kernel = {_literal(start.kernel)}.requires_grad_()
{bias}parameters = {parameters}
rate, steps = {rate!r}, {steps}

target = F.conv2d(image[None, None], target_kernel[None, None])
for step in range(1, steps + 1):
    output = F.conv2d(image[None, None], kernel[None, None]{added})
    loss = ((output - target) ** 2).{problem.reduction}()
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients):
            parameter -= rate * gradient
    print(f"step {{step}}, loss {{loss.item():.6g}}")
print(*(parameter.tolist() for parameter in parameters))
"""


def _literal(tensor: Tensor) -> str:
    rows = [json.dumps(row) for row in tensor.tolist()]
    if len(rows) == 1 or tensor.dim() == 1:
        return f"torch.tensor({tensor.tolist()!r})"
    inner = "".join(f"    {row},\n" for row in rows)
    return f"torch.tensor([\n{inner}])"
