"""Choosing a picture for a network to look at.

In the address a picture is one word: "fashion_mnist:test:17", "photograph:china", "drawing:…". A
visitor's own picture is `OWN`: it stays in the visitor's session, and no link takes it along.
"""

import html
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.base.language import N_, _
from explorer.base.tasks import Task
from explorer.base.units import times
from explorer.data import datasets, photographs, pictures
from explorer.data.decoding import pools
from explorer.data.decoding.pictures import MOST_BYTES
from explorer.data.pictures import FITS, NORMALISATIONS, Picture
from explorer.figures import maps
from explorer.figures import pictures as figures
from explorer.ui import link_warnings, page_address, progress, transport
from explorer.ui.picture_picker import browse, drawing
from explorer.ui.picture_picker.browse import Mistakes, Place
from explorer.ui.state import OneOf, Open, State
from explorer.weights import Model

_FITS = {"squeeze": N_("squeeze"), "crop": N_("crop"), "pad": N_("pad")}
FIELDS = (Open("picture", shared=True), OneOf("fit", "squeeze", _FITS))
OWN, DRAWING, PHOTOGRAPH = "own", "drawing", "photograph"
WIDTH = 460  # pixels of the part that opens
LARGEST = MOST_BYTES // 2**20 + 1  # megabytes that a browser sends; the last one is counted here
SMALL = 56  # of the two pictures beside each other
# Words beside them: as wide and as high for every picture, so that nothing moves while leafing.
WORDS = "width:200px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis"
ALIKE = 1.02  # times wider or taller than this is no other shape
FIRST = ("fashion_mnist", "digits")  # of these, the first that is at hand gives the first picture


def first(dataset: str = "") -> str:
    """The picture to begin with: of the data that the network learned from, if it is here."""
    if dataset == "imagenet":
        return f"{PHOTOGRAPH}:{photographs.NAMES[0]}"
    here = (name for name in (dataset, *FIRST) if name and datasets.at_hand(name))
    return f"{next(here)}:test:0"


# -- which one is chosen ----------------------------------------------------------------------


def _choose(key: str, spelled: str) -> None:
    st.session_state[f"{key} chosen"] = spelled


def _choice(state: State, key: str, default: str) -> str:
    """What was chosen, on any page of this section, or what the address says where it wins."""
    if state.takes_query(f"{key}_opened") and (state.query(key) or page_address.came_back()):
        _choose(key, state.query(key))
    return st.session_state.get(f"{key} chosen") or default


def _read(key: str, spelled: str) -> Picture:
    if spelled == OWN:
        own: Picture | None = st.session_state.get(f"{key} {OWN}")
        if own is None:
            raise ValueError(
                _("The picture of this link stayed with the visitor who gave it. Choose another.")
            )
        return own
    kind, _colon, rest = spelled.partition(":")
    if kind == DRAWING:
        return drawing.picture(drawing.read(rest))
    return pictures.named(spelled)


def pick(
    state: State, key: str, label: str, default: str, mistakes: Mistakes | None = None
) -> Picture:
    """A picture, chosen behind a button; in the address under `key`.

    What cannot be had is said, and the `default` shown in its place.
    """
    spelled = _choice(state, key, default)
    try:
        picture = _read(key, spelled)
    except ValueError as error:
        link_warnings.say_error(error)
        spelled = default
        _choose(key, "")
        picture = pictures.named(default)
    # The button says the same for every picture: under another label it would close.
    opened = st.popover(
        label, icon=":material/image:", key=state.key(f"{key}_opened"), on_change="rerun"
    )
    if opened.open:
        with opened, st.container(width=WIDTH):
            _ways(state, key, spelled, mistakes)
    state.put(key, spelled, default)
    return picture


def title(picture: Picture) -> str:
    """What it shows, where that is known, and where it comes from."""
    if picture.label is None:
        return picture.title
    return f"{picture.classes[picture.label]} · {picture.title}"


# -- the ways to choose one -------------------------------------------------------------------


def _ways(state: State, key: str, spelled: str, mistakes: Mistakes | None) -> None:
    words = {
        "data": _("Data set"),
        PHOTOGRAPH: _("Photograph"),
        DRAWING: _("Draw"),
        "upload": _("Upload"),
        "camera": _("Camera"),
    }
    kind = spelled.partition(":")[0]
    if state.get(f"{key}_way") is None:  # just opened
        now = kind if kind in (PHOTOGRAPH, DRAWING) else "upload" if kind == OWN else "data"
        state[f"{key}_way"] = now
    way = st.segmented_control(
        _("Where it comes from"),
        list(words),
        default="data",
        format_func=words.__getitem__,
        key=state.key(f"{key}_way"),
        required=True,
        label_visibility="collapsed",
    )
    if way == "data":
        place = Place.read(spelled) or Place.read(first())
        assert place is not None
        browse.controls(state.key(key), place, mistakes, partial(_choose, key))
    elif way == PHOTOGRAPH:
        with st.container(horizontal=True):
            for name in photographs.NAMES:
                args = (key, f"{PHOTOGRAPH}:{name}")
                st.button(name, key=state.key(f"{key}_{name}"), on_click=_choose, args=args)
    elif way == DRAWING:
        _drawing(state, key, spelled)
    elif way == "upload":
        file = st.file_uploader(
            _("A PNG or JPEG file"),
            ["png", "jpg", "jpeg"],
            key=state.key(f"{key}_file"),
            max_upload_size=LARGEST,
        )
        _own(key, file, OWN)
        _offer_invert(key)
    else:
        file = transport.camera(_("Take a picture"), key=state.key(f"{key}_camera"))
        _own(key, file, "camera")
        _offer_invert(key)


def _drawing(state: State, key: str, spelled: str) -> None:
    kind, _colon, rest = spelled.partition(":")
    cells = drawing.read(rest) if kind == DRAWING else bytes(drawing.CELLS)

    def drawn(strokes: bytes) -> None:
        _choose(key, f"{DRAWING}:{drawing.spell(strokes)}")

    drawing.grid(cells, key=state.key(f"{key}_grid"), on_draw=drawn)


def _own(key: str, file: UploadedFile | None, way: str) -> None:
    """Take an upload or a camera's picture, once."""
    last = f"{key} {way} taken"
    if file and st.session_state.get(last) == file.file_id:
        return

    def start(content: bytes) -> Task[Picture]:
        assert file
        name = file.name.rpartition(".")[0] if way == OWN else _("from the camera")
        return pictures.start_upload(content, name[:40], progress.client())

    picture = progress.read(file, start, pools.PICTURES, f"{key}_{way}")
    if file is None or picture is None:
        return
    progress.forget(f"{key}_{way}")
    st.session_state[last] = file.file_id
    st.session_state[f"{key} {OWN}"] = picture
    _choose(key, OWN)
    st.rerun()


def _offer_invert(key: str) -> None:
    """A visitor's own picture with light and dark exchanged, once there is one."""
    own: Picture | None = st.session_state.get(f"{key} {OWN}")
    if own is None:
        return

    def invert() -> None:
        st.session_state[f"{key} {OWN}"] = replace(own, pixels=255 - own.pixels)
        _choose(key, OWN)

    about = _("The data sets here that are drawn or written are white on black.")
    st.button(_("Invert"), icon=":material/invert_colors:", on_click=invert, help=about,
              key=f"{key}_invert")  # fmt: skip


# -- what the network receives ----------------------------------------------------------------


def pick_fit(state: State) -> str:
    """How a picture of another shape is made to fit; in the address as `fit`."""
    fit: str = state.pick_listed("fit", _("Fit"), width=110)
    return fit


def beside(picture: Picture, model: Model, fit: str) -> None:
    """The picture as it was given, and as the network gets it."""
    prepared = pictures.prepare(picture, model.size, fit, model.normalisation)
    size, got = times(tuple(picture.pixels.shape[1:])), times(tuple(prepared.tensor.shape[1:]))
    images = [
        f'<img alt="{html.escape(words)}" title="{html.escape(words)}" '
        f'src="{figures.address(maps.photograph(pixels.numpy(), SMALL))}">'
        for words, pixels in (
            (_("as it was given: {size} pixels").format(size=size), picture.pixels),
            (_("what the network gets: {size}").format(size=got), prepared.pixels),
        )
    ]
    description = _("given {given}; the network gets {got}: {fit}; {numbers}").format(
        given=size, got=got, fit=_(FITS[fit]), numbers=_(NORMALISATIONS[model.normalisation])
    )
    style = "display:flex;gap:7px;align-items:center;font-size:13px;line-height:1.25"
    st.html(
        f'<div style="{style}">{images[0]}<span>▸</span>{images[1]}'
        f'<span style="{WORDS}" title="{html.escape(description)}">'
        f"<b>{html.escape(title(picture))}</b><br>"
        f"{size} ▸ {got}</span></div>",
        width="content",
    )
    with st.popover(_("Which fit?"), icon=":material/help:", type="tertiary"):
        st.markdown(_answer(pictures.wider(picture, model.size)))


def _answer(wider: float) -> str:
    """A learner's question about a picture so many times wider than the network's input."""
    question = _("**The network takes one shape, and my picture has another. Which fit is best?**")
    advice = _(
        "Most networks were shown their pictures with the ratio of the sides kept: shrunk until "
        "the shorter side fits, the rest of the longer one cut off. If what matters may lie in "
        "what is cut off, show the network several crops, the middle and the corners, and average "
        "its answers. The data sets here are square: runs trained here never had to choose."
    )
    return "\n\n".join((question, advice, _fits(wider)))


def _fits(wider: float) -> str:
    """What each fit does to this picture."""
    times_wider = max(wider, 1 / wider)
    if times_wider < ALIKE:
        return _("This picture has the network's shape already: all three fits give the same.")
    squeezed = _("narrower") if wider > 1 else _("flatter")
    share = 100 / times_wider
    lines = (
        _("*squeeze* keeps everything, and makes all of it {n} times {squeezed}."),
        _("*crop* keeps the shapes, and {kept} % of the picture: its middle."),
        _("*pad* keeps both; {black} % of what the network gets is black, which it may never "
          "have met in training."),
    )  # fmt: skip
    numbers = dict(
        n=f"{times_wider:.3g}", squeezed=squeezed, kept=f"{share:.0f}", black=f"{100 - share:.0f}"
    )
    return _("With this picture:") + "".join(f"\n- {line.format(**numbers)}" for line in lines)
