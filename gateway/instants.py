"""Times as people and programs write them to us: always with a zone."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

WRITE = "write date, time and zone, such as 2024-05-06T09:30:00+08:00"


def aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a zone, such as 2024-05-06T09:30:00+08:00")
    if not 1900 <= value.year <= 2200:
        raise ValueError("is no time of a case: the year must lie between 1900 and 2200")
    return value


def written_out(value: object) -> object:
    """A bare number would be taken for seconds since 1970, or for milliseconds, by its size."""
    if isinstance(value, datetime) or (
        isinstance(value, str) and not value.lstrip("+-").replace(".", "").isdigit()
    ):
        return value
    raise ValueError(WRITE)


def reckonable(value: date) -> date:
    """The days beside those of the calendar's ends cannot be told in every zone."""
    if not 1900 <= value.year <= 2200:
        raise ValueError("the year must lie between 1900 and 2200")
    return value


FOR_EVER = datetime.max.replace(tzinfo=UTC)
"""The end of what has none."""


def read(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    try:
        return handler(value)
    except ValidationError:
        raise ValueError(f"is no time; {WRITE}") from None


Moment = Annotated[datetime, WrapValidator(read), BeforeValidator(written_out), AfterValidator(aware)]
Day = Annotated[date, AfterValidator(reckonable)]


def moment() -> datetime:
    """Now, with its zone."""
    return datetime.now(UTC)
