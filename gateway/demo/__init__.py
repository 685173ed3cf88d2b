"""`gateway demo`: the main job on a simulated dock, connected cameras and rooms; then the API."""

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from sqlmodel import col, func, select

from gateway import holds, live, registry
from gateway.audit import lasting
from gateway.case_sources.records import CaseIn, store_case
from gateway.config import ConfigError, Settings
from gateway.daemon import Daemon
from gateway.demo import past, people, town
from gateway.demo.tables import ZONE, found_by, show_clips, show_dock, show_others
from gateway.demo.twins import REAL, Twins
from gateway.holds import HoldIn
from gateway.live import LiveFolder
from gateway.models import Device, User, Work, now
from gateway.orders import ask
from gateway.serving import serve_api
from gateway.wording import ACCESS

MARK = ".demo"
"""Only a folder with this in it is emptied."""
LIMIT_S = 600.0
REST_S = 1.5
"""So long nothing more came: then it is all."""


def run_demo(here: Path, port: int | None, *, exit_after_table: bool, stop: threading.Event) -> int:
    """0 when every clip came through and store, database and custody agree.

    Raises ConfigError where `here` holds something that no demo made.
    """
    empty(here)
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(
        "[bold]1[/] 模拟设备：采集站（8 个仓位）、联网执法记录仪 20 台、询问室与听证室；写入真实音像文件 …"
    )
    today = datetime.now(ZONE)
    morning = today.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=1)
    with Twins(here) as twins:
        twins.lay_out(morning, today)
        streams = {device: room.url for device, room in twins.rooms.items()}
        settings = town.settings(here, twins.network, streams, port)
        daemon = Daemon(settings)
        user_id, passwords = enter(daemon, morning, today)
        console.print("[bold]2[/] 采集、校验、保存、描述、关联；两间室录制；一台记录仪实时调阅 …")
        daemon.start()
        try:
            demo = Demo(daemon, twins, stop)
            missing = demo.work(user_id, console)
            with daemon.database.write() as session:
                people.work(session, daemon.packs)
            differences = [str(one) for one in lasting(daemon.database, daemon.store, daemon.second)]
            said = "存储、数据库、保管链三方一致" if not differences else "\n".join(differences)
            console.print(f"[bold]3[/] {said}")
            for line in missing:
                console.print(f"   {line}", soft_wrap=True, highlight=False)
            if not differences and not exit_after_table and not stop.is_set():
                order_rooms(daemon, "start_recording")
                serve(settings, here, passwords, console, stop)
        finally:
            daemon.stop()
    return 1 if missing or differences else 0


def empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ConfigError(
                f"{folder}: holds what no demo made; name an empty folder, or remove it yourself"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def enter(daemon: Daemon, morning: datetime, today: datetime) -> tuple[str, dict[str, str]]:
    """Ledger, cases and people; the id of one who may see everything, and everybody's password."""
    real = REAL.exists()
    with daemon.database.write() as session:
        told = town.registry(morning, with_real=real)
        registry.store_registry(session, registry.RegistryFile.model_validate(told), people.ACTOR)
        for case in town.cases(morning, today, with_real=real):
            store_case(session, CaseIn.model_validate(case), people.ACTOR, "demo")
        holds.place(session, HoldIn.model_validate(past.hold(today)), people.ACTOR, town.UNIT)
        passwords = people.enter(session)
        return session.exec(select(User.id).where(User.name == "demo")).one(), passwords


def order_rooms(daemon: Daemon, kind: str) -> None:
    with daemon.database.write() as session:
        for device in town.ROOMS:
            ask(session, kind, people.ACTOR, device_id=device)


class Demo:
    def __init__(self, daemon: Daemon, twins: Twins, stop: threading.Event) -> None:
        self.daemon, self.twins, self.stop = daemon, twins, stop
        self.deadline = time.monotonic() + LIMIT_S

    def work(self, user_id: str, console: Console) -> list[str]:
        """The shift ends, the cameras upload, the rooms record; what did not come through in time."""
        self.twins.plug_all()
        self.twins.switch_on()
        order_rooms(self.daemon, "start_recording")
        shown = self.watch(user_id)
        recorded = self.until(lambda: all(self.found([room]) for room in town.ROOMS))
        order_rooms(self.daemon, "stop_recording")
        complete = self.until(self.is_all_there) and self.settled()
        show_dock(self.daemon.database, console)
        show_others(self.daemon.database, console, self.twins.stored)
        camera = f"联网记录仪 {town.LIVE[-2:]}"
        console.print(
            f"   实时调阅 {camera}：" + ("没有画面" if shown is None else f"{shown:.1f} 秒后出现画面")
        )
        show_clips(self.daemon.database, console)
        return self.missing(recorded=recorded, complete=complete, seen=shown is not None)

    def missing(self, *, recorded: bool, complete: bool, seen: bool) -> list[str]:
        """Why it is not all there: a line in Chinese, one in English for each."""
        if recorded and complete and seen:
            return []
        if self.stop.is_set():
            return ["已中止，未演示完", "stopped before it was through"]
        left, seconds = self.left(), f"{LIMIT_S:.0f}"
        lines = [
            f"未在 {seconds} 秒内完成：仍有 {left} 个任务未结束（机器繁忙？请再运行一次）",
            f"not through within {seconds} s: {left} tasks have not ended (a busy machine? run it again)",
        ]
        if not recorded:
            lines += ["询问室、听证室没有录制到内容", "nothing was recorded in the rooms"]
        if not seen:
            lines += ["实时调阅没有画面", "there was no live picture"]
        return lines

    def watch(self, user_id: str) -> float | None:
        """Seconds until a supervisor sees what a connected camera sees; None: there was no picture."""
        if not self.until(lambda: self.found([town.LIVE])):
            return None
        self.twins.alarm()
        folder, began = LiveFolder(self.daemon.settings.data), time.monotonic()
        with self.daemon.database.write() as session:
            device = session.get_one(Device, town.LIVE)
            view = live.begin(session, device, user_id, people.ACTOR, "督察抽查")

        def has_picture() -> bool:
            folder.touch(view)
            return folder.is_fresh(town.LIVE, 5.0)

        seen = self.until(has_picture)
        took = time.monotonic() - began
        with self.daemon.database.write() as session:
            live.end(session, session.merge(view), now(), people.ACTOR)
        folder.clear(view)
        return took if seen else None

    def found(self, devices: list[str]) -> int:
        with self.daemon.database.read() as session:
            return found_by(session, devices)

    def is_all_there(self) -> bool:
        cards = self.found(town.DOCKED) >= self.twins.on_cards
        return cards and self.twins.stored == len(town.CONNECTED) and not self.has_work()

    def has_work(self) -> bool:
        return self.left() > 0

    def left(self) -> int:
        with self.daemon.database.read() as session:
            return session.exec(select(func.count()).select_from(Work).where(col(Work.open).is_(True))).one()

    def settled(self) -> bool:
        """The rooms' last segments come after they were told to stop."""
        quiet = time.monotonic()

        def has_rested() -> bool:
            nonlocal quiet
            if self.has_work():
                quiet = time.monotonic()
            return time.monotonic() - quiet > REST_S

        return self.until(has_rested)

    def until(self, holds: Callable[[], object]) -> bool:
        while time.monotonic() < self.deadline and not self.stop.wait(0.2):
            if holds():
                return True
        return False


def serve(
    settings: Settings, folder: Path, passwords: dict[str, str], console: Console, stop: threading.Event
) -> None:
    """The API beside the running daemon, until asked to stop."""
    here = f"http://{settings.api.host}:{settings.api.port}/api/v1"
    console.print(f"[bold]4[/] 打开 {here.removesuffix('/api/v1')}")
    for name, password in passwords.items():
        console.print(
            f"   用户 {name:<11} 口令 {password}   {ACCESS[people.PEOPLE[name][0]][0]}", highlight=False
        )
    told = json.dumps({"name": "demo", "password": passwords["demo"]})
    lines = (
        f"curl -s -c {folder}/cookies {here}/session -H 'content-type: application/json' -d '{told}'",
        f"curl -s -b {folder}/cookies {here}/devices/dock-1",
        f"curl -s -b {folder}/cookies {here}/devices/{next(iter(town.ROOMS))}/live "
        """-H 'content-type: application/json' -d '{"purpose": "督察抽查"}'""",
    )
    for line in lines:
        console.print(f"   {line}", soft_wrap=True, highlight=False)
    console.print(
        "   按 Ctrl-C 结束；脚本用 DEMO_EXIT=1。 Ctrl-C ends it; DEMO_EXIT=1 for scripts", highlight=False
    )
    serve_api(settings, stop)
