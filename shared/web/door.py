"""From the runtime's request to ours, and back."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import azure.functions as func

from shared.web import api, board
from shared.web.http import Answer, Request
from shared.wiring import Engine, engine

_Answering = Callable[[Callable[[], Engine], Request, Mapping[str, str]], Answer]


def board_answer(req: func.HttpRequest) -> func.HttpResponse:
    """A page."""
    return _through(req, board.answer)


def api_answer(req: func.HttpRequest) -> func.HttpResponse:
    """JSON."""
    return _through(req, api.answer)


def _through(req: func.HttpRequest, answering: _Answering) -> func.HttpResponse:
    request = Request(
        method=(req.method or "GET").upper(),
        path=req.route_params.get("rest") or "",
        query=dict(req.params),
        headers={name.lower(): value for name, value in req.headers.items()},
        body=req.get_body(),
    )
    told = answering(engine, request, os.environ)
    # The type goes into `mimetype` and `charset`, for HttpResponse puts its own charset behind a given one.
    kind, _, charset = told.content_type.partition("; charset=")
    return func.HttpResponse(
        told.body, status_code=told.status, headers=told.all_headers(), mimetype=kind, charset=charset or "utf-8"
    )
