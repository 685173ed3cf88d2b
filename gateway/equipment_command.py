"""`gateway equipment`: a unit's sheet, where a device stands, who had it, classes, annual checks, lists."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.table import Table
from sqlmodel import Session

from api.sheets import HolderOut, SheetOut
from gateway import compliance, device_lists, holdings, ledger, qualifications, registry, standing
from gateway.commands import actor, decide_now, moment, tell_tally
from gateway.compliance import Span, UnitSheet
from gateway.config import ConfigError, Settings, read
from gateway.database import Database
from gateway.device import Refused
from gateway.instants import reckonable
from gateway.intake.devices import register
from gateway.models import Device, Unit
from gateway.opening import open_database, packs_of
from gateway.terminal import plain_console
from gateway.wording import TERMS, reason, sentence
from gateway.wording.sources import based

console = plain_console(None if sys.stdout.isatty() else 160)


def equipment(settings: Settings, asked: argparse.Namespace) -> int:
    database = open_database(settings)
    register(database, settings)
    actions: dict[str, Callable[[Settings, Database, argparse.Namespace], None]] = {
        "sheet": sheet, "status": status, "holder": holder, "class": classify, "check": check,
        "import": import_list,
    }  # fmt: skip
    try:
        actions[asked.action](settings, database, asked)
    except Refused as no:
        raise ConfigError(f"{sentence(no.reason, 'zh')}\n{sentence(no.reason, 'en')}") from no
    finally:
        database.close()
    return 0


def sheet(settings: Settings, database: Database, asked: argparse.Namespace) -> None:
    on = day(asked.on) or datetime.now(ZoneInfo(settings.timezone)).date()
    since = day(asked.since) or on.replace(day=1)
    if since > on:
        raise ConfigError(f"--since {since} comes after {on}")
    span = Span(since, on, ZoneInfo(settings.timezone))
    with database.read() as session:
        if asked.unit and session.get(Unit, asked.unit) is None:
            raise Refused("ledger.unknown", kind="unit", ref=asked.unit)
        found = compliance.sheet(session, packs_of(settings), span, asked.unit)
    if asked.json:
        json.dump(SheetOut.of(found).model_dump(mode="json"), sys.stdout, ensure_ascii=False, indent=1)
        print()  # noqa: T201
        return
    for one in found.units:
        show(one, f"{one.name}（{one.unit}）{called(one)}  {since}–{on}")
    if len(found.units) != 1:
        show(found.whole, f"合计 {len(found.units)} 个单位  {since}–{on}")


def called(one: UnitSheet) -> str:
    return f"{one.grade} 类，{one.grade_doc}" if one.grade else "未定类别"


def show(one: UnitSheet, title: str) -> None:
    table = Table("项目", "数量", "规则", "依据", "涉及", title=title, title_justify="left")
    for line in one.lines:
        behind = "、".join(item.name for item in line.behind[:SHOWN] if line.name in NAMED)
        more = f" 等 {len(line.behind)} 项" if line.name in NAMED and len(line.behind) > SHOWN else ""
        number = "不明" if line.value is None else str(line.value)
        doubt = "" if line.verified else "（待核实）"
        table.add_row(NAMES[line.name], number, line.rule, based(line.source) + doubt, behind + more)
    for pattern in one.patterns:
        types = "、".join(TERMS[kind][0] for kind in pattern.types)
        per = "每人" if pattern.per == "officer" else "每科室"
        doubt = "" if pattern.verified else "（待核实）"
        have = f"{pattern.in_service}/{pattern.required}"
        table.add_row(f"另一算法：{per}{types}", have, "R-32", based(pattern.source) + doubt, "")
    console.print(table)


SHOWN = 6
NAMES = {
    "officers": "执法人员", "sections": "科室", "required": "应配", "held": "现有", "in_service": "在用",
    "missing": "缺配", "over_quota": "超配", "to_spec": "达标", "below_spec": "未达标",
    "spec_unknown": "参数不明", "office_standard": "按通用标准配备", "other_types": "范围外设备",
    "idle": "闲置", "retired_early": "未满年限报废", "keeper_missing": "无保管人",
    "procurement_missing": "无配置审批",
    "certificates_expired": "执法证失效", "certificates_unknown": "执法证有效期不明",
    "checks_missing": "无年检", "open_checkouts": "日终未归还", "checkouts": "领用次数",
    "without_precheck": "使用前未检查", "precheck_failed": "使用前检查不合格",
}  # fmt: skip
NAMED = frozenset(NAMES) - {"officers", "required", "held", "in_service", "to_spec", "checkouts", "missing"}
"""Lines behind which a person looks for whom or what it is."""


def status(settings: Settings, database: Database, asked: argparse.Namespace) -> None:
    """Where a device stands since when; with a new status, enter it."""
    device = needed(asked.target, "status DEVICE [STATUS --from TIME --why WHY [--doc NO] [--replaces ID]]")
    if asked.value is None:
        with database.read() as session:
            show_life(session, device)
        return
    begin = needed(asked.begin, "status DEVICE STATUS --from TIME --why WHY")
    told = {"device": device, "status": asked.value.upper(), "since": moment(begin, settings),
            "why": asked.why, "doc_no": asked.doc}  # fmt: skip
    given = read(standing.StandingIn, told)
    with database.write() as session:
        new = standing.enter(session, given, actor(), replaces=asked.replaces)
    decide_now(settings, database)
    console.print(f"{device}: {TERMS[new.status][0]}，自 {given.since.isoformat()}（{new.id}）")


def show_life(session: Session, device: str) -> None:
    row = session.get(Device, device)
    if row is None:
        raise Refused("ledger.unknown", kind="device", ref=device)
    table = Table("自", "状态", "原因", "文号", "登记人", "登记时间", "更正于", "编号")
    for one in standing.history(session, device):
        why = sentence(reason(one.why)) if one.why == standing.AS_REGISTERED else one.why
        table.add_row(
            local(one.since, row), TERMS[one.status][0], why, one.doc_no or "", one.entered_by,
            local(one.recorded_at, row), local(one.superseded_at, row), one.id,
        )  # fmt: skip
    console.print(f"{device} {row.name}：{TERMS[row.status][0]}")
    console.print(table)


def local(at: datetime | None, device: Device) -> str:
    if at is None:
        return ""
    return (
        "登记起" if at == holdings.BEGINNING else at.astimezone(ZoneInfo(device.timezone)).strftime("%F %R")
    )


def holder(settings: Settings, database: Database, asked: argparse.Namespace) -> None:
    device = needed(asked.target, "holder DEVICE --at TIME [--known TIME]")
    at = moment(needed(asked.at, "holder DEVICE --at TIME [--known TIME]"), settings)
    known = moment(asked.known, settings) if asked.known else None
    with database.read() as session:
        row = session.get(Device, device)
        if row is None:
            raise Refused("ledger.unknown", kind="device", ref=device)
        stood = holdings.status_of(session, row, at, known)
        found = HolderOut.of(at, known, ledger.held(session, device, at, known), stood)
    json.dump(found.model_dump(mode="json"), sys.stdout, ensure_ascii=False, indent=1)
    print()  # noqa: T201


def classify(_: Settings, database: Database, asked: argparse.Namespace) -> None:
    usage = "class UNIT A|B|C --doc NO --from DAY [--to DAY] [--replaces ID]"
    told = {
        "unit": needed(asked.target, usage), "grade": needed(asked.value, usage).upper(),
        "doc_no": asked.doc or "", "valid_from": needed(asked.begin, usage), "valid_to": asked.end,
    }  # fmt: skip
    given = read(qualifications.ClassIn, told)
    with database.write() as session:
        new = qualifications.classify(session, given, actor(), replaces=asked.replaces)
    console.print(f"{given.unit}: {given.grade} 类，自 {given.valid_from}，{given.doc_no}（{new.id}）")


def check(_: Settings, database: Database, asked: argparse.Namespace) -> None:
    usage = "check OFFICER passed|failed --from DAY --to DAY [--doc NO] [--replaces ID]"
    verdicts = {"passed": True, "failed": False}
    if needed(asked.value, usage) not in verdicts:
        raise ConfigError(f"usage: gateway equipment {usage}")
    told = {
        "officer": asked.target, "passed": verdicts[asked.value], "doc_no": asked.doc,
        "valid_from": needed(asked.begin, usage), "valid_to": needed(asked.end, usage),
    }  # fmt: skip
    given = read(qualifications.CheckIn, told)
    with database.write() as session:
        new = qualifications.check_certificate(session, given, actor(), replaces=asked.replaces)
    said = "合格" if given.passed else "不合格"
    console.print(f"{given.officer}: {said}，{given.valid_from}–{given.valid_to}（{new.id}）")


def import_list(settings: Settings, database: Database, asked: argparse.Namespace) -> None:
    """A list of devices as it is kept in a table (CSV), or a registry file."""
    path = Path(needed(asked.target, "import FILE [--unit UNIT]"))
    if path.suffix.lower() in device_lists.SUFFIXES:
        given = registry.RegistryFile(devices=device_lists.read(path, asked.unit))
    else:
        given = registry.read_registry(path)
    with database.write() as session:
        tally = registry.store_registry(session, given, actor())
    decide_now(settings, database)
    tell_tally(path, tally)


def needed(value: str | None, usage: str) -> str:
    if not value:
        raise ConfigError(f"usage: gateway equipment {usage}")
    return value


def day(written: str | None) -> date | None:
    try:
        return reckonable(date.fromisoformat(written)) if written else None
    except ValueError:
        raise ConfigError(
            f"{written!r} is no day between 1900 and 2200; write one such as 2024-05-06"
        ) from None
