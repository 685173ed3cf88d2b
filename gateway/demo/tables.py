"""What the demo shows: the dock as its cabinet shows it, and clip → digest → case → verdict → reason."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from sqlmodel import Session, col, func, select

from gateway.database import Database
from gateway.demo.town import BAYS, CONNECTED, ROOMS
from gateway.models import (
    Allocation,
    CaseRecord,
    Checkout,
    Clip,
    Device,
    DeviceSignal,
    DeviceStatus,
    Finding,
    Link,
    Officer,
    Original,
    now,
)
from gateway.offloads import Progress, open_offloads, progress
from gateway.wording import sentence, verdict_word

ZONE = ZoneInfo("Asia/Shanghai")


def show_dock(database: Database, console: Console) -> None:
    table = Table(title="采集站", min_width=96)
    for name in ("仓位", "USB 端口", "设备", "配备或领用", "文件", "状态"):
        table.add_column(name, overflow="fold", justify="right" if name == "文件" else "left")
    with database.read() as session:
        for bay, port in BAYS.items():
            table.add_row(bay, port, *bay_line(session, bay))
    console.print(table)


def bay_line(session: Session, bay: str) -> tuple[str, str, str, str]:
    """(device, holder, files, state)"""
    status = session.get(DeviceStatus, ("dock-1", bay))
    if status is None:
        return "—", "—", "—", "没有应答"
    camera = session.get(Device, status.detail.get("camera") or "")
    if camera is None:
        return "—", "—", "—", sentence(status.detail.get("why")) or str(status.detail.get("state"))
    offload = open_offloads(session, {camera.id}).get(camera.id)
    if offload is None:
        return camera.name, holder(session, camera.id), "—", sentence(status.detail.get("why"))
    done = progress(session, offload)
    files = f"{done.ended}/{done.files}"
    return camera.name, holder(session, camera.id), files, state_of(done)


def state_of(done: Progress) -> str:
    if not done.has_ended:
        return "正在采集"
    if not done.files:
        return "没有文件，可以取走"
    return "全部保存，可以取走" if done.is_done else f"已结束，{done.set_aside} 个待人工处理，暂勿取走"


def holder(session: Session, device: str) -> str:
    """Whose the camera is, or who last took it from the pool."""
    allocated = session.exec(select(Allocation).where(Allocation.device_id == device)).first()
    taken = session.exec(
        select(Checkout).where(Checkout.device_id == device).order_by(col(Checkout.out_at).desc())
    ).first()
    entry = taken or allocated
    officer = session.get(Officer, entry.officer_id) if entry and entry.officer_id else None
    return f"{officer.name}（{'领用' if taken else '配备'}）" if officer else "—"


def show_others(database: Database, console: Console, stored: int) -> None:
    """Connected cameras and rooms, a line each."""
    with database.read() as session:
        online = session.exec(
            select(func.count())
            .select_from(DeviceStatus)
            .where(col(DeviceStatus.device_id).in_(CONNECTED), col(DeviceStatus.present).is_(True))
        ).one()
        alarms = session.exec(select(DeviceSignal).where(DeviceSignal.kind == "sos")).all()
        told = "、".join(session.get_one(Device, one.device_id).name for one in alarms)
        console.print(
            f"   联网执法记录仪 {len(CONNECTED)} 台：在线 {online}，上传并保存 {stored}，SOS 报警 {len(alarms)}（{told}）"
        )
        for device, (_, room) in ROOMS.items():
            clips = session.exec(
                select(Clip).join(Original, col(Original.id) == Clip.id).where(Original.device_id == device)
            ).all()
            seconds = sum(clip.duration_s or 0.0 for clip in clips)
            console.print(f"   {room}：录制 {len(clips)} 段，共 {seconds:.1f} 秒")


def show_clips(database: Database, console: Console) -> None:
    table = Table(title="执法音像资料 → 案卷", show_lines=True)
    table.add_column("音像资料", no_wrap=True)  # a name that is cut in its middle cannot be copied
    columns = {"SHA-256": 12, "采集时间": 19, "案卷": 28, "判定": 16, "理由": 60}
    for name, width in columns.items():
        table.add_column(name, max_width=width, overflow="fold")
    unlinked: Counter[str] = Counter()
    earlier = 0
    with database.read() as session:
        rows = session.exec(
            select(Clip, Original).join(Original, col(Original.id) == Clip.id).order_by(col(Clip.started_at))
        ).all()
        for clip, original in rows:
            links = session.exec(select(Link).where(Link.clip_id == clip.id, col(Link.ended_at).is_(None)))
            link = links.first()
            if link is None and original.device_id in CONNECTED:
                unlinked[str((clip.unlinked or {}).get("code"))] += 1
                continue
            if is_of_the_weeks_before(clip):
                earlier += 1
                continue
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
    console.print(f"   另有联网上传 {unlinked.total()} 段未关联：没有登记的执法环节，或共用设备没有领用记录")
    console.print(f"   此前五周的 {earlier} 段见控制台")


def is_of_the_weeks_before(clip: Clip) -> bool:
    """What the console shows, and would make the table long."""
    age = now() - clip.started_at if clip.started_at else None
    return age is not None and timedelta(days=3) < age < timedelta(days=60)


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


def found_by(session: Session, devices: Sequence[str]) -> int:
    found = select(func.count()).select_from(Finding).where(col(Finding.device_id).in_(devices))
    return session.exec(found).one()
