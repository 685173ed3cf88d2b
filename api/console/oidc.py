"""Signing in by the city's own sign-in service: there and back again."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console.entrance import HALF_WAY, forget, gate, half_way, is_signed_in, provider_of
from api.console.pages import page
from api.console.ways import safe
from api.oidc import LASTS_S, STATUS, Begun, NotEntered, Provider
from api.oidc.bindings import enter
from api.parameters import takes_any
from api.problems import not_found
from api.signin import Db
from api.v1.session import Attempt, set_session_cookie
from gateway.database import Database

router = APIRouter()

BEGUN = "gateway_oidc"
PATH = "/sign-in/oidc"
LONGEST = 1500
"""Of the way back as it is written in a cookie, which holds some 4 000 bytes."""


def configured(request: Request) -> Provider:
    provider = provider_of(request)
    if provider is None:
        raise not_found("Sign-in service")
    return provider


def here(request: Request) -> str:
    """Our own address of the way back, which the provider has to know."""
    return f"{str(request.base_url).rstrip('/')}{PATH}/back"


@router.get(PATH)
def go(request: Request, back: Annotated[str, Query(alias="next", max_length=2000)] = "/") -> Response:
    """A link, not a form: the policy lets no form lead to another host."""
    provider, back = configured(request), safe(back)
    try:
        url, begun = provider.begin(here(request), back if len(quote(back)) <= LONGEST else "/")
    except NotEntered as no:
        return gate(request, back, status=STATUS[no.why], why=no.why)
    answer = RedirectResponse(url, 303)
    answer.set_cookie(  # lax: who comes back from there comes by a link of another site
        BEGUN, begun.text(), max_age=LASTS_S, httponly=True, samesite="lax", path=PATH,
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.get(f"{PATH}/back")
@takes_any
def come_back(request: Request, database: Db) -> Response:
    provider, begun = configured(request), Begun.of(request.cookies.get(BEGUN, ""))
    if begun is None and is_signed_in(request):
        return RedirectResponse("/", 303)  # the browser's own way back, after all was done
    back = safe(begun.back) if begun else "/"
    try:
        answer = entered(request, back, made(request, provider, begun, database))
    except NotEntered as no:
        answer = gate(request, back, status=STATUS[no.why], why=no.why)
    answer.delete_cookie(BEGUN, path=PATH, httponly=True, samesite="lax")
    return answer


def made(request: Request, provider: Provider, begun: Begun | None, database: Database) -> Attempt:
    """Raises NotEntered."""
    begun, code = provider.code_in(request.query_params, begun)
    told = provider.finish(here(request), begun, code)
    attempt = enter(database, told, asks_code=provider.settings.second_factor == "ours")
    if attempt == Attempt():
        raise NotEntered("nobody", f"{told.name!r}, sub {told.sub!r}: see SIGN_IN_REFUSED in the chain")
    return attempt


def entered(request: Request, back: str, made: Attempt) -> Response:
    """A page that goes on by itself: a step from another site brings no cookie along, one from here does."""
    if made.half is not None:
        return half_way(request, made.half, back)
    answer = page(request, "sign_in_done.html", back=back)
    set_session_cookie(request, answer, made.token or "")
    forget(answer, HALF_WAY)
    return answer
