"""`gateway demo`: the main job on a simulated dock, from card to linked clip, then the API."""

import json
import secrets
import shutil
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from sqlmodel import col, select

from api.signin import add_user
from drivers.simulators.card import Camera, make_video
from gateway import custody, registry
from gateway.audit import audit
from gateway.case_sources.records import CaseIn, store_case
from gateway.config import Settings, from_mapping
from gateway.daemon import Daemon
from gateway.models import CaseRecord, Clip, Finding, Link, Original, Role, Work
from gateway.serving import serve_api
from gateway.wording import sentence, verdict_word

HERE = Path("var/demo")
REAL = Path("../shared/media/max-heromode.mp4")
ZONE = ZoneInfo("Asia/Shanghai")
UNIT = "xt-scjg"
ACTOR = "demo"


def run_demo(*, exit_after_table: bool, stop: threading.Event) -> int:
    """0 when every clip came through and store, database and custody agree."""
    if HERE.exists():
        shutil.rmtree(HERE)
    HERE.mkdir(parents=True)
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print("[bold]1[/] 模拟采集站：两台执法记录仪、一间询问室写入真实音像文件 …")
    settings = demo_settings(with_real=REAL.exists())
    morning = datetime.now(ZONE).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=1)
    lay_out(morning)
    daemon = Daemon(settings)
    with daemon.database.write() as session:
        registry.store_registry(session, registry.RegistryFile.model_validate(people(morning)), ACTOR)
        for case in case_records(morning):
            store_case(session, CaseIn.model_validate(case), ACTOR, "demo")
        password = secrets.token_urlsafe(9)
        user = add_user(session, "demo", password, Role.EVIDENCE, None)
        custody.append(session, custody.SITE, "USER_ADD", ACTOR, user.id, (user,))
    console.print("[bold]2[/] 采集、校验、保存、描述、关联 …")
    daemon.start()
    try:
        complete = wait_until_done(daemon, expected=count_files(), stop=stop)
        show(daemon, console)
        differences = check(daemon)
        said = "存储、数据库、保管链三方一致" if not differences else "\n".join(differences)
        console.print(f"[bold]3[/] {said}")
        if not complete or differences:
            return 1
        if not exit_after_table:
            serve(settings, password, console, stop)
    finally:
        daemon.stop()
    return 0


def serve(settings: Settings, password: str, console: Console, stop: threading.Event) -> None:
    """The API beside the running daemon, until asked to stop."""
    here = f"http://{settings.api.host}:{settings.api.port}/api/v1"
    console.print(f"[bold]4[/] API {here}  用户 demo  口令 {password}  （按 Ctrl-C 结束）")
    told = json.dumps({"name": "demo", "password": password})
    console.print(
        f"   curl -s {here}/session -H 'content-type: application/json' -d '{told}'", soft_wrap=True
    )
    serve_api(settings, stop)


def demo_settings(*, with_real: bool) -> Settings:
    devices: list[dict[str, Any]] = [
        {"id": "cam-01", "name": "执法记录仪 01", "driver": "volume", "path": "dock/bay1", "bay": "1", "unit": UNIT},
        {"id": "cam-02", "name": "执法记录仪 02", "driver": "volume", "path": "dock/bay2", "bay": "2", "unit": UNIT},
        {
            "id": "room-1", "name": "第一询问室录像机", "type": "cctv", "driver": "drop_folder", "path": "room1",
            "unit": UNIT, "room": "xunwen-1", "scan_seconds": 0.5,
        },
    ]  # fmt: skip
    if with_real:
        devices.append(
            {
                "id": "gopro", "name": "运动相机", "driver": "volume", "path": "dock/bay3", "bay": "3",
                "unit": UNIT, "timezone": "America/Los_Angeles",
            }
        )  # fmt: skip
    written = {
        "site": "demo",
        "data": "data",
        "store": {"second_copy": "second", "reserve_mb": 64},
        "devices": devices,
    }
    return from_mapping(written, HERE.resolve(), {})


def lay_out(morning: datetime) -> None:
    """What the officers recorded yesterday, as it lies on their cards tonight."""
    local = morning.replace(tzinfo=None)
    one = Camera(HERE / "dock" / "bay1", "CAM001", "130501")
    one.record(local - timedelta(hours=1), 3, hue=20)
    one.record(local + timedelta(minutes=32), 6, hue=90)
    one.record(local + timedelta(minutes=41), 4, important=True, hue=120)
    one.log(local, "09:00:00 power on\n")
    two = Camera(HERE / "dock" / "bay2", "CAM002", "130502")
    two.record(local + timedelta(hours=5, minutes=4), 5, hue=200)
    broken = two.record(local + timedelta(hours=5, minutes=20), 4, hue=240)
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    (broken.parent / "说明.mp4").write_text("这不是录像\n", encoding="utf-8")
    started = local + timedelta(hours=7)
    make_video(HERE / "room1" / f"{started:%Y%m%d_%H%M%S}_询问室.mp4", started, 5, 300)
    if REAL.exists():
        target = HERE / "dock" / "bay3" / "DCIM" / "100GOPRO" / "GS010001.mp4"
        target.parent.mkdir(parents=True)
        shutil.copy(REAL, target)


def people(morning: datetime) -> dict[str, Any]:
    since = (morning - timedelta(days=90)).isoformat()
    out, back = morning + timedelta(hours=4), morning + timedelta(hours=8)
    valid = {"cert_valid_from": "2019-01-01", "cert_valid_to": "2029-12-31"}
    officers = [
        {"id": "zhangwei", "name": "张伟", "number": "130501", "cert_no": "冀E-0501", "unit": UNIT, **valid},
        {"id": "lina", "name": "李娜", "number": "130502", "cert_no": "冀E-0502", "unit": UNIT, **valid},
    ]
    allocations = [
        {"device": "cam-01", "kind": "PERSONAL", "officer": "zhangwei", "valid_from": since, "doc_no": "邢市监配〔2024〕3号"},
        {"device": "cam-02", "kind": "POOL", "unit": UNIT, "valid_from": since},
    ]  # fmt: skip
    if REAL.exists():
        allocations.append(
            {
                "device": "gopro",
                "kind": "PERSONAL",
                "officer": "lina",
                "valid_from": "2019-01-01T00:00:00+08:00",
            }
        )
    return {
        "units": [{"id": UNIT, "name": "邢台市市场监督管理局"}],
        "rooms": [{"id": "xunwen-1", "name": "第一询问室", "unit": UNIT}],
        "officers": officers,
        "devices": [
            {"id": "cam-01", "serial_no": "CAM001"},
            {"id": "cam-02", "serial_no": "CAM002"},
        ],
        "allocations": allocations,
        "checkouts": [
            {"device": "cam-02", "officer": "lina", "out_at": out.isoformat(), "in_at": back.isoformat()}
        ],
    }


def case_records(morning: datetime) -> list[dict[str, Any]]:
    def step(case: str, kind: str, hours: float, length_min: int, **more: Any) -> dict[str, Any]:
        begin = morning + timedelta(hours=hours)
        return {
            "id": f"{case}-{kind}", "kind": kind, "stage": "调查取证", "started_at": begin.isoformat(),
            "ended_at": (begin + timedelta(minutes=length_min)).isoformat(), "officers": ["zhangwei", "lina"], **more,
        }  # fmt: skip

    year = morning.year
    records = [
        {
            "uid": "case-1", "title": "桥西区某超市销售过期食品案", "unit": UNIT, "handlers": ["zhangwei", "lina"],
            "numbers": [f"冀邢市监罚〔{year}〕27号"], "party_name": "某超市",
            "activities": [step("case-1", "现场检查", 0.5, 30, place="桥西区中兴大街")],
        },
        {
            "uid": "case-2", "title": "襄都区某仓库无证经营案", "unit": UNIT, "handlers": ["lina", "zhangwei"],
            "numbers": [f"冀邢市监罚〔{year}〕31号"], "party_name": "某商贸公司",
            "activities": [step("case-2", "查封扣押", 5, 45, place="襄都区开元路")],
        },
        {
            "uid": "case-3", "title": "信都区某餐馆使用不合格餐具案", "unit": UNIT, "handlers": ["zhangwei", "lina"],
            "numbers": [f"冀邢市监罚〔{year}〕32号"], "party_name": "某餐馆",
            "activities": [step("case-3", "询问当事人", 7, 40, room="xunwen-1")],
        },
    ]  # fmt: skip
    if REAL.exists():
        records[1]["activities"].append(  # type: ignore[attr-defined]
            {
                "id": "case-2-实拍", "kind": "现场检查", "stage": "调查取证",
                "started_at": "2019-11-18T23:40:00+00:00", "ended_at": "2019-11-18T23:55:00+00:00",
                "officers": ["zhangwei", "lina"],
            }
        )  # fmt: skip
    return records


def count_files() -> int:
    return sum(1 for path in (*HERE.glob("dock/**/*"), *HERE.glob("room1/**/*")) if path.is_file())


def wait_until_done(daemon: Daemon, expected: int, stop: threading.Event, limit_s: float = 180) -> bool:
    """Until every file was found and no work is open."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and not stop.wait(0.3):
        with daemon.database.read() as session:
            found = len(session.exec(select(Finding.id)).all())
            at_work = session.exec(select(Work.item_id).where(col(Work.open).is_(True)).limit(1)).first()
        if found >= expected and at_work is None:
            return True
    return False


def show(daemon: Daemon, console: Console) -> None:
    table = Table(title="执法音像资料 → 案卷", show_lines=True)
    for name, width in (
        ("音像资料", 36),
        ("SHA-256", 12),
        ("采集时间", 19),
        ("案卷", 28),
        ("判定", 16),
        ("理由", 60),
    ):
        table.add_column(name, max_width=width, overflow="fold")
    with daemon.database.read() as session:
        rows = session.exec(
            select(Clip, Original).join(Original, col(Original.id) == Clip.id).order_by(col(Clip.started_at))
        ).all()
        for clip, original in rows:
            link = session.exec(
                select(Link).where(Link.clip_id == clip.id, col(Link.ended_at).is_(None))
            ).first()
            case = session.get(CaseRecord, link.case_uid) if link else None
            table.add_row(
                original.name.rpartition("/")[2],
                (original.sha256 or "")[:12],
                clip.started_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S") if clip.started_at else "—",
                case.title if case else "未关联",
                verdict_word(link.verdict) if link else "—",
                why(clip, link),
            )
    console.print(table)


def why(clip: Clip, link: Link | None) -> str:
    """The sentences that decide: who held it and when it was; or what is missing."""
    parts = [sentence(clip.condition)] if clip.condition else []
    if link is None:
        parts.append(sentence(clip.unlinked))
    else:
        failed = [reason for reason in link.reasons if not reason["passed"]]
        telling = [
            reason for reason in link.reasons if reason["passed"] and reason["rule"] in {"LK-4", "LK-7"}
        ]
        parts += [sentence(reason) for reason in (*telling, *failed)]
    return "；".join(part for part in parts if part)


def check(daemon: Daemon) -> list[str]:
    return [str(difference) for difference in audit(daemon.database, daemon.store, daemon.second)]
