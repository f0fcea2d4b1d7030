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
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from explorer import runs
from explorer.runs import outcome
from explorer.server import files
from explorer.server.feed import Question, feed, kept
from explorer.server.run_list import table

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


def _table(request: Request) -> Any:
    return table(request.query_params.get("seen", "")[:80])


def _question(request: Request) -> Question:
    given = request.query_params
    if "sitting" in given:  # a page opened before an update: it would draw each answer once more
        raise ValueError("This page is older than the server: load it again.")
    texts = (given.get(name, "")[:80] for name in ("session", "seen", "snapshot"))
    return Question(_number(request, "since"), _number(request, "epochs"), *texts)


async def _news(request: Request) -> Response:
    """Asked twice a second by every page that watches: in most cases from memory."""
    try:
        known, question = kept(request.path_params["run"]), _question(request)
        if known and known.fresh:
            text = known.answer(question)
        else:
            text = await run_in_threadpool(_told, request.path_params["run"], question)
    except ValueError as error:
        return _json({"error": str(error)}, 404)
    if text is None:
        return Response(status_code=NOTHING_NEW)
    return Response(text, headers=HEADERS, media_type="application/json")


def _told(number: int, question: Question) -> bytes | None:
    return feed(number).answer(question)


def _samples(request: Request) -> Any:
    return outcome.samples(_run(request))


def _epoch(request: Request) -> Any:
    return outcome.of_epoch(_run(request), request.path_params["epoch"])


def _cell(request: Request) -> Any:
    asked = (_number(request, name) for name in ("epoch", "label", "predicted"))
    return outcome.of_cell(_run(request), *asked)


def _begun(pieces: Iterable[str | bytes]) -> Iterator[str | bytes]:
    """The same pieces, two made already: what goes wrong there is told in a sentence."""
    rest = iter(pieces)
    return chain(list(islice(rest, 2)), rest)


def _file(request: Request) -> Response:
    number, name = request.path_params["run"], request.path_params["file"]
    epoch = _number(request, "epoch") or None
    made = files.made(number, name, epoch)
    if made.path:
        return FileResponse(made.path, filename=made.name, media_type=made.kind)
    head = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return StreamingResponse(_begun(made.pieces), headers=head, media_type=made.kind)


ROUTES = [
    _route("", _table),
    Route("/api/runs/{run:number}", _news),
    _route("/{run:number}/samples", _samples),
    _route("/{run:number}/epochs/{epoch:number}", _epoch),
    _route("/{run:number}/cell", _cell),
    _route("/{run:number}/files/{file}", _file),
]
