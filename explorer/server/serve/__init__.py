"""Start the web server: a free port, the right addresses, and a clean end on Ctrl-C.

One server process on its own, or several behind HAProxy.
"""

import argparse
from collections.abc import Sequence

from explorer.base.language import _
from explorer.server.serve import cluster, proxy, single
from explorer.server.serve.certificate import Certificate
from explorer.server.serve.hosts import LOOPBACK, Hosts, free_port

MOST_PROCESSES = 32


def run(options: argparse.Namespace, teacher_key: str = "") -> int:
    """The command `serve`: its exit status. A key that was made up for the teacher is printed."""
    names = ("port", "everyone", "hosts", "certificate", "key_file", "processes")
    return serve(teacher_key=teacher_key, **{name: getattr(options, name) for name in names})


def serve(
    port: int = 8501,
    everyone: bool = False,
    *,
    hosts: Sequence[str] = (),
    certificate: str = "",
    key_file: str = "",
    processes: int = 1,
    teacher_key: str = "",
) -> int:
    """Serve the pages until Ctrl-C; the exit status, 0 after Ctrl-C.

    `everyone` opens the server to the machine's whole network (a classroom) and prints the
    addresses to type there; otherwise only this machine can reach it. It answers to the names in
    `hosts` too, and over TLS where `certificate` and `key_file` are given (PEM files).
    `teacher_key` is printed with the addresses, once the start is sure.

    Raises:
        ValueError: says what was given, and what it must be.
    """
    names = Hosts.of(everyone, hosts)
    identity = Certificate.read(certificate, key_file)
    if not 1 <= processes <= MOST_PROCESSES:
        words = _("{number} server processes cannot be started. Choose 1 to {most}.")
        raise ValueError(words.format(number=processes, most=MOST_PROCESSES))
    if processes > 1:
        proxy.program()  # said before anything else is
    free = free_port(port, names.address)
    if free != port:
        print(_("Port {asked} is taken; using {free}.").format(asked=port, free=free))
    _announce(free, names, secure=identity is not None)
    if teacher_key:
        print(_("The teacher's key: {key}").format(key=teacher_key))
    print(_("Ctrl-C ends it."), flush=True)
    if processes > 1:
        return cluster.serve(free, names, identity, processes)
    return single.serve(free, names, identity)


def _announce(port: int, hosts: Hosts, *, secure: bool) -> None:
    scheme = "https" if secure else "http"
    print(_("Convscope: {address}").format(address=f"{scheme}://localhost:{port}"))
    for host in hosts.announced:
        address = f"{scheme}://{host}:{port}"
        print(_("In the classroom: {address}").format(address=address))
    if hosts.everyone and not secure:
        print(
            _(
                "Without TLS, browsers on other machines give no camera, and everyone on the "
                "network can read what is sent. --certificate and --key-file serve TLS."
            )
        )


# -- the command ----------------------------------------------------------------------------------


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
        dest="hosts",
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
