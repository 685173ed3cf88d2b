"""What is asked for by names that are known, and in characters that can be kept."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
ESCAPED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""How one of these may come in JSON; pairs that make a whole character look alike."""
MOST = 20
"""Places that are named."""
Place = tuple[str | int, ...]


async def storable_only(request: Request) -> None:
    """Raises RequestValidationError naming where there is NUL or half a character: no database keeps that.

    A dependency of every route. A body was read before, for the route itself.
    """
    given: list[tuple[Place, Any]] = [(("path",), request.path_params)]
    given += [(("query", name), value) for name, value in request.query_params.multi_items()]
    wrong = unstorable(given)
    if (body := await body_of(request)) is not None:
        wrong += await run_in_threadpool(unstorable, [(("body",), body)])
    refuse(wrong)


def must_be_storable(given: dict[str, Any]) -> None:
    """Of what a text holds that came whole, such as a query kept for later. Raises as `storable_only`."""
    refuse(unstorable([(("query",), given)]))


def refuse(wrong: list[Place]) -> None:
    if wrong:
        said = "contains a NUL character or half a character"
        raise RequestValidationError([{"loc": place, "msg": said} for place in wrong])


async def body_of(request: Request) -> Any:
    """None for what cannot have one in it; what else is wrong with it, its route says."""
    kind = request.headers.get("content-type", "")
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        form = await request.form()
        return {name: form.getlist(name) for name in form} or None
    try:
        return await request.json() if "json" in kind and ESCAPED.search(await request.body()) else None
    except (ValueError, RecursionError):
        return None


def unstorable(given: list[tuple[Place, Any]]) -> list[Place]:
    return list(islice((place for place, text in texts(given) if UNSTORABLE.search(text)), MOST))


def texts(given: Iterable[tuple[Place, Any]]) -> Iterator[tuple[Place, str]]:
    """Every text with its place; without recursion, for a body may be nested as deep as its reader bears."""
    open_ones = [iter(given)]
    while open_ones:
        found = next(open_ones[-1], None)
        if found is None:
            open_ones.pop()
        elif isinstance(found[1], str):
            yield found[0], found[1]
        elif isinstance(found[1], dict | list):
            open_ones.append(inside(*found))


def inside(place: Place, value: dict[str, Any] | list[Any]) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, list):
        return (((*place, number), one) for number, one in enumerate(value))
    names = (((*place, "name"), name) for name in value)
    return chain(names, (((*place, name), one) for name, one in value.items()))


MARK = "takes_any_parameter"

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


def takes_any(endpoint: Endpoint) -> Endpoint:
    """Marks where another system sends people: what it adds is its own business."""
    setattr(endpoint, MARK, True)
    return endpoint


def known_only(request: Request) -> None:
    """Raises RequestValidationError naming each unknown one: a filter with a typo must not show everything.

    A dependency of every route.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or hasattr(route.endpoint, MARK):
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
