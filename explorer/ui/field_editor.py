"""A stack edited layer by layer; the text in `field_stack` is what counts."""

import streamlit as st

from explorer import field_stack
from explorer.field_stack import Layer
from explorer.language import N_, _

KINDS = {"conv": N_("convolution"), "max": N_("max pooling"), "avg": N_("average pooling")}


def rows(text: str) -> None:
    """One row of controls for each layer; each change rewrites the text."""
    try:
        layers = field_stack.parse(text)
    except ValueError:
        st.markdown(_("The text is not understood; mend it first."))
        return
    for number, layer in enumerate(layers):
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"field_row_{number}"):
            _edit_layer(number, layer)
    st.button(_("Add a 3 × 3"), icon=":material/add:", key="field_add", on_click=_add)


def _edit_layer(number: int, layer: Layer) -> None:
    keys = {name: f"field_{name}_{number}" for name in ("kind", "kernel", "stride", "padding",
                                                        "dilation")}  # fmt: skip
    for name, key in keys.items():
        st.session_state[key] = getattr(layer, name)
    words = {name: _(word) for name, word in KINDS.items()}
    st.selectbox(
        _("Layer {n}").format(n=number + 1),
        list(words),
        format_func=words.__getitem__,
        key=keys["kind"],
        on_change=_change,
        args=(number,),
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
            label, least, 16, step=1, key=keys[name], on_change=_change, args=(number,), width=84
        )
    st.button(
        "",
        icon=":material/delete:",
        key=f"field_delete_{number}",
        help=_("Remove layer {n}").format(n=number + 1),
        on_click=_remove,
        args=(number,),
    )


def _change(number: int) -> None:
    layers = list(field_stack.parse(st.session_state["field_stack"]))
    told = {
        name: st.session_state[f"field_{name}_{number}"]
        for name in ("kind", "kernel", "stride", "padding", "dilation")
    }
    if told["kind"] == "avg":
        told["dilation"] = 1
    layers[number] = Layer(**told)
    st.session_state["field_stack"] = field_stack.spell(layers)


def _add() -> None:
    st.session_state["field_stack"] += " c3"


def _remove(number: int) -> None:
    layers = list(field_stack.parse(st.session_state["field_stack"]))
    del layers[number]
    st.session_state["field_stack"] = field_stack.spell(layers)
