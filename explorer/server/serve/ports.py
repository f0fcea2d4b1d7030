"""TCP ports that nobody listens on."""

import errno
import os
import socket

from explorer.base.language import _
from explorer.server.serve.hosts import LOOPBACK

PORTS_TRIED = 100
_TAKEN = {errno.EADDRINUSE, errno.EACCES}


def free_port(first: int, address: str = LOOPBACK) -> int:
    """The first free TCP port from `first` on.

    Raises:
        ValueError: says which ports were asked for.
    """
    last = min(first + PORTS_TRIED - 1, 65_535)
    if not 1 <= first <= 65_535:
        raise ValueError(_("{port} is not a port. Choose 1 to 65535.").format(port=first))
    for port in range(first, last + 1):
        if _is_free(port, address):
            return port
    raise ValueError(
        _("No port from {first} to {last} is free. Choose another with --port.").format(
            first=first, last=last
        )
    )


def free_ports(first: int, count: int) -> list[int]:
    """So many free ports of this machine alone, from `first` on."""
    found: list[int] = []
    while len(found) < count:
        found.append(free_port(found[-1] + 1 if found else first))
    return found


def _is_free(port: int, address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server itself does it: a port whose last owner has just ended counts as free.
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
    return True
