"""What the registry commands do: devices, cases, users."""

import argparse
import getpass
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from sqlmodel import Session, col, select

from gateway import ledger, linking, registry
from gateway.case_sources.files import read_cases
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.numbers import numbers_of
from gateway.case_sources.records import store_case
from gateway.case_sources.remarks import remarks
from gateway.case_sources.rules import CaseRules, of_site
from gateway.config import ConfigError, Settings, read
from gateway.database import Database
from gateway.device import Refused
from gateway.intake.devices import register
from gateway.intake.places import is_new_unit
from gateway.linking.tally import Tally
from gateway.models import (
    CaseRecord,
    Device,
    DeviceState,
    DeviceStatus,
    Original,
    Role,
    Unit,
    User,
    Work,
)
from gateway.offloads import Progress, open_offloads, progress
from gateway.opening import open_database, packs_of
from gateway.terminal import plain_console
from gateway.wording import sentence, spoken

console = plain_console(None if sys.stdout.isatty() else 160)


def devices(settings: Settings, asked: argparse.Namespace) -> int:
    database = open_database(settings)
    register(database, settings)
    try:
        if asked.action == "allocate":
            allocate(settings, database, asked)
        elif asked.action == "import":
            import_registry(settings, database, Path(asked.target or ""))
        else:
            list_devices(settings, database)
    except Refused as no:
        raise ConfigError(f"{sentence(no.reason, 'zh')}\n{sentence(no.reason, 'en')}") from no
    return 0


def allocate(settings: Settings, database: Database, asked: argparse.Namespace) -> None:
    if not asked.target or not asked.officer or not asked.valid_from:
        raise ConfigError("usage: gateway devices allocate DEVICE --officer OFFICER --from TIME [--to TIME]")
    told = {
        "device": asked.target,
        "officer": asked.officer,
        "valid_from": moment(asked.valid_from, settings),
        "valid_to": moment(asked.valid_to, settings) if asked.valid_to else None,
    }
    given = read(ledger.AllocationIn, told, {"valid_from": "--from", "valid_to": "--to"})

    def change(session: Session) -> object:
        return ledger.allocate(session, given, actor(), asked.replaces)

    if asked.dry_run:
        show_effects(settings, database, change)
        return
    with database.write() as session:
        change(session)
    decide_now(settings, database)


def show_effects(settings: Settings, database: Database, change: Callable[[Session], object]) -> None:
    """Nothing is changed."""
    tally = Tally(0)
    tally.add(linking.effects(database, packs_of(settings), change))
    for line in tally.lines():
        console.print(line, soft_wrap=True)


def moment(written: str, settings: Settings) -> datetime:
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        raise ConfigError(f"{written!r} is no time; write one such as 2024-05-06T09:30") from None
    if not 1900 <= read.year <= 2200:
        raise ConfigError(f"{written!r}: the year must lie between 1900 and 2200")
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(settings.timezone))


def import_registry(settings: Settings, database: Database, path: Path) -> None:
    given = registry.read_registry(path)
    with database.write() as session:
        tally = registry.store_registry(session, given, actor())
    decide_now(settings, database)
    tell_tally(path, tally)


def tell_tally(path: Path, tally: registry.Tally) -> None:
    for line in tally.lines() or ["nothing in it"]:
        console.print(f"{path}: {line}", soft_wrap=True)


def decide_now(settings: Settings, database: Database) -> None:
    """A change made here drains its own re-linking: no daemon may be running."""
    packs = packs_of(settings)
    while linking.drain(database, packs, actor()):
        pass


def list_devices(settings: Settings, database: Database) -> None:
    with database.read() as session:
        console.print(devices_table(settings, session))


def devices_table(settings: Settings, session: Session) -> Table:
    table = Table()
    for name in ("设备", "名称", "类型", "驱动", "状态", "在位", "采集进度"):
        table.add_column(name, overflow="fold")  # a cut id is no id
    statuses = session.exec(select(DeviceStatus)).all()
    present = {row.device_id for row in statuses if row.present}
    away = {row.device_id: row for row in statuses if row.device_id not in present and not row.bay}
    underway, waiting = open_offloads(session, present), waits(session)
    for device in session.exec(select(Device).order_by(col(Device.id))):
        here = "是" if device.id in present else since(settings, away.get(device.id))
        far = told_of(progress(session, underway[device.id])) if device.id in underway else ""
        far = far or why_away(away.get(device.id)) or waiting.get(device.id, "")
        gone = "" if is_expected(settings, device) else "（已不在配置中）"
        table.add_row(
            device.id, device.name, spoken(device.type), device.driver or "",
            spoken(device.status.value) + gone, here, far,
        )  # fmt: skip
    return table


def since(settings: Settings, status: DeviceStatus | None) -> str:
    """From when on it has not been there; never seen says nothing more."""
    if status is None:
        return "否"
    return f"否（{status.since.astimezone(ZoneInfo(settings.timezone)):%m-%d %H:%M} 起）"


def why_away(status: DeviceStatus | None) -> str:
    why = status.detail.get("why") if status else None
    return sentence(why, "zh") if why else ""


def waits(session: Session) -> dict[str, str]:
    """By device: how many files wait and why, also of what comes by a folder or over the network."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for device, why in session.exec(
        select(Original.device_id, Work.waiting)
        .join(Work, col(Work.item_id) == Original.id)
        .where(col(Work.open).is_(True), col(Work.waiting).is_not(None))
        .order_by(col(Work.updated_at).desc())
    ):
        if why:
            found.setdefault(device, []).append(why)
    return {one: f"{len(whys)} 个文件等待：{sentence(whys[0], 'zh')}" for one, whys in found.items()}


def is_expected(settings: Settings, device: Device) -> bool:
    """Whether the configuration still leads to it: by name, as one of a family, or through who brings any."""
    if device.driver is None or device.status is DeviceState.RETIRED:
        return True
    for one in settings.devices:
        if device.id == one.id or (one.kind == device.driver == "axis_body_worn"):
            return True
        families = (re.sub(r"\{[a-z]+\}", "*", camera.id) for camera in one.members)
        if one.kind == device.driver and any(fnmatchcase(device.id, family) for family in families):
            return True
    return False


def told_of(seen: Progress) -> str:
    """How far an offload is, in few words."""
    if seen.has_ended:
        return "已完成，可取走" if seen.is_done else f"已结束，{seen.set_aside} 个未读出或已隔离，待处理"
    left = f"，约 {seen.eta_s / 60:.0f} 分钟" if seen.eta_s is not None else ""
    return f"{seen.ended}/{seen.files} 个文件{left}" if seen.waiting is None else sentence(seen.waiting, "zh")


def cases(settings: Settings, asked: argparse.Namespace) -> int:
    database = open_database(settings)
    if asked.action == "import":
        if asked.file is None:
            raise ConfigError("which file? usage: gateway cases import FILE")
        changed = 0
        strangers: list[str | None] = []
        given, rules = read_cases(asked.file), of_site(settings)
        if asked.dry_run:
            return try_cases(settings, database, asked.file, given, rules)
        for case in given:
            try:
                with database.write() as session:
                    is_strange = is_new_unit(session, case.unit)
                    changed += store_case(session, case, actor(), asked.file.name, rules)
                    if is_strange and not is_new_unit(session, case.unit):
                        strangers.append(case.unit)
            except Refused as no:
                raise ConfigError(f"{asked.file}: case {case.uid}: {sentence(no.reason, 'en')}") from no
        decide_now(settings, database)
        console.print(f"{asked.file}: {len(given)} cases, {changed} new or changed")
        with database.read() as session:
            for line in remarks(session, asked.file, given, rules):
                console.print(line, soft_wrap=True)
        for unit in strangers:
            console.print(f"unit {unit} was not known and now stands in the registry, under none: misspelt?")
        return 0
    table = Table("案件", "案由/名称", "编号")
    with database.read() as session:
        for row in session.exec(select(CaseRecord).order_by(col(CaseRecord.uid))):
            table.add_row(row.uid, row.title, "\n".join(map(str, numbers_of(session, row.uid))))
    console.print(table)
    return 0


def try_cases(
    settings: Settings, database: Database, file: Path, given: Sequence[CaseIn], rules: CaseRules
) -> int:
    def change(session: Session) -> None:
        for case in given:
            store_case(session, case, actor(), file.name, rules)

    try:
        show_effects(settings, database, change)
    except Refused as no:
        raise ConfigError(f"{file}: {sentence(no.reason, 'en')}") from no
    return 0


def users(settings: Settings, asked: argparse.Namespace) -> int:
    from api import accounts  # here: FastAPI comes with it, which devices and cases need not

    database = open_database(settings)
    with database.write() as session:
        if asked.action == "list":
            for user in session.exec(select(User).order_by(col(User.name))):
                state = " 停用" if user.disabled else ""
                console.print(f"{user.name}\t{user.role}\t{user.unit_id or '全部单位'}{state}")
            return 0
        if not (asked.name or "").strip():
            raise ConfigError(f"which user? usage: gateway user {asked.action} NAME")
        found = session.exec(select(User).where(User.name == asked.name)).one_or_none()
        if asked.action == "add":
            if found is not None:
                raise ConfigError(f"there is a user {asked.name!r} already")
            role = role_named(asked.role)
            if asked.unit and session.get(Unit, asked.unit) is None:
                units = ", ".join(session.exec(select(Unit.id))) or "none yet; see `gateway devices import`"
                raise ConfigError(f"no unit {asked.unit!r}; known: {units}")
            told = asked.password_stdin
            password = sys.stdin.readline().rstrip("\n") if told else accounts.new_password()
            if len(password) < accounts.SHORTEST:
                raise ConfigError("the password on standard input is too short; give at least 8 characters")
            accounts.add(session, actor(), asked.name, password, role, asked.unit)
            if not told:
                console.print(f"password of {asked.name}: {password}")
        elif found is None:
            raise ConfigError(f"no user {asked.name!r}")
        elif asked.action == "key":
            _, text = accounts.make_key(session, actor(), found, "cli")
            console.print(f"key of {asked.name}, shown only now: {text}")
        elif change := {"reset-code": accounts.reset_code, "unbind": accounts.unbind}.get(asked.action):
            change(session, actor(), found)
        else:
            accounts.disable(session, actor(), found, last_too=True)
    return 0


def role_named(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise ConfigError(f"role {name!r} is unknown; known: {', '.join(Role)}") from None


def actor() -> str:
    return f"cli:{getpass.getuser()}"
