"""Where every page of the console is in the town: by its route, one address or several."""

from sqlmodel import Session, col, select

from api.console import MODULES
from gateway.demo.town import UNIT
from gateway.models import (
    BulkAction,
    CaseParty,
    CaseSample,
    Checkout,
    Clip,
    Link,
    LinkStatus,
    Offload,
    Receipt,
    SampleCase,
    Snapshot,
)
from gateway.worklist.marks import Queue
from tests.browser.town import Town

NO_PAGES = {
    "/static/{name}", "/", "/docks/events", "/kiosk/{dock}/events", "/clips-found", "/clips-cases",
    "/clips/{clip_id}/thumb", "/clips/{clip_id}/digests", "/retrieval/log/file", "/cases/{uid}/evidence/file",
}  # fmt: skip
"""Parts, files, streams, and what only leads on."""
AMID = {
    "/sign-in", "/sign-in/code", "/sign-in/oidc", "/sign-in/oidc/back", "/kiosk/{dock}/offloads/{offload_id}"
}  # fmt: skip
"""Shown to nobody who is signed in, or to a screen; other tests open them."""
CASE, CAMERA, OFFICER = "past-03", "cam-02", "130502"
FIGURE = "/figures/linked"


def routes() -> set[str]:
    every = [route for module in MODULES for route in module.router.routes]
    return {route.path for route in every if "GET" in route.methods} - NO_PAGES - AMID  # type: ignore[attr-defined]


def newest(session: Session, table: type, *where: object, by: str = "id") -> str:
    """The id of one that is there."""
    row = session.exec(select(table).where(*where).order_by(getattr(table, by).desc())).first()  # type: ignore[arg-type]
    assert row is not None, f"the town has no {table.__name__}"
    return str(row.id)


def pages(town: Town, asked: str) -> dict[str, list[str]]:
    """By their routes; `asked`: a granted request over the case. Wants samples, frozen quarters and so on that were made before."""
    with town.read() as session:
        link = session.exec(
            select(Link).where(Link.case_uid == CASE, Link.status == LinkStatus.CONFIRMED)
        ).first()
        assert link is not None
        other = session.exec(select(Clip.id).where(Clip.kind != "VIDEO")).first()
        sample = newest(session, CaseSample)
        drawn = session.exec(select(SampleCase.case_uid).where(SampleCase.sample_id == sample)).first()
        frozen = newest(session, Snapshot, by="frozen_at")
        offload = session.exec(
            select(Offload.id)
            .join(Receipt, col(Receipt.offload_id) == Offload.id)
            .where(Offload.device_id == CAMERA)
        ).first()
        bulk = newest(session, BulkAction, by="made_at")
        taken = newest(session, Checkout, Checkout.device_id == CAMERA, by="out_at")
        party = session.exec(select(CaseParty.party_id)).first()
    known = {
        "/clips/{clip_id}": [f"/clips/{one}" for one in (link.clip_id, other) if one],
        "/parties/{party_id}": [f"/parties/{party}"],
        "/clips": ["/clips", "/clips?q=现场检查&missing=matter"],
        "/clips-many/{action_id}": [f"/clips-many/{bulk}"],
        "/work/{queue}": [f"/work/{queue}" for queue in Queue],
        "/kiosk/{dock}": ["/kiosk/dock-1"],
        "/offloads/{offload_id}": [f"/offloads/{offload}"],
        "/retrieval/samples/{sample_id}": [f"/retrieval/samples/{sample}"],
        "/retrieval/samples/{sample_id}/cases/{case_uid}": [f"/retrieval/samples/{sample}/cases/{drawn}"],
        "/retrieval/requests/{request_id}": [f"/retrieval/requests/{asked}"],
        "/retrieval/requests/{request_id}/clips/{clip_id}": [
            f"/retrieval/requests/{asked}/clips/{link.clip_id}"
        ],
        "/wall/{device_id}": ["/wall/room-1"],
        "/board": ["/board", "/board?by=officer"],
        "/equipment/officers/{officer_id}": [f"/equipment/officers/{OFFICER}"],
        "/devices/{device_id}": [f"/devices/{CAMERA}"],
        "/devices/{device_id}/allocate": [f"/devices/{CAMERA}/allocate"],
        "/devices/{device_id}/standing": [f"/devices/{CAMERA}/standing"],
        "/devices/{device_id}/checkouts/{checkout_id}": [f"/devices/{CAMERA}/checkouts/{taken}"],
        "/equipment/units/{unit_id}": [f"/equipment/units/{UNIT}"],
        "/reports/figures/{code}": ["/reports/figures/linked"],
        "/reports/snapshots/{snapshot_id}": [f"/reports/snapshots/{frozen}"],
        "/reports/snapshots/{snapshot_id}/figures/{code}": [f"/reports/snapshots/{frozen}{FIGURE}"],
        "/reports/snapshots/{snapshot_id}/changes/{code}": [f"/reports/snapshots/{frozen}/changes/linked"],
        "/cases/{uid}": [f"/cases/{CASE}"],
        "/cases/{uid}/footage": [f"/cases/{CASE}/footage"],
        "/cases/{uid}/evidence": [f"/cases/{CASE}/evidence"],
    }
    return known | {route: [route] for route in routes() if "{" not in route and route not in known}
