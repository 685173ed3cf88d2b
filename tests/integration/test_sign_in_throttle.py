"""Passwords cannot be guessed at the API's pace, on both databases, and by several at once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.signin import add_user
from api.throttle import FREE, note_failure, tries_of
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import CustodyEvent, FailedSignIns, Role, now
from gateway.store import LocalStore
from tests.client import client_of

RIGHT, WRONG = "correct horse", "battery staple"


@pytest.fixture
def client(either: Database, tmp_path: Path, store: LocalStore) -> Iterator[TestClient]:
    with either.write() as session:
        add_user(session, "chen", RIGHT, Role.OPERATOR, None)
    with client_of(either, store, LiveFolder(tmp_path)) as client:
        yield client


def sign_in(client: TestClient, password: str, name: str = "chen") -> int:
    return client.post("/api/v1/session", json={"name": name, "password": password}).status_code


def database_of(client: TestClient) -> Database:
    opened: Database = client.app.state.database  # type: ignore[attr-defined]
    return opened


def test_five_are_free_then_even_the_right_one_waits(client: TestClient) -> None:
    assert [sign_in(client, WRONG) for _ in range(FREE)] == [401] * FREE
    told = client.post("/api/v1/session", json={"name": "chen", "password": RIGHT})
    assert told.status_code == 429
    assert told.headers["content-type"] == "application/problem+json"
    assert 1 <= int(told.headers["retry-after"]) <= 10
    assert sign_in(client, WRONG, "somebody else") == 401
    with database_of(client).write() as session:
        tries = session.exec(select(FailedSignIns).where(FailedSignIns.name == "chen")).one()
        assert tries.failures == FREE, "what was not tried does not count"
        tries.last_at -= timedelta(seconds=11)
        refused = session.exec(select(CustodyEvent).where(CustodyEvent.event == "SIGN_IN_REFUSED")).all()
        assert len(refused) == FREE + 1, "nothing is written for what is not tried"
    assert sign_in(client, RIGHT) == 200
    assert sign_in(client, WRONG) == 401, "the right one begins anew"


def test_guesses_made_at_once_are_counted_one_by_one(client: TestClient) -> None:
    answers: list[int] = []
    guessing = [threading.Thread(target=lambda: answers.append(sign_in(client, WRONG))) for _ in range(12)]
    for one in guessing:
        one.start()
    for one in guessing:
        one.join(60)
    assert sorted(answers) == [401] * FREE + [429] * (12 - FREE)


def test_what_is_a_day_old_is_forgotten(client: TestClient) -> None:
    with database_of(client).write() as session:
        at = now() - timedelta(days=2)
        note_failure(session, tries_of(session, "old", "192.0.2.1"), at)
    assert sign_in(client, WRONG) == 401
    with database_of(client).read() as session:
        assert session.exec(select(FailedSignIns.name)).all() == ["chen"]
