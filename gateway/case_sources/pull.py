"""Reads an HTTP case system: page after page from a cursor, each case by itself, until there is no more."""

import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from gateway.calling import Caller, NoAnswer
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import Ended
from gateway.case_sources.taking import Desk
from gateway.config import mistakes
from gateway.config.sources import HttpSource
from gateway.device import DeviceUnavailable, Refused
from gateway.texts import storable
from gateway.wording import Reason, reason, sentence

log = logging.getLogger(__name__)

LARGEST = 64 * 2**20


class Feed(BaseModel):
    """What `GET /cases?after=CURSOR&limit=N` answers; more may stand in it."""

    cases: list[Any]
    """Each is looked at by itself: one that is no object holds up no other."""
    next: str | None = Field(default=None, max_length=1000)
    more: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One of `cases` as it came, to be found again by a person: by its uid, or by its place and digest."""

    told: Any
    place: int
    after: str | None

    @property
    def uid(self) -> str | None:
        return self.text("uid")

    def text(self, name: str) -> str | None:
        value = self.told.get(name) if isinstance(self.told, dict) else None
        return storable(value) if isinstance(value, str) and value.strip() else None

    def wrong(self, errors: str) -> Reason:
        if self.uid:
            return reason("case.wrong", errors=errors)
        digest = hashlib.sha256(json.dumps(self.told, sort_keys=True).encode()).hexdigest()
        return reason(
            "case.wrong_entry",
            place=self.place,
            after=storable(self.after or "-"),
            digest=digest[:16],
            errors=errors,
        )


class Pull:
    def __init__(self, settings: HttpSource, desk: Desk, stop: threading.Event) -> None:
        self.settings, self.desk, self.stop = settings, desk, stop
        self.pause_s = settings.poll_seconds
        self.caller = Caller(settings.timeout_seconds, settings.ca, LARGEST)

    def round(self) -> None:
        """Up to the end of the feed. Raises DeviceUnavailable; what was read until then stays read."""
        cursor = self.desk.cursor()
        while not self.stop.is_set():
            feed = self.page(cursor)
            for place, told in enumerate(feed.cases, 1):
                self.take(told, Entry(told, place, cursor))
            if feed.more and feed.next in (None, cursor):
                raise self.garbled("`more` without a new cursor")
            cursor = feed.next or cursor
            self.desk.read_up_to(cursor)
            if not feed.more:
                return

    def page(self, cursor: str | None) -> Feed:
        url = f"{self.settings.url}/cases"
        asked = {"limit": str(self.settings.page)} | ({"after": cursor} if cursor else {})
        try:
            answer = self.caller.call("GET", url, bearer(self.settings), parameters=asked)
        except NoAnswer as error:
            raise DeviceUnavailable("case_source.away", url=self.settings.url, error=error) from error
        if not answer.is_good:
            raise DeviceUnavailable("case_source.status", url=self.settings.url, status=answer.status)
        try:
            return Feed.model_validate(json.loads(answer.content))
        except ValidationError as wrong:
            raise self.garbled(told_wrong(wrong)) from wrong
        except (ValueError, RecursionError) as error:
            raise self.garbled(type(error).__name__) from error

    def garbled(self, error: str) -> DeviceUnavailable:
        return DeviceUnavailable("case_source.garbled", url=self.settings.url, error=error)

    def take(self, told: Any, entry: "Entry") -> None:
        """One that cannot be taken holds up no other: it is left for a person, with the reason."""
        try:
            case = CaseIn.model_validate(told)
            with self.desk.database.write() as session:
                ended = self.desk.take(session, case)
        except ValidationError as wrong:
            self.refuse(entry, entry.wrong(told_wrong(wrong)))
        except Refused as no:
            self.refuse(entry, no.reason)
        else:
            if ended is not Ended.SAME:
                log.info("%s: case %s: %s", self.settings.id, case.uid, ended.value)

    def refuse(self, entry: "Entry", why: Reason) -> None:
        log.warning("%s: case %s refused: %s", self.settings.id, entry.uid or "?", sentence(why, "en"))
        self.desk.refuse(entry.uid or "?", why, entry.text("unit"))

    def close(self) -> None:
        self.caller.close()


def bearer(settings: HttpSource) -> dict[str, str]:
    token = settings.token.get_secret_value() if settings.token else None
    return {"accept": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})


def told_wrong(wrong: ValidationError) -> str:
    return storable("; ".join(mistakes(wrong)))
