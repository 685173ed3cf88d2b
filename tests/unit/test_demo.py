"""What the demo says when not all of it came through."""

import io
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from gateway.database import Database
from gateway.demo import Demo
from gateway.demo.tables import show_clips
from gateway.models import Clip, Device, Original, Work


@pytest.fixture
def demo(database: Database) -> Demo:
    daemon: Any = SimpleNamespace(database=database)
    twins: Any = SimpleNamespace()
    return Demo(daemon, twins, threading.Event())


@pytest.mark.parametrize("width", [80, 100, 180])
def test_a_file_s_name_stays_in_one_piece(database: Database, width: int) -> None:
    name = "CAM0017_130501_20261125093000_0001_IMP.mp4"
    with database.write() as session:
        session.add(Device(id="cam-1", type="body_camera"))
        session.flush()
        session.add(Original(id="a", device_id="cam-1", name=name, suffix=".mp4", size=1, sha256="0" * 64))
        session.flush()
        session.add(Clip(id="a", device_id="cam-1", kind="video"))
    out = io.StringIO()
    show_clips(database, Console(width=width, file=out))
    assert name in out.getvalue()


def test_a_busy_machine_is_told_what_is_left(demo: Demo) -> None:
    with demo.daemon.database.write() as session:
        session.add(Device(id="cam-1", type="body_camera"))
        session.flush()
        for name in ("a", "b"):
            session.add(Original(id=name, device_id="cam-1", name=f"{name}.MP4", suffix=".mp4", size=1))
            session.flush()
            session.add(Work(item_id=name, pipeline="preserve", open=name == "a"))
    said = demo.missing(recorded=True, complete=False, seen=True)
    assert said == [
        "未在 600 秒内完成：仍有 1 个任务未结束（机器繁忙？请再运行一次）",
        "not through within 600 s: 1 tasks have not ended (a busy machine? run it again)",
    ]


def test_every_part_that_is_missing_is_named(demo: Demo) -> None:
    said = "\n".join(demo.missing(recorded=False, complete=False, seen=False))
    assert "没有录制到内容" in said
    assert "没有画面" in said


def test_nothing_is_said_when_all_came_through(demo: Demo) -> None:
    assert demo.missing(recorded=True, complete=True, seen=True) == []


def test_an_interrupted_demo_blames_no_machine(demo: Demo) -> None:
    demo.stop.set()
    assert demo.missing(recorded=False, complete=False, seen=False)[0] == "已中止，未演示完"
