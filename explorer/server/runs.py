"""The application's own addresses under /api/runs: read only, asked by the pages' boards.

`/api/runs`                       the table: what has changed since `seen`
`/api/runs/{id}`                  news of a run, see `feed.Question`
`/api/runs/{id}/samples`          those samples: pictures and classes
`/api/runs/{id}/epochs/{epoch}`   kernels, answers, confusion matrix, worst mistakes
`/api/runs/{id}/cell`             pictures of class `label` taken for `predicted` in `epoch`
`/api/runs/{id}/files/{file}`     steps.csv, epochs.csv, card.json, weights.safetensors, events.zip

Starlette runs each in a thread, so a slow disk holds up nobody else; only news that are in memory
are told at once. What is wrong is said as `{"error": sentence}` with status 404.
"""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from explorer import runs
from explorer.base.language import _
from explorer.runs import metrics, outcome
from explorer.server.feed import Question, feed, table, watched
from explorer.training import checkpoints

NOTHING_NEW = 204
HEADERS = {"Cache-Control": "no-store"}
Answer = Callable[[Request], Any]


class Number(IntegerConvertor):
    """A whole number in an address, of no more digits than a number of ours can have."""

    regex = "[0-9]{1,9}"


register_url_convertor("number", Number())


def _json(content: Any, status: int = 200) -> Response:
    text = json.dumps(content, separators=(",", ":"), allow_nan=False, default=str)
    return Response(text, status, HEADERS, "application/json")


def _number(request: Request, name: str) -> int:
    """A whole number among the question's parameters; 0 where it is none."""
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _route(path: str, answer: Answer) -> Route:
    def endpoint(request: Request) -> Response:
        try:
            content = answer(request)
            if content is None:
                return Response(status_code=NOTHING_NEW)
            return content if isinstance(content, Response) else _json(content)
        except ValueError as error:
            return _json({"error": str(error)}, 404)

    return Route(f"/api/runs{path}", endpoint)


def _run(request: Request) -> runs.Run:
    return runs.get(request.path_params["run"])


def _question(request: Request) -> Question:
    query = request.query_params
    if "sitting" in query:  # a page opened before an update: it would draw each answer once more
        raise ValueError("This page is older than the server: load it again.")
    texts = (query.get(name, "")[:80] for name in ("session", "seen", "snapshot"))
    return Question(_number(request, "since"), _number(request, "epochs"), *texts)


async def _news(request: Request) -> Response:
    """Asked twice a second by every page that watches: in most cases from memory."""
    number = request.path_params["run"]
    try:
        question, source = _question(request), watched(number)
        if source and source.fresh:
            text = source.answer(question)
        else:
            text = await run_in_threadpool(lambda: feed(number).answer(question))
    except ValueError as error:
        return _json({"error": str(error)}, 404)
    if text is None:
        return Response(status_code=NOTHING_NEW)
    return Response(text, headers=HEADERS, media_type="application/json")


def _cell(request: Request) -> Any:
    cell = (_number(request, name) for name in ("epoch", "label", "predicted"))
    return outcome.of_cell(_run(request), *cell)


# -- files to take along --------------------------------------------------------------------------

_PIECE = 2**16  # bytes sent at once
FILES = ("steps.csv", "epochs.csv", "card.json", "weights.safetensors", "events.zip")


def _file(request: Request) -> Response:
    """One of `FILES`; the parameter `epoch` counts for card and weights, else the last one kept."""
    run, name = _run(request), request.path_params["file"]
    if (table := name.removesuffix(".csv")) in metrics.TABLES and name in FILES:
        return _sent(run, name, "text/csv", metrics.csv(run.id, table))
    if name == "events.zip":
        return _sent(run, "tensorboard.zip", "application/zip", _events(run.id))
    if name not in FILES:
        raise ValueError(
            _("A run has no file {given}. It has: {known}.").format(
                given=name[:40], known=", ".join(FILES)
            )
        )
    path = runs.checkpoint(run.id, _number(request, "epoch") or None)
    if name == "card.json":
        card = json.dumps(asdict(checkpoints.read_card(path)), indent=2, sort_keys=True)
        return _sent(run, f"{path.stem}.json", "application/json", [card])
    kind = "application/octet-stream"
    return FileResponse(path, filename=f"run-{run.id}-{path.name}", media_type=kind)


def _sent(run: runs.Run, name: str, kind: str, pieces: Iterable[str | bytes]) -> Response:
    """A file made as it is sent; two pieces already: what goes wrong there is a sentence."""
    rest = iter(pieces)
    head = {"Content-Disposition": f'attachment; filename="run-{run.id}-{name}"'}
    return StreamingResponse(chain(list(islice(rest, 2)), rest), headers=head, media_type=kind)


def _events(number: int) -> Iterator[bytes]:
    """The event file in the folder that TensorBoard wants it in, zipped, on disk until it is sent.

    Raises:
        ValueError: it could not be written.
    """
    with tempfile.TemporaryFile() as packed:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w") as archive:
            events = metrics.to_tensorboard(number, Path(folder))
            archive.write(events, events.relative_to(folder), zipfile.ZIP_DEFLATED)
        packed.seek(0)
        while piece := packed.read(_PIECE):
            yield piece


ROUTES = [
    _route("", lambda request: table(request.query_params.get("seen", "")[:80])),
    Route("/api/runs/{run:number}", _news),
    _route("/{run:number}/samples", lambda request: outcome.samples(_run(request))),
    _route(
        "/{run:number}/epochs/{epoch:number}",
        lambda request: outcome.of_epoch(_run(request), request.path_params["epoch"]),
    ),
    _route("/{run:number}/cell", _cell),
    _route("/{run:number}/files/{file}", _file),
]
