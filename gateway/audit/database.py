"""The database against its chains of custody."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, SQLModel, col, select

from gateway import custody, telemetry
from gateway.audit.difference import Difference, readable
from gateway.custody import PAGE
from gateway.disposal import check
from gateway.models import (
    Activity,
    Allocation,
    AnnualCheck,
    ApiKey,
    Attachment,
    CaseAlias,
    CaseParty,
    CaseRecord,
    CaseSample,
    ChainHead,
    Checkout,
    Clip,
    ClipCopy,
    ClockReading,
    ClockSetting,
    CustodyEvent,
    DestructionRecord,
    Device,
    DisposalItem,
    DisposalRun,
    Document,
    Endpoint,
    Finding,
    LegalHold,
    Link,
    LiveView,
    Note,
    Officer,
    Offload,
    OidcBinding,
    Original,
    Party,
    Receipt,
    Recording,
    Rendition,
    ReportMade,
    RequestedClip,
    RetentionFlag,
    Room,
    RulePackUse,
    SampleCase,
    SampleRemark,
    ScopeItem,
    ScopeList,
    Snapshot,
    SnapshotFigure,
    Standing,
    Statement,
    Unit,
    UnitClass,
    User,
    ViewApprover,
    ViewDecision,
    Viewing,
    ViewRequest,
)
from gateway.reports import check as sealed

EVIDENCE: tuple[type[SQLModel], ...] = (
    Original, Clip, Attachment, Recording, Finding, Link, Receipt, Rendition,
    Device, Officer, Allocation, Checkout, Standing, UnitClass, AnnualCheck, ClockReading, ClockSetting,
    CaseRecord, CaseAlias, Party, CaseParty, Document, Activity, ScopeList, ScopeItem, Statement, RulePackUse,
    Note, User, ApiKey, OidcBinding, Viewing, LiveView, Endpoint,
    ViewApprover, ViewRequest, RequestedClip, ViewDecision, ClipCopy,
    LegalHold, RetentionFlag, DisposalRun, DisposalItem, DestructionRecord,
    CaseSample, SampleCase, SampleRemark, ReportMade,
    Snapshot, SnapshotFigure,
)  # fmt: skip
"""Tables in which every row is vouched for by a line of a chain."""

PLACES: tuple[type[SQLModel], ...] = (Unit, Room)
"""Who sees what hangs on them. One that a configuration only names is there without a line."""

FEW = 10
"""Rows at a time where each may hold a megabyte."""


def chains(session: Session) -> Iterator[Difference]:
    names = {*session.exec(select(ChainHead.chain)), *session.exec(select(CustodyEvent.chain).distinct())}
    for name in sorted(names):
        for seq, what in custody.breaks(session, name):
            yield Difference(f"chain {name}, line {seq}", what)


def rows(session: Session) -> Iterator[Difference]:
    """Each row must be as the last line that describes it says; no row may be there that no line tells of."""
    told: dict[tuple[str, str], str] = {}
    for chain in session.exec(select(CustodyEvent.chain).distinct().order_by(CustodyEvent.chain)).all():
        for _, line in custody.lines_of(session, chain):
            for row in line.rows if line else ():
                told[row["table"], row["id"]] = row["digest"]
    for model in (*EVIDENCE, *PLACES):
        yield from table_rows(session, model, told)
    watched = {str(model.__tablename__) for model in (*EVIDENCE, *PLACES)}
    for (table, key), digest in sorted(told.items()):
        if table in watched and digest != custody.GONE:
            yield Difference(f"row {table}/{key}", "deleted: the chain tells of it")


def table_rows(
    session: Session, model: type[SQLModel], told: dict[tuple[str, str], str]
) -> Iterator[Difference]:
    """Compare one table; takes what it finds out of `told`."""
    table = str(model.__tablename__)
    [key_column] = inspect(model).primary_key
    keys = session.exec(select(key_column)).all()
    step = FEW if model is SnapshotFigure else PAGE
    for start in range(0, len(keys), step):
        page = keys[start : start + step]
        found = readable(session, model, page)
        for key in page:
            where = f"row {table}/{key}"
            expected = told.pop((table, key), None)
            if key not in found:
                yield Difference(where, "edited: cannot be read")
            elif expected is None and model in PLACES:
                continue
            elif expected is None or expected == custody.GONE:
                yield Difference(where, "no line of custody tells of it")
            elif expected != custody.row_digest(found[key]):
                yield Difference(where, "edited: differs from its last line of custody")
        session.expunge_all()


def offloads(session: Session) -> Iterator[Difference]:
    """What an offload was, when, and what it listed at t0, is what the chain says of it."""
    opened = {detail.get("offload"): (by, detail) for by, detail in lines_that(session, "OFFLOAD_OPENED")}
    closed = {
        offload_id: detail["closed_at"]
        for _, detail in lines_that(session, "DISCONNECTED")
        for offload_id in detail.get("closed", ())
    }
    for offload_id in session.exec(select(Offload.id)).all():
        offload = session.get_one(Offload, offload_id)
        line = opened.pop(offload_id, None)
        told = expected(session, *line, closed.get(offload_id)) if line else {"listing": None}
        held = json.loads(custody.canonical(offload.model_dump(include=set(told) - {"listing"})))
        held["listing"] = custody.value_digest(offload.listing)
        for name in sorted(name for name in told if told[name] != held[name]):
            yield Difference(f"row offload/{offload_id}", f"edited: its {name} differs from the chain's")
        session.expunge(offload)
    for offload_id in sorted(map(str, opened)):
        yield Difference(f"row offload/{offload_id}", "deleted: the chain tells of it")


def disposals(session: Session) -> Iterator[Difference]:
    for where, what in check.differences(session):
        yield Difference(where, what)


def told_by_devices(session: Session) -> Iterator[Difference]:
    for where, what in telemetry.differences(session):
        yield Difference(where, what)


def frozen_quarters(session: Session) -> Iterator[Difference]:
    for where, what in sealed.differences(session):
        yield Difference(where, what)


def lines_that(session: Session, event: str) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """(subject, detail) of each."""
    yield from session.exec(
        select(CustodyEvent.subject, CustodyEvent.detail).where(CustodyEvent.event == event)
    )


def expected(
    session: Session, subject: str, detail: Mapping[Any, Any], closed_at: str | None
) -> dict[str, Any]:
    """The columns that are vouched for: by the lines themselves, or in older chains by the receipt."""
    told = {"device_id": subject, "listing": detail.get("listing")}
    if "opened_at" in detail:
        parts = {name: detail[name] for name in ("bay", "volume", "opened_at")}
        return told | parts | {"closed_at": closed_at}
    sealed = select(Receipt).where(Receipt.offload_id == detail["offload"])
    receipt = session.exec(sealed.order_by(col(Receipt.revision).desc()).limit(1)).first()
    if receipt is None:
        return told
    moments = {
        name: custody.plain(datetime.fromisoformat(receipt.body[name]))
        for name in ("opened_at", "closed_at")
        if receipt.body[name]
    }
    return told | moments | {name: receipt.body[name] for name in ("bay", "volume")}
