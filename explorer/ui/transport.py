"""How a page came to its visitor: in the clear over the network, or so that nobody reads along."""

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.base.language import _


def in_the_clear() -> bool:
    """Whether this page was asked for over plain http from another machine."""
    url = urlsplit(st.context.url or "")
    return url.scheme == "http" and not _this_machine(url.hostname or "")


def _this_machine(host: str) -> bool:
    """Whether a browser counts the host as the machine that it runs on itself."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def camera(label: str, *, key: str, width: int | None = None) -> UploadedFile | None:
    """A picture from the visitor's camera; a sentence where browsers give none."""
    if in_the_clear():
        st.info(
            _(
                "Browsers give a page their camera only over https, or on the machine itself. "
                "Who started the server can serve https: serve --certificate FILE --key-file FILE."
            ),
            icon=":material/no_photography:",
        )
        return None
    return st.camera_input(label, key=key, width=width or "stretch")
