"""The paper of a sample: how it was drawn, and a recording sheet for each case (全过程记录抽查表)."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from gateway.law import Law
from gateway.models import CaseRecord, CaseSample, SampleCase, SampleRemark
from gateway.reports.paper import Block, Column, Fields, Paper, Prose, Section, Share, Table, number
from gateway.reports.recording import Names, recording_sheet
from gateway.reports.remarks import checked, remarks_of
from gateway.reports.sample import cases_of
from gateway.reports.sheet_lines import RecordingSheet, SheetClip, SheetStep
from gateway.reports.sheet_papers import papers_table
from gateway.rules.duty import percent
from gateway.visibility import Viewer
from gateway.wording import Reason, reason, sentence, spoken, verdict_word
from gateway.wording.sampling import BASES, CAUSES, RESULTS, STANDINGS, STATEMENTS, STATUSES, word

FRAME_ROWS = 5000
HALVES = {"H1": "上半年案卷抽查", "H2": "下半年案卷抽查"}
FORM = "recording-sheets-1"


def sheets_paper(
    session: Session, viewer: Viewer, law: Law, drawn: CaseSample, at: datetime, only: str | None = None
) -> Paper:
    """Of each case that the viewer may see, or of one."""
    whole = viewer.units is None or drawn.unit_id in viewer.units
    names, remarks = Names.read(session), remarks_of(session, drawn.id)
    cases = [
        (one, case)
        for one in cases_of(session, drawn.id)
        if (only is None or one.case_uid == only)
        and (case := session.get_one(CaseRecord, one.case_uid))
        and (viewer.units is None or case.unit_id in viewer.units)
    ]
    pages = []
    for place, (_, case) in enumerate(cases, 1):
        sheet = recording_sheet(session, viewer, law, case, at)
        own = [one for one in remarks if one.case_uid == case.uid]
        pages.append(case_section(place, sheet, own, law.zone))
    return Paper(
        title="行政执法全过程记录抽查表",
        subtitle=f"{names.unit(drawn.unit_id)}　{period_words(drawn.period)}",
        head=head(drawn, names, law.zone, at),
        sections=[
            drawn_section(drawn, cases, remarks, names),
            *pages,
            *([frame_section(drawn, names)] if whole and only is None else []),
        ],
        as_of=at, footer=f"抽查 {drawn.id}　候选清单摘要 {drawn.frame_digest[:16]}", landscape=True,
        marks={"form": FORM, "sample": drawn.id},
    )  # fmt: skip


def period_words(period: str) -> str:
    year, part = period.split("-")
    return f"{year} 年{HALVES[part]}" if part in HALVES else f"{year} 年第 {part[1]} 季度网上巡查"


def at_words(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def day_words(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d") if moment else ""


def head(drawn: CaseSample, names: Names, zone: ZoneInfo, at: datetime) -> Fields:
    each = "每个单位" if drawn.per_unit else "全部单位合并"
    return Fields(
        [
            ("单位", f"{names.unit(drawn.unit_id)}及所属单位"),
            ("期间", f"{day_words(drawn.since, zone)} 起，{day_words(drawn.until, zone)} 前"),
            ("抽查范围", word(BASES, drawn.basis.value)),
            ("候选案件", f"{len(drawn.frame)} 件（截至 {at_words(drawn.drawn_at, zone)}）"),
            ("抽取", f"{each} {drawn.wanted} 件"),
            ("第几次抽取", f"第 {drawn.number} 次" + (f"；理由：{drawn.why}" if drawn.why else "")),
            ("抽取人", drawn.drawn_by),
            ("抽取时间", at_words(drawn.drawn_at, zone)),
            ("种子", drawn.seed),
            ("候选清单摘要", drawn.frame_digest),
            ("抽查编号", drawn.id),
            ("本表截至", at_words(at, zone)),
        ]
    )


def drawn_section(
    drawn: CaseSample,
    cases: Sequence[tuple[SampleCase, CaseRecord]],
    remarks: Sequence[SampleRemark],
    names: Names,
) -> Section:
    rows = [
        (
            place, one.case_uid, case.title, names.unit(case.unit_id), one.place, one.digest[:16],
            word(RESULTS, checked([each for each in remarks if each.case_uid == one.case_uid])),
        )
        for place, (one, case) in enumerate(cases, 1)
    ]  # fmt: skip
    columns = [
        Column("序号", 3, "center"), Column("案件", 9), Column("案件名称", 16), Column("单位", 10),
        number("层内位次", 4), Column("排序摘要（前 16 位）", 10), Column("检查状态", 7),
    ]  # fmt: skip
    how = reason("sample.how", wanted=drawn.wanted, sample=drawn.id, **drawn.sealed_by)
    return Section("抽样结果", "抽样结果", [Table(columns, rows), Prose([sentence(how)])])


def frame_section(drawn: CaseSample, names: Names) -> Section:
    every = sorted((stratum, case) for case, stratum in drawn.frame.items())
    shown = every[:FRAME_ROWS]
    left = reason("paper.rows_left", count=len(every), shown=len(shown))
    columns = [Column("层（单位编号）", 10), Column("单位", 12), Column("案件", 14)]
    rows = [(stratum or "—", names.unit(stratum) or "—", case) for stratum, case in shown]
    note = sentence(left) if len(shown) < len(every) else ""
    return Section("候选清单", "候选清单", [Table(columns, rows, note=note)], is_detail=True)


def case_section(
    place: int, sheet: RecordingSheet, remarks: Sequence[SampleRemark], zone: ZoneInfo
) -> Section:
    blocks: list[Block] = [case_fields(sheet, zone)]
    if sheet.notes:
        blocks.append(Prose([f"{sentence(one)}。" for one in sheet.notes]))
    if sheet.papers:
        blocks.append(papers_table(sheet, zone))
    blocks += [steps_table(sheet, zone), clips_table(sheet, zone), devices_table(sheet, zone)]
    if remarks:
        blocks.append(remarks_table(remarks, zone))
    blocks.append(
        Fields(
            [
                ("检查结果", "□ 合格　□ 存在问题"), ("整改期限", ""), ("问题及意见", ""),
                ("被检查单位（签名）", ""), ("检查人（签名）", ""), ("检查日期", ""),
            ],
            title="检查意见（签字后录入系统，跟踪至整改完毕）", is_blank=True,
        )
    )  # fmt: skip
    return Section(f"{place}．{sheet.title}", f"{place}", blocks, new_page=True)


def case_fields(sheet: RecordingSheet, zone: ZoneInfo) -> Fields:
    return Fields(
        [
            ("案件编号", "、".join(sheet.numbers) or sheet.case),
            ("当事人", "、".join(sheet.parties)),
            ("办案单位", sheet.unit_name),
            ("承办人", "、".join(sheet.handlers)),
            ("适用程序", sheet.procedure or ""),
            ("立案", day_words(sheet.opened_on, zone)),
            ("决定", day_words(sheet.decided_on, zone)),
            ("结案", day_words(sheet.closed_on, zone)),
            ("归档", day_words(sheet.archived_on, zone)),
            ("归档号", sheet.archive_no or ""),
        ]
    )


def steps_table(sheet: RecordingSheet, zone: ZoneInfo) -> Table:
    columns = [
        Column("阶段", 4), Column("环节", 6), Column("时间", 7), Column("地点、人员", 7), Column("要求", 6),
        Column("状态", 4), number("已记录", 4), Column("缺口及原因", 11), Column("依据、理由和说明", 20),
    ]  # fmt: skip
    return Table(columns, [step_row(one, zone) for one in sheet.steps], title="应当记录的环节与实有记录")


def measured(share: float) -> Share:
    """Rounded down as the sentence beside it rounds: one row, one number."""
    return Share(float(percent(share)) / 100)


def step_row(step: SheetStep, zone: ZoneInfo) -> tuple[str | Share | None, ...]:
    gaps = "\n".join(
        f"{clock(gap.start, zone)} 至 {clock(gap.end, zone)}（{gap.seconds:.0f} 秒）："
        + word(CAUSES, gap.cause or "")
        for gap in step.gaps
    )
    said = [
        "，".join(
            part
            for part in (
                word(STATEMENTS, one.kind), spoken_ground(one.ground), one.why or "",
                f"工作记录 {one.work_record}" if one.work_record else "",
                f"审批 {one.approved_by}" if one.approved_by else "",
                f"{one.made_by} {at_words(one.recorded_at, zone)}",
            )
            if part
        )
        for one in step.said
    ]  # fmt: skip
    return (
        step.stage, step.kind, f"{at_words(step.start, zone)} 至 {at_words(step.end, zone)[11:]}",
        "\n".join(part for part in (step.place, "、".join(step.officers)) if part), spoken(step.mode),
        word(STANDINGS, step.standing), measured(step.measured) if step.clips else None, gaps,
        "\n".join([*told(step.reasons, zone), *said]),
    )  # fmt: skip


def spoken_ground(ground: str | None) -> str:
    return "" if ground is None else word(CAUSES, ground) if ground in CAUSES else spoken(ground)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M:%S")


def told(reasons: Sequence[Reason], zone: ZoneInfo) -> list[str]:
    """What is not kept first, then what is."""
    failed = [f"不符：{sentence(one, 'zh', zone)}" for one in reasons if not one.get("passed")]
    kept = [sentence(one, "zh", zone) for one in reasons if one.get("passed")]
    return [*failed, *(["符合：" + "；".join(kept)] if kept else [])]


def clips_table(sheet: RecordingSheet, zone: ZoneInfo) -> Table:
    columns = [
        Column("文件", 9), Column("采集时间", 7), Column("设备", 6), Column("关联环节", 6), Column("结论", 5),
        Column("理由", 20), Column("证明对象", 6), Column("缺少的标注", 5), Column("完整性", 8),
    ]  # fmt: skip
    kinds = {one.activity: one.kind for one in sheet.steps}
    rows = [row for clip in sheet.clips for row in clip_rows(clip, kinds, zone)]
    return Table(
        columns, rows, title="音像资料与关联", note=sentence(reason("paper.short_digests")) if rows else ""
    )


def clip_rows(clip: SheetClip, kinds: dict[str, str], zone: ZoneInfo) -> list[tuple[str, ...]]:
    taken = (
        f"{at_words(clip.start, zone)} 至 {at_words(clip.end, zone)[11:]}"
        if clip.start and clip.end
        else "不明"
    )
    verified = at_words(clip.verified_at, zone)
    digest = f"{(clip.sha256 or '')[:16]}\n{verified or '未校验'}"
    return [
        (
            clip.name, taken, clip.device, kinds.get(link.activity or "", link.activity or "未定"),
            f"{verdict_word(link.verdict)}（{word(STATUSES, link.status)}）",
            "\n".join(told(link.reasons, zone)), link.matter or "", "、".join(clip.lacking) or "齐全", digest,
        )
        for link in clip.links
    ]  # fmt: skip


def devices_table(sheet: RecordingSheet, zone: ZoneInfo) -> Table:
    columns = [
        Column("设备", 8), Column("名称", 10), Column("类型", 8), Column("出厂编号", 10), Column("持有人", 8),
        Column("方式", 6), Column("自", 9), Column("当时状态", 5), number("资料件数", 4),
    ]  # fmt: skip
    rows = [
        (
            one.device, one.name, spoken(one.type), one.serial_no or "", one.held_by or "台账无记录",
            "领用" if one.held_as == "CHECKOUT" else spoken(one.held_as or ""), at_words(one.since, zone),
            spoken(one.status or ""), one.clips,
        )
        for one in sheet.devices
    ]  # fmt: skip
    return Table(columns, rows, title="使用设备与持有人")


def remarks_table(remarks: Sequence[SampleRemark], zone: ZoneInfo) -> Table:
    columns = [
        Column("结果", 6), Column("意见", 30), Column("整改期限", 7), Column("检查人", 8),
        Column("录入时间", 8),
    ]  # fmt: skip
    rows = [
        (
            word(RESULTS, one.result.value), one.remark or "", one.due_on.isoformat() if one.due_on else "",
            one.made_by, at_words(one.recorded_at, zone),
        )
        for one in remarks
    ]  # fmt: skip
    return Table(columns, rows, title="已录入的检查意见")
