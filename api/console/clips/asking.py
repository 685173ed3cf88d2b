"""What stands in the address of the list, as a search and as words that can be taken away again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, Field

from api.paging import CURSOR
from gateway.instants import Day
from gateway.models import State
from gateway.search import MISSING, Wanted
from gateway.wording import CHINA

LIMIT = 50


def nothing(value: object) -> object:
    """A form sends its empty fields, too."""
    return None if value == "" else value


Text = Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(nothing)]


class Asked(BaseModel):
    """The list's address."""

    q: Annotated[str, Field(max_length=200)] = ""
    officer: Text = None
    device: Text = None
    case: Text = None
    place: Annotated[str, Field(max_length=200)] = ""
    since: Annotated[Day | None, BeforeValidator(nothing)] = None
    until: Annotated[Day | None, BeforeValidator(nothing)] = None
    linked: Annotated[Literal["no", "yes"] | None, BeforeValidator(nothing)] = None
    aside: Annotated[Literal["no", "yes"] | None, BeforeValidator(nothing)] = None
    state: Annotated[State | None, BeforeValidator(nothing)] = None
    missing: list[Literal["case", "time", "place", "officer", "matter"]] = []
    cursor: Annotated[Annotated[str, Field(pattern=CURSOR)] | None, BeforeValidator(nothing)] = None

    def wanted(self) -> Wanted:
        flags = {"no": False, "yes": True, None: None}
        linked, aside = flags[self.linked], flags[self.aside]
        return Wanted(
            text=self.q, officer=self.officer, device=self.device, case=self.case, place=self.place,
            captured_after=begins(self.since) if self.since else None,
            captured_before=begins(self.until + timedelta(days=1)) - MOMENT if self.until else None,
            state=self.state, unlinked=None if linked is None else not linked, quarantined=aside,
            missing=tuple(self.missing),
        )  # fmt: skip

    def given(self) -> list[tuple[str, Any]]:
        """What narrows the list, in the order of the filters."""
        told = self.model_dump(mode="json", exclude={"cursor", "missing"})
        found = [(name, value) for name, value in told.items() if value]
        return found + [("missing", label) for label in MISSING if label in self.missing]

    def query(self, without: tuple[str, Any] | None = None, **more: str) -> str:
        left = [pair for pair in self.given() if pair != without]
        return urlencode([*left, *more.items()])

    def address(self, without: tuple[str, Any] | None = None, **more: str) -> str:
        query = self.query(without, **more)
        return f"/clips?{query}" if query else "/clips"


Asking = Annotated[Asked, Query()]
MOMENT = timedelta(microseconds=1)


def begins(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that stands: its kind, what it says, the address without it."""

    kind: str
    value: str
    without: str


def chips(asked: Asked, names: dict[str, dict[str, str]]) -> Iterator[Chip]:
    """All but the words, which stand in their field."""
    for kind, value in asked.given():
        if kind != "q":
            yield Chip(kind, names.get(kind, {}).get(value, value), asked.address((kind, value)))
