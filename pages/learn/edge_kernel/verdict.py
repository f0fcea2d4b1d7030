"""What became of a run, in words and numbers, and a way out of what went wrong."""

import math
from collections.abc import Sequence

import streamlit as st

from explorer.base.language import _, ngettext
from explorer.base.units import exact, percent, raised
from explorer.lessons import edge_kernel as engine
from explorer.lessons.edge_kernel import Bowl, Descent
from explorer.ui import lesson
from pages.learn.edge_kernel.problem_picker import Choice

LETTERS = "AB"


def number(value: float, digits: int = 3) -> str:
    """0.0333, −1.49, 3.11 × 10¹⁸, ∞, NaN."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa} × 10{raised(int(exponent))}"
    return text.replace("-", "−")


def verdict(choice: Choice, shape: Bowl, runs: Sequence[Descent]) -> None:
    """For each run one sentence or two: what happened, and the numbers that made it happen."""
    for index, run in enumerate(runs):
        letter = f"{LETTERS[index]} · " if len(runs) > 1 else ""
        what = engine.outcome(run, choice.problem, shape)
        text = letter + _sentence(what, run, shape, choice)
        if what in ("diverging", "overflow", "nan"):
            _mend(text, shape, ("edge_rate", "edge_compare")[index])
        else:
            st.markdown(text)
    if 0.0 in shape.curvatures and not math.isinf(shape.critical_rate):
        st.markdown(_blind(shape))


def _sentence(what: engine.Outcome, run: Descent, shape: Bowl, choice: Choice) -> str:
    if what == "flat":
        return _("**Nothing to learn.** The loss is the same for every kernel: its gradient is 0.")
    first, last = run.records[0].loss, run.records[-1].loss
    factors = shape.factors(run.rate)
    best, critical = _apart(shape.fastest_rate, shape.critical_rate)
    words: dict[str, object] = {
        "steps": run.records[-1].step,
        "first": number(first),
        "last": number(last),
        "rate": f"{run.rate:g}",
        "critical": critical,
        "steep": number(factors[-1]),
        "kernel": _kernel(run, choice) if len(factors) <= 3 else "",
        "curvature": number(shape.curvatures[-1], 4),
        "best": best,
        "share": percent(last / first if first else 0, ".2g"),
        "error": number(_error(run, choice), 2),
        "slow": _slow(shape, run.rate) if what in ("output only", "on the way") else "",
        "overflow": run.overflow_step,
        "nan": run.nan_step,
    }
    return _sentences()[what].format(**words)


def _apart(least: float, most: float) -> tuple[str, str]:
    """Two numbers with as few digits as keep them apart, from three on."""
    pairs = ((number(least, digits), number(most, digits)) for digits in range(3, 9))
    return next((pair for pair in pairs if pair[0] != pair[1]), (number(least), number(most)))


def _slow(shape: Bowl, rate: float) -> str:
    """Which axis holds the run up, and for how long."""
    curvature, steps = shape.slowest(rate)
    words = ngettext(
        "Along the flattest axis (λ = {curvature}) a step leaves {left} of the error: {n} step "
        "takes nine tenths of it.",
        "Along the flattest axis (λ = {curvature}) a step leaves {left} of the error: {n} steps "
        "take nine tenths of it.",
        steps,
    )
    if rate * curvature > 1:
        words = ngettext(
            "Along the steepest axis (λ = {curvature}) a step crosses the valley and leaves {left} "
            "of the error: {n} step takes nine tenths of it.",
            "Along the steepest axis (λ = {curvature}) a step crosses the valley and leaves {left} "
            "of the error: {n} steps take nine tenths of it.",
            steps,
        )
    left = percent(abs(1 - rate * curvature), ".5g")
    return words.format(curvature=number(curvature), left=left, n=exact(steps))


def _error(run: Descent, choice: Choice) -> float:
    """The largest error of a weight, or of the bias, at the end."""
    pairs = zip(run.records[-1].parameters, choice.problem.solution, strict=True)
    return max(abs(weight - target) for weight, target in pairs)


def _kernel(run: Descent, choice: Choice) -> str:
    weights = [f"{value:.3f}".replace("-", "−") for value in run.records[-1].parameters]
    targets = [number(value) for value in choice.problem.solution]
    if choice.problem.bias:
        text = _(", the kernel is {found} and the bias {bias} (asked for: {asked} and 0)")
        return text.format(
            found=" ".join(weights[:-1]), bias=weights[-1], asked=" ".join(targets[:-1])
        )
    text = _(", the kernel is {found} (asked for: {asked})")
    return text.format(found=" ".join(weights), asked=" ".join(targets))


def _sentences() -> dict[engine.Outcome, str]:
    overshoot = _(
        "**It runs away.** {rate} is above 2/λ = 2/{curvature} = {critical}: every step "
        "overshoots the valley. Along the steepest axis the error is multiplied by "
        "1 − {rate} · {curvature} = {steep}: it changes sides and grows. "
    )
    return {
        "found": _(
            "**Yes.** In {steps} steps the loss falls from {first} to {last}{kernel}. "
            "Rates above **{critical}** = 2/{curvature} run away."
        ),
        "look-alike": _(
            "**The output is right, the kernel is another.** In {steps} steps the loss falls "
            "from {first} to {last}{kernel}."
        ),
        "on the way": _(
            "**On its way.** In {steps} steps the loss falls from {first} to {last}{kernel}. "
            "{best} is the best rate here; above **{critical}** = 2/{curvature} it runs away. "
            "{slow}"
        ),
        "output only": _(
            "**The output is learned, the kernel is not yet.** In {steps} steps the loss falls "
            "from {first} to {last}: {share} of it is left, so the output is nearly right. But "
            "weights are still off by up to {error}{kernel}: this image hardly tells such kernels "
            "apart. {slow}"
        ),
        "critical": _(
            "**It swings for ever.** The rate is 2/{curvature} = {critical} itself: along the "
            "steepest axis each step leads just as far to the other side of the valley."
        ),
        "diverging": overshoot + _("Loss: {first} at the start, {last} after {steps} steps."),
        "overflow": overshoot
        + _(
            "From step {overflow} on the loss is ∞: 32-bit numbers end at 3.4 × 10³⁸, and the loss "
            "squares the errors."
        ),
        "nan": overshoot
        + _(
            "From step {overflow} on the loss is ∞ (32-bit numbers end at 3.4 × 10³⁸); by step "
            "{nan} the weights are too, and ∞ − ∞ is NaN, no number. What is computed with NaN is "
            "NaN: the run is lost."
        ),
    }


def _mend(text: str, shape: Bowl, key: str) -> None:
    """What went wrong, and a button for a rate that works."""
    with st.container(key=f"lesson_{key}"):
        words, mended = st.columns([7, 1], vertical_alignment="center")
        words.markdown(f":material/warning: {text}")
        working = _working_rate(shape)
        mended.button(
            _("Use {rate}").format(rate=working),
            key=f"mend_{key}",
            on_click=lesson.put,
            args=({key: working},),
            type="primary",
        )


def _working_rate(shape: Bowl) -> str:
    """The best rate, kept well below the critical one and rounded down to two digits."""
    rate = min(shape.fastest_rate, 0.9 * shape.critical_rate)
    digit = 10.0 ** (math.floor(math.log10(rate)) - 1)
    return f"{math.floor(rate / digit) * digit:.2g}"


def _blind(shape: Bowl) -> str:
    return _(
        "**This image cannot tell all kernels apart**: along {flat} of {all} axes the loss is "
        "flat, and there the kernel keeps what it began with."
    ).format(flat=shape.curvatures.count(0.0), all=len(shape.curvatures))
