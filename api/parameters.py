"""What is asked for by names that are known, and in characters that can be kept."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
Place = tuple[str | int, ...]
MOST = 20
"""Places that are named."""


async def storable_only(request: Request) -> None:
    """Raises RequestValidationError naming where there is NUL or half a character: no database keeps that.

    A dependency of every route. A body was read before, for the route itself.
    """
    given: list[tuple[Place, Any]] = [(("path",), request.path_params), (("body",), await body_of(request))]
    given += [(("query", name), value) for name, value in request.query_params.multi_items()]
    if wrong := [place for place, text in texts(given) if UNSTORABLE.search(text)]:
        said = "contains a NUL character or half a character"
        raise RequestValidationError([{"loc": place, "msg": said} for place in wrong[:MOST]])


async def body_of(request: Request) -> Any:
    """None for what is none that a route would read; what is wrong with it, its route says."""
    kind = request.headers.get("content-type", "")
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        form = await request.form()
        return {name: form.getlist(name) for name in form}
    try:
        return await request.json() if "json" in kind else None
    except (ValueError, RecursionError):
        return None


def texts(given: list[tuple[Place, Any]]) -> Iterator[tuple[Place, str]]:
    """Every text with its place; without recursion, for a body may be nested as deep as its reader bears."""
    waiting = [*given]
    while waiting:
        place, value = waiting.pop()
        match value:
            case str() as text:
                yield place, text
            case dict() as inside:
                waiting += (((*place, "name"), name) for name in inside)
                waiting += (((*place, name), one) for name, one in inside.items())
            case list() | tuple() as inside:
                waiting += (((*place, number), one) for number, one in enumerate(inside))


def known_only(request: Request) -> None:
    """Raises RequestValidationError naming each unknown one: a filter with a typo must not show everything.

    A dependency of every route.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = declared(route.dependant)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        expected = f"unknown; known here: {', '.join(sorted(known)) or 'none'}"
        raise RequestValidationError([{"loc": ("query", name), "msg": expected} for name in unknown])


def declared(dependant: Dependant) -> set[str]:
    found: set[str] = set()
    for parameter in dependant.query_params:
        model = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            found |= set(model.model_fields)
        else:
            found.add(parameter.alias)
    return found.union(*(declared(inner) for inner in dependant.dependencies))
