"""What a person gives, read into a model; what is wrong with it is said by its place."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.config.settings import ConfigError

Given = TypeVar("Given", bound=BaseModel)


def read(shape: type[Given], told: Mapping[str, Any], names: Mapping[str, str] | None = None) -> Given:
    """Raises ConfigError, a line for each mistake; `names` says how a field is called where it was given."""
    try:
        return shape.model_validate(told)
    except ValidationError as error:
        raise ConfigError("\n".join(mistakes(error, names or {}))) from None


def mistakes(error: ValidationError, names: Mapping[str, str] | None = None) -> list[str]:
    """Each place with what is wrong there; never what was written there, which may be an identity number."""
    names = names or {}
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in item["loc"])
        said = WORDS.get(item["type"], item["msg"]).removeprefix("Value error, ")
        named = names.get(place, place)
        lines.append(f"{named}: {said}" if named else said)
    return lines


NO_DAY = "is no day; write one such as 2024-05-06"
WORDS = {
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), NO_DAY
    ),
    "model_type": "is no object",
    "model_attributes_type": "is no object",
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_unicode": "is no text: it holds half a character",
}
"""What pydantic's own words would leave a reader to guess."""
