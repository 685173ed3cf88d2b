"""`gateway ingest`: one offload by hand, with a progress bar and the receipt."""

import json
import sys
import time
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlmodel import col, select

from drivers.volume import Volume
from gateway import receipts
from gateway.config import ConfigError, DeviceSettings, Settings, overlapping
from gateway.config.devices import VolumeSettings
from gateway.daemon import Daemon
from gateway.database import Database
from gateway.device import Disconnected
from gateway.models import Finding, Offload, Receipt, Work, now
from gateway.offloads import progress
from gateway.terminal import plain_console
from gateway.wording import sentence, verdict_word


def ingest_by_hand(settings: Settings, path: Path, device_id: str, *, as_json: bool = False) -> int:
    """Take in what lies at a path now; 0 when everything is stored, 1 when something is not."""
    if not path.exists():
        raise ConfigError(f"{path}: there is nothing here")
    if not path.is_dir():
        raise ConfigError(f"{path}: is a file; give the folder it lies in")
    check_source(settings, path.resolve())
    if not any(entry.is_file() for entry in path.rglob("*")):
        raise ConfigError(f"{path}: the folder is empty; is the right volume mounted there?")
    device = volume_for(settings.recorder(device_id), path)
    daemon = Daemon(settings, role="ingest", drivers={device_id: Volume(device)})
    before = offloads_of(daemon.database, device_id)
    daemon.start()
    try:
        offload_id = wait_for_offload(daemon.database, device_id, before)
        show_progress(daemon.database, offload_id, quiet=as_json)
        daemon.intake.emit(Disconnected(device_id=device_id, at=now(), offload=offload_id))
        receipt = sealed(daemon.database, offload_id)
    finally:
        daemon.stop()
    if as_json:
        json.dump(receipt.body | {"digest": receipt.digest}, sys.stdout, ensure_ascii=False, indent=1)
        print()  # noqa: T201
    else:
        print_receipt(receipt)
    return 0 if not receipt.body["missing"] else 1


def volume_for(device: DeviceSettings, path: Path) -> VolumeSettings:
    """Read by hand, whatever its own driver: same device, this path, nothing erased."""
    told = device.model_dump(include=set(VolumeSettings.model_fields) - {"driver", "path", "bay"})
    return VolumeSettings(**(told | {"driver": "volume", "path": path.resolve(), "release": "keep"}))


def check_source(settings: Settings, path: Path) -> None:
    """The gateway's own files are no footage: taking them in would feed it with itself."""
    own = {"data": settings.data, "store.path": settings.store.path}
    if settings.store.second_copy is not None:
        own["store.second_copy"] = settings.store.second_copy
    for name, place in own.items():
        if overlapping(path, place.resolve()):
            raise ConfigError(f"{path} and {name} ({place}) lie within one another; give the camera's folder")


def offloads_of(database: Database, device_id: str) -> set[str]:
    with database.read() as session:
        return set(session.exec(select(Offload.id).where(Offload.device_id == device_id)))


def wait_for_offload(database: Database, device_id: str, before: set[str]) -> str:
    """The offload that this run opened."""
    started = time.monotonic()
    while not (fresh := offloads_of(database, device_id) - before):
        if time.monotonic() - started > 15:
            raise ConfigError(
                f"nothing was taken in within 15 s; see what `gateway devices` says of {device_id}"
            )
        time.sleep(0.05)
    return max(fresh)


def show_progress(database: Database, offload_id: str, *, quiet: bool) -> None:
    """Until every file has come to its end, or waits for something only a person can mend."""
    with database.read() as session:
        offload = session.get_one(Offload, offload_id)
    total = sum(entry["size"] for entry in offload.listing)
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=plain_console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("采集", total=total)
        while True:
            with database.read() as session:
                seen = progress(session, offload)
            bar.update(task, completed=seen.done, description=f"采集 {seen.ended}/{seen.files} 个文件")
            if seen.waiting or all_done(database, offload_id):
                return
            time.sleep(0.1)


def all_done(database: Database, offload_id: str) -> bool:
    """Every file is at its end and every clip of them is described."""
    with database.read() as session:
        at_work = session.exec(
            select(Work.item_id)
            .join(Finding, col(Finding.original_id) == Work.item_id)
            .where(Finding.offload_id == offload_id, col(Work.open).is_(True))
            .limit(1)
        ).first()
        return at_work is None and receipts.settled(session, session.get_one(Offload, offload_id))


def sealed(database: Database, offload_id: str) -> Receipt:
    """The newest receipt of the offload; sealed here if the daemon has not come round to it yet."""
    with database.write() as session:
        offload = session.get_one(Offload, offload_id, with_for_update=True)
        receipts.seal(session, offload)
        offload.stale = False
        return session.exec(
            select(Receipt).where(Receipt.offload_id == offload_id).order_by(col(Receipt.revision).desc())
        ).first()  # type: ignore[return-value]


def print_receipt(receipt: Receipt) -> None:
    body = receipt.body
    console = plain_console(None if sys.stdout.isatty() else 160)
    table = Table(
        title=f"采集回执 {receipt.offload_id[:12]} · 第 {receipt.revision} 版 · 设备 {body['device']}"
    )
    for name in ("文件", "字节", "结果", "SHA-256", "SM3", "说明"):
        table.add_column(name, justify="right" if name == "字节" else "left", overflow="fold")
    for file in body["files"]:
        links = "、".join(f"{link['case']}（{verdict_word(link['verdict'])}）" for link in file["links"])
        why = sentence(file["why"]) or links or sentence(file.get("unlinked"))
        table.add_row(
            file["name"], f"{file['size']:,}", FATES.get(file["fate"], file["fate"]),
            (file["sha256"] or "")[:16], (file["sm3"] or "")[:16], why,
        )  # fmt: skip
    console.print(table)
    counts = (body["listed"]["files"], body["received"]["files"], body["stored"]["files"], body["not_kept"])
    console.print("清点 {} · 接收 {} · 存妥 {} · 不予保存 {}".format(*counts))
    for gap in body["numbering_gaps"]:
        console.print(f"设备自身编号缺 {gap['from']}–{gap['to']}（{gap['folder'] or '/'}）")
    console.print(f"保管链 {body['chain']['name']} 第 {body['chain']['count']} 行 {body['chain']['digest']}")
    console.print(f"回执摘要 {receipt.digest}")


FATES = {
    "clip": "已保存", "attachment": "附件已保存", "duplicate": "内容相同，已有", "quarantined": "已隔离",
    "listed": "不予保存", "waiting": "等待", "not_read": "未读取",
    "destroyed": "已销毁",
}  # fmt: skip
