"""The chain of custody of a clip in words: what happened, who did it, and what was said of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from api.console.pages import Reader
from gateway.models import CustodyEvent
from gateway.wording import TERMS, sentence
from gateway.wording.custody import event_word

AT_FIRST = 30
SYSTEM = frozenset({"gateway", "ingest"})

ORDERS = ("verify", "retry", "relink")
GIVEN = ("case_no", "captured_at", "place", "matter", "secrecy", "transcript")

TONES = {
    "QUARANTINED": "stop", "VIEW_REFUSED": "stop", "DESTROYED": "stop", "DESTRUCTION_BEGUN": "stop",
    "DISPOSAL_LISTED": "look", "HOLD_PLACED": "look", "VERIFIED": "done", "PRESERVED": "done",
    "VIEWED": "work", "VIEWING_ENDED": "work", "LINK_CONFIRMED": "done", "LINK_WITHDRAWN": "look",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    event: str
    what: str
    by: str | None
    """None: the gateway itself."""
    said: str
    tone: str
    number: int


def lines(session: Session, clip_id: str, reader: Reader, *, every: bool) -> tuple[list[Line], int]:
    """The newest first, and how many there are."""
    here = CustodyEvent.subject == clip_id
    wanted = (
        select(CustodyEvent).where(here).order_by(col(CustodyEvent.at).desc(), col(CustodyEvent.seq).desc())
    )
    rows = session.exec(wanted if every else wanted.limit(AT_FIRST)).all()
    count = session.exec(select(func.count()).select_from(CustodyEvent).where(here)).one()
    return [line(row, reader) for row in rows], count


def line(row: CustodyEvent, reader: Reader) -> Line:
    tone = "stop" if row.detail.get("same") is False else TONES.get(row.event, "neutral")
    return Line(
        at=row.at, event=row.event, what=event_word(row.event, reader.language),
        by=None if row.actor in SYSTEM else row.actor, said=said(row.event, row.detail, reader), tone=tone,
        number=row.seq,
    )  # fmt: skip


def said(event: str, detail: dict[str, Any], reader: Reader) -> str:
    """What a person wrote, or the sentence of a stored reason; figures where they tell something."""
    t, language = reader.words["t"], reader.language
    told: list[str] = []
    if event == "FIXITY_CHECKED":
        told.append(t("clip.fixity_same" if detail.get("same") else "clip.fixity_differs"))
    if event == "VERIFIED" and detail.get("restored"):
        told.append(t("clip.custody_restored"))
    if event == "VIEWING_ENDED" and "seconds" in detail:
        told.append(t("clip.custody_watched", span=reader.words["span"](float(detail["seconds"]))))
    if event == "ORDERED":
        told.append(t(f"clip.order_{detail['kind']}") if detail.get("kind") in ORDERS else "")
    if event == "LABELLED_BY_PERSON":
        told.append("、".join(t(f"clip.given_{name}") for name in GIVEN if name in detail))
    if event in {"FLAGGED", "UNFLAGGED"}:
        told.append(TERMS.get(detail.get("flag", ""), ("", ""))[0 if language == "zh" else 1])
    for name in ("purpose", "why"):
        value = detail.get(name)
        told.append(sentence(value, language) if isinstance(value, dict) else str(value or ""))
    joint = "：" if language == "zh" else ": "
    return joint.join(one for one in told if one)
