"""An unknown query parameter is an error: a filter with a typo must not show everything."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

MARK = "takes_any_parameter"

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


def takes_any(endpoint: Endpoint) -> Endpoint:
    """Marks where another system sends people: what it adds is its own business."""
    setattr(endpoint, MARK, True)
    return endpoint


def known_only(request: Request) -> None:
    """Raises RequestValidationError naming each unknown parameter. A dependency of every route."""
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
