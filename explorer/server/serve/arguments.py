"""The arguments of the command `serve`."""

import argparse

from explorer.base.language import _


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to listen, what to answer to, and by how many processes."""
    parser.add_argument(
        "--port", type=int, default=8501, help=_("where to start looking for a free port")
    )
    parser.add_argument(
        "--everyone",
        action="store_true",
        help=_("let the whole network in, not this machine alone"),
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help=_("a name or an address to answer to besides this machine's own; may be repeated"),
    )
    parser.add_argument(
        "--certificate", default="", metavar="FILE", help=_("serve TLS with this certificate (PEM)")
    )
    parser.add_argument(
        "--key-file", default="", metavar="FILE", help=_("the key of the certificate (PEM)")
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help=_("server processes, behind HAProxy, for a large class"),
    )
