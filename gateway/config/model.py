"""How anything in devices.yaml is written: strict models, identifiers, zones, templates of names."""

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def usable(cls, value: object) -> object:
        """No path and no database takes a NUL."""
        if "\0" in (str(value) if isinstance(value, (str, Path)) else ""):
            raise ValueError("contains a NUL character")
        return value


def checked_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone; write one such as Asia/Shanghai") from error
    return value


def compiles(templates: tuple[str, ...]) -> tuple[str, ...]:
    for template in templates:
        try:
            re.compile(template)
        except re.error as error:
            raise ValueError(f"{template!r} is no regular expression: {error}") from None
    return templates


Templates = Annotated[tuple[str, ...], AfterValidator(compiles)]
"""Regular expressions with groups such as `(?P<device>…)`: how a unit names its files."""
