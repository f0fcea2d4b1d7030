"""The server process: Streamlit's own command line, with a bound on requests that never end.

`python -m explorer.ui.server run app.py …` takes what `streamlit run` takes.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress

from streamlit.web import cli
from uvicorn import config

from explorer.server import connections
from explorer.server.serve import single

if sys.platform != "win32":
    import resource

LOOP = f"{connections.__name__}:{connections.make_loop.__qualname__}"
PROTOCOL = f"{connections.__name__}:{connections.BoundedProtocol.__qualname__}"


def main() -> None:
    """Serve until told to end."""
    # The rest is for visitors, and for the 2 048 that are accepted at once, before any is given up.
    connections.Wait.most = raise_open_files() // 4
    # Streamlit leaves protocol and loop to uvicorn, which looks "auto" up here.
    config.HTTP_PROTOCOLS["auto"] = PROTOCOL
    config.LOOP_FACTORIES["auto"] = LOOP
    if single.ENDS_WITH_PARENT in os.environ:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    cli.main(prog_name="streamlit")


def _end_with_parent() -> None:
    """Wait for the end of the input, which ends with whoever started us; then end."""
    with suppress(OSError):
        os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(single.SECONDS_TO_END)
    os._exit(1)


def raise_open_files() -> int:
    """Let this process hold as many files and connections as it may; how many.

    Linux gives a process 1 024 unless it asks for more: fewer than a class with its browsers.
    """
    most = single.most_files()
    if sys.platform == "win32":
        return most
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


if __name__ == "__main__":
    main()
