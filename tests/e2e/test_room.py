"""A room recorded by an installed gateway that is killed: at most a part lost, the gap on record, all playable."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from drivers.simulators.rooms import Room
from gateway.models import DeviceSignal, Link, OrderRow
from tests.e2e.site import Site
from tests.integration.test_room_loss import Numbered, judge, pictured


def test_the_gateway_is_killed_while_it_records(tmp_path: Path) -> None:
    """What was sent is compared with what is kept, picture by picture."""
    numbered = Numbered(tmp_path)
    numbered.room.start()
    recorder = {
        "id": "room-1", "driver": "rtsp_recorder", "url": numbered.room.url, "room": "hearing", "unit": "u",
        "segment_seconds": 4, "stall_seconds": 4, "reserve_mb": 1,
    }  # fmt: skip
    site = Site(tmp_path / "site", [recorder])
    cuts = []
    site.start()
    try:
        for _ in range(2):
            known = len(site.events("room-1")) if cuts else 0
            site.wait("pictures", lambda _, known=known: "CONNECTED" in site.events("room-1")[known:])
            time.sleep(6)
            cuts.append(time.time())
            site.kill()
            time.sleep(1)
            site.start()
        site.wait("both gaps", lambda s: len(s.exec(select(DeviceSignal)).all()) == 2)
        time.sleep(5)
        cuts.append(time.time())
    finally:
        site.stop()
    with site.running():
        site.wait("the third gap", lambda s: len(s.exec(select(DeviceSignal)).all()) == 3)
        time.sleep(2)
    before = len(site.clips())
    with site.running():  # what was open at the end is taken in at the next start
        site.wait("the rest", lambda _: len(site.clips()) > before)
        site.settled(len(site.clips()))
    numbered.room.kill()
    with site.read() as session:
        gaps = session.exec(select(DeviceSignal).order_by(col(DeviceSignal.received_at))).all()[:3]
    assert [gap.detail["cause"] for gap in gaps] == ["gateway_stopped"] * 3
    kept = sorted(
        (
            (clip.started_at, original)
            for clip, original in site.clips().values()
            if clip.started_at and clip.condition is None and clip.duration_s
        ),
        key=lambda one: one[0],
    )
    assert len(kept) == len(site.clips()), "all of it is playable"
    assert all(original.state.value == "PRESERVED" for _, original in kept)
    takes = [[-1]]
    for number in (one for _, o in kept for one in pictured(site.store.path(o.stored_as or ""))):
        if number != takes[-1][-1] + 1:
            takes.append([])
        takes[-1].append(number)
    judge(numbered, takes[1:5], cuts, gaps)
    site.verify()


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_the_camera_stands_still_for_a_minute(tmp_path: Path) -> None:
    """What is missing is the minute, and little more: it is taken anew soon after it moves again."""
    room = Room()
    room.start()
    recorder = {
        "id": "room-1", "driver": "rtsp_recorder", "url": room.url, "room": "hearing", "unit": "u",
        "segment_seconds": 4, "reserve_mb": 1,
    }  # fmt: skip
    site = Site(tmp_path / "site", [recorder])
    try:
        with site.running():
            site.wait("pictures", lambda _: len(site.clips()) > 1)
            room.freeze()
            time.sleep(60)
            room.thaw()
            site.wait("the gap", lambda s: s.exec(select(DeviceSignal)).first())
            before = len(site.clips())
            site.wait("pictures again", lambda _: len(site.clips()) > before + 1)
    finally:
        room.kill()
    before = len(site.clips())
    with site.running():
        site.wait("the rest", lambda _: len(site.clips()) > before)
        site.settled(len(site.clips()))
    with site.read() as session:
        [gap] = session.exec(select(DeviceSignal).where(DeviceSignal.kind == "gap")).all()[:1]
    assert gap.detail["cause"] == "standing_still"
    assert 60 <= float(gap.detail["seconds"]) < 60 + 12, "within five seconds, and the opening"
    clips = [clip for clip, _ in site.clips().values()]
    assert all(clip.condition is None and clip.duration_s for clip in clips), "all of it is playable"
    site.verify()


def test_a_hearing_that_was_fixed_is_recorded_and_linked(tmp_path: Path) -> None:
    """Nobody in the room does anything: the case says when, the recorder obeys, the footage is the case's."""
    room = Room()
    room.start()
    recorder = {
        "id": "room-1", "driver": "rtsp_recorder", "url": room.url, "room": "hearing", "unit": "u",
        "mode": "booked", "after_minutes": 0, "segment_seconds": 4, "reserve_mb": 1,
    }  # fmt: skip
    site = Site(tmp_path / "site", [recorder])

    def fix(end: datetime) -> None:
        step = {
            "id": "h", "kind": "听证", "stage": "审查", "room": "hearing", "officers": [],
            "started_at": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(), "ended_at": end.isoformat(),
        }  # fmt: skip
        case = {
            "uid": "c",
            "title": "案",
            "unit": "u",
            "numbers": ["冀邢市监罚〔2026〕27号"],
            "activities": [step],
        }
        (tmp_path / "cases.json").write_text(json.dumps([case]))
        site.command("cases", "import", tmp_path / "cases.json")

    with site.running():
        site.wait("it to be there", lambda _: site.events("room-1")[-1:] == ["CONNECTED"])
        fix(datetime.now(UTC) + timedelta(hours=1))
        site.wait("footage", lambda _: site.clips())
        fix(datetime.now(UTC))
        site.wait(
            "it to end", lambda s: s.exec(select(OrderRow).where(OrderRow.kind == "stop_recording")).first()
        )
        site.settled(1)
        time.sleep(3)
        site.settled(1)
        with site.read() as session:
            assert {order.asked_by for order in session.exec(select(OrderRow))} == {"booking"}
            assert session.exec(select(DeviceSignal)).all() == [], "that is no gap"
            assert {link.case_uid for link in session.exec(select(Link))} == {"c"}
    room.kill()
    site.verify()
