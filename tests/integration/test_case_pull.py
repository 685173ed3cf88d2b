"""The pull client against the twin of a case system: whatever the twin does, every case arrives once."""

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, func, select

from drivers.ports import free_port
from drivers.simulators.case_system import CaseSystem
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.keeper import Keeper
from gateway.case_sources.pull import Entry, Pull
from gateway.case_sources.records import store_case
from gateway.case_sources.rules import usual
from gateway.case_sources.taking import Desk
from gateway.config.sources import HttpSource
from gateway.database import Database
from gateway.device import DeviceUnavailable
from gateway.models import Activity, CaseFeed, CaseRecord, CaseRefusal, CustodyEvent
from tests.integration.test_network_twins_by_hand import hand
from tests.patience import until


class Line:
    """The twin, listening, and a reader of it whose rounds are made by hand."""

    def __init__(self, database: Database, twin: CaseSystem, port: int, **more: Any) -> None:
        self.database, self.twin = database, twin
        told = {
            "id": "sys",
            "kind": "http",
            "url": f"http://127.0.0.1:{port}",
            "token": "t",
            "page": 3,
            **more,
        }
        self.settings = HttpSource.model_validate(told)
        desk = Desk(database, usual(), self.settings)
        self.pull = Pull(self.settings, desk, threading.Event())
        self.keeper = Keeper(self.pull, desk, threading.Event())

    def titles(self) -> dict[str, str]:
        with self.database.read() as session:
            return dict(session.exec(select(CaseRecord.uid, CaseRecord.title)).all())

    def stored(self, uid: str) -> int:
        """How often the case was written."""
        with self.database.read() as session:
            told = select(func.count()).where(
                CustodyEvent.event == "CASE_STORED", CustodyEvent.subject == uid
            )
            return session.exec(told).one()

    def feed(self) -> CaseFeed:
        with self.database.read() as session:
            return session.get_one(CaseFeed, "sys")


def case(number: int, version: int = 1, title: str = "案", **more: Any) -> dict[str, Any]:
    return {"uid": f"k{number}", "version": version, "title": f"{title}{number}", "unit": "u", **more}


@pytest.fixture
def line(database: Database) -> Iterator[Line]:
    twin = CaseSystem(token="t")
    server = twin.server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    made = Line(database, twin, server.server_address[1])
    yield made
    made.pull.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_feed_is_read_to_its_end_and_then_only_what_is_new(line: Line) -> None:
    line.twin.change(*(case(number) for number in range(10)))
    line.pull.round()
    assert len(line.titles()) == 10
    assert line.twin.asked["GET /cases"] == 4
    line.twin.change(case(3, 2, "改"))
    line.pull.round()
    assert line.titles()["k3"] == "改3"
    assert line.twin.asked["GET /cases"] == 5
    assert line.feed().cursor == "11"


@pytest.mark.parametrize("seed", range(5))
def test_repeated_and_reordered_every_case_arrives_once(line: Line, seed: int) -> None:
    line.twin.repeat = line.twin.reorder = True
    line.twin.dice.seed(seed)
    line.twin.change(
        *(case(number, version, f"版{version}-") for version in (1, 2, 3) for number in range(4))
    )
    line.pull.round()
    assert line.titles() == {f"k{number}": f"版3-{number}" for number in range(4)}
    before = [line.stored(f"k{number}") for number in range(4)]
    line.twin.change(
        *(case(number, 2, "旧") for number in range(4)), *(case(number, 3, "版3-") for number in range(4))
    )
    line.pull.round()
    assert line.titles() == {f"k{number}": f"版3-{number}" for number in range(4)}
    assert [line.stored(f"k{number}") for number in range(4)] == before


@pytest.mark.parametrize(
    ("fault", "value", "code"),
    [
        ("away", True, "case_source.away"),
        ("errors", 1, "case_source.status"),
        ("cut", 30, "case_source.away"),
        ("token", "another", "case_source.status"),
    ],
)
def test_what_goes_wrong_is_said_and_nothing_is_lost(
    line: Line, fault: str, value: object, code: str
) -> None:
    line.twin.change(*(case(number) for number in range(5)))
    before = getattr(line.twin, fault)
    setattr(line.twin, fault, value)
    with pytest.raises(DeviceUnavailable) as gone:
        line.pull.round()
    assert gone.value.reason["code"] == code
    setattr(line.twin, fault, before)
    line.pull.round()
    assert len(line.titles()) == 5


@pytest.mark.parametrize(
    "answer", [b"[]", b"{}", b'{"cases": 1}', b'{"cases": [], "more": true}', b"\xff", b"[" * 100_000]
)
def test_an_answer_that_is_none_is_asked_for_again(
    line: Line, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "drivers.simulators.case_system.json.dumps", lambda *_, **__: answer.decode("latin-1")
    )
    with pytest.raises(DeviceUnavailable) as gone:
        line.pull.round()
    assert gone.value.reason["code"] == "case_source.garbled"


def test_one_bad_case_holds_up_no_other_and_is_settled_when_it_comes_right(line: Line) -> None:
    line.twin.change(case(1), case(2, party_code="no code", party_name="x"), {"title": "no uid"}, case(3))
    line.pull.round()
    line.pull.round()
    assert set(line.titles()) == {"k1", "k3"}
    with line.database.read() as session:
        refused = {row.what: row.why for row in session.exec(select(CaseRefusal))}
    assert set(refused) == {"k2", "?"}
    assert "party_code" in refused["k2"]["facts"]["errors"]
    line.twin.change(case(2, 2))
    line.pull.round()
    with line.database.read() as session:
        open_ones = session.exec(select(CaseRefusal.what).where(col(CaseRefusal.settled_at).is_(None))).all()
    assert open_ones == ["?"]


@pytest.mark.parametrize("odd", [None, "s", 7, [], {}, {"uid": 5, "title": "号码 130503"}])
def test_an_entry_that_is_no_case_waits_for_a_person_and_the_others_are_stored(line: Line, odd: Any) -> None:
    line.twin.change(odd, {"uid": "r1", "title": "好案", "unit": "xt"})
    line.pull.round()
    line.pull.round()
    assert line.titles() == {"r1": "好案"}
    assert (line.feed().cursor, line.feed().why) == ("2", None)
    with line.database.read() as session:
        (waits,) = session.exec(select(CaseRefusal)).all()
    digest = hashlib.sha256(json.dumps(odd, sort_keys=True).encode()).hexdigest()[:16]
    assert (waits.what, waits.why["code"]) == ("?", "case.wrong_entry")
    facts = waits.why["facts"]
    assert (facts["place"], facts["after"], facts["digest"]) == ("1", "-", digest)
    assert ("is no object" in facts["errors"]) is not isinstance(odd, dict)
    assert "130503" not in json.dumps(waits.why)


def test_a_uid_that_no_database_keeps_holds_up_no_other(either: Database) -> None:
    twin = CaseSystem(token="t")
    line = Line(either, twin, 1)
    for uid in ("a\0b", "a\ud800b"):
        told = {"uid": uid, "title": "案", "unit": "x\0"}
        line.pull.take(told, Entry(told, 1, None))
    with either.read() as session:
        assert {row.what for row in session.exec(select(CaseRefusal))} == {"a\ufffdb", "a?b"}
    line.pull.close()


def test_a_step_that_vanishes_is_withdrawn(line: Line) -> None:
    step = {
        "id": "k1-a",
        "kind": "询问",
        "started_at": "2024-05-06T09:00:00Z",
        "ended_at": "2024-05-06T10:00:00Z",
    }
    line.twin.change(case(1, activities=[step]), case(1, 2))
    line.pull.round()
    with line.database.read() as session:
        assert session.get_one(Activity, "k1-a").withdrawn_at is not None


def test_an_hour_away_is_said_once_and_asked_ever_more_rarely(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.twin.change(case(1))
    line.twin.away = True
    caplog.set_level("INFO")
    waited = 0.0
    while waited < 3600:
        waited += line.keeper.once()
    asked = line.twin.asked["GET /cases"]
    assert 12 <= asked <= 40, asked
    assert sum("cannot be reached" in text for text in caplog.messages) == 1
    assert line.feed().failing_since is not None
    line.twin.away = False
    assert line.keeper.once() == line.settings.poll_seconds
    assert sum("is back" in text for text in caplog.messages) == 1
    assert (line.feed().failing_since, line.feed().why) == (None, None)
    assert line.titles() == {"k1": "案1"}


def test_the_twin_by_hand_with_its_faults(database: Database, tmp_path: Path) -> None:
    file, port = tmp_path / "cases.json", free_port()
    file.write_text(json.dumps([case(1), case(2)]))
    faults = [word for fault in ("errors=1", "cut@30", "repeat", "reorder") for word in ("--fault", fault)]
    made = Line(database, CaseSystem(), port)
    with hand("case_system", file, "--port", port, "--token", "t", *faults) as fingers:
        until(lambda: f"http://127.0.0.1:{port}, 2 cases" in fingers.said)
        waits = [made.keeper.once() for _ in range(3)]
        assert waits[2] == made.settings.poll_seconds > waits[0]
        assert made.titles() == {"k1": "案1", "k2": "案2"}
        file.write_text(json.dumps([case(1), case(2, 2, "改")]))
        until(lambda: made.keeper.once() and made.titles()["k2"] == "改2")
        assert "cut at 30" in fingers.said
    made.pull.close()


def test_a_case_is_at_home_in_its_system_whoever_told_it_first_or_corrects_it(line: Line) -> None:
    def home() -> str:
        with line.database.read() as session:
            return session.get_one(CaseRecord, "k1").source

    def told_by_hand(title: str) -> None:
        with line.database.write() as session:
            store_case(session, CaseIn.model_validate({"uid": "k1", "title": title}), "cli", "cases.json")

    told_by_hand("手工")
    assert home() == "cases.json"
    line.twin.change(case(1))
    line.pull.round()
    assert home() == "sys"
    told_by_hand("更正")
    assert (home(), line.titles()["k1"]) == ("sys", "更正")
    line.twin.change(case(1))
    line.pull.round()
    assert line.titles()["k1"] == "案1"
