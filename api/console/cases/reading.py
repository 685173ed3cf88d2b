"""Pages that show cases."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session, col, select

from api.console import pages
from api.console.cases.telling import tools
from api.console.terms import in_words
from api.problems import Problem
from api.seeing import must_see
from api.signin import Db, Reader, Ruled
from gateway.case_sources.numbers import numbers_of
from gateway.casefile import listing
from gateway.casefile.footage import names_in, pieces
from gateway.casefile.listing import Search
from gateway.casefile.record import steps_of
from gateway.casefile.view import cards, case_page
from gateway.law import Law
from gateway.models import CaseParty, CaseRecord, Unit, now
from gateway.reports.timely import untimely
from gateway.retention import holding
from gateway.roster import names_of
from gateway.visibility import Right
from gateway.worklist.deciding import seen_of

router = APIRouter()

CLIPS = 50
"""Clips of one page of a step's footage."""
Asked = Annotated[str, Query(max_length=200)]


@router.get("/cases")
def cases_page(
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    q: Asked = "",
    state: Annotated[Literal["", "open", "closed", "archived"], Query()] = "",
    cursor: Asked = "",
) -> Response:
    with database.read() as session:
        try:
            rows, following = listing.found(session, viewer, Search(q, state or None, cursor=cursor))
        except ValueError:
            raise Problem(422, "The cursor is none", "Follow the link of the page before.") from None
        glances = listing.glances(session, viewer, law, rows)
        units = names_of(session, Unit, [row.unit_id for row in rows])
    asked = {name: value for name, value in (("q", q), ("state", state)) if value}
    return pages.page(
        request, "cases_list.html", viewer, glances=glances, units=units, q=q, state=state,
        more=f"/cases?{urlencode({**asked, 'cursor': following})}" if following else None,
        first=f"/cases?{urlencode(asked)}".rstrip("?") if cursor else None, **tools(request),
    )  # fmt: skip


@router.get("/cases/{uid}")
def case_whole(
    uid: str,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    note: Annotated[str | None, Query(max_length=100)] = None,
    step: Annotated[str | None, Query(max_length=200)] = None,
    held: Annotated[int | None, Query(ge=0, le=10**9)] = None,
) -> Response:
    """`held`: how many clips a hold reaches that was placed just now."""
    with database.read() as session:
        case: CaseRecord = must_see(session, viewer, CaseRecord, uid, "Case")
        view = case_page(session, viewer, law, case, page, note, step)
        [glance] = listing.glances(session, viewer, law, [case])
        decided = seen_of(session, view.listed)
        return pages.page(
            request, "cases_page.html", viewer, view=view, glance=glance, case=case, decided=decided,
            unit=names_of(session, Unit, [case.unit_id]), numbers=numbers_of(session, uid),
            parties=parties_of(session, uid), days=days_of(case),
            late=late_of(session, request, law, case), note=note,
            may_label=viewer.may(Right.LABEL), may_note=viewer.may(Right.LABEL) or viewer.may(Right.CASES),
            may_export=viewer.may(Right.LABEL) and viewer.may(Right.CUSTODY), held=held,
            holds=holding.of_case(session, viewer, case), may_hold=viewer.may(Right.HOLD),
            may_lift_hold=viewer.may(Right.APPROVE), **tools(request),
        )  # fmt: skip


def late_of(session: Session, request: Request, law: Law, case: CaseRecord) -> list[dict[str, Any]]:
    """What of the case is late; in Chinese the limit is told by the article that it cites."""
    told = in_words(pages.reader_of(request).language)
    found = [dict(one.stored()) for one in untimely(session, law, case, now())]
    return [
        {**one, "facts": {**one["facts"], "basis": told(one["facts"]["basis"]) or one["facts"]["basis"]}}
        if "basis" in one["facts"]
        else one
        for one in found
    ]


def parties_of(session: Session, uid: str) -> list[CaseParty]:
    told = select(CaseParty).where(CaseParty.case_uid == uid).order_by(col(CaseParty.place))
    return list(session.exec(told))


def days_of(case: CaseRecord) -> list[tuple[str, datetime]]:
    named = ("opened_on", "decided_on", "closed_on", "archived_on")
    return [(name, at) for name in named if (at := getattr(case, name)) is not None]


@router.get("/cases/{uid}/footage")
def footage_page(
    uid: str,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    step: Annotated[str | None, Query(max_length=200)] = None,
    device: Annotated[str | None, Query(max_length=200)] = None,
    day: Annotated[str, Query(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Every clip of one step, or of what is linked to none; by device and day, page by page."""
    with database.read() as session:
        case: CaseRecord = must_see(session, viewer, CaseRecord, uid, "Case")
        steps = {one.id: one for one in steps_of(session, uid)}
        if step is not None and step not in steps:
            raise Problem(404, "Activity not found")
        own = pieces(session, viewer, uid, [step] if step else steps)[step]
        groups: dict[tuple[str, str], int] = {}
        for one in own.seen:
            key = one.device, day_of(one.day(law.zone))
            groups[key] = groups.get(key, 0) + 1
        chosen = [
            one for one in own.seen
            if (device is None or one.device == device) and (not day or day_of(one.day(law.zone)) == day)
        ]  # fmt: skip
        shown = chosen[(page - 1) * CLIPS : page * CLIPS]
        # first: what is decided while the cards are read was not seen
        decided = seen_of(session, [one.clip for one in shown])
        made = cards(session, shown)
        names = names_in(session, own.seen)
    return pages.page(
        request, "cases_footage.html", viewer, case=case, step=steps.get(step or ""), own=own, names=names,
        groups=sorted(groups.items(), key=lambda one: (one[0][1], one[0][0])), count=len(chosen),
        cards=[made[one.link] for one in shown if one.link in made], device=device, on=day, page=page,
        pages=max(1, -(-len(chosen) // CLIPS)), way=lambda **more: way(uid, step, **more),
        may_label=viewer.may(Right.LABEL), decided=decided, **tools(request),
    )  # fmt: skip


def day_of(day: Any) -> str:
    return day.isoformat() if day else ""


def way(uid: str, step: str | None, **more: Any) -> str:
    asked = {"step": step, **more}
    return f"/cases/{quote(uid)}/footage?{urlencode({name: one for name, one in asked.items() if one})}"
