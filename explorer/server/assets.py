"""Our boards' files, under `/assets/<version>/<path in the project>`.

One version stands for all of them: a module that imports another by its relative path stays in it,
and a browser may keep what it has for good. Only what a browser reads is served, by its ending.
"""

import os
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from explorer.base.storage import PROJECT

FOLDERS = ("explorer/ui", "pages")
ENDINGS = frozenset({".js", ".css", ".png", ".svg"})
A_YEAR = 31_536_000  # seconds


def files() -> list[Path]:
    """All of them."""
    every = (path for folder in FOLDERS for path in (PROJECT / folder).rglob("*"))
    return sorted(path for path in every if path.suffix in ENDINGS)


@cache
def version() -> str:
    """Of all files together, as they were when this process first asked."""
    digest = sha256()
    for path in files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def address(path: Path) -> str:
    """Where a file is served, below the path that the application is served at."""
    return f"assets/{version()}/{path.resolve().relative_to(PROJECT).as_posix()}"


class Assets(StaticFiles):
    """The files, to be mounted at /assets; of another version, too, for a page of before."""

    def __init__(self) -> None:
        super().__init__(directory=PROJECT)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file that stands behind <version>/<path>, or none."""
        _version, _slash, name = path.partition("/")
        ours = any(name.startswith(f"{folder}/") for folder in FOLDERS)
        return super().lookup_path(name) if ours and Path(name).suffix in ENDINGS else ("", None)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Serve one file, saying how long it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_ours = self.get_path(scope).startswith(f"{version()}/")
        keep = f"public, max-age={A_YEAR}, immutable" if is_ours else "no-cache"
        response.headers["Cache-Control"] = keep
        return response
