"""What forms share: what their reader had seen when he changed them, and what he filled in wrongly."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Form
from pydantic import Field, Json, TypeAdapter, ValidationError
from starlette.datastructures import FormData

from api.problems import Problem

T = TypeVar("T")
LAST = 2**63 - 1
Line = Annotated[int, Field(ge=0, le=LAST)]
"""Of a chain of custody."""
Seen = Annotated[Line, Form()]
"""The last line of the chain that the page showed; a form that carries none has seen no decision."""
Shown = Json[dict[str, str]]
"""What its fields showed."""
SHOWN = TypeAdapter[dict[str, str]](Shown)


def wrong(field: str) -> Problem:
    """A field that its type alone does not refuse; its page names it."""
    said = "What was filled in is not as it has to be"
    return Problem(422, said, field, errors=[{"place": f"body.{field}", "problem": said}])


def parsed(parse: Callable[[str], T], **written: str) -> dict[str, T]:
    """Each as `parse` reads it; of what it cannot read (ValueError) the page names the field."""
    found = {}
    for field, text in written.items():
        try:
            found[field] = parse(text)
        except ValueError:
            raise wrong(field) from None
    return found


class Wrong(Exception):
    """Fields that are not as they have to be."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = frozenset(names)


def shown_in(form: FormData) -> dict[str, str]:
    """Of a form that has a field for each of several links; what is none showed nothing."""
    try:
        return SHOWN.validate_python(form.get("shown", "{}"))
    except ValidationError:
        return {}


def touched(given: Mapping[str, Any], shown: Mapping[str, str]) -> dict[str, str]:
    """What is not as it was shown; a field that was not shown was empty."""
    told = {name: str(value).strip() for name, value in given.items()}
    return {name: value for name, value in told.items() if value != on_one_line(shown.get(name, ""))}


def on_one_line(value: str) -> str:
    """As a field has it: browsers take out what does not fit on its line."""
    return value.replace("\r", "").replace("\n", "").strip()
