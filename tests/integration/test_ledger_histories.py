"""Any order of entries, corrections and returns: nobody shares a device, and every answer of then can be had again."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from gateway import holdings, ledger, migrations, registry, standing
from gateway.database import Database
from gateway.device import Refused
from gateway.ledger import AllocationIn, CheckoutIn, ReturnIn
from gateway.models import Allocation, Checkout, Device, Standing, new_id, now
from gateway.registry import RegistryFile
from gateway.rules.ledger import clash
from gateway.rules.standing import OUT_OF_USE
from gateway.standing import StandingIn

T0 = datetime(2024, 5, 6, tzinfo=UTC)
HOURS = st.integers(0, 12)
HOLDERS = {
    "PERSONAL": {"officer": "zhang"}, "POOL": {"unit": "xt"}, "VEHICLE": {"room": "car"},
    "FIXED_ROOM": {"room": "room"}, "WINDOW": {"room": "room"},
}  # fmt: skip
STATES = ["ACCEPTED", "IN_SERVICE", "REPAIR", "LOST", "RETIRED"]
ACTS = st.one_of(
    st.tuples(st.just("allocate"), st.sampled_from(sorted(HOLDERS)), HOURS, st.integers(1, 6), st.booleans()),
    st.tuples(
        st.just("check out"), st.sampled_from(["zhang", "li"]), HOURS, st.integers(0, 6), st.booleans()
    ),
    st.tuples(st.just("give back"), st.just(""), HOURS, st.just(0), st.just(False)),
    st.tuples(st.just("stand"), st.sampled_from(STATES), HOURS, st.just(0), st.booleans()),
)


@pytest.fixture(scope="module")
def town() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'm.sqlite'}")
        migrations.upgrade(database.engine)
        told = {
            "units": [{"id": "xt", "name": "局"}],
            "rooms": [{"id": name, "name": name, "unit": "xt"} for name in ("room", "car")],
            "officers": [{"id": name, "name": name, "unit": "xt"} for name in ("zhang", "li")],
        }
        with database.write() as session:
            registry.store_registry(session, RegistryFile.model_validate(told), "test")
        yield database
        database.close()


def at(hour: float) -> datetime:
    return T0 + timedelta(hours=hour)


def last(session: Session, model: type[Any], device: str) -> str | None:
    current = select(model.id).where(model.device_id == device, col(model.superseded_at).is_(None))
    return session.exec(current.order_by(model.id.desc()).limit(1)).first()


def do(session: Session, device: str, act: tuple[str, str, int, int, bool]) -> None:
    kind, what, start, length, corrects = act
    if kind == "allocate":
        told = {
            "device": device,
            "kind": what,
            "valid_from": at(start),
            "valid_to": at(start + length),
            **HOLDERS[what],
        }
        replaces = last(session, Allocation, device) if corrects else None
        ledger.allocate(session, AllocationIn.model_validate(told), "test", replaces)
    elif kind == "check out":
        told = {
            "device": device,
            "officer": what,
            "out_at": at(start),
            "in_at": at(start + length) if length else None,
        }
        replaces = last(session, Checkout, device) if corrects else None
        ledger.check_out(session, CheckoutIn.model_validate(told), "test", replaces)
    elif kind == "give back" and (open_one := last(session, Checkout, device)):
        back = session.get_one(Checkout, open_one).out_at + timedelta(hours=start + 1)
        ledger.give_back(session, open_one, ReturnIn(in_at=back), "test")
    elif kind == "stand":
        given_now = {"device": device, "status": what, "since": at(start), "why": "x", "doc_no": "x"}
        replaces = last(session, Standing, device) if corrects else None
        standing.enter(session, StandingIn.model_validate(given_now), "test", replaces)


def answers(session: Session, device: str, known: datetime | None = None) -> list[object]:
    row = session.get_one(Device, device)
    told = holdings.entries(session, device)
    return [
        (found.officer_id, found.room_id, found.shared_without_checkout, holdings.status_of(session, row, moment, known))
        for moment in (at(hour + 0.5) for hour in range(-1, 20))
        for found in [ledger.held_at(told, moment, known)]
    ]  # fmt: skip


@settings(max_examples=60)
@given(acts=st.lists(ACTS, min_size=1, max_size=10))
def test_any_history(town: Database, acts: list[tuple[str, str, int, int, bool]]) -> None:
    device, noted = new_id(), []
    with town.write() as session:
        session.add(Device(id=device, type="body_camera", unit_id="xt"))
    for act in acts:
        try:
            with town.write() as session:
                do(session, device, act)
        except Refused:
            continue
        with town.read() as session:
            noted.append((now(), answers(session, device)))
    with town.read() as session:
        current = [
            entry.holding for entry in holdings.entries(session, device) if entry.superseded_at is None
        ]
        assert not any(clash(one, [other]) for one, other in combinations(current, 2))
        for known, told in noted:
            assert answers(session, device, known) == told
        row = session.get_one(Device, device)
        assert row.status == (holdings.status_of(session, row, now()) or row.status)
        for entry in holdings.entries(session, device):
            status = holdings.status_of(session, row, entry.holding.start, entry.recorded_at)
            assert entry.superseded_at or status not in OUT_OF_USE, "handed out after it was lost"
