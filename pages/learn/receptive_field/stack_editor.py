"""A stack edited layer by layer; the text in `field_stack` is what counts.

Each change of a row rewrites the text. When anything else does, the rows are drawn anew under
other keys: what a browser still says of the old ones is then not taken for a change of those
that have moved into their place.
"""

from collections.abc import Sequence

import streamlit as st

from explorer.base.language import N_, _
from explorer.lessons import field_stack
from explorer.lessons.field_stack import Layer

KINDS = {"conv": N_("convolution"), "max": N_("max pooling"), "avg": N_("average pooling")}
SETTINGS = ("kind", "kernel", "stride", "padding", "dilation")
TURN, WRITTEN = "field rows drawn anew", "field stack as rows have it"


def rows(text: str) -> None:
    """One row of controls for each layer."""
    try:
        layers = field_stack.parse(text)
    except ValueError:
        st.markdown(_("The text is not understood; mend it first."))
        return
    if st.session_state.get(WRITTEN) != text:
        _draw_anew(text)
    turn = st.session_state[TURN]
    for number, layer in enumerate(layers):
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"field_row_{number}"):
            _edit_layer(turn, number, layer)
    st.button(_("Add a 3 × 3"), icon=":material/add:", key="field_add", on_click=_add)


def _draw_anew(text: str) -> None:
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    st.session_state[WRITTEN] = text


def _edit_layer(turn: int, number: int, layer: Layer) -> None:
    keys = _keys(turn, number)
    for name, key in keys.items():
        st.session_state[key] = getattr(layer, name)
    words = {name: _(word) for name, word in KINDS.items()}
    st.selectbox(
        _("Layer {n}").format(n=number + 1),
        list(words),
        format_func=words.__getitem__,
        key=keys["kind"],
        on_change=_change,
        args=(turn, number),
        width=146,
    )
    numbers = {
        "kernel": _("Kernel"),
        "stride": _("Stride"),
        "padding": _("Padding"),
        "dilation": _("Dilation"),
    }
    for name, label in numbers.items():
        least = 0 if name == "padding" else 1
        st.number_input(
            label, least, 16, step=1, key=keys[name], on_change=_change, args=(turn, number),
            width=84,
        )  # fmt: skip
    st.button(
        "",
        icon=":material/delete:",
        key=f"field_delete_{turn}_{number}",
        help=_("Remove layer {n}").format(n=number + 1),
        on_click=_remove,
        args=(turn, number),
    )


def _keys(turn: int, number: int) -> dict[str, str]:
    return {name: f"field_{name}_{turn}_{number}" for name in SETTINGS}


def _change(turn: int, number: int) -> None:
    if turn != st.session_state[TURN]:
        return
    layers = list(field_stack.parse(st.session_state[WRITTEN]))
    settings = {name: st.session_state[key] for name, key in _keys(turn, number).items()}
    if settings["kind"] == "avg":
        settings["dilation"] = 1
    layers[number] = Layer(**settings)
    _write(layers)


def _write(layers: Sequence[Layer]) -> None:
    st.session_state["field_stack"] = st.session_state[WRITTEN] = field_stack.spell(layers)


def _add() -> None:
    _write([*field_stack.parse(st.session_state[WRITTEN]), *field_stack.parse("c3")])


def _remove(turn: int, number: int) -> None:
    if turn != st.session_state[TURN]:
        return
    layers = list(field_stack.parse(st.session_state[WRITTEN]))
    del layers[number]
    _write(layers)
    _draw_anew(st.session_state[WRITTEN])
