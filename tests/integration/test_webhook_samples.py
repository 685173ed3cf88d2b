"""docs/webhooks.md shows each event as it is: every kind has its sample, with the keys of the real one."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from gateway import live, outbox, retrieval
from gateway.database import Database
from gateway.models import Activity, Clip, Device, Link, Original, OutboxEvent, Receipt, Role, Unit, User, now
from gateway.scope.statements import StatementIn, state
from tests.integration.test_duty_news import HOUR, Site, step

DOCUMENT = Path(__file__).parents[2] / "docs" / "webhooks.md"
ALIKE = {"obligation.missing", "obligation.partial", "obligation.met", "obligation.exempted"}
"""One sample for all of them; the text says so."""


def shape(value: Any) -> Any:
    """The keys of a value, at every depth; what stands in lists, by the first."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if name != "facts"}
    return [shape(value[0])] if isinstance(value, list) and value else None


def samples() -> dict[str, Any]:
    found = re.findall(r"```json\n(.*?)\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    read = [json.loads(one) for one in found]
    for one in read:
        assert one.keys() == {"type", "timestamp", "subject", "data"}
    return {one["type"]: one for one in read}


def test_each_kind_has_a_sample_with_the_keys_of_the_real_one(database: Database) -> None:
    with database.write() as session:
        session.add_all((Unit(id="u", name="u"), User(id="chen", name="chen", role=Role.EVIDENCE)))
        session.flush()
        session.add(Device(id="cam", type="body_camera", unit_id="u"))
    site = Site(database)
    site.listen()
    duties(site)
    with database.write() as session:
        footage(session)
    with database.read() as session:
        real = {one.kind: one for one in session.exec(select(OutboxEvent))}
    assert real.keys() == set(outbox.KINDS)
    shown = samples()
    assert shown.keys() == set(outbox.KINDS) - ALIKE
    for kind, event in real.items():
        sample = shown["obligation.overdue" if kind in ALIKE else kind]
        told, says = shape(event.body), shape(sample["data"])
        if kind in ALIKE:
            told["failed"] = says["failed"]  # nothing fails of what is met
        assert told == says, kind
        assert sample["subject"].partition(":")[0] == event.subject.partition(":")[0]


def duties(site: Site) -> None:
    site.case(step("a"), step("b"), step("c"), step("d"))
    site.after(3 * HOUR)
    site.link("b", "b")
    with site.database.write() as session:
        clip = session.get_one(Clip, "b")
        clip.ended_at = session.get_one(Activity, "b").started_at + timedelta(minutes=5)
        session.add(clip)
        outbox.clip_changed(session, "clip.labelled", "b")
        lawful = StatementIn.model_validate(
            {
                "kind": "OMISSION", "ground": "emergency", "why": "x", "work_record": "1", "reported_to": "w",
                "approved_by": "w", "approved_at": site.at,
            }
        )  # fmt: skip
        state(session, "c", lawful, "t")
    site.case(step("a"), step("b"), step("c"))
    site.after(30 * HOUR)
    site.link("a", "a")
    site.settle()


def footage(session: Session) -> None:
    clip, original = session.get_one(Clip, "a"), session.get_one(Original, "a")
    for kind in ("clip.preserved", "clip.quarantined", "clip.labelled"):
        outbox.clip_changed(session, kind, clip.id)
    outbox.link_changed(session, session.exec(select(Link).where(Link.clip_id == "a")).one())
    account = {"opened_at": "", "closed_at": "", "listed": 1, "received": 1, "stored": 1, "missing": []}
    receipt = Receipt(offload_id="o", revision=1, sealed_at=now(), body=account, digest="d")
    outbox.offload_sealed(session, "cam", receipt)
    viewing = retrieval.begin(session, clip, original, "chen", "chen", "案卷评查")
    retrieval.end(session, viewing, now(), "chen")
    assert retrieval.refused(session, "chen", "retrieval.not_allowed", clip_id="a", device_id=None)
    view = live.begin(session, session.get_one(Device, "cam"), "chen", "chen", "督察抽查")
    live.end(session, view, now(), "chen")
