"""A copy with a mark: burnt in, beside the original, with lineage and digest of its own, and gone in time."""

import hashlib
import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from drivers.simulators.card import make_video
from gateway import audit, copies, rulepacks
from gateway.config import Settings
from gateway.database import Database
from gateway.device import Refused
from gateway.models import (
    Clip,
    ClipCopy,
    CopyState,
    CustodyEvent,
    Device,
    OrderRow,
    OrderState,
    Original,
    Rendition,
    RequestScope,
    RequestState,
    Role,
    State,
    Unit,
    User,
    ViewRequest,
    now,
)
from gateway.store import LocalStore
from ingest import copying
from ingest.stage import Context

PACKS = rulepacks.packs(Settings().rule_pack)


@pytest.fixture
def footage(tmp_path: Path, either: Database, store: LocalStore) -> Iterator[Path]:
    """A clip of four seconds in a store, and a grant that allows copies."""
    made = tmp_path / "made.mp4"
    make_video(made, datetime(2026, 5, 6, 9), 4)
    with either.write() as session:
        session.add(Unit(id="u", name="邢台市市场监督管理局"))
        session.flush()
        session.add(User(id="li", name="古丽娜尔·买买提江", role=Role.EVIDENCE, unit_id="u"))
        session.add(Device(id="cam", type="body_camera", unit_id="u"))
        session.flush()
        key = store.original_key("clip1", ".mp4")
        content = made.read_bytes()
        store.place(key).write_bytes(content)
        session.add(
            Original(
                id="clip1", device_id="cam", name="a.mp4", suffix=".mp4", size=len(content), stored_as=key,
                sha256=hashlib.sha256(content).hexdigest(), state=State.PRESERVED,
            )
        )  # fmt: skip
        session.add(
            ViewRequest(
                id="grant", user_id="li", user="古丽娜尔·买买提江", asker_unit_id="u", unit_id="u",
                scope=RequestScope.CLIPS, purpose="移送检察机关：50%的{证据}'\\n", days=7, copying=True,
                state=RequestState.GRANTED, granted_at=now(), valid_until=now() + timedelta(days=7),
            )
        )  # fmt: skip
        session.flush()
        session.add(Clip(id="clip1", device_id="cam", kind="VIDEO", duration_s=4.0))
    return store.path(key)


def asked(database: Database, start: float | None = None, end: float | None = None) -> str:
    with database.write() as session:
        clip, original = session.get_one(Clip, "clip1"), session.get_one(Original, "clip1")
        grant = session.get_one(ViewRequest, "grant")
        return copies.ask(session, clip, original, grant, start, end).id


def made(database: Database, store: LocalStore, copy: str) -> Path:
    context = Context(store=store, second=None, stop=threading.Event(), progress=lambda *_: None)
    told = copying.make(database, context, PACKS, copy)
    with database.read() as session:
        row = session.exec(select(Rendition).where(Rendition.kind == f"copy-{copy}")).one()
        assert told["sha256"] == row.sha256
        return store.path(row.stored_as)


def seconds(path: Path) -> float:
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_format", "-of", "json", path], capture_output=True, check=True
    )
    return float(json.loads(told.stdout)["format"]["duration"])


def darkness(path: Path, strip: str = "crop=iw/3:ih/24:iw/20:ih/30") -> float:
    """Mean brightness of a strip: by default the one at the top where the mark's box lies."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-vf", f"{strip},format=gray", "-f", "rawvideo", "-"],
        capture_output=True, check=True,
    )  # fmt: skip
    return sum(done.stdout) / len(done.stdout)


def events(database: Database) -> list[str]:
    with database.read() as session:
        wanted = select(CustodyEvent.event).where(CustodyEvent.subject == "clip1").order_by(CustodyEvent.seq)  # type: ignore[arg-type]
        return list(session.exec(wanted))


def test_a_copy_bears_its_mark_and_the_original_stays_as_it_was(
    footage: Path, either: Database, store: LocalStore
) -> None:
    before = footage.read_bytes()
    copy = asked(either, 1.0, 3.0)
    file = made(either, store, copy)
    assert file != footage
    assert footage.read_bytes() == before
    assert 1.8 < seconds(file) < 2.3, "only the span that was asked for"
    whole = made(either, store, asked(either))
    assert 3.8 < seconds(whole) < 4.3
    assert abs(darkness(whole) - darkness(footage)) > 15, "nothing is burnt in"
    with either.read() as session:
        row = session.get_one(ClipCopy, copy)
        lineage = session.exec(select(Rendition).where(Rendition.kind == f"copy-{copy}")).one()
        assert (row.state, row.sha256) == (CopyState.READY, hashlib.sha256(file.read_bytes()).hexdigest())
        assert row.keep_until is not None
        assert row.keep_until > now() + timedelta(days=29)
        assert lineage.parent_sha256 == hashlib.sha256(before).hexdigest()
        assert "libx264" in lineage.command
    assert events(either)[:3] == ["COPY_ASKED", "ORDERED", "COPY_MADE"]
    wrong = [str(one) for one in audit.audit(either, store) if "copy" in str(one) or "rendition" in str(one)]
    assert wrong == []


def test_a_form_that_is_sent_twice_makes_one_copy(footage: Path, either: Database, store: LocalStore) -> None:
    """At once, or while it is being made; another span, or one that is asked for again later, is another one."""
    with ThreadPoolExecutor(4) as at_once:
        ids = list(at_once.map(lambda _: asked(either, 1.0), range(4)))
    assert len(set(ids)) == 1
    assert asked(either, 1.0) == ids[0]
    assert events(either).count("COPY_ASKED") == 1
    others = {asked(either), asked(either, 1.0, 3.0), asked(either, 2.0)}
    assert len(others | set(ids)) == 4
    made(either, store, ids[0])
    assert asked(either, 1.0) not in ids


@pytest.mark.parametrize("why", ["over", "revoked"])
def test_a_copy_goes_when_its_days_are_over_or_its_grant_was_taken_back(
    footage: Path, either: Database, store: LocalStore, why: str
) -> None:
    copy = asked(either)
    file = made(either, store, copy)
    assert copies.prune(either, store) == 0
    if why == "revoked":
        with either.write() as session:
            session.get_one(ViewRequest, "grant").state = RequestState.REVOKED
    assert copies.prune(either, store, now() + timedelta(days=31 if why == "over" else 0)) == 1
    assert not file.exists()
    assert footage.exists()
    with either.read() as session:
        assert session.get_one(ClipCopy, copy).state is CopyState.REMOVED
        assert session.exec(select(Rendition)).all() == []
    assert events(either)[-1] == "COPY_REMOVED"
    wrong = [str(one) for one in audit.audit(either, store) if "copy" in str(one) or "rendition" in str(one)]
    assert wrong == []


def test_an_order_that_ended_without_a_copy_says_so(footage: Path, either: Database) -> None:
    copy = asked(either)
    assert copies.settle(either) == 0
    with either.write() as session:
        session.exec(select(OrderRow)).one().state = OrderState.EXPIRED
    assert copies.settle(either) == 1
    with either.read() as session:
        row = session.get_one(ClipCopy, copy)
        assert row.state is CopyState.FAILED
        assert row.why is not None
        assert row.why["code"] == "retrieval.copy_expired"


def test_what_is_destroyed_meanwhile_is_not_copied(
    footage: Path, either: Database, store: LocalStore
) -> None:
    copy = asked(either)
    with either.write() as session:
        session.get_one(Original, "clip1").state = State.DESTROYED
    with pytest.raises(Refused):
        made(either, store, copy)
    assert not [key for key in store.files() if "copy" in key]


def texts(database: Database, folder: Path, purpose: str) -> list[str]:
    """What ffmpeg is given to draw: top, bottom, across."""
    with database.write() as session:
        session.get_one(ViewRequest, "grant").purpose = purpose
        session.get_one(Clip, "clip1").started_at = datetime(2026, 5, 6, 1, 2, 3, tzinfo=UTC)
    copy_id = asked(database)
    with database.read() as session:
        files = copying.text_files(session.get_one(ClipCopy, copy_id), session.get_one(Clip, "clip1"), folder)
    return [path.read_text() for path in files]


@pytest.mark.parametrize("purpose", ["用" * 300, "W" * 300, "移送检察机关 " * 40, "short"])
def test_number_and_recording_time_stand_on_a_line_before_the_purpose(
    footage: Path, either: Database, tmp_path: Path, purpose: str
) -> None:
    _, bottom, _ = texts(either, tmp_path, purpose)
    first, *rest = bottom.split("\n")
    assert first.startswith("副本编号 ")
    assert first.endswith("  摄录 2026-05-06 09:02:03")
    assert rest[0].startswith("用途：")
    assert len(rest) <= copying.LINES
    assert all(copying.width(line) <= copying.ACROSS_PICTURE for line in (first, *rest))
    assert rest[-1].endswith("…") == (purpose != "short")


def test_what_turns_the_text_beside_it_is_named_in_the_mark(
    footage: Path, either: Database, tmp_path: Path
) -> None:
    _, bottom, _ = texts(either, tmp_path, "评查\u202e\x07\u061c完")
    assert bottom.endswith("\n用途：评查〔U+202E〕〔U+0007〕〔U+061C〕完")


def test_a_long_purpose_leaves_the_recording_time_in_the_picture(
    footage: Path, either: Database, store: LocalStore
) -> None:
    """At the bottom left of 640x360 lies the box of its line, and nothing of it runs off at the right."""
    with either.write() as session:
        session.get_one(ViewRequest, "grant").purpose = "用" * 300
        session.get_one(Clip, "clip1").started_at = datetime(2026, 5, 6, 1, 2, 3, tzinfo=UTC)
    file = made(either, store, asked(either))
    bright = [darkness(file, f"crop=iw/80:ih/4:{x}:ih*3/4") for x in ("iw/4", "iw-ow")]
    plain = [darkness(footage, f"crop=iw/80:ih/4:{x}:ih*3/4") for x in ("iw/4", "iw-ow")]
    assert abs(bright[0] - plain[0]) > 15
    assert abs(bright[1] - plain[1]) < 10
