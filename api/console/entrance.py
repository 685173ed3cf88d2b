"""The way in and out: sign-in, sign-out, language and colours."""

from collections.abc import Mapping
from typing import Annotated, Literal, cast
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console.navigation import entries
from api.console.pages import LANGUAGE, LANGUAGES, THEME, THEMES, page, reader_of
from api.console.purposes import PURPOSE
from api.console.ways import Back, safe
from api.oidc import Provider
from api.problems import Problem
from api.signin import COOKIE, HALF, Db, Reader, sign_out, viewer_of
from api.v1.session import Attempt, address_of, attempt, attempt_code, set_session_cookie

router = APIRouter()

YEAR_S = 365 * 24 * 3600
HALF_WAY = "gateway_half"
"""Says that the password was right; good for nothing but the code."""


def is_signed_in(request: Request) -> bool:
    try:
        viewer_of(request)
    except Problem:
        return False
    return True


@router.get("/")
def home(viewer: Reader) -> Response:
    """Where this person's work begins."""
    return RedirectResponse(entries(viewer)[0].path, 303)


@router.get("/sign-in")
def sign_in_page(
    request: Request,
    back: Annotated[str, Query(alias="next", max_length=2000)] = "/",
    came: Annotated[Literal["", "elsewhere", "ended"], Query(alias="from")] = "",
) -> Response:
    """Who came from elsewhere is sent on once more by the page itself: then the cookie comes along."""
    if is_signed_in(request):
        return RedirectResponse(safe(back), 303)
    return gate(request, back, came=came)


def gate(
    request: Request,
    back: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    name: str = "",
    tried: Attempt | None = None,
    came: str = "",
    why: str = "",
) -> Response:
    """`why`: what became of a sign-in by the sign-in service; its address is good once, we stay at ours."""
    provider = provider_of(request)
    service = getattr(provider.settings.name, reader_of(request).language) if provider else None
    return page(
        request, "sign_in.html", status=status, headers=headers, back=safe(back),
        name=name, tried=tried, came=came, why=why, service=service,
        stay=f"/sign-in?next={quote(safe(back))}" if why else "",
    )  # fmt: skip


def provider_of(request: Request) -> Provider | None:
    return cast("Provider | None", request.app.state.oidc)


@router.post("/sign-in")
def sign_in(
    request: Request,
    database: Db,
    name: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=1024)],
    back: Back = "/",
) -> Response:
    tried = attempt(database, name, password, address_of(request))
    if tried.half is not None:
        return half_way(request, tried.half, back)
    if tried.token is None:
        return refused(request, tried, name, back)
    return entered(request, tried.token, back)


def entered(request: Request, token: str, back: str) -> Response:
    answer = RedirectResponse(safe(back), 303)
    set_session_cookie(request, answer, token)
    forget(answer, HALF_WAY)
    return answer


def half_way(request: Request, half: str, back: str) -> Response:
    answer = RedirectResponse(f"/sign-in/code?next={quote(safe(back))}", 303)
    answer.set_cookie(
        HALF_WAY, half, max_age=int(HALF.total_seconds()), httponly=True, samesite="strict", path="/sign-in",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.get("/sign-in/code")
def code_page(request: Request, back: Annotated[str, Query(alias="next", max_length=2000)] = "/") -> Response:
    return page(request, "sign_in_code.html", back=safe(back), tried=None)


@router.post("/sign-in/code")
def sign_in_by_code(
    request: Request, database: Db, code: Annotated[str, Form(max_length=20)], back: Back = "/"
) -> Response:
    tried = attempt_code(database, request.cookies.get(HALF_WAY, ""), code, address_of(request))
    if tried.token is None:
        status = 429 if tried.wait_s else 401
        return page(request, "sign_in_code.html", status=status, back=safe(back), tried=tried)
    return entered(request, tried.token, back)


def refused(request: Request, tried: Attempt, name: str, back: str) -> Response:
    status, headers = (429, {"retry-after": f"{tried.wait_s}"}) if tried.wait_s else (401, {})
    return gate(request, back, status=status, headers=headers, name=name, tried=tried)


@router.post("/sign-out")
def leave(request: Request, database: Db) -> Response:
    """Ends the session here and on the server; whoever has none is out already."""
    if token := request.cookies.get(COOKIE):
        with database.write() as session:
            sign_out(session, token)
    answer = RedirectResponse("/sign-in", 303)
    for cookie in (COOKIE, PURPOSE):
        forget(answer, cookie)
    return answer


def forget(answer: Response, cookie: str) -> None:
    path = "/sign-in" if cookie == HALF_WAY else "/"
    answer.delete_cookie(cookie, path=path, httponly=True, samesite="strict")


@router.post("/preferences")
def prefer(
    request: Request,
    language: Annotated[str | None, Form()] = None,
    theme: Annotated[str | None, Form()] = None,
    back: Back = "/",
) -> Response:
    """Kept in the browser: a station PC is shared, an account is not."""
    answer = RedirectResponse(safe(back), 303)
    chosen = ((LANGUAGE, language, LANGUAGES), (THEME, theme, THEMES))
    for cookie, wanted, known in chosen:
        if wanted is not None and wanted in known:
            answer.set_cookie(
                cookie, wanted, max_age=YEAR_S, httponly=True, samesite="strict",
                secure=request.url.scheme == "https", path="/",
            )  # fmt: skip
    return answer
