"""Words that the boards on runs share, in the reader's language; the browser fills in {…}."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from explorer.base import plain_text
from explorer.base.language import N_, _
from explorer.runs import TITLES, Run, Status, engines


def labels() -> dict[str, str]:
    """By the names that the boards know them by: status_running → "running" …"""
    return {
        **{f"status_{status}": _(title) for status, title in TITLES.items()},
        # What can be asked of a run, and what stands there until it is done.
        "pause": _("Pause"),
        "stop": _("Stop"),
        "cancel": _("Cancel"),
        "resume": _("Resume"),
        "retry": _("Train again"),
        "asked_pause": _("pausing …"),
        "asked_stop": _("stopping …"),
        "asked_cancel": _("cancelling …"),
        "asked_resume": _("resuming …"),
        "asked_retry": _("starting anew …"),
        # Curves.
        "accuracy": _("Accuracy"),
        "loss": _("Loss"),
        "gradient": _("Norm of the gradient"),
        "rate": _("Learning rate"),
        "more_curves": _("Gradient and learning rate"),
        "train": _("training"),
        "test": _("test"),
        "reset": _("Show all"),
        "toggle": _("Show or hide this curve"),
        "smoothing": _("smoothing"),
        "logarithmic": _("loss logarithmic"),
        "epoch_word": _("Epochs"),
        "step_word": _("Steps"),
        "seconds_word": _("Seconds"),
        "images_word": _("Pictures"),
        "flops_word": _("FLOPs"),
        "seconds": _("{n} s"),
        "minutes_seconds": _("{m} min {s} s"),
        "minutes": _("{n} min"),
        "hours_minutes": _("{h} h {m} min"),
        "by_epoch": _("epoch"),
        "by_step": _("step"),
        "by_seconds": _("seconds of training"),
        "by_images": _("pictures seen"),
        "by_flops": _("FLOPs of training (3 × forward)"),
        "at_epoch": _("epoch {n}"),
        "at_step": _("step {n}"),
        "at_seconds": _("after {n} of training"),
        "at_images": _("{n} pictures seen"),
        "at_flops": _("{n}FLOPs of training"),
        "no_numbers": _("Nothing to draw: no value was a finite number."),
        "lost": _("The server does not answer. Trying again …"),
        # Kernels and predictions.
        "kernels": _("First kernels"),
        "all_kernels": _("{n} kernels of {c} × {h} × {w} weights"),
        "some_kernels": _("the first {n} of {total} kernels, {c} × {h} × {w} weights each"),
        "kernel_colours": _("One scale for all kernels; white is zero."),
        "one_scale": _("One scale for all epochs."),
        "no_kernels": _("This network does not begin with a convolution."),
        "weight": _("kernel {k}, row {row}, column {column}: {value}"),
        "weight_of_channel": _("kernel {k}, channel {c}, row {row}, column {column}: {value}"),
        "same_pictures": _("The same ten pictures, predicted now"),
        "picture_of": _("A test picture: {what}"),
        "right": _("Right: it is {what}."),
        "wrong": _("Wrong: it is {what}."),
        "is": _("is {is}"),
    }


def title(status: Status) -> str:
    """A status in a word."""
    return _(TITLES[status])


def device_of(run: Run) -> str:
    """The device that trains a run, or will: by its title, where that is known here."""
    if run.device_title:
        return run.device_named
    waits_for = [
        each for each in engines.devices(run.engine) if run.device in (each.name, each.kind)
    ]
    if len(waits_for) != 1:
        return run.device
    return replace(run, device_title=waits_for[0].title).device_named


literal = plain_text.markdown  # what a visitor wrote, for a place that reads Markdown


# -- how it is computed ---------------------------------------------------------------------------

# Format and `machine.Numbers.reason` → a sentence.
_NUMBERS = {
    ("bfloat16", "asked"): N_(
        "Products are computed in bfloat16, as the recipe asks; weights are kept in float32."
    ),
    ("bfloat16", "gains"): N_(
        "Products are computed in bfloat16, by which this device gains; weights are kept in "
        "float32."
    ),
    ("float32", "asked"): N_("Everything is computed in float32, as the recipe asks."),
    ("float32", "small"): N_(
        "Everything is computed in float32: bfloat16 costs so small a network more than it gains."
    ),
    ("float32", "slow"): N_(
        "Everything is computed in float32: this device is not faster in bfloat16."
    ),
    ("float32", "old"): N_(
        "Everything is computed in float32: this card cannot multiply in bfloat16 (its compute "
        "capability is below 8.0). Float16, which it can, would need the loss scaled anew at "
        "every step; that is not done here."
    ),
}


def numbers(name: str, reason: str) -> str:
    """In which format products are computed, and why; of older runs only the format."""
    sentence = _NUMBERS.get((name, reason))
    return _(sentence) if sentence else name


def launching(capture: Mapping[str, Any]) -> str:
    """How a GPU is told its steps, from the fields of `training.Capture`."""
    if capture["captured"]:
        return _(
            "Steps are replayed as one CUDA graph; its first ones were compared with ordinary ones."
        )
    if capture["reason"] == "no_room":
        return _(
            "Steps are launched operation by operation: the device's memory does not suffice for "
            "one CUDA graph beside them."
        )
    if capture["reason"] == "runaway":
        return _(
            "Steps are launched operation by operation: they gave no numbers (NaN or infinity) "
            "before one CUDA graph could be compared with them."
        )
    if capture["reason"] == "differs" and capture["excess"] is None:
        return _(
            "Steps are launched operation by operation: replayed as one CUDA graph they gave no "
            "numbers (NaN or infinity) where ordinary ones did."
        )
    if capture["reason"] == "differs":
        return _(
            "Steps are launched operation by operation: replayed as one CUDA graph they differed "
            "from ordinary ones ({excess} times what is let pass)."
        ).format(excess=f"{capture['excess']:.3g}")
    return _(
        "Steps are launched operation by operation: they could not be recorded as one CUDA graph "
        "(`{error}`)."
    ).format(error=" ".join(capture["error"].replace("`", "'").split()))
