"""Errors as problem details (RFC 9457): what happened, and what to do."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.exceptions import HTTPException

from api.shapes import DestructionOut
from gateway.device import Refused
from gateway.holds import DESTROYED
from gateway.models import DestructionRecord
from gateway.wording import sentence

log = logging.getLogger(__name__)

TYPE = "application/problem+json"


class Problem(HTTPException):
    """Raise it anywhere in a request. `title` says what, `detail` what to do.

    `noted`: the code of what the log says, where the answer must not.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        retry_after_s: int | None = None,
        noted: str = "",
        **more: Any,
    ) -> None:
        super().__init__(status, detail, {"Retry-After": f"{retry_after_s}"} if retry_after_s else None)
        self.title, self.noted, self.more = title, noted, more


def not_found(what: str, noted: str = "") -> Problem:
    """Also for what exists and is not the viewer's to know."""
    return Problem(404, f"{what} not found", "It does not exist, or it is not visible to you.", noted=noted)


def body(
    status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    content = {"type": "about:blank", "status": status, "title": title, **more}
    if detail:
        content["detail"] = detail
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse(content, status_code=status, media_type=TYPE, headers=headers)


def install(app: FastAPI, page: Callable[..., Response]) -> None:
    """Programs get problem details, people a page (`page` takes what `body` takes, after the request)."""

    def told(request: Request, status: int, title: str, detail: str = "", **more: Any) -> Response:
        if request.url.path.startswith("/api/") and not navigates(request):
            return body(status, title, detail, **more)
        return page(request, status, title, detail, **more)

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        if isinstance(error, Problem):
            return told(
                request, error.status_code, error.title, error.detail, headers=error.headers, **error.more
            )
        return told(request, error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    def validation_error(request: Request, error: RequestValidationError) -> Response:
        places = [
            {"place": ".".join(str(part) for part in item["loc"]), "problem": item["msg"]}
            for item in error.errors()
        ]
        said = "The request is not as documented", "See `errors` for each place."
        return told(request, 422, *said, errors=places)

    @app.exception_handler(IntegrityError)
    def conflict(request: Request, _: IntegrityError) -> Response:
        return told(
            request, 409, "Conflicts with what is stored",
            "It refers to something that is not there, or exists already.",
        )  # fmt: skip

    @app.exception_handler(OperationalError)
    def no_database(request: Request, error: OperationalError) -> Response:
        log.error("%s %s: %s", request.method, request.url.path, error.orig)
        return told(request, 503, "The database cannot be reached", "Try again in a moment.")

    @app.exception_handler(500)
    def broken(request: Request, _: Exception) -> Response:
        """Starlette raises it again afterwards: it stands in the log with its place."""
        return told(request, 500, "Something went wrong here", "It is in the log; try again.")

    @app.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:
        """409; what was destroyed is gone, 410: it was here, and who asks is told what became of it."""
        is_gone = error.reason["code"] == DESTROYED
        record = {"record": record_of(request, error.reason["facts"]["record"])} if is_gone else {}
        return told(
            request, 410 if is_gone else 409, sentence(error.reason, "en"), sentence(error.reason, "zh"),
            code=error.reason["code"], **record,
        )  # fmt: skip


def navigates(request: Request) -> bool:
    """Somebody followed a link to a file; programs, and scripts of a page, say otherwise or nothing.

    https://www.w3.org/TR/fetch-metadata/
    """
    return request.headers.get("sec-fetch-mode") == "navigate"


def record_of(request: Request, record: str) -> dict[str, Any] | None:
    with request.app.state.database.read() as session:
        found = session.get(DestructionRecord, record)
        return DestructionOut.of(found).model_dump(mode="json") if found else None
