"""A kernel on a real photograph, a known one or the board's: before and after, on top of each
other, with a divider to drag (or arrow keys).
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import numpy as np
import streamlit as st
import torch
from torch.nn import functional

from explorer.base import inputs, language
from explorer.base.language import _
from explorer.base.tasks import Task
from explorer.base.units import times
from explorer.data import photographs
from explorer.data.decoding import pools
from explorer.data.decoding.pictures import MOST_BYTES
from explorer.data.photographs import Photograph
from explorer.figures import maps
from explorer.figures.pictures import address
from explorer.networks import ops
from explorer.ui import progress, transport
from explorer.ui.boards.component import Component
from explorer.ui.boards.window_board import Sliding
from explorer.ui.save_buttons import save_button
from pages.learn.convolution.state import KERNELS, STATE

DIVIDER = Component(
    Path(__file__).with_name("divider.js"),
    "divider",
    '<img class="after"><img class="before"><i class="line"></i>'
    '<span class="name left"></span><span class="name right"></span>'
    '<input type="range" min="0" max="100" step="1" value="50">',
)


def convolve(photograph: Photograph, sliding: Sliding) -> Photograph:
    """The kernel (its flip and dilation too) over the photograph, padded with zeros to its size."""
    kernel = torch.tensor(sliding.kernel, dtype=torch.float64)
    if sliding.flip:
        kernel = ops.flip(kernel)
    spans = [d * (k - 1) for d, k in zip(sliding.dilation, kernel.shape, strict=True)]
    top, left = (span // 2 for span in spans)  # an even kernel's odd cell: right and below
    x = torch.tensor(photograph)  # a copy: the kept one is read-only
    padded = functional.pad(x, (left, spans[1] - left, top, spans[0] - top))
    y = functional.conv2d(padded[None, None], kernel[None, None], dilation=sliding.dilation)
    result: Photograph = y[0, 0].numpy()
    return result


def _grey(values: Photograph, most: float = 1.0) -> bytes:
    """Brightness as a PNG: 0 is black, `most` white, beyond is cut off."""
    return maps.photograph(np.rint(np.clip(values / most, 0, 1) * 255).astype(np.uint8)[None])


def drawn(result: Photograph, sliding: Sliding) -> tuple[bytes, str]:
    """The result as PNG, and how it is to be read.

    Weights that add up to something keep the brightness: the result is a picture again. Weights
    that add up to zero (or less) answer to changes alone, of either sign.
    """
    total = float(np.sum(sliding.kernel))
    if total > 1e-6:
        words = _(
            "The weights add up to {total:g}: a picture again, black 0 to white {total:g}, cut off "
            "outside."
        )
        return _grey(result, total), words.format(total=total)
    most = float(np.quantile(np.abs(result), 0.995)) or 1.0
    words = _(
        "The weights add up to {total}: only changes answer. Blue −{most:.2g}, white 0, "
        "orange {most:.2g}; stronger answers (1 in 200) are cut off."
    )
    spelled = f"{total:g}".replace("-", "−")
    png = maps.picture(maps.coloured(result, most, signed=True), signed=True)
    return png, words.format(total=spelled, most=most)


@dataclass(frozen=True)
class Treated:
    """A photograph before and after, as PNG; how the result is to be read, and its checksum."""

    before: bytes
    after: bytes
    words: str
    total: float


def treated(photograph: Photograph, sliding: Sliding) -> Treated:
    """What the kernel makes of it."""
    result = convolve(photograph, sliding)
    after, words = drawn(result, sliding)
    return Treated(_grey(photograph), after, words, float(np.sum(result)))


@lru_cache(maxsize=64)  # some 200 kB each
def _ours(name: str, sliding: Sliding, _language: str) -> Treated:
    """`treated`, of a photograph that everybody has, kept for everybody."""
    return treated(_photograph(name), sliding)


def _photograph(name: str) -> Photograph:
    return photographs.photograph(cast(Literal["china", "flower"], name))


def _picked() -> Photograph | str | None:
    """The photograph that the visitor chose, by name if it is ours; None while there is none."""
    source: str = STATE.pick_one("conv_photo", _("Photograph"))
    if source in photographs.NAMES:
        return source
    if source == "upload":
        file = st.file_uploader(
            _("A PNG or JPEG picture"),
            ["png", "jpg", "jpeg"],
            key="conv_file",
            max_upload_size=MOST_BYTES // 1_000_000,
        )
    else:
        file = transport.camera(_("Take a picture"), key="conv_camera", width=420)

    def start(content: bytes) -> Task[Photograph]:
        return photographs.start_upload(content, client=progress.client())

    return progress.read(file, start, pools.PICTURES, "conv")


def _kernel(sliding: Sliding) -> Sliding:
    """The kernel that is picked, whatever input the board holds."""
    name: str = STATE.pick_one("conv_photo_kernel", _("Kernel"))
    if name == "board":
        return replace(sliding, name="", input=(), refusal="")
    return Sliding("", (), inputs.parse_matrix(KERNELS[name]))


def show(sliding: Sliding) -> None:
    """Before | after, with a divider to drag."""
    st.subheader(_("A kernel on a photograph"), anchor=False)
    picture, text = st.columns([5, 3], gap="medium")
    with text:
        kernel = _kernel(sliding)
        picture_source = _picked()
    if picture_source is None:
        picture.info(_("Choose a picture on the right; it stays in this session and is not kept."))
        return
    if isinstance(picture_source, str):
        photograph = _photograph(picture_source)
        with_kernel = _ours(picture_source, kernel, language.current())
    else:
        photograph, with_kernel = picture_source, treated(picture_source, kernel)
    with picture:
        # Where the divider stands is the browser's own affair. The element to wait for in a test
        # is `[data-divider-painted="<name>"]`.
        DIVIDER(
            key="conv_divider",
            data={
                "before": address(with_kernel.before),
                "after": address(with_kernel.after),
                "names": (_("before"), _("after")),
                "label": _("Divider between before and after"),
                "name": f"{sliding.name}-{with_kernel.total:.3f}",
            },
        )
    with text:
        st.markdown(with_kernel.words)
        st.caption(
            _("Grey, {size} pixels; stride 1 and zeros around it, so that the size stays.").format(
                size=times(photograph.shape)
            )
        )
        save_button(_("After (PNG)"), with_kernel.after, "convolved.png")
