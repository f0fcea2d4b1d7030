"""Words that the boards on runs share, in the reader's language; the browser fills in {…}."""

import re

from explorer.language import _
from explorer.runs import TITLES, Status


def statuses() -> dict[str, str]:
    """status_running → "running" …"""
    return {f"status_{status}": _(title) for status, title in TITLES.items()}


def asks() -> dict[str, str]:
    """What can be asked of a run, and what stands there until it is done."""
    return {
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
    }


def charts() -> dict[str, str]:
    """Words of every chart of curves."""
    return {
        "accuracy": _("Accuracy"),
        "loss": _("Loss"),
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
        "hours": _("{n} h"),
        "by_epoch": _("epoch"),
        "by_step": _("step"),
        "by_seconds": _("seconds of training"),
        "by_images": _("pictures seen"),
        "by_flops": _("FLOPs of training (3 × forward)"),
        "step_n": _("step {n}"),
        "lost": _("The server does not answer. Trying again …"),
    }


def learned() -> dict[str, str]:
    """Words of kernels and predictions."""
    return {
        "kernels": _("First kernels"),
        "all_kernels": _("{n} kernels of {c} × {h} × {w} weights"),
        "some_kernels": _("the first {n} of {total} kernels, {c} × {h} × {w} weights each"),
        "kernel_colours": _("One scale for all kernels, from their largest weight; white is zero."),
        "no_kernels": _("This network does not begin with a convolution."),
        "weight": _("kernel {k}, row {row}, column {column}: {value}"),
        "weight_of_channel": _("kernel {k}, channel {c}, row {row}, column {column}: {value}"),
        "same_pictures": _("The same ten pictures, predicted now"),
        "picture_of": _("A test picture: {what}"),
        "right": _("Right: it is {what}."),
        "wrong": _("Wrong: it is {what}."),
        "not": _("is {what}"),
    }


def title(status: Status) -> str:
    """A status in a word."""
    return _(TITLES[status])


def duration(seconds: float) -> str:
    """3.2 → "3.2 s", 138 → "2 min 18 s"."""
    if seconds < 10:
        return _("{n} s").format(n=f"{seconds:.1f}")
    whole = round(seconds)
    if whole < 100:
        return _("{n} s").format(n=whole)
    if whole < 600:
        return _("{m} min {s} s").format(m=whole // 60, s=whole % 60)
    if whole < 6000:
        return _("{n} min").format(n=round(whole / 60))
    return _("{n} h").format(n=f"{seconds / 3600:.2g}")


def percent(share: float | None) -> str:
    """0.8734 → "87.3 %", as on the boards."""
    return "–" if share is None else f"{100 * share:.1f}\u202f%"


def literal(text: str) -> str:
    """What a visitor wrote, for a place that reads Markdown: every sign as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+.!$<>~|:&-])", r"\\\1", text)
