"""The names and addresses that a server answers to, and free ports; other names are refused.

A page elsewhere on the web can point its own name at this machine (DNS rebinding). What its
visitors' browsers then send carries that name.
"""

import errno
import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Self

import psutil

from explorer.base.language import _

LOOPBACK = "127.0.0.1"
EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 (only when asked for by `everyone`)
LOCAL = ("localhost", LOOPBACK, "::1")
_NAME = re.compile(r"(?=.{1,253}$)(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


@dataclass(frozen=True)
class Hosts:
    """What a server listens on, and what it answers to."""

    everyone: bool
    allowed: tuple[str, ...]  # every host that a request may name, IPv6 without brackets
    announced: tuple[str, ...]  # addresses to type on other machines

    @classmethod
    def of(cls, everyone: bool = False, more: Sequence[str] = ()) -> Self:
        """This machine's own names, if everyone may come, and those in `more`.

        Raises:
            ValueError: one of `more` is no name of a host.
        """
        names = [*LOCAL, *map(host_name, more)]
        addresses = own_addresses() if everyone else []
        if everyone:
            names += [*_machine_names(), *_interface_addresses(), *addresses]
        return cls(everyone, tuple(dict.fromkeys(names)), tuple(addresses))

    @property
    def address(self) -> str:
        """The IPv4 address to listen on."""
        return EVERY_INTERFACE if self.everyone else LOOPBACK


def host_name(text: str) -> str:
    """A name or address as it is compared with a request's: lower case, no brackets.

    Raises:
        ValueError: the text has a port, a scheme or a wildcard, or is no name at all.
    """
    name = text.strip().lower().rstrip(".")
    with suppress(ValueError):
        return str(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    if _NAME.fullmatch(name):
        return name
    raise ValueError(
        _(
            "“{given}” is not the name of a host. Give a name or an address alone, without "
            "http:// and port, such as lab.school.example or 192.168.1.20."
        ).format(given=text)
    )


def own_addresses() -> list[str]:
    """This machine's IPv4 addresses on its networks, the one that others most likely see first."""
    addresses = []
    # Without a network there is no route out.
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # a documentation address: UDP, so nothing is sent
        addresses.append(probe.getsockname()[0])
    with suppress(OSError):  # the machine's own name may not be known to it
        addresses += socket.gethostbyname_ex(socket.gethostname())[2]
    return list(dict.fromkeys(each for each in addresses if not each.startswith("127.")))


def _interface_addresses() -> list[str]:
    every = chain.from_iterable(psutil.net_if_addrs().values())
    return [each.address for each in every if each.family == socket.AF_INET]


def _machine_names() -> list[str]:
    """The machine's name, alone and as its neighbours find it by multicast DNS."""
    name = socket.gethostname().lower()
    first = name.partition(".")[0]
    return [each for each in (name, first, f"{first}.local") if _NAME.fullmatch(each)]


# -- ports ----------------------------------------------------------------------------------------

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
    ports = [free_port(first)]
    while len(ports) < count:
        ports.append(free_port(ports[-1] + 1))
    return ports


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
