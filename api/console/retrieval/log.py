"""The log of viewings: who watched what, when, why, how long, and who was not let."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api.console import pages
from api.signin import ChainReader, Db, Ruled
from api.v1.viewings import log_file
from gateway import viewing_log
from gateway.instants import Moment, reckonable
from gateway.law import Law
from gateway.reports.viewings import LogFormat
from gateway.roster import unit_names
from gateway.viewing_log import Kind, Wanted

router = APIRouter()

LINES = 50
Day = Annotated[str, Query(max_length=10)]
Text = Annotated[str, Query(max_length=100)]


def day(written: str) -> date | None:
    """None for what is none, as a form sends it empty."""
    try:
        return reckonable(date.fromisoformat(written))
    except ValueError:
        return None


def wanted_of(law: Law, person: str, clip: str, device: str, kind: str, since: str, until: str) -> Wanted:
    """Days as people fill them in: the last one is meant as a whole."""
    first, last = day(since), day(until)
    return Wanted(
        person=person.strip(), clip=clip.strip(), device=device.strip(),
        kind=Kind(kind) if kind in set(Kind) else None,
        since=datetime.combine(first, time(), law.zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time(), law.zone) if last else None,
    )  # fmt: skip


@router.get("/retrieval/log")
def log_page(
    request: Request,
    viewer: ChainReader,
    database: Db,
    law: Ruled,
    person: Text = "",
    clip: Text = "",
    device: Text = "",
    kind: Text = "",
    since: Day = "",
    until: Day = "",
    before: Moment | None = None,
) -> Response:
    given = {
        "person": person, "clip": clip, "device": device, "kind": kind, "since": since, "until": until,
    }  # fmt: skip
    wanted = wanted_of(law, person, clip, device, kind, since, until)
    page_of = wanted
    if before is not None:
        last = min(before, wanted.until) if wanted.until else before
        page_of = Wanted(
            wanted.person, wanted.clip, wanted.device, wanted.request, wanted.kind, wanted.since, last
        )
    with database.read() as session:
        found = viewing_log.lines(session, viewer, page_of, LINES + 1)
        names = unit_names(session)
    asked = {name: value for name, value in given.items() if value}
    shown = found[:LINES]
    more = {**asked, "before": shown[-1].at.isoformat()} if len(found) > LINES else None
    return pages.page(
        request, "retrieval_log.html", viewer, lines=shown, names=names, given=given,
        asked=urlencode(asked), first=f"/retrieval/log?{urlencode(asked)}" if before else None,
        more=f"/retrieval/log?{urlencode(more)}" if more else None,
    )  # fmt: skip


@router.get("/retrieval/log/file")
def take_along(
    viewer: ChainReader,
    database: Db,
    law: Ruled,
    format: LogFormat = LogFormat.XLSX,
    person: Text = "",
    clip: Text = "",
    device: Text = "",
    kind: Text = "",
    since: Day = "",
    until: Day = "",
) -> Response:
    return log_file(viewer, database, law, wanted_of(law, person, clip, device, kind, since, until), format)
