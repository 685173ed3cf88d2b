"""Must-show 6: the case system goes away, answers 500, repeats and reorders, and the gateway is killed in between.

Every case arrives once, every write-back arrives once. The hour is compressed: waits are set to parts of a second.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from drivers.simulators.card import Camera
from drivers.simulators.case_system import CaseSystem
from gateway.models import CaseRecord, CustodyEvent, Delivery, DeliveryState, Link, LinkStatus, OutboxEvent
from tests.e2e.site import Site, volume

CASES = 25
PEOPLE = """
units: [{id: u, name: 市场监管局}]
officers:
  - {id: zhang, name: 张伟, unit: u, number: "130501", cert_valid_from: 2015-01-01, cert_valid_to: 2035-01-01}
  - {id: li, name: 李娜, unit: u, cert_valid_from: 2015-01-01, cert_valid_to: 2035-01-01}
"""


def case(number: int, version: int) -> dict[str, Any]:
    """Case 0 has a step while the camera recorded; the others are there to be counted."""
    told: dict[str, Any] = {
        "uid": f"k{number}", "version": version, "title": f"第{version}版", "unit": "u",
        "numbers": [f"冀邢市监罚〔2024〕{number + 1}号"], "handlers": ["zhang"],
    }  # fmt: skip
    if number == 0:
        told["activities"] = [
            {
                "id": "a", "kind": "现场检查", "officers": ["zhang", "li"],
                "started_at": "2024-05-06T09:20:00+08:00", "ended_at": "2024-05-06T10:20:00+08:00",
            }
        ]  # fmt: skip
    return told


@pytest.fixture
def twin() -> Iterator[tuple[CaseSystem, str]]:
    system = CaseSystem(token="t", repeat=True, reorder=True)
    server = system.server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield system, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def site_of(folder: Path, url: str) -> Site:
    source = {
        "id": "sys", "kind": "http", "url": url, "token": "t", "poll_seconds": 0.2, "page": 4, "units": ["u"],
        "longest_wait_seconds": 0.5, "write_back": True,
    }  # fmt: skip
    waits = {"first_wait_seconds": 0.1, "longest_wait_seconds": 0.5, "attempts": 10_000}
    site = Site(folder, [volume(unit="u")], case_sources=[source], webhooks=waits)
    (folder / "people.yaml").write_text(PEOPLE)
    site.command("devices", "import", folder / "people.yaml")
    site.command("devices", "allocate", "cam-1", "--officer", "zhang", "--from", "2024-01-01")
    for minute in (30, 40, 50):
        Camera(folder / "card", "CAM1", "130501").record(datetime(2024, 5, 6, 9, minute), 2)
    return site


def titles(session: Session) -> Counter[str]:
    return Counter(session.exec(select(CaseRecord.title)))


def links(session: Session) -> int:
    active = select(Link).where(col(Link.ended_at).is_(None), Link.status != LinkStatus.WITHDRAWN)
    return len(session.exec(active).all())


def nothing_due(session: Session) -> bool:
    events = set(session.exec(select(OutboxEvent.id).where(col(OutboxEvent.position).is_(None))))
    due = session.exec(select(Delivery.id).where(Delivery.state != DeliveryState.DONE)).first()
    return not events and due is None


@pytest.fixture
def site(tmp_path: Path, twin: tuple[CaseSystem, str]) -> Iterator[Site]:
    made = site_of(tmp_path, twin[1])
    yield made
    if made.process is not None:
        made.kill()


def test_every_case_and_every_write_back_arrives_once(site: Site, twin: tuple[CaseSystem, str]) -> None:
    system, _ = twin
    system.change(*(case(number, 1) for number in range(CASES)))
    system.away = True
    site.start()
    site.wait("the footage, while the case system is away", lambda session: len(site.originals()) == 3)
    asked = system.asked["GET /cases"]
    site.wait("it to be asked again", lambda _: system.asked["GET /cases"] > asked + 2)
    system.errors, system.away = 3, False
    site.wait("some of the cases", lambda session: len(titles(session)) and sum(titles(session).values()) > 4)
    site.kill()  # in the middle of the feed

    system.lost, system.cut = 2, 40
    site.start()
    site.wait("all cases", lambda session: titles(session) == {"第1版": CASES})
    site.wait("three links", lambda session: links(session) == 3)
    site.wait("the first write-backs", lambda _: len(system.applied) > 1)
    system.away = True
    system.change(
        *(case(number, 3) for number in range(CASES)), *(case(number, 2) for number in range(CASES))
    )
    site.kill()  # in the middle of writing back

    site.start()
    asked = sum(system.asked.values())
    site.wait("both to be tried again", lambda _: sum(system.asked.values()) > asked + 4)
    system.errors, system.lost, system.away = 4, 2, False
    site.wait("the third version of each", lambda session: titles(session) == {"第3版": CASES})
    site.wait("everything written back", nothing_due)
    site.stop()

    with site.read() as session:
        kinds = set(session.exec(select(OutboxEvent.kind)))
        stored = Counter(
            session.exec(select(CustodyEvent.subject).where(CustodyEvent.event == "CASE_STORED"))
        )
        told = {row.id: row for row in session.exec(select(OutboxEvent)) if "k0" in row.cases}
        current = {row.id: row for row in session.exec(select(Link).where(col(Link.ended_at).is_(None)))}
    assert kinds == {"clip.labelled", "link.changed"}, "only what a case system is told: no webhook listens"
    assert set(stored) == {f"k{number}" for number in range(CASES)}
    assert all(count == 2 for count in stored.values()), "the second version came after the third"
    assert set(system.applied) == set(told), "every write-back, and nothing else"
    assert len(system.received) > len(system.applied), "answers were lost, so some came again"
    newest = {
        told["body"]["link"]: told["body"]
        for told in system.applied.values()
        if told["kind"] == "link.changed"
    }
    for link_id, link in current.items():
        assert newest[link_id]["status"] == link.status
        assert newest[link_id]["verdict"] == link.verdict
        assert newest[link_id]["digests"]["sha256"]
    site.verify()
