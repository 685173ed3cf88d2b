"""What the fields of a form showed before their reader changed them: the form carries it along."""

from collections.abc import Mapping
from typing import Any

from pydantic import Json, TypeAdapter, ValidationError
from starlette.datastructures import FormData

Shown = Json[dict[str, str]]
SHOWN = TypeAdapter[dict[str, str]](Shown)


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
