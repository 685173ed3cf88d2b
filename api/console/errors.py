"""What a person reads when a page cannot be shown: what happened, and what to do."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from api.console.pages import came_from, page, reader_of
from api.console.telling import clock
from api.signin import COOKIE
from gateway.models import now
from gateway.wording.console.site import WORDS

TOLD = frozenset({400, 403, 404, 409, 410, 413, 422, 429, 500, 503})
"""Each has its words; any other is told as the nearest of them."""


def answer(
    request: Request,
    status: int,
    title: str,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """`title` and `detail` are one sentence in English and Chinese where there is a `code`."""
    if status == 401:
        return to_sign_in(request)
    kind = status if status in TOLD else 404 if status < 500 else 500
    language = reader_of(request).language
    why = None
    if "code" in more:
        why = title if language == "en" else detail
    return page(
        request, "error.html", status=status, headers=headers, kind=kind, why=why, at=clock(now(), language),
        fields=fields(more.get("errors", ())),
        back=None if request.method == "GET" or comes_from_elsewhere(request) else came_from(request),
    )  # fmt: skip


def fields(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """Those that have a name for people: of what a page sends by itself there is nothing to correct."""
    names = [str(one["place"]).removeprefix("body.").partition(".")[0] for one in errors]
    return [name for name in dict.fromkeys(names) if f"field.{name}" in WORDS]


def to_sign_in(request: Request) -> Response:
    """And back to where they were; what a script asks for goes nowhere by itself."""
    asked = request.headers.get("accept", "")
    if "text/event-stream" in asked:
        return PlainTextResponse("sign in", status_code=401)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    there = f"/sign-in?next={quote(here)}" if request.method == "GET" and here != "/" else "/sign-in"
    if "?" in there and comes_from_elsewhere(request):
        there += "&from=elsewhere"
    elif COOKIE in request.cookies:
        there += f"{'&' if '?' in there else '?'}from=ended"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"hx-redirect": "/sign-in?from=ended"})
    return RedirectResponse(there, 303)


def comes_from_elsewhere(request: Request) -> bool:
    """By a link in another system: then no cookie of ours came along (SameSite=Strict)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"cross-site", "same-site"}
    referer = urlsplit(request.headers.get("referer", ""))
    return bool(referer.netloc) and referer.netloc != request.headers.get("host")
