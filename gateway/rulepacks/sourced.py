"""A value of a rule pack with where it comes from, and whether somebody has read that text."""

import re
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

T = TypeVar("T")

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def says_something(written: str) -> str:
    if not written.strip():
        raise ValueError("is empty: say where the value comes from, such as an article of your own rule")
    return written


Source = Annotated[str, AfterValidator(says_something)]


class Sourced(Model, Generic[T]):
    """One value, what it rests on, and whether somebody has read that text."""

    value: T
    source: Source
    verified: bool


def values_of(part: Any, place: str = "") -> list[tuple[str, "Sourced[Any]"]]:
    """Every value of a pack, or of a part of it, with the place where it stands."""
    if isinstance(part, Sourced):
        return [(place, part)]
    if isinstance(part, BaseModel):
        inner = [(name, getattr(part, name)) for name in type(part).model_fields]
    elif isinstance(part, dict):
        inner = list(part.items())
    elif isinstance(part, tuple):
        inner = [(getattr(item, "id", str(number)), item) for number, item in enumerate(part)]
    else:
        return []
    return [found for name, item in inner for found in values_of(item, f"{place}.{name}".lstrip("."))]


CITATION = re.compile(r"\b(?:R-\d{2,3}|AL-\d{1,2}|LK-\d{1,2}|S\d{1,2})\b")


def cited(source: str) -> set[str]:
    """The requirement ids and sources that a value names."""
    return set(CITATION.findall(source))
