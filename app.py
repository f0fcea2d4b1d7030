"""The door: the application object that `streamlit run app.py` serves.

It names the frame, warms the process up before the first visitor, and adds the routes that
Streamlit does not have: the assets of our own components, and a sign of life.
"""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

import explorer
import pages
from explorer import runs
from explorer.base.language import _
from explorer.data.decoding.pools import SPARE
from explorer.server import assets, headers, memory, owner_cookie
from explorer.server.assets import Assets
from explorer.server.headers import AddedHeaders, MissingPages, PageAssets, TrustedHosts
from explorer.server.runs import ROUTES
from explorer.ui import entries
from explorer.ui.upload_bounds import UploadBounds

HOME = Path(__file__).resolve().parent
SHELL = HOME / "explorer" / "ui" / "frame.py"
ASSETS = HOME / "explorer" / "ui" / "assets"

COLD = ("__main__", "page")  # not imported but run: the command line, and the pages


def modules() -> list[str]:
    """All of ours that are imported."""
    packages = (
        *pkgutil.walk_packages(explorer.__path__, "explorer."),
        *pkgutil.walk_packages(pages.__path__, "pages."),
    )
    return sorted(each.name for each in packages if each.name.split(".")[-1] not in COLD)


def warm_up() -> None:
    """Load what pages need, before the first visitor, and take it out of the collector's rounds."""
    import plotly.graph_objects as go  # here, so that a look at the door does not load them
    import torch

    go.Figure([go.Bar(), go.Heatmap(), go.Scatter()])  # plotly loads its parts at their first use
    torch.set_num_threads(1)  # a visitor's click must not take every core from the others
    for name in ("pandas", *modules()):  # pandas: Streamlit's tables
        importlib.import_module(name)
    memory.settle()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Warm up before the first visitor is let in; see to runs that an earlier server left.

    As long as the server is up, garbage is collected and memory that nothing uses given back.
    """
    warm_up()
    with suppress(ValueError):  # a store that cannot be read: the pages on runs say why
        if any(not run.status.over for run in runs.listed()):
            runs.watch()
    SPARE.prepare()
    chores = [
        asyncio.create_task(each())
        for each in (memory.collect_now_and_then, memory.trim_now_and_then)
    ]
    yield
    for each in chores:
        each.cancel()


async def health(_request: Request) -> JSONResponse:
    """Say that the server answers."""
    return JSONResponse({"status": "ok"})


def apologise(_error: Exception) -> bool:
    """Tell the visitor, without a stack trace; Streamlit has written the details to the log."""
    st.error(
        _(
            "Something went wrong on this page, and it is our mistake, not yours. Reload the page; "
            "if that does not help, choose another. The details are in the server's log."
        ),
        icon=":material/sentiment_dissatisfied:",
    )
    return True


app = st.App(
    SHELL,
    lifespan=lifespan,
    routes=[
        Route("/api/health", health),
        *ROUTES,
        Mount("/assets", Assets()),
    ],
    middleware=[
        Middleware(AddedHeaders, added=headers.security),
        # Chosen by `serve`, from the names that this machine is known by.
        Middleware(TrustedHosts, hosts=st.get_option("server.allowedHosts")),
        Middleware(AddedHeaders, added=owner_cookie.headers),
        Middleware(UploadBounds),
        Middleware(
            PageAssets,
            styles=[assets.address(SHELL.with_name(name)) for name in ("frame.css", "opening.css")],
            script=assets.address(ASSETS / "early.js"),
        ),
        Middleware(
            MissingPages,
            pages=[page.url for page in entries.PAGES],
            base=(st.get_option("server.baseUrlPath") or "").strip("/"),
        ),
    ],
    on_script_error=apologise,
)
