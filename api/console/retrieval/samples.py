"""Samples of cases to be looked through: drawn so that nobody can choose, each fault followed to its end."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import Session, select

from api.console import pages
from api.paging import CURSOR, Cut
from api.paging import page as cut
from api.seeing import must_see
from api.signin import Checker, Db, Reader, Ruled
from api.v1 import samples as drawn
from api.v1.samples import SampleOut
from gateway.device import Refused
from gateway.law import Law
from gateway.models import CaseSample, Result, now
from gateway.reports.recording import recording_sheet
from gateway.reports.remarks import LONGEST, RemarkIn, checked, faults_seen, open_faults, remark, remarks_of
from gateway.reports.sample import MOST, DrawIn
from gateway.roster import unit_names
from gateway.visibility import Right, Viewer, visible
from gateway.wording import Reason

router = APIRouter()

TONES = {
    "UNCHECKED": "neutral",
    "SOUND": "done",
    "OPEN": "stop",
    "SETTLED": "done",
    "FAULTY": "stop",
    "FOLLOWED": "work",
}

DUTIES = {
    "ARRIVED": "done",
    "EXEMPT": "neutral",
    "UPCOMING": "neutral",
    "PARTIAL": "look",
    "MISSING": "look",
    "OVERDUE": "stop",
}
LINES = 20
Text = Annotated[str, Form(max_length=2000)]


def periods(today: date) -> list[str]:
    """The halves and quarters that a check may be of now, the newest first."""
    found = []
    for year in (today.year, today.year - 1):
        quarters = [
            f"{year}-Q{number}"
            for number in (4, 3, 2, 1)
            if (year, 3 * number - 2) <= (today.year, today.month)
        ]
        halves = [f"{year}-H{number}" for number in (2, 1) if (year, 6 * number) < (today.year, today.month)]
        found += [*halves, *quarters]
    return found


def listed(
    request: Request,
    session: Session,
    viewer: Viewer,
    law: Law,
    cursor: str | None = None,
    given: Mapping[str, str] | None = None,
    wrong: Reason | None = None,
    blank: str = "",
) -> Response:
    found = select(CaseSample).where(visible(viewer, CaseSample))
    lines = cut(session, found, CaseSample.id, Cut(limit=LINES, cursor=cursor), SampleOut.model_validate)
    names = unit_names(session)
    own = {unit: name for unit, name in names.items() if viewer.units is None or unit in viewer.units}
    return pages.page(
        request, "retrieval_samples.html", viewer, status=409 if wrong or blank else 200, lines=lines.items,
        names=names, units=own, faults=faults_seen(session, viewer), today=law.today(), most=MOST,
        periods=periods(law.today()), may_draw=viewer.may(Right.CHECK), wrong=wrong, blank=blank,
        given=given or {}, more=f"/retrieval/samples?cursor={lines.next}" if lines.next else None,
        first="/retrieval/samples" if cursor else None,
    )  # fmt: skip


@router.get("/retrieval/samples")
def samples_page(
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
) -> Response:
    with database.read() as session:
        return listed(request, session, viewer, law, cursor)


@router.post("/retrieval/samples")
def draw(
    request: Request,
    viewer: Checker,
    database: Db,
    law: Ruled,
    unit: Text = "",
    period: Text = "",
    count: Text = "",
    why: Text = "",
) -> Response:
    given = {"unit": unit, "period": period, "count": count, "why": why}
    try:
        asked = DrawIn.model_validate({**given, "why": why.strip() or None})
        made = drawn.draw(asked, viewer, database, law)
        return RedirectResponse(f"/retrieval/samples/{made.id}", 303)
    except ValidationError as error:
        wrong, blank = None, str(error.errors()[0]["loc"][0])
    except Refused as no:
        wrong, blank = no.reason, ""
    with database.read() as session:
        return listed(request, session, viewer, law, given=given, wrong=wrong, blank=blank)


@router.get("/retrieval/samples/{sample_id}")
def one_sample(sample_id: str, request: Request, viewer: Reader, database: Db) -> Response:
    with database.read() as session:
        found: CaseSample = must_see(session, viewer, CaseSample, sample_id, "Sample")
        whole, names = drawn.whole(session, viewer, found), unit_names(session)
    counts = {state: sum(case.checked == state for case in whole.cases) for state in TONES}
    return pages.page(
        request, "retrieval_sample.html", viewer, sample=whole, names=names, tones=TONES, counts=counts,
        faults=[one.model_dump() for one in whole.faults],
    )  # fmt: skip


@router.get("/retrieval/samples/{sample_id}/cases/{case_uid}")
def one_case(
    sample_id: str, case_uid: str, request: Request, viewer: Reader, database: Db, law: Ruled
) -> Response:
    with database.read() as session:
        return case_page(request, session, viewer, law, sample_id, case_uid)


def case_page(
    request: Request,
    session: Session,
    viewer: Viewer,
    law: Law,
    sample_id: str,
    case_uid: str,
    given: Mapping[str, str] | None = None,
    wrong: Reason | None = None,
) -> Response:
    case = drawn.must_see_case(session, viewer, sample_id, case_uid)
    found = session.get_one(CaseSample, sample_id)
    whole = drawn.cases_seen(session, viewer, found)
    own = remarks_of(session, sample_id, case_uid)
    order = [one.case for one in whole]
    place = order.index(case_uid)
    sheet = recording_sheet(session, viewer, law, case, now())
    return pages.page(
        request, "retrieval_sample_case.html", viewer, status=409 if wrong else 200, sample=found, case=case,
        sheet=sheet, devices={one.device: one.name for one in sheet.devices}, remarks=own,
        open=open_faults(own), state=checked(own), tones=TONES, duties=DUTIES,
        may_check=viewer.may(Right.CHECK), place=place + 1, all=len(order),
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None, today=law.today(),
        given=given or {}, wrong=wrong,
    )  # fmt: skip


@router.post("/retrieval/samples/{sample_id}/cases/{case_uid}")
def say(
    sample_id: str,
    case_uid: str,
    request: Request,
    viewer: Checker,
    database: Db,
    law: Ruled,
    result: Annotated[Result, Form()],
    said: Annotated[str, Form(alias="remark")] = "",
    due_on: Annotated[str, Form()] = "",
    answers: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    told = {
        "result": result, "remark": said.strip() or None, "answers": answers or None,
        "due_on": (due_on or None) if result is Result.FAULTY else None,
    }  # fmt: skip
    try:
        given = told_by(told)
        with database.write() as session:
            drawn.must_see_case(session, viewer, sample_id, case_uid)
            remark(session, session.get_one(CaseSample, sample_id), case_uid, given, viewer.name, law.zone)
    except Refused as no:
        kept = {"result": result.value, "remark": said, "due_on": due_on, "answers": answers}
        with database.read() as session:
            return case_page(request, session, viewer, law, sample_id, case_uid, given=kept, wrong=no.reason)
    return RedirectResponse(f"/retrieval/samples/{sample_id}/cases/{quote(case_uid)}", 303)


def told_by(form: Mapping[str, object]) -> RemarkIn:
    """Raises Refused: whoever wrote two pages gets them back with a sentence."""
    try:
        return RemarkIn.model_validate(form)
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors()}
    raise Refused("sample.no_date") if "due_on" in wrong else Refused("sample.too_long", most=LONGEST)
