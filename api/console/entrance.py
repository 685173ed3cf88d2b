"""The way in and out: sign-in, sign-out, language and colours."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console.navigation import entries
from api.console.pages import LANGUAGE, LANGUAGES, THEME, THEMES, page
from api.console.purposes import PURPOSE
from api.console.ways import Back, safe
from api.problems import Problem
from api.signin import COOKIE, Db, Reader, sign_out, viewer_of
from api.v1.session import Attempt, attempt, set_session_cookie

router = APIRouter()

YEAR_S = 365 * 24 * 3600


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
    came: Annotated[Literal["", "elsewhere"], Query(alias="from")] = "",
) -> Response:
    """Who came from elsewhere is sent on once more by the page itself: then the cookie comes along."""
    if is_signed_in(request):
        return RedirectResponse(safe(back), 303)
    return page(request, "sign_in.html", back=safe(back), name="", tried=None, again=came)


@router.post("/sign-in")
def sign_in(
    request: Request,
    database: Db,
    name: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=1024)],
    back: Back = "/",
) -> Response:
    tried = attempt(database, name, password, request.client.host if request.client else "")
    if tried.token is None:
        return refused(request, tried, name, back)
    answer = RedirectResponse(safe(back), 303)
    set_session_cookie(request, answer, tried.token)
    return answer


def refused(request: Request, tried: Attempt, name: str, back: str) -> Response:
    status, headers = (429, {"retry-after": f"{tried.wait_s}"}) if tried.wait_s else (401, {})
    return page(
        request,
        "sign_in.html",
        status=status,
        headers=headers,
        back=safe(back),
        name=name,
        tried=tried,
        again="",
    )


@router.post("/sign-out")
def leave(request: Request, database: Db) -> Response:
    """Ends the session here and on the server; whoever has none is out already."""
    if token := request.cookies.get(COOKIE):
        with database.write() as session:
            sign_out(session, token)
    answer = RedirectResponse("/sign-in", 303)
    for cookie in (COOKIE, PURPOSE):
        answer.delete_cookie(cookie, path="/", httponly=True, samesite="strict")
    return answer


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
