"""The evidence list as a paper: the same content as XLSX and as PDF."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from gateway.case_sources.numbers import numbers_of
from gateway.casefile.evidence import Evidence, Item, is_here
from gateway.device import Refused
from gateway.models import CaseRecord, State
from gateway.reports.making import Format
from gateway.reports.paper import Column, Fields, Paper, Prose, Section, Table, number
from gateway.reports.recording import Names, parties_of
from gateway.rules.judgement import CLASSIFIED
from gateway.wording import reason, sentence

MOST_PRINTED = 3000
"""Lines of a PDF: more would be typeset for minutes; the workbook takes any number."""
COLUMNS = (
    Column("序号", 3, "center"), Column("名称", 8), Column("采集时间", 7), Column("采集地点", 6),
    Column("采集人", 4), Column("设备", 6), Column("环节", 5), Column("证明对象", 8),
    number("时长（秒）", 4), number("大小（字节）", 6), Column("摘要（SHA-256、SM3）", 16),
    Column("原件与复制件", 9), Column("保存至", 8),
)  # fmt: skip


def evidence_paper(
    session: Session,
    case: CaseRecord,
    found: Evidence,
    zone: ZoneInfo,
    at: datetime,
    wanted: Format,
    *,
    leaves: bool = False,
) -> Paper:
    """Raises Refused for more lines than a PDF can have.

    `leaves`: it goes out in a package: of a state secret it tells that there is one (R-77).
    """
    if wanted is Format.PDF and len(found.items) > MOST_PRINTED:
        raise Refused("evidence.too_long", rows=len(found.items), most=MOST_PRINTED)
    names = Names.read(session)
    kept = {item.clip.id for item in found.items if leaves and item.clip.secrecy == CLASSIFIED}
    rows = [unsaid(item) if item.clip.id in kept else tuple(cells(item, zone)) for item in found.items]
    size = found.bytes - sum(item.original.size for item in found.items if item.clip.id in kept)
    notes = [sentence(one) for one in notes_of(found)]
    table = Table(COLUMNS, rows, note="\n".join(notes))
    return Paper(
        title="证据清单（音像资料）",
        subtitle=case.title,
        head=Fields(
            [
                ("案件编号", "、".join(one.raw for one in numbers_of(session, case.uid)) or case.uid),
                ("当事人", "、".join(parties_of(session, case))),
                ("办案单位", names.unit(case.unit_id)),
                ("承办人", "、".join(names.person(one) for one in case.handlers)),
                ("资料", f"{found.count} 份，共 {size} 字节"),
                ("截至", minute(at, zone)),
            ]
        ),
        sections=[
            Section("证据清单", "证据清单", [table]),
            Section(
                "签名", "签名",
                [Fields([("制作人", ""), ("承办人（签名）", ""), ("日期", "")], is_blank=True), Prose([])],
            ),
        ],
        as_of=at, footer=f"案件 {case.uid}", landscape=True, marks={"form": "evidence-1", "case": case.uid},
    )  # fmt: skip


def notes_of(found: Evidence) -> Iterator[dict[str, object]]:
    if any(not item.confirmed for item in found.items):
        yield reason("evidence.proposed")
    if found.rejected:
        yield reason("evidence.rejected", clips=found.rejected)
    if found.hidden:
        yield reason("sample.hidden_clips", clips=found.hidden)


def unsaid(item: Item) -> tuple[str | int, ...]:
    return (item.number, "未导出（国家秘密）", *("" for _ in COLUMNS[2:]))


def cells(item: Item, zone: ZoneInfo) -> Iterator[str | int | None]:
    clip, original = item.clip, item.original
    yield item.number
    name = original.name.replace("\\", "/").rsplit("/", 1)[-1]
    yield "\n".join(filter(None, (name, sentence(item.flaw))))
    yield f"{minute(clip.started_at, zone)}" if clip.started_at else "不明"
    yield item.place or ""
    yield item.person or ""
    yield item.device
    yield "、".join(item.steps) + ("" if item.confirmed else "（关联待确认）")
    yield "；".join(item.matters)
    yield round(clip.duration_s) if clip.duration_s is not None else None
    yield original.size
    yield "\n".join(one for one in (original.sha256, original.sm3) if one)
    yield where(item)
    yield item.kept_until.isoformat() if item.kept_until else sentence(item.kept_said)


def where(item: Item) -> str:
    """R-02: where the original lies, and whether there is a copy."""
    original = item.original
    if original.state is State.DESTROYED:
        return "已销毁"
    if not is_here(original):
        return "原件尚未入库"
    place = f"原件：网关存储 {original.stored_as}"
    return f"{place}\n复制件：{'有' if original.second_copy else '无'}"


def minute(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
